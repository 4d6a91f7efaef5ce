"""What this user likes, 0..5, learnt from rated diagrams: the published k-NN over latents, and a better predictor.

Used by notebook 05, `draw` and `diaglib score`. Rule: of both, the one with the smaller leave-one-out error on this user's
ratings is used, and the report says which and why; fewer than 5 ratings say too little, and that is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from diaglib.scoring.appearance import Appearance, Item, ReadItem, appearance, read_items
from diaglib.scoring.ratings import BEST, WORST, Ratings, read_ratings, read_score
from diaglib.scoring.taste_kernels import KernelTaste, fit_kernels

MIN_RATINGS = 5
NEIGHBOURS = 5
LEAST_DISTANCE = 0.1  # published: weight 1 / max(distance, 0.1)^2
NEAREST, FEATURES = "nearest neighbours", "features"


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A rated item near another one: its place among the ratings, its score, the distance (1: as far as two ratings are)."""

    place: int
    score: float
    distance: float


@dataclass(frozen=True, slots=True)
class View:
    """Taste fitted in one view. `errors` are root mean squared leave-one-out errors in points by method."""

    rated: Appearance
    scores: np.ndarray
    kernels: KernelTaste
    errors: dict[str, float]
    typical_distance: float

    @property
    def method(self) -> str:
        return min((FEATURES, NEAREST), key=lambda name: self.errors[name])

    def predict(self, look: Appearance, method: str | None = None) -> np.ndarray:
        """Scores (n,), 0..5, by the better method or the one named."""
        if (method or self.method) == NEAREST:
            return nearest_scores(look.latents, self.rated.latents, self.scores)
        return np.clip(self.kernels.predict(look.blocks), WORST, BEST)

    def neighbours(self, look: Appearance) -> list[list[Neighbour]]:
        """For every item the rated ones, nearest first, by the mean distance over all blocks."""
        distances = _distances(look, self.rated) / self.typical_distance
        orders = np.argsort(distances, axis=1, kind="stable")
        return [
            [Neighbour(int(j), float(self.scores[j]), float(row[j])) for j in order]
            for row, order in zip(distances, orders, strict=True)
        ]


@dataclass
class Taste:
    """A user's taste. Made by `fit_taste` or `load_taste`; views are fitted when first needed."""

    rated: tuple[ReadItem, ...]
    scores: np.ndarray
    notes: tuple[str, ...] = ()
    _views: dict[bool, View] = field(default_factory=dict, repr=False)

    @property
    def usable(self) -> bool:
        return len(self.rated) >= MIN_RATINGS

    @property
    def by_text(self) -> bool:
        """Whether every rated item has a text, so that diagrams are compared by it."""
        return all(one.diagram is not None for one in self.rated)

    def view(self, by_text: bool) -> View:
        """The fitted view. Raises ValueError for fewer than 5 ratings."""
        if not self.usable:
            raise ValueError(self.words())
        if by_text not in self._views:
            self._views[by_text] = _fit_view(appearance(self.rated, by_text), self.scores)
        return self._views[by_text]

    def words(self) -> str:
        """Which method is used and why, or why none is."""
        if not self.usable:
            return (
                f"{len(self.rated)} rated diagrams are too few to learn a taste from ({MIN_RATINGS} at least): readability alone"
            )
        view = self.view(self.by_text)
        other = NEAREST if view.method == FEATURES else FEATURES
        return (
            f"taste by {view.method}: leave-one-out error {view.errors[view.method]:.2f} points on your {len(self.rated)} "
            f"ratings, against {view.errors[other]:.2f} by {other} and {view.errors['mean rating']:.2f} by your mean rating alone"
        )

    def predict(self, items: Sequence[Item]) -> list[float]:
        """Taste of every item, 0..5. Raises ValueError for an item that cannot be read, or for fewer than 5 ratings."""
        read = read_items(items)
        if unreadable := [one for one in read if one.picture is None]:
            raise ValueError(unreadable[0].reason)
        return [score for score, _ in self.judge(read)]

    def judge(self, read: Sequence[ReadItem]) -> list[tuple[float, list[Neighbour]]]:
        """Score and nearest rated items of every item that has been read; those without a text are compared by pictures."""
        judged: dict[int, tuple[float, list[Neighbour]]] = {}
        for by_text in (True, False):
            places = [i for i, one in enumerate(read) if (self.by_text and one.diagram is not None) == by_text]
            if places:
                view, look = self.view(by_text), appearance([read[i] for i in places], by_text)
                judged |= dict(zip(places, zip(view.predict(look).tolist(), view.neighbours(look), strict=True), strict=True))
        return [judged[i] for i in range(len(read))]


