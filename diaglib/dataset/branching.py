"""Flows that fork, meet, decide and return, with their sentences.

Used by notebook 02 through `pipelines`, where the conventions stand. Rule: after a condition the next step is told with
a joint that ends the sentence, since a plain `then` would stay inside the branch.
"""

from __future__ import annotations

import random

from diaglib.dataset.everyday_words import NOUNS, STATES
from diaglib.dataset.flow_words import JOINTS, Item, condition, item_of, join_words, plain_chain
from diaglib.dataset.phrases import exactly, ways

_SPLITS = exactly(
    ", which goes to both {}|, and in parallel {}|, then at the same time {}|. This goes to both {}|, which splits into {}|, "
    "then both {}|. It branches into {}|, then in parallel {}|, then {} in parallel| and its output goes to both {}|, feeding "
    "both {}|. In parallel {}| goes to both {}| feeds both {}|, then {} at the same time|. Simultaneously, {}| splits into "
    "{}|, then {} side by side"
)
_SPLITS_AFTER = exactly(
    ". In parallel {}|. After that both {}|. Then at the same time {}|. Simultaneously, {}|. Then {} in parallel"
)
_MEETS = exactly(
    ". Both are combined in {}|, both go to {}|, which are merged in {}|. Then {}|, then {}|. They meet in {}|, which both "
    "feed {}|. The results go to {}|, then join them in {}|. After both, {}|. Both lead to {}|, combined in {}|, and both flow "
    "into {}"
)
_SOURCES = exactly(
    "{} go to {}|{} are combined in {}|{} feed {}|{} both go into {}|combine {} in {}|{} are merged in {}|{} -> {}|take {}, "
    "then {}"
)
_CHOICES = ways(
    "if {c}, {y}, otherwise {n} | if {c} then {y}, else {n} | if {c}, {y}; if not, {n} | check if {c}: if yes, {y}; if no, "
    "{n} |check whether {c}. If so, {y}, otherwise {n} | {c}? yes: {y}, no: {n} | {c}? yes -> {y}, no -> {n} | decide if {c}. "
    "Yes: {y}. No: {n} |when {c}, {y}, or else {n} | if {c} {y} else {n} | if {c}, {y}. If not, {n} | {y} if {c}, otherwise "
    "{n} | If {c}, {y}. Otherwise, {n} |unless {c}, {n}, otherwise {y} | if not {c}, {n}, else {y} | in case {c}, {y}, "
    "otherwise {n} | test if {c}; when true {y}, when false {n}"
)
_ONE_WAY = ways(
    "if {c}, {y} | {y} if {c} | only if {c}, {y} | when {c}, {y} | in case {c}, {y} | if {c} then {y} | check if {c}, if yes {y}"
)
_STRONG = exactly(
    ". Then |. After that, |. Next, |. In both cases, |. Either way, |. Afterwards, |. Finally, |. In the end |.\nThen "
)
_AFTER_LOOP = tuple(joint for joint in _STRONG if "case" not in joint and "Either" not in joint)
_RETURNS = exactly("go back to {}|return to {}|repeat {}|back to {}|loop back to {}|start again from {}|retry {}|jump back to {}")


