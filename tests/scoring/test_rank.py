"""The ranking: total, weights, ties, what cannot be read, and reasons in words."""

import pytest

from diaglib.diagram import Diagram, Node, Plan
from diaglib.scoring.rank import rank
from diaglib.scoring.reasons import fault_counts, taste_reason
from diaglib.scoring.taste import Neighbour, fit_taste
from diaglib.scoring.weights import read_weights, taste_share

PLAN = Plan.from_text("0 input 4\n1 dense 6\n2 dense 3\n3 output 1\nend")


def boxes(*places: tuple[float, float], links: dict[int, tuple[int, ...]] | None = None, size: float = 40) -> Diagram:
    links = links or {}
    return Diagram(tuple(Node(i, x, y, width=size, height=size, links=links.get(i, ())) for i, (x, y) in enumerate(places)))


TIDY = PLAN.layout()
PILED = boxes((300, 300), (310, 305), (320, 310), (990, 590), links={0: (1, 3), 1: (2,), 2: (3,)}, size=120)


@pytest.fixture(scope="module")
def taste(sampled_diagrams):
    return fit_taste(sampled_diagrams[:12], [i % 6 for i in range(12)])


def test_without_ratings_the_total_is_the_readability_and_that_is_said() -> None:
    ranking = rank([PILED, TIDY])
    assert [row.item for row in ranking.rows] == [TIDY, PILED]
    assert ranking.places == (1, 0)
    assert [row.place for row in ranking.rows] == [1, 2]
    assert all(row.total == row.readability and row.taste is None for row in ranking.rows)
    assert ranking.notes == ("no ratings: the total is the readability",)
    assert [row.item for row in ranking.in_given_order()] == [PILED, TIDY]


def test_half_readability_and_half_taste_unless_told_otherwise(taste) -> None:
    for row in rank([TIDY, PILED], taste).rows:
        assert row.total == pytest.approx((row.readability + row.taste) / 2)
    for row in rank([TIDY, PILED], taste, (1, 3)).rows:
        assert row.total == pytest.approx(0.25 * row.readability + 0.75 * row.taste)
    ranking = rank([TIDY, PILED], taste)
    assert ranking.notes[0] == "total: 50% readability, 50% taste"
    assert ranking.notes[1].startswith("taste by ")


def test_too_few_ratings_give_readability_alone(sampled_diagrams) -> None:
    ranking = rank([TIDY], fit_taste(sampled_diagrams[:3], [1, 2, 3]))
    assert ranking.rows[0].total == ranking.rows[0].readability
    assert "3 rated diagrams are too few" in ranking.notes[0]


@pytest.mark.parametrize("weights", [(0, 0), (-1, 2), (float("nan"), 1), (1,), (1, 2, 3), (float("inf"), 1)])
def test_weights_that_cannot_be_are_refused(weights) -> None:
    with pytest.raises(ValueError, match="two numbers"):
        rank([TIDY], weights=weights)


def test_weights_as_typed() -> None:
    assert read_weights("0.7,0.3") == (0.7, 0.3)
    assert taste_share((3, 1)) == 0.25
    for text in ("1", "a,b", "0,0", "1,2,3", ""):
        with pytest.raises(ValueError, match="two numbers"):
            read_weights(text)


def test_equal_totals_share_a_place() -> None:
    assert [row.place for row in rank([TIDY, PILED, TIDY]).rows] == [1, 1, 3]


def test_what_cannot_be_read_is_a_row_with_its_reason(tmp_path) -> None:
    (tmp_path / "cut.png").write_bytes(TIDY.to_png(tmp_path / "whole.png").read_bytes()[:400])
    (tmp_path / "words.png").write_text("no picture")
    files = [tmp_path / name for name in ("gone.png", "cut.png", "whole.png", "words.png")]
    ranking = rank([*files, Diagram(), tmp_path])
    assert [row.place for row in ranking.rows] == [1, None, None, None, None, None]
    assert ranking.rows[0].name == "whole.png"
    problems = [row.problem for row in ranking.rows[1:]]
    assert all(problems)
    assert "gone.png" in problems[0]
    assert problems[3] == "the diagram has no nodes"
    table = ranking.table()
    assert list(table.columns) == ["place", "item", "total", "readability", "taste", "why"]
    assert table.place.isna().sum() == 5
    with pytest.raises(TypeError, match="neither a diagram nor"):
        rank([3])


def test_nothing_to_rank_is_an_empty_ranking() -> None:
    assert rank([]).rows == ()
    assert len(rank([]).table()) == 0


def test_pictures_are_ranked_by_taste_too(taste, tmp_path) -> None:
    files = [diagram.to_png(tmp_path / f"{i}.png") for i, diagram in enumerate((TIDY, PILED))]
    rows = rank(files, taste).rows
    assert all(0 <= row.taste <= 5 and 0 <= row.readability <= 5 for row in rows)
    assert rank(files).rows[0].name == "0.png"
    assert rows[0].reasons[0].startswith("seen in the picture")


def test_faults_are_counted() -> None:
    crossed = boxes((100, 100), (300, 300), (100, 300), (300, 100), links={0: (1,), 2: (3,)})
    assert fault_counts(crossed) == {"crossing": 1, "overlap": 0, "link through a node": 0, "node off the canvas": 0}
    assert fault_counts(boxes((100, 100), (200, 100), (300, 100), links={0: (2,)}))["link through a node"] == 1
    assert fault_counts(boxes((100, 100), (120, 100), (5, 100)))["overlap"] == 1
    assert fault_counts(boxes((100, 100), (5, 300)))["node off the canvas"] == 1


def test_reasons_are_words_about_this_diagram(taste) -> None:
    tidy, piled = rank([TIDY, PILED], taste).in_given_order()
    assert tidy.reasons[0].startswith("no crossings") or "crossing" in tidy.reasons[0]
    assert any("overlaps" in words for words in piled.reasons)
    assert tidy.reasons[-1].startswith(("close to", "unlike"))


def test_near_rated_diagrams_are_named_with_their_ratings() -> None:
    near = [Neighbour(0, 5, 0.2), Neighbour(1, 5, 0.3), Neighbour(2, 5, 0.4), Neighbour(3, 0, 0.5)]
    assert taste_reason(near) == "close to three diagrams you rated 5"
    assert (
        taste_reason([near[0], near[3], Neighbour(4, 0, 0.9)]) == "close to one diagram you rated 5 and one diagram you rated 0"
    )
    assert taste_reason([Neighbour(0, 5, 0.9)]) == "unlike anything you rated"


def test_a_diagram_rated_5_is_close_to_itself(sampled_diagrams, taste) -> None:
    assert "you rated 5" in rank([sampled_diagrams[5]], taste).rows[0].reasons[-1]


def test_the_front_door_gives_functions_whatever_was_loaded_before() -> None:
    """A module named like a function of the package hid the function once the module was loaded."""
    import diaglib.scoring
    from diaglib.scoring import readability_fit, readability_scores

    assert diaglib.scoring.readability is readability_scores.readability
    assert diaglib.scoring.fit_readability is readability_fit.fit_readability
