"""How steps of a flow are named and told in a row.

Used by notebook 02 through `pipelines` and `branching`. Rule: an item keeps its label, its kind and its words in the
sentence, which hold the label word for word.
"""

from __future__ import annotations

import random
from itertools import pairwise

from diaglib.dataset.everyday_words import (
    ADJECTIVES,
    AGENTS,
    KIND_NOUNS,
    NOUN_KIND,
    NOUNS,
    PARTICIPLES,
    PHRASAL_VERBS,
    STATES,
    TWO_FACED,
    VERBS,
    WORK_NOUNS,
    gerund,
    third_person,
)
from diaglib.dataset.ml_steps import ml_step
from diaglib.dataset.phrases import exactly, ways
from diaglib.dataset.words import nonce

Item = tuple[str, str, str]  # label, kind, words in the sentence
ML_SHARE = 0.2  # of the steps that are told as deeds
DATA_KINDS = ("numeric", "numeric", "str", "str", "picture", "db", "chart")
_TAILS = ways(
    "to the team | for the client | in the morning | with care | for a week | in the office | to everyone | for two hours | in "
    "the cloud | with a friend |for 10 minutes | for 5 days | 3 times | by hand | to 180 degrees | for the customer | with the "
    "new tool | every day"
)


def noun_of(rng: random.Random) -> tuple[str, str]:
    """A noun phrase and its kind."""
    roll = rng.random()
    if roll < 0.3:
        label, kind = rng.choice(WORK_NOUNS), "process"
    elif roll < 0.5:
        kind = rng.choice(DATA_KINDS)
        label = rng.choice(KIND_NOUNS[kind])
        more = rng.random()
        if more < 0.6:
            label = f"{rng.choice(ADJECTIVES) if more < 0.35 else rng.choice(NOUNS) if more < 0.5 else nonce(rng)} {label}"
    elif roll < 0.6:
        kind = "model" if rng.random() < 0.85 else "func"
        label = rng.choice(KIND_NOUNS[kind])
        more = rng.random()
        if more < 0.6:
            label = f"{rng.choice(ADJECTIVES) if more < 0.2 else rng.choice(NOUNS) if more < 0.4 else nonce(rng)} {label}"
    elif roll < 0.85:
        label, kind = nonce(rng), "process"
        more = rng.random()
        if more < 0.25:
            label += " " + nonce(rng)
        elif more < 0.3:
            label = "".join(rng.choice("ABCDEFGHIKLMNOPRSTUVX") for _ in range(rng.randint(2, 4)))
        elif more < 0.4:
            label = f"{rng.choice(ADJECTIVES)} {label}"
    else:
        more = rng.random()
        if more < 0.35:
            return f"{gerund(rng.choice(VERBS))} the {rng.choice(NOUNS) if rng.random() < 0.7 else nonce(rng)}", "process"
        label = f"{rng.choice(NOUNS)} {gerund(rng.choice(VERBS))}" if more < 0.6 else f"{rng.choice(NOUNS)} {rng.choice(NOUNS)}"
        kind = NOUN_KIND.get(label.split()[-1], "process")
    return label, kind


def _deed(rng: random.Random) -> str:
    """What someone does, in 1 to 4 words."""
    roll = rng.random()
    thing = rng.choice(NOUNS) if rng.random() < 0.72 else nonce(rng)
    if roll < 0.1:
        agent = rng.choice(AGENTS) if rng.random() < 0.8 else nonce(rng)
        between = rng.choice((" ", " the ", " ", " a " if thing[0] not in "aeio" else " an "))
        return f"{agent} {third_person(rng.choice(VERBS))}{between}{thing}"
    if roll < 0.14:
        return f"{thing if thing not in NOUN_KIND else 'order'} is {rng.choice(PARTICIPLES)}"
    if roll < 0.22:
        verb = rng.choice(PHRASAL_VERBS)
        return (
            verb
            if rng.random() < 0.35 and " to" not in verb and " for" not in verb
            else f"{verb} {rng.choice(('the ', '', ''))}{thing}"
        )
    verb = rng.choice(VERBS) if rng.random() < 0.88 else nonce(rng)
    if roll < 0.29:
        return verb
    if roll < 0.34:
        return f"{verb} {rng.choice(('it', 'it', 'them'))}"
    if rng.random() < 0.2:
        thing = f"{rng.choice(ADJECTIVES)} {thing}"
    between = rng.choice((" ", " the ", " the ", " a " if thing[0] not in "aeio" else " an ", " ", " my "))
    return verb + (" the " if between == " " and verb in TWO_FACED else between) + thing