def fit_taste(items: Sequence[Item], scores: Sequence[float], notes: Sequence[str] = ()) -> Taste:
    """Learns a taste from rated diagrams or picture files, each with a score 0..5.

    Items that cannot be read are left out with a note. Raises ValueError for a score that is not between 0 and 5, or
    numbers of items and scores that differ.
    """
    if len(items) != len(scores):
        raise ValueError(f"{len(items)} items and {len(scores)} scores: every item needs one score")
    numbers = [read_score(score) for score in scores]
    read = read_items(items)
    kept = [i for i, one in enumerate(read) if one.picture is not None]
    lost = [f"{one.reason}: its rating is left out" for one in read if one.picture is None]
    return Taste(tuple(read[i] for i in kept), np.array([numbers[i] for i in kept]), (*notes, *lost))


def load_taste(ratings: str | Path | Ratings) -> Taste:
    """The taste that a CSV file or a folder of ratings tells. Raises what `read_ratings` raises."""
    read = ratings if isinstance(ratings, Ratings) else read_ratings(ratings)
    return fit_taste(read.pictures, read.scores, read.notes)


def nearest_scores(latents: np.ndarray, rated: np.ndarray, scores: np.ndarray, count: int = NEIGHBOURS) -> np.ndarray:
    """The published taste: mean of the `count` nearest rated items' scores, weighted by 1 / max(distance, 0.1)^2."""
    distances = np.linalg.norm(latents[:, None] - rated[None], axis=2)
    nearest = np.argsort(distances, axis=1, kind="stable")[:, :count]
    weights = 1.0 / np.maximum(np.take_along_axis(distances, nearest, axis=1), LEAST_DISTANCE) ** 2
    return (weights * scores[nearest]).sum(axis=1) / weights.sum(axis=1)


def _fit_view(rated: Appearance, scores: np.ndarray) -> View:
    kernels = fit_kernels(rated.blocks, scores)
    n = len(scores)
    held_out = {
        FEATURES: np.clip(kernels.held_out, WORST, BEST),
        NEAREST: np.concatenate(
            [nearest_scores(rated.latents[[i]], np.delete(rated.latents, i, 0), np.delete(scores, i)) for i in range(n)]
        ),
        "mean rating": np.array([np.delete(scores, i).mean() for i in range(n)]),
    }
    errors = {name: float(np.sqrt(np.mean((values - scores) ** 2))) for name, values in held_out.items()}
    distances = _distances(rated, rated)
    typical = float(distances[~np.eye(n, dtype=bool)].mean())
    return View(rated, scores, kernels, errors, max(typical, 1e-9))


def _distances(one: Appearance, other: Appearance) -> np.ndarray:
    """(n, m): root of the mean over blocks of the mean squared difference of their features."""
    total = np.zeros((len(one), len(other)))
    for name, block in one.blocks.items():
        rows = other.blocks[name]
        squares = (block**2).sum(axis=1)[:, None] + (rows**2).sum(axis=1) - 2 * block @ rows.T
        total += np.maximum(squares, 0.0) / block.shape[1]
    return np.sqrt(total / len(one.blocks))
