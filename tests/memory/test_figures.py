"""The figures of notebook 06 show what they are given, in Hangul, without a warning."""

import io
import warnings
from datetime import datetime, timedelta

import numpy as np
import pytest
from plain_encoder import PlainEncoder

from diaglib.memory.evaluation import threshold_curve
from diaglib.memory.figures import days_figure, predicted_against_true, target_heat_map, threshold_figure, training_curve
from diaglib.memory.store import Store

FRIDAY = datetime(2026, 11, 20, 9)


@pytest.fixture(autouse=True)
def no_window(monkeypatch) -> None:
    monkeypatch.setenv("MPLBACKEND", "agg")


def drawn(figure) -> list[str]:
    """Every text of a figure, after drawing it with warnings as errors (a letter without a glyph warns)."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure.savefig(io.BytesIO(), format="svg")
    return [text.get_text() for text in figure.findobj(lambda part: hasattr(part, "get_text"))]


def test_the_heat_map_names_its_keys() -> None:
    keys = ["오늘 일정", "좋아하는 가수"]
    texts = drawn(target_heat_map(keys, np.eye(2), np.eye(2)))
    assert all(texts.count(key) >= 2 for key in keys)


def test_a_training_curve_is_drawn_over_epochs_or_steps() -> None:
    history = [{"step": 10 * step, "loss": 1 / step, "right": 0.1 * step} for step in range(1, 4)]
    assert {"step", "loss", "right"} <= set(drawn(training_curve(history)))


def test_predictions_are_counted_by_their_target() -> None:
    texts = drawn(predicted_against_true(np.array([[0.9, 0.1], [0.2, 0.3]]), np.array([[1.0, 0.0], [0.0, 0.0]])))
    assert {"1", "3"} <= set(texts)


def test_the_threshold_figure_tells_the_chosen_one() -> None:
    predicted, truth = np.array([[0.9, 0.1], [0.2, 0.8]]), np.eye(2)
    curve = threshold_curve([(predicted, truth, None)])
    assert "chosen: 0.42" in drawn(threshold_figure(curve, 0.42, {"threshold": 0.6, "recall": 0.5}))


def test_a_bar_a_value_ends_where_it_is_replaced_or_over(tmp_path) -> None:
    with Store(tmp_path / "me.sqlite", PlainEncoder()) as store:
        store.add("내일 일정", "발표", at=FRIDAY)
        store.add("오늘 일정", "휴가", at=FRIDAY + timedelta(days=1))
        store.add("좋아하는 가수", "아이유", at=FRIDAY)
        figure = days_figure(store.items(history=True), FRIDAY.date(), 5)
    assert "[좋아하는 가수: 아이유]" in drawn(figure)
    bars = {text.get_text(): bar.get_width() for text, bar in zip(figure.axes[0].texts, figure.axes[0].patches, strict=True)}
    assert bars == {"[내일 일정: 발표]": 1, "[오늘 일정: 휴가]": 1, "[좋아하는 가수: 아이유]": 5}