def item_of(rng: random.Random, mood: str, used: set[str]) -> Item:
    """A step of the mood (`do`, `ml`, `noun` or `mix`) whose label is not used yet."""
    while True:
        tail = ""
        if mood in ("do", "ml") or (mood == "mix" and rng.random() < 0.5):
            kind = "process"
            if mood == "ml" or rng.random() < ML_SHARE:
                label, tail = ml_step(rng)
            else:
                label, tail = _deed(rng), " " + rng.choice(_TAILS) if rng.random() < 0.07 else ""
            said = label
        else:
            label, kind = noun_of(rng)
            if rng.random() < 0.08:
                label = label.title()
            said = ("" if "ing the " in label else rng.choice(("", "", "", "the ", "the ", "a ", "our "))) + label
            if said.startswith("a ") and label[0] in "aeioAEIO":
                said = "an" + said[1:]
        key = label.lower()
        if key not in used and len(label) <= 40:
            used.add(key)
            return label, kind, said + tail


def join_words(rng: random.Random, said: list[str], last: tuple[str, ...] = (" and ",)) -> str:
    return said[0] if len(said) == 1 else ", ".join(said[:-1]) + rng.choice(last) + said[-1]


ARROWS = (" -> ", " -> ", "->", " → ", " => ", " > ", " --> ", " | ")
JOINTS = exactly(
    ", then |, then | then |, after that |. Then |. After that, |. Next, | and then |, next |, followed by |; then |. Once "
    "that is done, |, and after this |. Afterwards |, |; | before |. Following that, |, and then |. Then comes "
)
FLOWS = exactly(" goes to | feeds into | feeds | leads to | passes to | is followed by | comes before | goes into | sends it to ")


def plain_chain(rng: random.Random) -> tuple[str, list[Item], list[list[int]]]:
    mood = rng.choice(("do", "do", "noun", "noun", "mix", "ml", "ml"))
    used: set[str] = set()
    nodes = [item_of(rng, mood, used) for _ in range(rng.choice((2, 3, 3, 4, 4, 5, 5, 6, 7, 8, 9, 10)))]
    links = [[i + 1] for i in range(len(nodes) - 1)] + [[]]
    if len(nodes) > 3 and rng.random() < 0.07:
        nodes[0], nodes[-1] = [
            (word, "process", word)
            for word in rng.choice((("Start", "End"), ("start", "stop"), ("Begin", "Finish"), ("start", "end")))
        ]
        return rng.choice((*ARROWS, ", ", "\n")).join(node[2] for node in nodes), nodes, links
    said = [node[2] for node in nodes]
    back = ""
    if len(nodes) > 2 and rng.random() < 0.12:
        target = rng.randint(0, len(nodes) - 2)
        links[-1].append(target)
        back = _back(rng, nodes[target], target == 0)
    return _say_chain(rng, said, mood) + back, nodes, links


def _back(rng: random.Random, node: Item, first: bool) -> str:
    until = (
        rng.choice(("", "", " until {} is {}", " until {}")).format(*((rng.choice(NOUNS), rng.choice(STATES))))
        if rng.random() < 0.6
        else ""
    )
    if until.count(" ") == 2:
        until = " until " + rng.choice(STATES)
    if first and rng.random() < 0.5:
        return (
            rng.choice((", and repeat", ". Repeat", ", then start over", ", repeat", ". Then repeat everything", " and repeat"))
            + until
        )
    return (
        rng.choice(
            (
                ", then go back to ",
                ". Go back to ",
                ", then return to ",
                ", and loop back to ",
                ". Repeat from ",
                ", then back to ",
            )
        )
        + node[0]
        + until
    )


