"""Figures and galleries of notebooks 03 and 04: scores before and after by family, and the same prompts side by side.

Rule: pictures say their n and their intervals; what a model wrote is shown as text, never as markup.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from diaglib.diagram.picture.cards import card, grid, picture
from diaglib.tuning.scores import Scored, Scores

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BEFORE_COLOUR, AFTER_COLOUR = "#c4c9d4", "#1f5fbf"


def before_after_figure(before: Scores, after: Scores) -> Figure:
    """Mean scores by family with their 95% intervals, before and after."""
    import matplotlib.pyplot as plt

    families = list(dict.fromkeys(one.row.family for one in before.answers))
    figure, axes = plt.subplots(figsize=(9, 0.55 * len(families) + 1.2))
    for shift, scores, words, colour in ((-0.2, before, "before", BEFORE_COLOUR), (0.2, after, "after", AFTER_COLOUR)):
        found = [scores.summary([family]) for family in families]
        places = [place + shift for place in range(len(families))]
        means = [one["score"] for one in found]
        spread = [[one["score"] - one["low"] for one in found], [one["high"] - one["score"] for one in found]]
        axes.barh(places, means, height=0.36, color=colour, label=words)
        axes.errorbar(means, places, xerr=spread, fmt="none", ecolor="#1d2433", elinewidth=1, capsize=2)
        for place, one in zip(places, found, strict=True):
            axes.annotate(f"{one['score']:.2f}", (0, place), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8,
                          color="white" if words == "after" and one["score"] > 0.08 else "#1d2433")  # fmt: skip
    counts = [before.summary([family])["answers"] for family in families]
    axes.set_yticks(range(len(families)), [f"{family or 'all'} (n = {n})" for family, n in zip(families, counts, strict=True)])
    axes.set(xlim=(0, 1.05), xlabel="score, 0 to 1, with 95% interval")
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, 1.12), ncols=2)
    return figure


def example_gallery(before: Scores, after: Scores, families: Sequence[str], count: int) -> Any:
    """`count` prompts of some families whose answers changed most, before and after: pictures, or words where there are none."""
    from IPython.display import HTML

    both = [(a, b) for a, b in zip(before.answers, after.answers, strict=True) if a.row.family in families]
    both.sort(key=lambda pair: -(pair[1].score - pair[0].score))
    seen: list[tuple[Scored, Scored]] = []
    for pair in both:  # a prompt whose answers were drawn several times is shown once
        if len(seen) < count and all(pair[0].row.prompt != one.row.prompt for one, _ in seen):
            seen.append(pair)
    return HTML("".join(_side_by_side(a.row.prompt, [_card("before", a), _card("after", b)]) for a, b in seen))


def texts_side_by_side(prompt: str, texts: Mapping[str, str]) -> Any:
    """A prompt and some texts with their titles, as the value of a notebook cell."""
    from IPython.display import HTML

    return HTML(_side_by_side(prompt, [card(title, "", _text(text)) for title, text in texts.items()]))


def _side_by_side(prompt: str, figures: Sequence[str]) -> str:
    title = f'<p style="margin:18px 0 6px;white-space:pre-wrap;overflow-wrap:anywhere"><b>{html.escape(prompt)}</b></p>'
    return title + grid(figures)


def _text(text: str) -> str:
    return f'<div style="white-space:pre-wrap;overflow-wrap:anywhere">{html.escape(text or "(no answer)")}</div>'


def _card(title: str, answer: Scored) -> str:
    shown = _text(answer.text)
    if answer.diagram is not None:
        shown = picture(answer.diagram, f"{title}: {answer.row.prompt}"[:200])
    return card(f"{title}, score {answer.score:.2f}", "", shown)
