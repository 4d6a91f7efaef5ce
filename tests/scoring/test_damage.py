"""Damage: kinds and amounts are kept, more of it does more harm, clean diagrams stay clean."""

from __future__ import annotations

import random
from itertools import combinations

import numpy as np
import pytest

from diaglib.diagram import Diagram, Plan
from diaglib.diagram.geometry import overlap_area
from diaglib.scoring.damage import BEST_DAMAGED_SCORE, CLEAN_SCORE, Specimen, damage_score, damaged, harm_done, specimens
from diaglib.scoring.damage_kinds import KINDS

FLOW = Plan.from_text(
    '0 db "raw"\n1 func "clean"\n2 str\n3 model "BERT"\n4 numeric\n5 func "PCA"\n6 chart\n7 process "cluster" < 4\n8 db "store"'
).layout()


@pytest.fixture(scope="module")
def some() -> list[Specimen]:
    return list(specimens(60, seed=5))


def test_the_same_seed_gives_the_same_specimens_and_none_depends_on_the_count(some: list[Specimen]) -> None:
    assert list(specimens(5, seed=5)) == some[:5]
    assert list(specimens(5, seed=6)) != some[:5]


def test_clean_specimens_score_5_and_damaged_ones_at_most_4(some: list[Specimen]) -> None:
    assert {bool(one.faults) for one in some} == {True, False}
    for one in some:
        assert one.score == CLEAN_SCORE if not one.faults else 0 < one.score < BEST_DAMAGED_SCORE
        assert set(one.faults) <= set(KINDS)


def test_clean_specimens_overlap_nowhere_and_stay_on_the_canvas(some: list[Specimen]) -> None:
    """Their variety (grids, other sizes, other places) must not itself be damage."""
    for one in some:
        if not one.faults:
            assert all(overlap_area(a.box, b.box) == 0 for a, b in combinations(one.diagram.nodes, 2))
            for node in one.diagram.nodes:
                assert min(node.box) >= -1
                assert node.box[2] <= 1001
                assert node.box[3] <= 601


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_changes_the_diagram_and_more_of_it_is_not_less_harm(kind: str) -> None:
    def mean_harm(amount: float) -> float:
        versions = [damaged(FLOW, {kind: amount}, random.Random(seed)) for seed in range(8)]
        assert any(version != FLOW for version in versions)
        return float(np.mean(harm_done(FLOW, versions)))

    slight, severe = mean_harm(0.1), mean_harm(1.0)
    if kind not in {"restyle", "cut"}:  # these take little from the geometry: they only come with other faults
        assert severe > slight
        assert damage_score(severe) < 3.9


def test_no_damage_is_no_harm() -> None:
    assert harm_done(FLOW, [FLOW]) == [0.0]
    assert damaged(FLOW, {}, random.Random(0)) == FLOW


def test_a_single_node_survives_every_kind() -> None:
    one = Diagram(FLOW.nodes[:1])
    for kind in KINDS:
        assert damaged(one, {kind: 1.0}, random.Random(0)).nodes
