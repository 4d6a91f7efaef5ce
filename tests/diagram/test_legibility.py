"""Legibility: each part notices its own damage, stays within 0..1, and never fails, whatever the diagram holds."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diaglib.diagram import Diagram, Node, Plan
from diaglib.diagram.legibility import WEIGHTS, edge_crossings, evenness, measure

CNN = Plan.from_text("0 input 64\n1 conv\n2 conv\n3 pool\n4 conv\n5 pool\n6 dense 256\n7 dense 16\n8 output 2").layout()
FLOW = Plan.from_text(
    '0 db "raw"\n1 func "clean"\n2 str\n3 model "BERT"\n4 numeric\n5 func "PCA"\n6 chart\n7 process "cluster" < 4\n8 db "store"'
).layout()


def damaged(diagram: Diagram, change: Callable[[Node], Node]) -> Diagram:
    return Diagram(tuple(change(node) for node in diagram.nodes))


def test_a_clean_diagram_is_nearly_perfect() -> None:
    for diagram in (CNN, FLOW):
        parts = measure(diagram)
        assert set(parts) == {*WEIGHTS, "score"}
        assert parts["score"] > 0.93
        for name in ("node_overlap", "off_canvas", "edges_through_nodes", "edge_crossings", "isolated_nodes"):
            assert parts[name] == 1.0


@pytest.mark.parametrize("diagram", [CNN, FLOW], ids=["cnn", "flow"])
def test_more_jitter_scores_lower(diagram: Diagram) -> None:
    """Means over 20 draws fall step by step: no part that should notice is saturated."""

    def mean_parts(sigma_px: float) -> dict[str, float]:
        sums = dict.fromkeys((*WEIGHTS, "score"), 0.0)
        for seed in range(20):
            r = random.Random(seed)
            moved = damaged(diagram, lambda n, r=r: replace(n, x=n.x + r.gauss(0, sigma_px), y=n.y + r.gauss(0, sigma_px)))
            for name, value in measure(moved).items():
                sums[name] += value / 20
        return sums

    steps = [mean_parts(sigma_px) for sigma_px in (0, 3, 8, 20, 50)]
    for name in ("score", "alignment"):
        values = [step[name] for step in steps[:4]]
        assert values == sorted(values, reverse=True)
        assert values[0] - values[3] > 0.05
    assert steps[4]["score"] < steps[3]["score"]
    assert steps[4]["node_overlap"] < steps[2]["node_overlap"]


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("node_overlap", lambda n: replace(n, x=300 + n.x * 0.4)),
        ("node_overlap", lambda n: replace(n, width=n.width * 1.9, height=n.height * 3)),
        ("off_canvas", lambda n: replace(n, x=n.x + 120)),
        ("spacing", lambda n: replace(n, width=n.width * 1.3, height=n.height * 1.5)),
        ("alignment", lambda n: replace(n, x=n.x + 3 * n.id % 7, y=n.y + 5 * n.id % 11)),
        ("size_evenness", lambda n: replace(n, width=n.width * (1 + n.id % 3), height=n.height * (1 + n.id % 2), fill=(0, 0, 0))),
        ("label_fit", lambda n: replace(n, width=n.width * 0.4, height=n.height * 0.4)),
        ("isolated_nodes", lambda n: replace(n, links=n.links if n.id < 3 else ())),
        ("edge_length_evenness", lambda n: replace(n, x=n.x**2 / 1000)),
        ("flow", lambda n: replace(n, x=1000 - n.x, y=600 - n.y) if n.id % 2 else n),
    ],
)
def test_each_part_notices_its_damage(part: str, change: Callable[[Node], Node]) -> None:
    for diagram in (CNN, FLOW):
        before, after = measure(diagram), measure(damaged(diagram, change))
        assert after[part] < before[part] - 0.02
        assert after["score"] < before["score"]


def square(*links: tuple[int, ...]) -> Diagram:
    """Four boxes of 40 px at the corners of a square of 200 px."""
    places = [(300, 200), (500, 200), (500, 400), (300, 400)]
    return Diagram(tuple(Node(i, x, y, width=40, height=40, links=links[i]) for i, (x, y) in enumerate(places)))


def test_known_values() -> None:
    crossed = measure(square((2,), (3,), (), ()))
    assert crossed["edge_crossings"] == 0.0  # the one pair of links that can cross does
    assert crossed["crossing_angle"] == pytest.approx(1 - 20 / 70)
    plain = measure(square((1,), (2,), (3,), ()))
    assert plain["edge_crossings"] == plain["crossing_angle"] == plain["alignment"] == plain["edge_length_evenness"] == 1.0
    half = measure(square((1,), (), (), ()))
    assert half["isolated_nodes"] == 0.5
    through = Diagram((*square((2,), (), (), ()).nodes, Node(4, 400, 300, width=20, height=20)))
    assert measure(through)["edges_through_nodes"] == 0.0
    out = measure(Diagram((Node(0, 0, 300, width=40, height=40, links=(1,)), Node(1, 500, 300, width=40, height=40))))
    assert out["off_canvas"] == pytest.approx(1 - (0.5 / 2) ** 0.5)
    pair = measure(Diagram((Node(0, 300, 300, width=40, height=40, links=(1,)), Node(1, 330, 300, width=40, height=40))))
    assert pair["node_overlap"] == pytest.approx(1 - 0.25**0.5)


def test_evenness_is_one_over_one_plus_variation() -> None:
    assert evenness([2.0, 2.0, 2.0]) == 1.0
    assert evenness([1.0, 3.0]) == pytest.approx(1 / 1.5)
    assert evenness([]) == evenness([5.0]) == evenness([0.0, 0.0]) == 1.0


def test_nothing_drawn_is_worth_nothing_and_one_shape_is_fine() -> None:
    assert set(measure(Diagram()).values()) == {0.0}
    assert measure(Diagram((Node(0, 500, 300),)))["score"] > 0.99


def test_coincident_nodes_of_no_size_overlap() -> None:
    same = Diagram(tuple(Node(i, 500, 300, width=0, height=0) for i in range(3)))
    parts = measure(same)
    assert parts["node_overlap"] == parts["alignment"] == parts["spacing"] == 0.0


def test_links_to_nobody_and_to_itself_do_not_count() -> None:
    messy = Diagram((Node(0, 100, 100, links=(0, 77)), Node(1, 300, 100, links=(0,))))
    clean = Diagram((Node(0, 100, 100), Node(1, 300, 100, links=(0,))))
    assert measure(messy) == measure(clean)


numbers = st.one_of(st.floats(-2000, 3000), st.sampled_from([0.0, float("nan"), float("inf"), -float("inf"), 1e308, -5.0]))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.builds(
            Node,
            id=st.integers(0, 12),
            x=numbers,
            y=numbers,
            width=numbers,
            height=numbers,
            shape=st.sampled_from(["circle", "rectangle", "star"]),
            links=st.lists(st.integers(-1, 14), max_size=6).map(tuple),
            label=st.text(max_size=30),
        ),
        max_size=14,
    )
)
def test_any_diagram_gets_numbers_between_0_and_1(nodes: list[Node]) -> None:
    parts = measure(Diagram(tuple(nodes)))
    assert set(parts) == {*WEIGHTS, "score"}
    assert all(0.0 <= value <= 1.0 for value in parts.values())


def test_a_heap_of_500_nodes_is_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    """All linked to all: a quarter of a million links, of which 350 are measured."""
    import diaglib.diagram.legibility as legibility

    seen: list[int] = []

    def counted(nodes, edges):  # type: ignore[no-untyped-def]
        seen.append(len(edges))
        return edge_crossings(nodes, edges)

    monkeypatch.setattr(legibility, "edge_crossings", counted)
    generator = random.Random(0)
    everyone = tuple(range(500))
    heap = Diagram(tuple(Node(i, generator.uniform(0, 1000), generator.uniform(0, 600), links=everyone) for i in range(500)))
    assert measure(heap)["score"] < 0.4
    assert seen == [350]
