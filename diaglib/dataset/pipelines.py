"""Flow sentences and their plans: RAG, training and data pipelines, everyday processes with freely named steps.

Used by notebook 02. What a plan holds:
- a label is 1 to 4 words as they stand in the sentence, without a leading the/a/an/our/my (`clean the data`,
  `clean it`); what follows a step after
  `to`, `for`, `with` or `in the` is a remark. Kinds by `everyday_words`: the last word of a noun phrase, else `process`.
- steps are linked in the order they happen, whatever order they are told in. `both A and B`, `in parallel`: A and B are
  linked from the step before and to the step after. A condition is a `decision`, linked to yes first, then to no (without
  a no: to the next step); the branches meet in the next step; `go back to X` is a link back, `try again` one to the step before
  the condition.
- `repeat … until` links the last repeated step (or the end) to the first one; the condition of `until` is not drawn.
- data that a step reads points to it, data that it makes is pointed to; `data is cleaned` is data and the step `cleaned`.
"""

from __future__ import annotations

import random

from diaglib.dataset.branching import branching_flow
from diaglib.dataset.everyday_words import ADJECTIVES, KIND_NOUNS, NOUN_KIND, NOUNS, PARTICIPLES
from diaglib.dataset.flow_words import DATA_KINDS, FLOWS, Item, item_of, join_words, plain_chain
from diaglib.dataset.phrases import ways
from diaglib.dataset.rag import RAG_FLOWS
from diaglib.dataset.words import nonce
from diaglib.diagram import Plan, PlanNode

FAMILY = "pipeline"
DEFAULT_LABELS: frozenset[str] = frozenset()
_OPENINGS = ways(
    "||||| draw a flowchart: | flowchart of | Make a flow chart: | diagram of the process: | pipeline: | Draw this pipeline: | "
    "steps: |the steps are | the process is: | a pipeline with the steps | Please draw | workflow: | our workflow: | I need a "
    "flowchart of this: |show the flow: | can you draw this process: | Draw a diagram where | Here is how it works: | flow: | "
    "a process flow: | sketch: |data pipeline: | Please make a diagram of the following: | This is our process. | how it "
    "works: | visualize this: | ML pipeline: |We do it like this: | I want a diagram with | Create a flowchart for this: | "
    "let's draw the steps: | Help me draw this flow: | block diagram:"
)


def sample(rng: random.Random) -> tuple[str, Plan]:
    """A sentence about a flow and its plan."""
    roll = rng.random()
    if roll < 0.34:
        text, nodes, links = plain_chain(rng)
    elif roll < 0.71:
        text, nodes, links = branching_flow(rng)
    elif roll < 0.77:
        text, nodes, links = _pairs(rng)
    elif roll < 0.87:
        text, nodes, links = _data_flow(rng)
    else:
        text, nodes, links = _template(rng)
    opening = rng.choice(_OPENINGS)
    if roll < 0.77 and rng.random() < 0.08:
        opening = rng.choice(("How to {}: ", "{} process: ", "{}: ", "Our {} flow: ", "my {} routine. ")).format(
            rng.choice((nonce(rng), rng.choice(NOUNS)))
        )
    text = f"{opening} {text}" if opening and not opening.endswith(" ") else opening + text
    if rng.random() < 0.06:
        text += rng.choice((" please", ". Thanks!", ", left to right", ". Keep it simple.", " (for my slides)", " thanks"))
    case = rng.random()
    change = str.lower if case < 0.3 else str.upper if case < 0.315 else str
    if case > 0.7:
        text = text[:1].upper() + text[1:]
    return change(text), Plan(
        tuple(PlanNode(i, kind, change(label), None, tuple(sorted(links[i]))) for i, (label, kind, _) in enumerate(nodes))
    )


def _pairs(rng: random.Random) -> tuple[str, list[Item], list[list[int]]]:
    """Links told one source at a time; nodes in the order of first mention."""
    used: set[str] = set()
    count = rng.choice((3, 4, 4, 5, 5, 6, 7))
    nodes = [item_of(rng, "noun", used) for _ in range(count)]
    links: list[list[int]] = [[] for _ in nodes]
    for i in range(1, count):  # parents never go back: the order of first mention is the order of the flow
        parent = rng.randint(max(0, i - 3), i - 1)
        while any(links[later] for later in range(parent + 1, i)):
            parent += 1
        links[parent].append(i)
        if i > 1 and rng.random() < 0.2 and (other := rng.randint(0, i - 1)) > parent:
            links[other].append(i)
    arrows = rng.random() < 0.4
    arrow = rng.choice((" -> ", "->", " → ", " --> ", " => "))
    clauses = []
    for source, targets in zip(nodes, links, strict=True):
        if not targets:
            continue
        if arrows and rng.random() < 0.7:
            clauses += [source[0] + arrow + nodes[target][0] for target in targets]
        elif arrows:
            clauses.append(source[0] + arrow + ", ".join(nodes[target][0] for target in targets))
        else:
            clauses.append(source[2] + rng.choice(FLOWS[:5]) + join_words(rng, [nodes[target][2] for target in targets]))
    return rng.choice((", ", "\n", "; ", "\n") if arrows else (". ", "; ", ", ", "\n", ". ")).join(clauses), nodes, links


