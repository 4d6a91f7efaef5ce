"""Measuring an encoder: the published figures, counted by hand on a small matrix, and the choice of a threshold."""

import numpy as np
import pytest

from diaglib.memory.evaluation import calibrated_threshold, choose_threshold, counts_at, measure, threshold_curve
from diaglib.memory.pairs import read_lines, targets

LINES = read_lines("[오늘 일정: 발표] 떨린다\n[내일 일정: 시험] 공부하기 싫다\n[취미: 독서] 심심해")
TRUTH = targets([line.key for line in LINES], [line.key for line in LINES])


class Fixed:
    """An encoder that says what it is told to."""

    threshold = 0.5

    def __init__(self, predicted) -> None:
        self.predicted = np.array(predicted, float)

    def similarity(self, memories, messages):
        return self.predicted if len(messages) == self.predicted.shape[1] else np.zeros((len(memories), len(messages)))


def test_a_perfect_encoder_has_perfect_figures() -> None:
    figures = measure(Fixed(TRUTH), LINES, ["안녕", "응"])
    assert (figures["mse"], figures["mae"], figures["correlation"]) == (0.0, 0.0, 1.0)
    assert [figures[name] for name in ("top1", "recall", "precision", "silence", "chat_silence")] == [1.0] * 5
    assert figures["intervals"]["top1"] == [0.4385, 1.0]


def test_counts_are_those_of_two_stores_a_message() -> None:
    predicted = np.array([[0.9, 0.6, 0.1], [0.2, 0.4, 0.7], [0.1, 0.1, 0.6]])
    # message 1 finds its own; 2 takes the first, wrongly, in both stores; 3 takes the second in both
    counts = counts_at(0.5, [(predicted, TRUTH, None)])
    assert counts == {"recall": (1, 3), "precision": (1, 5), "silence": (1, 3), "chat_silence": (0, 0)}
    assert counts_at(0.65, [(predicted, TRUTH, None)])["silence"] == (2, 3)


def test_stores_are_counted_together() -> None:
    one = (TRUTH, TRUTH, np.array([[0.2], [0.9], [0.1]]))
    counts = counts_at(0.5, [one, one])
    assert counts == {"recall": (6, 6), "precision": (6, 6), "silence": (6, 6), "chat_silence": (0, 2)}


def test_the_threshold_is_the_lowest_that_keeps_both_wishes() -> None:
    predicted = np.array([[0.9, 0.6, 0.1], [0.2, 0.8, 0.1], [0.1, 0.1, 0.7]])
    curve = threshold_curve([(predicted, TRUTH, None)])
    assert choose_threshold(curve, precision=1.0, silence=1.0) == 0.61
    assert choose_threshold(curve, precision=0.7, silence=0.6) < 0.61
    assert choose_threshold(curve, precision=1.0, silence=1.01) == curve[-1].threshold


def test_a_threshold_is_calibrated_on_stores() -> None:
    assert calibrated_threshold(Fixed(TRUTH), LINES, [], precision=0.9, silence=0.9, store_size=3) == 0.34


def test_one_line_is_too_few() -> None:
    with pytest.raises(ValueError, match="too few to compare"):
        measure(Fixed(TRUTH), LINES[:1])


def test_an_encoder_that_says_nothing_has_no_precision() -> None:
    figures = measure(Fixed(np.zeros((3, 3))), LINES)
    assert (figures["precision"], figures["recall"], figures["silence"]) == (None, 0.0, 1.0)
    assert figures["correlation"] is None
