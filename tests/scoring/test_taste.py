"""Taste from few ratings: the published k-NN, the better predictor, and the choice between them."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from diaglib.diagram import Diagram
from diaglib.scoring.taste import FEATURES, MIN_RATINGS, NEAREST, fit_taste, load_taste, nearest_scores
from diaglib.scoring.taste_kernels import REGULARISATION, KernelTaste, block_kernel, fit_kernels, teaches_most


def share_of_round_shapes(diagram: Diagram) -> float:
    return sum(node.shape != "rectangle" for node in diagram.nodes) / len(diagram.nodes)


@pytest.fixture(scope="module")
def likes_round_shapes(sampled_diagrams):
    """A person who likes round shapes: the taste after 30 ratings, and the 30 diagrams not rated."""
    shares = np.array([share_of_round_shapes(diagram) for diagram in sampled_diagrams])
    return fit_taste(sampled_diagrams[:30], np.round(5 * shares[:30])), sampled_diagrams[30:], shares[30:]


def test_the_published_knn_weighs_by_one_over_the_squared_distance_but_at_least_a_tenth() -> None:
    rated, scores = np.array([[0.0], [1.0], [3.0]]), np.array([5.0, 2.0, 0.0])
    assert nearest_scores(np.array([[2.0]]), rated, scores, count=2)[0] == pytest.approx(1.0)
    here = nearest_scores(np.array([[0.0]]), rated, scores, count=2)[0]
    assert here == pytest.approx((100 * 5 + 1 * 2) / 101)


def test_it_learns_a_taste_from_30_ratings_better_than_the_published_knn(likes_round_shapes) -> None:
    taste, others, shares = likes_round_shapes
    agreement = spearmanr(taste.predict(others), shares)[0]
    view = taste.view(by_text=True)
    assert agreement > 0.6
    assert view.method == FEATURES
    assert view.errors[FEATURES] < view.errors[NEAREST]
    assert all(0 <= score <= 5 for score in taste.predict(others))


def test_the_report_says_which_method_is_used_and_why(likes_round_shapes) -> None:
    taste, *_ = likes_round_shapes
    errors = taste.view(by_text=True).errors
    for words in ("taste by features", f"{errors[FEATURES]:.2f}", f"{errors[NEAREST]:.2f}", f"{errors['mean rating']:.2f}", "30"):
        assert words in taste.words()


def test_nearest_neighbours_are_used_where_they_do_better(sampled_diagrams) -> None:
    """Ratings that follow no feature but repeat for near pictures: every diagram is there twice, a grain apart."""
    rng = np.random.default_rng(0)
    first = sampled_diagrams[:12]
    again = [Diagram(tuple(reversed(diagram.nodes))) for diagram in first]
    scores = rng.permutation(np.repeat([0.0, 5.0], 6))
    taste = fit_taste([*first, *again], [*scores, *scores])
    errors = taste.view(by_text=True).errors
    assert taste.view(by_text=True).method == min((FEATURES, NEAREST), key=lambda name: errors[name])
    assert taste.predict(first) == pytest.approx(list(scores), abs=1.5)


def test_fewer_than_five_ratings_are_too_few_and_that_is_said(sampled_diagrams) -> None:
    taste = fit_taste(sampled_diagrams[:4], [5, 4, 3, 2])
    assert not taste.usable
    assert "4 rated diagrams are too few" in taste.words()
    with pytest.raises(ValueError, match="too few"):
        taste.predict(sampled_diagrams[4:6])
    assert fit_taste(sampled_diagrams[:MIN_RATINGS], [5, 4, 3, 2, 1]).usable


def test_equal_ratings_give_that_rating(sampled_diagrams) -> None:
    taste = fit_taste(sampled_diagrams[:8], [3] * 8)
    assert taste.predict(sampled_diagrams[8:12]) == pytest.approx([3] * 4)


@pytest.mark.parametrize("score", [7, "good", -0.1, float("nan"), None])
def test_a_score_that_is_none_is_refused(sampled_diagrams, score) -> None:
    with pytest.raises(ValueError, match="0"):
        fit_taste(sampled_diagrams[:6], [1, 2, 3, 4, 5, score])


def test_a_rated_file_that_cannot_be_read_is_left_out_and_told(sampled_diagrams, tmp_path) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n")
    taste = fit_taste([*sampled_diagrams[:5], tmp_path / "broken.png"], [1, 2, 3, 4, 5, 5])
    assert len(taste.scores) == 5
    assert len(taste.notes) == 1
    assert "broken.png" in taste.notes[0]


def test_pictures_with_their_text_beside_them_are_rated_by_the_text(sampled_diagrams, tmp_path) -> None:
    rows = ["img_path,score"]
    for number, diagram in enumerate(sampled_diagrams[:6]):
        diagram.to_png(tmp_path / f"{number}.png")
        (tmp_path / f"{number}.txt").write_text(diagram.to_text(), encoding="utf-8")
        rows.append(f"{number}.png,{number % 6}")
    (tmp_path / "mine.csv").write_text("\n".join(rows))
    taste = load_taste(tmp_path / "mine.csv")
    assert taste.by_text
    by_hand = fit_taste(sampled_diagrams[:6], range(6))
    assert taste.predict(sampled_diagrams[6:9]) == pytest.approx(by_hand.predict(sampled_diagrams[6:9]), abs=0.05)


def test_leave_one_out_predictions_do_not_know_the_rating_they_predict() -> None:
    """With one block there is one combination, so nothing but the regularisation could carry a rating to its prediction."""
    rng = np.random.default_rng(1)
    block, scores = {"one": rng.normal(size=(12, 3))}, rng.uniform(0, 5, 12)
    held_out = fit_kernels(block, scores).held_out
    rest = np.delete(np.arange(12), 4)
    without = [
        KernelTaste(
            {"one": block["one"][rest]},
            scores[rest].mean(),
            ((("one",), 1.0, np.linalg.solve(kernel + strength * np.eye(11), scores[rest] - scores[rest].mean())),),
            np.zeros(11),
        ).predict({"one": block["one"][[4]]})[0]
        for kernel in [block_kernel(block["one"][rest], block["one"][rest])]
        for strength in REGULARISATION
    ]
    assert min(abs(value - held_out[4]) for value in without) < 1e-9


def test_blocks_that_tell_the_taste_weigh_more() -> None:
    rng = np.random.default_rng(3)
    blocks = {"telling": rng.normal(size=(30, 3)), "chance": rng.normal(size=(30, 3))}
    weights = fit_kernels(blocks, 2.5 + blocks["telling"][:, 0]).block_weights()
    assert weights["telling"] > 0.7
    assert sum(weights.values()) == pytest.approx(1)


def test_the_next_picture_tells_most_about_the_others() -> None:
    """Ten alike and six alike elsewhere: the first to rate is one of the ten, the second one of the six."""
    rng = np.random.default_rng(2)
    rows = np.concatenate([rng.normal(0, 0.05, (10, 2)), rng.normal(4, 0.05, (6, 2))])
    kernel = np.exp(-((rows[:, None] - rows[None]) ** 2).mean(axis=2) / 2)
    first = teaches_most(kernel, [])[0]
    assert first < 10 <= teaches_most(kernel, [first])[0]
    assert sorted(teaches_most(kernel, [3, 5])) == [i for i in range(16) if i not in (3, 5)]
    assert teaches_most(kernel, list(range(16))) == []