_TURNS = ways(
    "{w} takes {i} and gives {o} | {i} goes into {w}, which outputs {o} | {w} reads {i} and writes {o} | {w} turns {i} into "
    "{o} |feed {i} to {w} to get {o} | use {w} to turn {i} into {o} | {i} -> {w} -> {o} | {w} converts {i} to {o} | {w} uses "
    "{i} to produce {o} |with {i}, {w} makes {o} | {o} is made by {w} from {i} | {w} receives {i} and returns {o} | {i} is "
    "passed to {w} to create {o} |{w} creates {o} from {i} | send {i} to {w}, this gives {o} | {o} comes out of {w}, which "
    "reads {i} | apply {w} to {i} to get {o}"
)


def _data_flow(rng: random.Random) -> tuple[str, list[Item], list[list[int]]]:
    """Data, work, data, work …: every step with what it reads and makes; or data that is worked on in the passive."""
    used: set[str] = set()
    nodes: list[Item] = []
    links: list[list[int]] = []

    def add(item: Item, sources: list[int]) -> int:
        nodes.append(item)
        links.append([])
        for source in sources:
            links[source].append(len(nodes) - 1)
        return len(nodes) - 1

    def data() -> Item:
        while True:
            kind = rng.choice(DATA_KINDS)
            word = rng.choice(KIND_NOUNS[kind])
            label = rng.choice((word, f"{rng.choice(ADJECTIVES)} {word}", f"{nonce(rng)} {word}", f"{rng.choice(NOUNS)} {word}"))
            if label not in used:
                used.add(label)
                return label, kind, rng.choice(("", "the ", "the ")) + label

    def work() -> Item:
        while True:
            item = item_of(rng, "noun", used)
            if item[1] in ("process", "model", "func"):
                return item

    if rng.random() < 0.35:
        subject = data()
        last = add(subject, [])
        done = [(word, "process", word) for word in rng.sample(PARTICIPLES, rng.choice((1, 2, 2, 3, 3, 4)))]
        for item in done:
            last = add(item, [last])
        text = (
            subject[2]
            + rng.choice((" is ", " are ", " gets ", " are first "))
            + join_words(rng, [item[2] for item in done], (" and ", ", then ", " and then "))
        )
        if rng.random() < 0.75:
            target = work() if rng.random() < 0.5 else data()
            link = (
                (" in ", " into ", ", saved in ", " to ")
                if target[1] in ("db", "numeric", "str", "picture", "chart")
                else (" by ", ". Then it goes to ", " and sent to ")
            )
            text += (rng.choice(link) if link[0] != " by " else rng.choice(link[1:])) + target[2]
            last = add(target, [last])
            if target[1] == "model" and rng.random() < 0.6:
                result = data()
                text += rng.choice((", which gives ", ", which predicts ", ", which writes ", " to get ")) + result[2]
                add(result, [last])
        return text, nodes, links
    current = data()
    last = add(current, [])
    clauses = []
    for _ in range(rng.choice((1, 2, 2, 3, 3))):
        worker, result = work(), data()
        words, sources = current[2], [last]
        if rng.random() < 0.22:
            side = data()
            sources.append(add(side, []))
            words += rng.choice((" and ", " together with ", " plus ", " and ")) + side[2]
        where = add(worker, sources)
        last = add(result, [where])
        made = result[2]
        if rng.random() < 0.12:
            other = data()
            add(other, [where])
            made += " and " + other[2]
        clauses.append(rng.choice(_TURNS).format(w=worker[2], i=words, o=made))
        current = (result[0], result[1], rng.choice(("", "the ")) + result[0])
    if rng.random() < 0.2:
        mark = rng.choice(("- ", "* ", "{}. "))
        return "\n".join(mark.format(i) + clause for i, clause in enumerate(clauses, 1)), nodes, links
    return rng.choice((". ", ", then ", ". Then ", "; ", ". Next, ", ", ")).join(clauses), nodes, links


def _template(rng: random.Random) -> tuple[str, list[Item], list[list[int]]]:
    """Retrieval, training and operations as people tell them, with other names in the places."""
    text, places, arrows = rng.choice(RAG_FLOWS)
    used: set[str] = set()
    nodes: list[Item] = []
    index = {}
    names = {}
    for key, choices in places:
        while True:
            label = rng.choice(choices)
            kind = NOUN_KIND.get(label.split()[-1], "process")
            if len(choices) == 1:
                break
            if kind != "process" and rng.random() < 0.2:
                label = f"{nonce(rng) if rng.random() < 0.6 else rng.choice(ADJECTIVES)} {label.split()[-1]}"
            elif rng.random() < 0.12:
                label, kind = nonce(rng), "process"
            if label.lower() not in used:
                break
        used.add(label.lower())
        index[key] = len(nodes)
        nodes.append((label, kind, label))
        names[key] = label
    links: list[list[int]] = [[] for _ in nodes]
    for source, target in arrows:
        links[index[source]].append(index[target])
    said = "".join(piece if isinstance(piece, str) else rng.choice(piece) for piece in text)
    return said.format(**names), nodes, links
