"""Which of several diagrams is best for this user: readability and taste as one total, with its reasons in words.

Used by notebook 05, `draw` and `diaglib score`. Rule: the total is 50% readability and 50% taste unless told otherwise; what
has no taste is ranked by readability and says so, what cannot be read is a row with its reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diaglib.diagram.model import Diagram
from diaglib.scoring.appearance import Item, ReadItem, read_items
from diaglib.scoring.geometry import features
from diaglib.scoring.readability_scores import readability
from diaglib.scoring.reasons import diagram_reasons, picture_reasons, taste_reason
from diaglib.scoring.taste import Neighbour, Taste
from diaglib.scoring.weights import WEIGHTS, taste_share

if TYPE_CHECKING:
    import pandas

    from diaglib.scoring.readability_fit import ReadabilityModel

SAME_TOTAL_DIGITS = 3  # totals that agree to a thousandth of a point share their place


@dataclass(frozen=True, slots=True)
class Ranked:
    """One item: its place (1 is best; equal totals share it) and scores, 0..5. What could not be read has only `problem`."""

    item: Item
    place: int | None
    total: float | None
    readability: float | None
    taste: float | None
    reasons: tuple[str, ...] = ()
    problem: str = ""

    @property
    def name(self) -> str:
        return "diagram" if isinstance(self.item, Diagram) else Path(self.item).name


@dataclass(frozen=True, slots=True)
class Ranking:
    """`rows`, best first and unreadable ones last; `places` are their numbers among the items given; `notes` say how the
    total was made and what was left out."""

    rows: tuple[Ranked, ...]
    places: tuple[int, ...]
    notes: tuple[str, ...] = ()

    def in_given_order(self) -> list[Ranked]:
        return [row for _, row in sorted(zip(self.places, self.rows, strict=True), key=lambda pair: pair[0])]

    def table(self) -> pandas.DataFrame:
        """place, item, total, readability, taste, why."""
        import pandas

        rows: list[dict[str, Any]] = [
            {
                "place": row.place,
                "item": f"diagram {number + 1}" if isinstance(row.item, Diagram) else row.name,
                "total": row.total,
                "readability": row.readability,
                "taste": row.taste,
                "why": row.problem or ", ".join(row.reasons),
            }
            for number, row in zip(self.places, self.rows, strict=True)
        ]
        table = pandas.DataFrame(rows, columns=["place", "item", "total", "readability", "taste", "why"])
        return table.astype({"place": "Int64", "total": float, "readability": float, "taste": float})


def rank(
    items: Sequence[Item],
    taste: Taste | None = None,
    weights: tuple[float, float] = WEIGHTS,
    model: ReadabilityModel | None = None,
) -> Ranking:
    """Ranks diagrams and picture files. `weights` are of readability and taste, in any unit; `model` is this person's
    readability where one was fitted.

    A picture with its text beside it is measured by the text. Raises ValueError for weights that are negative, not
    finite or all zero, TypeError for an item that is neither a diagram nor a path.
    """
    share = taste_share(weights)
    tasted = taste is not None and taste.usable and share > 0
    read = read_items(items, draw=tasted or model is not None)
    places = [i for i, one in enumerate(read) if not one.reason]
    readable = [read[i] for i in places]
    readable_scores, reasons = _readability(readable, model)
    judged: Sequence[tuple[float | None, list[Neighbour]]] = [(None, [])] * len(readable)
    if taste is not None and tasted:
        judged = taste.judge(readable)
    rows: dict[int, Ranked] = {}
    for i, score, words, (liked, neighbours) in zip(places, readable_scores, reasons, judged, strict=True):
        total = score if liked is None else (1 - share) * score + share * liked
        why = (*words, taste_reason(neighbours)) if liked is not None else tuple(words)
        rows[i] = Ranked(items[i], None, total, score, liked, why)
    order = sorted(rows, key=lambda i: (-round(rows[i].total or 0.0, SAME_TOTAL_DIGITS), -(rows[i].readability or 0.0)))
    totals = [round(rows[i].total or 0.0, SAME_TOTAL_DIGITS) for i in order]
    ranked = [
        Ranked(row.item, totals.index(total) + 1, row.total, row.readability, row.taste, row.reasons)
        for row, total in ((rows[i], total) for i, total in zip(order, totals, strict=True))
    ]
    lost = [i for i, one in enumerate(read) if one.reason]
    ranked += [Ranked(items[i], None, None, None, None, problem=read[i].reason) for i in lost]
    return Ranking(tuple(ranked), (*order, *lost), _notes(taste, share))


def _notes(taste: Taste | None, share: float) -> tuple[str, ...]:
    if taste is None:
        return ("no ratings: the total is the readability",)
    if not taste.usable or share == 0:
        return (taste.words() if not taste.usable else "taste has no weight: the total is the readability", *taste.notes)
    return (f"total: {1 - share:.0%} readability, {share:.0%} taste", taste.words(), *taste.notes)


def _readability(read: Sequence[ReadItem], model: ReadabilityModel | None) -> tuple[list[float], list[list[str]]]:
    """Scores and reasons: by the text where there is one, else by the picture."""
    told = [i for i, one in enumerate(read) if one.diagram is not None]
    shown = [i for i, one in enumerate(read) if one.diagram is None]
    scores: dict[int, float] = {}
    reasons: dict[int, list[str]] = {}
    diagrams = [diagram for one in read if (diagram := one.diagram) is not None]
    measured = features(diagrams)
    for i, diagram, score, row in zip(told, diagrams, readability(diagrams, model), measured, strict=True):
        scores[i], reasons[i] = score, diagram_reasons(diagram, row)
    if shown:
        from diaglib.scoring.readability_network import see
        from diaglib.scoring.readability_scores import seen_readability

        seen = see([picture for i in shown if (picture := read[i].picture) is not None])
        for i, score, row in zip(shown, seen_readability(seen, model), seen.geometry, strict=True):
            scores[i], reasons[i] = float(score), picture_reasons(row)
    return [scores[i] for i in range(len(read))], [reasons[i] for i in range(len(read))]
