"""From measured numbers to a readability of 0..5 in two stages: is it damaged at all, and if so, how readable is it still?

Used by `readability` before its user has rated. Rule: a head is a few hundred numbers fitted in closed or convex form;
it lives in a safetensors file and needs numpy alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from diaglib.scoring.damage import BEST_DAMAGED_SCORE, CLEAN_SCORE
from diaglib.scoring.geometry import FREE_CHOICES

FAR = 6.0  # spreads from the mean: further out a straight line means nothing
PARTS = ("mean", "spread", "damaged_weights", "score_weights")


def expand(numbers: np.ndarray) -> np.ndarray:
    """Numbers of 0..1, (n, d), with their squares and square roots, (n, 3 d): a fault may matter most when small or large."""
    numbers = np.clip(numbers, 0.0, 1.0)
    return np.hstack([numbers, numbers**2, np.sqrt(numbers)])


@dataclass(frozen=True, slots=True)
class TwoStageHead:
    """score = (1 - P) 5 + P g; P a logistic, g a linear function of the standardised `expand`ed numbers.

    `mean` and `spread` are (3 d,), the weights (3 d + 1,) with the constant last.
    """

    mean: np.ndarray
    spread: np.ndarray
    damaged_weights: np.ndarray
    score_weights: np.ndarray

    def damaged_probability(self, numbers: np.ndarray) -> np.ndarray:
        """P for every row of (n, d)."""
        return 1 / (1 + np.exp(-np.clip(self._linear(numbers, self.damaged_weights), -30, 30)))

    def damaged_score(self, numbers: np.ndarray) -> np.ndarray:
        """g for every row, within 0..4."""
        return np.clip(self._linear(numbers, self.score_weights), 0.0, BEST_DAMAGED_SCORE)

    def predict(self, measured: np.ndarray, seen: np.ndarray) -> np.ndarray:
        """Readability 0..5 of n diagrams: whether there is a flaw is told by all that is `measured` (n, d), hidden shapes
        included; how readable it still is by what can be `seen` (n, d).
        """
        score, probability = self.parts(measured, seen).T
        return CLEAN_SCORE * (1 - probability + probability * score)

    def parts(self, measured: np.ndarray, seen: np.ndarray) -> np.ndarray:
        """What `predict` is made of, 0..1 each, (n, 2): g as a share of the clean score, and P."""
        return np.column_stack([self.damaged_score(seen) / CLEAN_SCORE, self.damaged_probability(measured)])

    def _linear(self, numbers: np.ndarray, weights: np.ndarray) -> np.ndarray:
        standard = np.clip((expand(numbers) - self.mean) / self.spread, -FAR, FAR)
        return standard @ weights[:-1] + weights[-1]

    def tensors(self, prefix: str) -> dict[str, np.ndarray]:
        """Its parts by name, for a safetensors file."""
        return {f"{prefix}.{part}": np.asarray(getattr(self, part), np.float32) for part in PARTS}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, np.ndarray], prefix: str) -> TwoStageHead:
        """The head that `tensors` wrote. Raises KeyError where a part is missing."""
        return cls(*(np.asarray(tensors[f"{prefix}.{part}"], float) for part in PARTS))


def fit_head(
    names: Sequence[str], numbers: np.ndarray, clean: np.ndarray, rated: np.ndarray, ratings: np.ndarray, strength: float
) -> TwoStageHead:
    """Fits both stages: a logistic regression of damaged against `clean` (n,) on `numbers` (n, d), both as likely
    beforehand since nobody knows what will come, and a ridge (strength by leave-one-out) of a person's `ratings` (m,),
    0..4, of damaged diagrams with numbers `rated` (m, d).

    `names` (d,) are the features'; free choices of whoever draws have no weight in the first stage, or pictures in another
    manner would count as damaged. `strength` is what the first stage's fit weighs against small weights (scikit-learn's C).
    Raises ValueError where all are clean or all damaged.
    """
    from sklearn.linear_model import LogisticRegression, RidgeCV

    if clean.all() or not clean.any():
        raise ValueError("a head needs clean and damaged examples")
    wide = expand(numbers)
    mean, spread = wide.mean(axis=0), np.maximum(wide.std(axis=0), 0.02)
    standard, standard_rated = (np.clip((rows - mean) / spread, -FAR, FAR) for rows in (wide, expand(rated)))
    telling = np.tile([name not in FREE_CHOICES for name in names], standard.shape[1] // len(names))
    stage_one = LogisticRegression(C=strength, max_iter=3000, class_weight="balanced").fit(standard[:, telling], ~clean)
    damaged_weights = np.zeros(standard.shape[1])
    damaged_weights[telling] = stage_one.coef_[0]
    stage_two = RidgeCV(np.logspace(0, 5, 21)).fit(standard_rated, ratings)
    return TwoStageHead(
        mean, spread, np.append(damaged_weights, stage_one.intercept_[0]), np.append(stage_two.coef_, stage_two.intercept_)
    )
