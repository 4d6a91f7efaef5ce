"""Adapts readability to one person's labels: five grouped folds, two kinds of head, averaged. Used by notebook 05.

Rule: no copy of a picture stands on both sides of a fold, and what is kept is chosen by these folds alone; the figures
of what was not kept stay in the model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from diaglib.diagram.model import Diagram
from diaglib.scoring.agreement import agreement
from diaglib.scoring.folds import copies, grouped_folds
from diaglib.scoring.person_heads import FULL_SCORE, HEADS, PersonHead
from diaglib.scoring.pictures import Picture, draw_picture, stack_ink
from diaglib.scoring.ratings import read_score
from diaglib.scoring.readability_network import Seen, see
from diaglib.scoring.readability_scores import Item, load_heads, measured_and_seen, read_all

MIN_RATED = 10
FOLDS = 5
INPUTS = ("geometry", "picture", "both")


@dataclass(frozen=True, slots=True)
class Figure:
    """How well one input and head did on pictures it was not fitted to: over all, and over those below 4.5 (the hard part).

    `spearman` is NaN where the scores do not differ.
    """

    inputs: str
    head: str
    part: str
    n: int
    mse: float
    mae: float
    spearman: float


@dataclass(frozen=True, slots=True)
class ReadabilityModel:
    """Made by `fit_readability`; give it to `readability`.

    `heads` are the kept ones by what they see: geometry, picture, both; of files only the picture. `diagram_inputs` names
    which of them judge a diagram, all of them by their mean; a diagram is drawn and looked at where only pictures were
    rated. `figures` are cross-validated; `predicted` (n,) are the scores of the rated items by the folds that had not seen
    them, NaN for items left out; `notes` tells what was left out.
    """

    heads: dict[str, tuple[PersonHead, ...]]
    kept_heads: dict[str, str]
    diagram_inputs: tuple[str, ...]
    figures: tuple[Figure, ...]
    predicted: np.ndarray
    notes: tuple[str, ...]

    def predict_seen(self, seen: Seen) -> np.ndarray:
        """Scores 0..5 of pictures as the CNN sees them: the mean of the folds' heads (soft voting)."""
        return _vote(self.heads["picture"], picture_numbers(seen))

    def predict_diagrams(self, diagrams: Sequence[Diagram]) -> np.ndarray:
        """Scores 0..5 of diagrams: the mean over what `diagram_inputs` names."""
        numbers = diagram_numbers(diagrams, self.diagram_inputs)
        return np.mean([_vote(self.heads[inputs], numbers[inputs]) for inputs in self.diagram_inputs], axis=0)


def picture_numbers(seen: Seen) -> np.ndarray:
    """What a head sees of a picture: what is thought of it before any rating, the geometry of its shapes and of the whole, and
    the CNN's pooled numbers."""
    thought = load_heads().picture.parts(seen.boxes, seen.boxes)
    return np.column_stack([thought, seen.geometry, seen.targets, seen.pooled])


def geometry_numbers(diagrams: Sequence[Diagram]) -> np.ndarray:
    """What a head sees of a diagram's text: what is thought of it before any rating, its geometry, and that of what is seen."""
    measured, seen = measured_and_seen(diagrams)
    return np.column_stack([load_heads().text.parts(measured, seen), measured, seen])


def diagram_numbers(
    diagrams: Sequence[Diagram], inputs: Sequence[str] = INPUTS, pictures: Sequence[Picture] | None = None
) -> dict[str, np.ndarray]:
    """Numbers by what is seen: 'geometry', 'picture' or 'both'; only what `inputs` needs is measured. `pictures` if drawn."""
    geometry = geometry_numbers(diagrams) if set(inputs) != {"picture"} else None
    if pictures is None and set(inputs) != {"geometry"}:
        pictures = [draw_picture(diagram) for diagram in diagrams]
    picture = picture_numbers(see(pictures)) if pictures is not None else None
    parts = {"geometry": (geometry,), "picture": (picture,), "both": (geometry, picture)}
    return {name: np.hstack([part for part in parts[name] if part is not None]) for name in inputs}


def _vote(heads: Sequence[PersonHead], numbers: np.ndarray) -> np.ndarray:
    return np.mean([head.predict(numbers) for head in heads], axis=0)