def branching_flow(rng: random.Random) -> tuple[str, list[Item], list[list[int]]]:
    """Steps with one or two of: a fork, several sources, a decision, a repeated part."""
    mood = rng.choice(("do", "do", "noun", "noun", "mix"))
    used: set[str] = set()
    nodes: list[Item] = []
    links: list[list[int]] = []
    tails: list[int] = []

    def add(item: Item, sources: list[int]) -> int:
        nodes.append(item)
        links.append([])
        for source in sources:
            links[source].append(len(nodes) - 1)
        return len(nodes) - 1

    def step() -> Item:
        return item_of(rng, mood, used)

    parts: list[str] = []
    joined = False  # whether the next step closes a fork
    strong = ""  # `choice` or `loop` was told just before: a plain `then` would stay inside its branch
    specials = rng.choice((1, 1, 1, 2))
    plan = ["step"] * rng.choice((1, 2, 2, 3, 4))
    for _ in range(specials):
        plan.insert(rng.randint(0, len(plan)), rng.choice(("fork", "fork", "choice", "choice", "choice", "loop")))
    lines = rng.random() < 0.15
    for kind in plan:
        first = not parts
        if kind == "fork" and joined:
            kind = "step"
        if kind == "choice" and first:
            kind = "step"
        joint = (
            ""
            if first
            else "\n"
            if lines
            else rng.choice(_STRONG if strong == "choice" else _AFTER_LOOP)
            if strong
            else rng.choice(JOINTS)
        )
        if kind == "step":
            item = step()
            if joined and not lines:
                meets = rng.choice(_MEETS)
                if len(tails) == 3:
                    meets = meets.replace("oth ", "ll ").replace("bll", "all").replace("Bll", "All")
                parts.append(meets.format(item[2]))
            else:
                parts.append(joint + item[2])
            tails = [add(item, tails)]
            joined, strong = False, ""
        elif kind == "fork":
            items = [step() for _ in range(rng.choice((2, 2, 2, 3)))]
            both = join_words(rng, [item[2] for item in items], (" and ", " and ", " and also ", " & "))
            if first:
                tails = [add(item, []) for item in items]
                item = step()
                parts.append(rng.choice(_SOURCES).format(both, item[2]))
                tails = [add(item, tails)]
                continue
            words = rng.choice(_SPLITS if not strong else _SPLITS_AFTER).format(both)
            if len(items) == 3:
                words = words.replace("both ", rng.choice(("all of ", "", "all three of ", "three branches: ")))
            parts.append("\nin parallel " + both if lines else words)
            tails = [add(item, tails) for item in items]
            joined, strong = True, ""
        elif kind == "loop":
            items = [step() for _ in range(rng.choice((2, 2, 3)))]
            row = join_words(rng, [item[2] for item in items], (" and ", " then ", " and then ", ", then "))
            until = rng.choice((" until ", " until the {} is ", " until it is ", " till ")).format(
                rng.choice(NOUNS)
            ) + rng.choice(STATES)
            parts.append(
                joint
                + rng.choice(("repeat {}{}", "loop over {}{}", "keep repeating {}{}", "repeat the steps {}{}")).format(row, until)
            )
            begin = len(nodes)
            for item in items:
                tails = [add(item, tails)]
            links[tails[0]].append(begin)
            joined, strong = False, "loop"
        else:
            label, said = condition(rng, used)
            gate = add((label, "decision", said), tails)
            yes = [step() for _ in range(rng.choice((1, 1, 1, 2)))]
            way = rng.random()
            if way < 0.2:
                words, no = rng.choice(_ONE_WAY), []
            else:
                words, no = rng.choice(_CHOICES), [step() for _ in range(rng.choice((1, 1, 1, 2)))] if way < 0.75 else []
            tail = gate
            for item in yes:
                tail = add(item, [tail])
            tails = [tail]
            if way < 0.2:
                tails = [gate, tail]
                negative = ""
            elif no:
                tail = gate
                for item in no:
                    tail = add(item, [tail])
                tails.append(tail)
                negative = join_words(rng, [item[2] for item in no], (" then ", " and then "))
            else:
                back = gate
                if rng.random() < 0.3:  # a step, then back
                    item = step()
                    back = add(item, [gate])
                    negative = item[2] + rng.choice((" and ", ", then ", " and then ")) + _return(rng, nodes, gate, links, back)
                else:
                    negative = _return(rng, nodes, gate, links, back)
            positive = join_words(rng, [item[2] for item in yes], (" then ", " and then "))
            if "? yes" in words:
                said = label
            words = words.format(c=said, y=positive, n=negative)
            parts.append((joint if joint not in (" before ", ", followed by ", ". Then comes ") else ", then ") + words)
            joined, strong = False, "choice"
    if len(nodes) < 2:
        return plain_chain(rng)
    return "".join(parts), nodes, links


def _return(rng: random.Random, nodes: list[Item], gate: int, links: list[list[int]], source: int) -> str:
    """Words of a way back, by name or (to the step before the condition) without; adds its link."""
    if rng.random() < 0.25:
        links[source].append(gate - 1)
        return rng.choice(("try again", "go back", "repeat", "do it again", "retry", "go back one step"))
    target = rng.randint(0, gate - 1)
    links[source].append(target)
    return rng.choice(_RETURNS).format(nodes[target][0])