def _say_chain(rng: random.Random, said: list[str], mood: str) -> str:
    """Steps in a row, in one of the ways people tell them; the inverted ways name the last step first."""
    style = rng.random()
    if style < 0.2:
        return rng.choice(ARROWS).join(said)
    if style < 0.32:
        mark = rng.choice(("{}. ", "{}. ", "{}) ", "- ", "* ", "• ", "step {}: ", "({}) ", "Step {} - "))
        gap = "\n" if rng.random() < 0.75 else " " if "{" in mark else "\n"
        return gap.join(mark.format(i) + step for i, step in enumerate(said, 1))
    if style < 0.42:
        return ", ".join(said[:-1]) + rng.choice((" and ", ", and ", ", ", ", then ", " and finally ", ", finally ")) + said[-1]
    if style < 0.54:
        return rng.choice(
            (", then ", " then ", ", followed by ", " followed by ", "; ", ". then ", ", after that ", ", and then ", "\n")
        ).join(said)
    if style < 0.64:
        start = rng.choice(
            (
                "first ",
                "First, ",
                "start with ",
                "Start with ",
                "we begin with ",
                "begin with ",
                "it starts with ",
                "first of all ",
            )
        )
        middle = "".join(rng.choice(JOINTS) + step for step in said[1:-1])
        return (
            start
            + said[0]
            + middle
            + rng.choice((", and finally ", ". Finally, ", ", finally ", ", last ", " and end with ", ". At the end "))
            + said[-1]
        )
    if style < 0.72 and mood == "noun":
        parts = [said[0] + rng.choice(FLOWS) + said[1]]
        for before, after in pairwise(said[1:]):
            verb = rng.choice(FLOWS)
            parts.append((", which" + verb + after) if rng.random() < 0.5 else ". " + before + verb + after)
        return "".join(parts)
    if style < 0.84:
        return _inverted(rng, said)
    return said[0] + "".join(rng.choice(JOINTS) + step for step in said[1:])


def _inverted(rng: random.Random, said: list[str]) -> str:
    roll = rng.random()
    if roll < 0.3 or len(said) == 2:
        verb = rng.choice((" comes after ", " happens after ", " is done after ", " follows ", " after "))
        which = ", which" if verb != " after " else ""
        text = said[-1] + verb + said[-2]
        return text + "".join((which + verb if which else verb) + step for step in said[-3::-1])
    if roll < 0.5:
        return "; ".join(f"{rng.choice(('before', 'Before'))} {after}, {before}" for before, after in pairwise(said))
    if roll < 0.75:  # one swap at the front
        text = rng.choice(
            (
                "before {1}, {0}",
                "Before {1} comes {0}",
                "{1} after {0}",
                "once {0} is done, {1}",
                "after {0}, {1}",
                "{0} before {1}",
            )
        )
        return text.format(*said) + "".join(
            rng.choice((", then ", ". Then ", ". After that ", " and then ")) + step for step in said[2:]
        )
    text = rng.choice(
        (
            "end with {1} and start with {0}, in between {2}",
            "it ends with {1}. It starts with {0}, then {2}",
            "from {0} to {1} via {2}",
        )
    )
    return text.format(said[0], said[-1], join_words(rng, said[1:-1], (" and ", ", then ", " then ", ", ")))


def condition(rng: random.Random, used: set[str]) -> tuple[str, str]:
    """Label and words of a condition."""
    while True:
        state = rng.choice(STATES) if rng.random() < 0.8 else nonce(rng)
        roll = rng.random()
        if roll < 0.3:
            label, said = state, rng.choice(("{}", "it is {}", "it's {}", "{}")).format(state)
        else:
            subject = rng.choice(NOUNS) if rng.random() < 0.75 else nonce(rng)
            label = f"{subject} {'is' if roll < 0.85 else rng.choice(('looks', 'was', 'seems', 'is'))} {state}"
            said = rng.choice(("the ", "the ", "")) + label
        if label not in used:
            used.add(label)
            return label, said