def fit_readability(items: Sequence[Item], scores: Sequence[Any], seed: int = 0) -> ReadabilityModel:
    """Fits to a person's scores, 0..5, of diagrams and picture files (both kinds may be mixed, files then decide).

    Two heads are compared on five folds: soft labels with cross-entropy, as published, and two stages (is it flawless,
    and if not, how good). The best of each by mean squared error is kept for each input, geometry, picture and both, and
    its five fold heads are averaged; diagrams are judged by the input with the smallest error, or by the mean of all
    three where that has a smaller one. A score that is none and a picture that cannot be read
    are left out and told in `notes`. 900 diagrams take about 20 s on one core.
    Raises ValueError for lists of different lengths, or fewer than 10 usable ratings of different pictures.
    """
    if len(items) != len(scores):
        raise ValueError(f"{len(items)} items and {len(scores)} scores: every item needs one score")
    numbers, pictures, rated, kept, notes = _usable(items, scores)
    groups = copies(stack_ink(pictures))
    if len(set(groups)) < MIN_RATED:
        raise ValueError(
            f"{len(set(groups))} different rated pictures: at least {MIN_RATED} are needed; "
            "until then use readability() without a model"
        )
    folds = grouped_folds(groups, rated < FULL_SCORE, FOLDS, seed)
    figures: list[Figure] = []
    best: dict[str, tuple[float, str, list[PersonHead], np.ndarray]] = {}
    for inputs, values in numbers.items():
        for name in HEADS:
            fitted, predicted = _cross_fit(name, values, rated, folds, seed)
            rows = _figures(inputs, name, rated, predicted)
            figures += rows
            if inputs not in best or rows[0].mse < best[inputs][0]:
                best[inputs] = (rows[0].mse, name, fitted, predicted)
    ways: dict[tuple[str, ...], np.ndarray] = {(inputs,): kept_one[3] for inputs, kept_one in best.items()}
    if len(best) > 1:
        ways[tuple(best)] = np.mean([kept_one[3] for kept_one in best.values()], axis=0)
        figures += _figures("mean of all", "kept ones", rated, ways[tuple(best)])
    chosen = min(ways, key=lambda way: float(np.mean((ways[way] - rated) ** 2)))
    predicted = np.full(len(items), np.nan)
    predicted[kept] = ways[chosen]
    return ReadabilityModel(
        {inputs: tuple(kept_one[2]) for inputs, kept_one in best.items()},
        {inputs: kept_one[1] for inputs, kept_one in best.items()},
        chosen,
        tuple(figures),
        predicted,
        tuple(notes),
    )


def _usable(
    items: Sequence[Item], scores: Sequence[Any]
) -> tuple[dict[str, np.ndarray], list[Picture], np.ndarray, list[int], list[str]]:
    """Numbers by kind of input, pictures, scores and places of what can be used, and notes on the rest."""
    notes, places, values = [], [], []
    for i, score in enumerate(scores):
        try:
            values.append(read_score(score))
            places.append(i)
        except ValueError as error:
            notes.append(f"item {i}: {error}: left out")
    files = [Path(item) for i in places if not isinstance(item := items[i], Diagram)]
    if not files:
        diagrams = [item for i in places if isinstance(item := items[i], Diagram)]
        pictures = [draw_picture(diagram) for diagram in diagrams]
        return diagram_numbers(diagrams, INPUTS, pictures), pictures, np.array(values), places, notes
    read, reasons = read_all(files)
    of_files, why = iter(read), iter(reasons)
    pictures = []
    kept: list[int] = []
    rated: list[float] = []
    for i, value in zip(places, values, strict=True):
        item = items[i]
        if isinstance(item, Diagram):
            pictures.append(draw_picture(item))
        elif reason := next(why):
            notes.append(f"item {i}: {reason}: left out")
            continue
        else:
            pictures.append(next(of_files))
        kept.append(i)
        rated.append(value)
    return {"picture": picture_numbers(see(pictures))}, pictures, np.array(rated), kept, notes


def _cross_fit(
    name: str, numbers: np.ndarray, scores: np.ndarray, folds: Sequence[tuple[np.ndarray, np.ndarray]], seed: int
) -> tuple[list[PersonHead], np.ndarray]:
    fit: Callable[[np.ndarray, np.ndarray, int], PersonHead] = HEADS[name]
    heads, predicted = [], np.zeros(len(scores))
    for number, (train, test) in enumerate(folds):
        heads.append(fit(numbers[train], scores[train], seed + number))
        predicted[test] = heads[-1].predict(numbers[test])
    return heads, predicted


def _figures(inputs: str, head: str, scores: np.ndarray, predicted: np.ndarray) -> list[Figure]:
    parts = {"all": np.ones(len(scores), bool), "below 4.5": scores < FULL_SCORE}
    return [Figure(inputs, head, part, *agreement(predicted[mask], scores[mask])) for part, mask in parts.items()]
