"""A second, looser look at a plan where the sentence was not read with certainty: has every number a place, and in order?

Used by `check`. Rule: it only ever takes an alarm back, it raises none.
"""

from __future__ import annotations

from collections import Counter
from itertools import groupby

from diaglib.diagram.kinds import DEFAULT_KERNEL, SPATIAL_KINDS
from diaglib.diagram.plan import Plan, PlanNode
from diaglib.reading.stated import Stated

_NAMED = {"conv", "pool", "lstm", "gru", "rnn", "dropout", "norm", "flatten", "attention", "encoder", "decoder"}


def explains(stated: Stated, plan: Plan) -> bool:
    """Whether plan and sentence use up each other's numbers, kinds and order."""
    said = Counter(number for number, _ in _first_sides(stated))
    nodes = list(plan.nodes)
    kinds = Counter(node.kind for node in nodes)
    runs = [list(group) for _, group in groupby(nodes, key=lambda node: (node.kind, node.size, node.kernel, node.filters))]
    lengths = [len(run) for run in runs]
    return (
        all(value in said or value == 1 for node in nodes for value in _values(node))
        and all(_run_is_told(run, said) for run in runs)
        and _no_number_left(said, nodes, list(kinds.values()) + lengths)
        and all(kinds[kind] for kind in _NAMED & set(stated.told) if kind not in {"attention", "encoder", "decoder"})
        and all(_count_is_told(kind, count, said, stated) for kind, count in kinds.items() if kind in _NAMED)
        and _in_order(stated, nodes)
        and _kinds_in_order(stated, nodes)
    )


def _first_sides(stated: Stated) -> list[tuple[int, str]]:
    """The stated numbers, a window `3x3` counted once."""
    numbers: list[tuple[int, str]] = []
    for number, words in stated.numbers:
        if (numbers and numbers[-1] == (number, words) and any(sign in words for sign in "x×*")) or (numbers and "by" in words):
            continue
        numbers.append((number, words))
    return numbers


def _values(node: PlanNode) -> list[int]:
    """The numbers of a node that do not follow from others."""
    size = None if node.kind in SPATIAL_KINDS else node.size
    kernel = None if node.kernel == DEFAULT_KERNEL.get(node.kind) else node.kernel
    return [value for value in (size, kernel, node.filters, node.heads) if value is not None]


def _run_is_told(run: list[PlanNode], said: Counter[int]) -> bool:
    """Equal sized layers in a row: their size is said once with their number, or once each."""
    size = run[0].size
    if len(run) == 1 or size is None or run[0].kind in SPATIAL_KINDS:
        return True
    return said[size] >= len(run) or said[len(run)] - (size == len(run)) >= 1


def _no_number_left(said: Counter[int], nodes: list[PlanNode], counts: list[int]) -> bool:
    places = Counter(counts) + Counter(
        value for node in nodes for value in (node.size, node.kernel, node.filters, node.heads) if value
    )
    return all(number == 1 or times <= places[number] for number, times in said.items())


def _count_is_told(kind: str, count: int, said: Counter[int], stated: Stated) -> bool:
    return count == 1 or count == stated.told[kind] or said[count] > 0 or (kind in stated.inexact)


def _kinds_in_order(stated: Stated, nodes: list[PlanNode]) -> bool:
    """Kinds appear first in the order they are first named (the counter keeps that order)."""
    drawn = [kind for kind in dict.fromkeys(node.kind for node in nodes) if kind in _NAMED and kind in stated.told]
    return not stated.ordered or drawn == [kind for kind in stated.told if kind in drawn]


def _in_order(stated: Stated, nodes: list[PlanNode]) -> bool:
    """The sizes of the layers between input and output come in the order they are said."""
    sizes = [node.size for node in nodes if node.kind in {"dense", "lstm", "gru", "rnn"} and node.size is not None]
    sizes = [size for size, _ in groupby(sizes)]
    said = iter([number for number, _ in stated.numbers])
    return not stated.lists_ordered or all(size in said for size in sizes)
