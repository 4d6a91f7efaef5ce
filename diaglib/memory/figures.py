"""The figures of notebook 06: targets, training, predicted against true, what a threshold does, memory over days.

Rule: a figure takes values and returns a matplotlib figure; Hangul is drawn with the font of our pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any

from diaglib.diagram.picture.fonts import font_path
from diaglib.memory.days import slot_of

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure

    from diaglib.memory.evaluation import Limits
    from diaglib.memory.store import Item

INK, BLUE, ORANGE, GREEN, GREY = "#1d2433", "#2f6fb5", "#d9822b", "#3c9a5f", "#c9ced8"
PALE_BLUE, PALE_ORANGE = "#a9c8ea", "#f6cfa0"  # words are readable on them


def _with_hangul(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """Draws in the font of our pictures, and leaves matplotlib's settings as they were."""

    @wraps(draw)
    def drawn(*values: Any, **named: Any) -> Figure:
        from matplotlib import font_manager, pyplot

        settings: dict[str, Any] = {"axes.unicode_minus": False}
        if path := font_path():
            font_manager.fontManager.addfont(str(path))
            settings["font.family"] = font_manager.FontProperties(fname=str(path)).get_name()
        with pyplot.rc_context(settings):
            figure = draw(*values, **named)
            pyplot.close(figure)  # the cell shows what it returns; once is enough
        return figure

    return drawn


@_with_hangul
def target_heat_map(keys: Sequence[str], targets: np.ndarray, predicted: np.ndarray | None = None) -> Figure:
    """Targets of every memory (rows) for every message (columns), named by their keys; beside them what an encoder says."""
    panels = [("target", targets), *([("encoder", predicted)] if predicted is not None else [])]
    size = 0.19 * len(keys) + 1.6
    figure, axes = _figure(size * len(panels) + 0.6, size, len(panels), "compressed")
    for axis, (name, values) in zip(axes, panels, strict=True):
        image = axis.imshow(values, vmin=0, vmax=1, cmap="Blues")
        axis.set_xticks(range(len(keys)), keys, rotation=90, fontsize=8)
        axis.set_yticks(range(len(keys)), keys if axis is axes[0] else [""] * len(keys), fontsize=8)
        axis.set_title(f"{name}: memories down, messages across", fontsize=9)
        axis.tick_params(length=0)
    figure.colorbar(image, ax=axes, shrink=0.7, label="similarity")
    return figure


@_with_hangul
def training_curve(history: Sequence[Mapping[str, float]]) -> Figure:
    """Every value of the records over the first one (epoch or step), a panel each."""
    over, *names = history[0]
    figure, axes = _figure(3.6 * len(names) + 1, 2.8, len(names))
    for axis, name in zip(axes, names, strict=True):
        axis.plot([row[over] for row in history], [row[name] for row in history], color=BLUE)
        axis.set(xlabel=over, ylabel=name.replace("_", " "), ylim=(0, None))
    return figure


@_with_hangul
def predicted_against_true(predicted: np.ndarray, truth: np.ndarray) -> Figure:
    """The distribution of what was predicted for each true value, as boxes; a perfect encoder lies on the dashed line."""
    import numpy as np

    values = np.unique(truth)
    groups = [predicted[truth == value] for value in values]
    figure, (axis,) = _figure(6, 3.6)
    axis.plot([0, 1], [0, 1], "--", color=GREY, zorder=0)
    axis.boxplot(
        groups, positions=values, widths=0.04, manage_ticks=False, showfliers=False,
        medianprops={"color": ORANGE}, boxprops={"color": BLUE}, whiskerprops={"color": BLUE}, capprops={"color": BLUE},
    )  # fmt: skip
    for value, group in zip(values, groups, strict=True):
        axis.annotate(f"{len(group):,}", (value, 1.03), ha="center", fontsize=7, color=INK)
    axis.set(xlabel="target (numbers above: pairs)", ylabel="predicted", xlim=(-0.06, 1.06), ylim=(-0.02, 1.1))
    return figure


@_with_hangul
def threshold_figure(curve: Sequence[Limits], threshold: float, published: Mapping[str, float] | None = None) -> Figure:
    """Precision, recall and silence over the threshold, with the chosen one, and the published figures as marks."""
    import numpy as np

    figure, (axis,) = _figure(6.5, 3.6)
    places = [limits.threshold for limits in curve]
    lines = (("precision", BLUE), ("recall", ORANGE), ("silence", GREEN), ("chat_silence", GREY))
    for name, colour in lines:
        values = np.array([np.nan if (value := getattr(limits, name)) is None else value for limits in curve], float)
        if np.isnan(values).all():
            continue
        axis.plot(places, values, color=colour, label=name.replace("chat_silence", "silence in chit-chat"))
        if published and name in published:
            axis.plot([published["threshold"]], [published[name]], "o", color=colour, mfc="white")
    axis.axvline(threshold, color=INK, linestyle=":", label=f"chosen: {threshold:.2f}")
    if published:
        axis.plot([], [], "o", color=INK, mfc="white", label="published")
    axis.set(xlabel="threshold", ylabel="share", xlim=(0, 1), ylim=(0, 1.02))
    axis.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


@_with_hangul
def days_figure(items: Sequence[Item], first: date, days: int) -> Figure:
    """What holds on which day: a bar an item, from the day it was said to the day it ended or was replaced."""
    figure, (axis,) = _figure(8, 0.28 * len(items) + 1.2)
    last = first + timedelta(days=days - 1)
    for row, item in enumerate(items):
        said = max(item.said_at.date(), first)
        newer = min((other.said_at.date() for other in items if _replaces(other, item)), default=None)
        end = min(filter(None, (item.last_day, newer, last)))
        start, length = (said - first).days, max(0.12, (end - said).days + (0 if end == newer else 1))
        colour = PALE_ORANGE if item.last_day else PALE_BLUE
        axis.barh(row, length, left=start, height=0.6, color=colour, hatch="" if item.current else "///", edgecolor="white")
        late = start > days - 2  # its words would leave the picture
        place, side = (days - 0.05, "right") if late else (start + 0.1, "left")
        words = axis.text(place, row, f"[{item.key}: {item.value}]", ha=side, va="center", fontsize=8, color=INK)
        if not item.current:
            words.set_bbox({"facecolor": colour, "edgecolor": "none", "pad": 1})  # hatching crosses them out
    axis.set_yticks([])
    axis.invert_yaxis()
    axis.set_xticks([day + 0.5 for day in range(days)], [f"{first + timedelta(days=day):%m-%d}" for day in range(days)])
    axis.set(xlim=(0, days), title="blue holds until it is replaced, orange ends with its day, hatched was replaced")
    axis.title.set_fontsize(9)
    return figure


def _replaces(other: Item, item: Item) -> bool:
    places = [(one.namespace, slot_of(one.key, one.said_at.date()).place) for one in (item, other)]
    return not item.current and places[0] == places[1] and (other.said_at, other.id) > (item.said_at, item.id)


def _figure(width: float, height: float, panels: int = 1, layout: str = "constrained") -> tuple[Figure, Sequence[Any]]:
    """A figure in inches and its axes, without frames."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, panels, figsize=(width, height), squeeze=False, layout=layout)
    for axis in axes[0]:
        axis.spines[["top", "right"]].set_visible(False)
    return figure, list(axes[0])
