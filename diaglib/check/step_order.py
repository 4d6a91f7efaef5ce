"""The part of the check for flowcharts: every step of the plan comes from the sentence, and every named one is there."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import lru_cache

from diaglib.diagram.kinds import NAMES, WORK_KINDS
from diaglib.diagram.plan import Plan, PlanNode
from diaglib.reading.steps import Steps, content_stems, read_steps, stem

_GENERIC = {stem(word) for name in NAMES.values() for word in name.split()} | {"yes", "no", "start", "end", "ok", "fail", "pass"}


def compare_steps(sentence: str, plan: Plan, contradictions: list[str], verified: list[str], unverified: list[str]) -> None:
    """Adds what was found to the three lists."""
    told = read_steps(sentence)
    invented = [node for node in plan.nodes if not _comes_from(node, told)]
    contradictions += [f"the plan has '{node.label}', the sentence does not name it" for node in invented]
    work = [node for node in plan.nodes if node.kind in WORK_KINDS]
    if len(told.bullets) >= 2:
        _compare_count(len(told.bullets), work, "the list names", contradictions, verified)
    elif told.count is not None:
        if told.count in {len(work), len(plan.nodes)}:
            verified.append(f"{told.count} steps")
        else:
            contradictions.append(f"you asked for {told.count} steps, the plan has {len(work)}")
    _compare_named(told, plan, contradictions, verified, unverified)
    _compare_order(told, plan, contradictions, verified, unverified)


def _compare_count(asked: int, work: list[PlanNode], words: str, contradictions: list[str], verified: list[str]) -> None:
    if asked == len(work):
        verified.append(f"{asked} steps")
    else:
        contradictions.append(f"{words} {asked} steps, the plan has {len(work)}")


def _comes_from(node: PlanNode, told: Steps) -> bool:
    """Whether every word of a label that says something is in the sentence, give or take its ending."""
    if not node.label or node.label == NAMES.get(node.kind):
        return True
    return all(_found(word, told) is not None or word in _GENERIC for word in content_stems(node.label))


def _found(word: str, told: Steps) -> int | None:
    """Where the sentence first has this stem; a slip of the keyboard is forgiven in long words."""
    if word in told.words:
        return told.words[word]
    return next((place for other, place in told.words.items() if _alike(word, other)), None)


def _compare_named(told: Steps, plan: Plan, contradictions: list[str], verified: list[str], unverified: list[str]) -> None:
    if len(told.bullets) >= 2 and not told.arrows and re.search(r"\b(in|out)puts?\b|converts?|process", told.sentence.lower()):
        unverified.append("which data each line reads and writes")
        return
    nodes = [content_stems(f"{node.label} {NAMES.get(node.kind, '')}") for node in plan.nodes]
    matched = _match([content_stems(name) for name in told.named], nodes)
    for name, found in zip(told.named, matched, strict=True):
        if found:
            verified.append(f"'{name[:60]}'")
        elif told.arrows or len(content_stems(name)) <= 4:
            contradictions.append(f"the sentence names '{name[:60]}', no step of the plan is left for it")
        else:
            unverified.append(f"'{name[:60]}' was not found in the plan")


def _match(named: list[list[str]], nodes: list[list[str]]) -> list[bool]:
    """For each named step whether it finds a node of its own that shares a word (augmenting paths, Kuhn)."""
    fits = [[i for i, words in enumerate(nodes) if any(_alike(a, b) for a in name for b in words)] for name in named]
    holder: dict[int, int] = {}

    def place(step: int, tried: set[int]) -> bool:
        for i in fits[step]:
            if i not in tried:
                tried.add(i)
                if i not in holder or place(holder[i], tried):
                    holder[i] = step
                    return True
        return False

    return [place(step, set()) for step in range(len(named))]


@lru_cache(maxsize=65536)
def _alike(word: str, other: str) -> bool:
    """Whether two stems are one word: equal, one the start of the other, or a slip of the keyboard apart in a long word."""
    short, long = sorted((word, other), key=len)
    if word == other or (len(short) > 3 and long.startswith(short)):
        return True
    if len(short) == 3 and long.startswith(short) and len(long) < 6:
        return True
    return len(short) > 4 and len(long) - len(short) < 2 and SequenceMatcher(None, word, other).ratio() > 0.85


def _compare_order(told: Steps, plan: Plan, contradictions: list[str], verified: list[str], unverified: list[str]) -> None:
    """Each link between two steps told in clear order runs the way the sentence runs."""
    if not told.ordered and not told.arrows:
        unverified.append("the order of the steps")
        return
    places = {node.id: _place(node, told, plan) for node in plan.nodes}
    index = {node.id: i for i, node in enumerate(plan.nodes)}
    by_id = {node.id: node for node in plan.nodes}
    wrong = [
        (node, by_id[target])
        for node in plan.nodes
        for target in node.links
        if index[target] > index[node.id] and places[node.id] is not None and places[target] is not None
        and (told.arrows or (node.kind in WORK_KINDS and by_id[target].kind in WORK_KINDS))
        and places[target] < places[node.id]  # type: ignore[operator]
    ]  # fmt: skip
    contradictions += [f"the sentence tells '{b.label}' before '{a.label}', the plan has it after" for a, b in wrong]
    if not wrong and sum(place is not None for place in places.values()) > 1:
        verified.append("the order of the steps")


def _place(node: PlanNode, told: Steps, plan: Plan) -> int | None:
    """Where the sentence names this step; None where that is not certain."""
    if not node.label or sum(other.label == node.label for other in plan.nodes) > 1:
        return None
    text = told.sentence.lower()
    if text.count(node.label.lower()) == 1:
        return text.index(node.label.lower())
    shared = {word for other in plan.nodes if other is not node for word in content_stems(other.label)}
    own = [word for word in content_stems(node.label) if word not in shared]
    found = [place for word in own if (place := _found(word, told)) is not None and text.count(word) == 1]
    return min(found) if found else None
