"""The two heads that one person's scores are fitted with: soft labels with cross-entropy, and two stages.

Used by `fit_readability`. Rule: numbers in, scores 0..5 out; no setting is tuned on anybody's labels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

BEST = 5.0
FULL_SCORE = 4.5  # from here on a picture counts as flawless
TREES = 120
PRIOR_NUMBERS = 2  # `TwoStageHead.parts`
RIDGE_STRENGTHS = np.logspace(1.5, 5, 8)


class PersonHead(Protocol):
    """Scores 0..5 of rows of numbers."""

    def predict(self, numbers: np.ndarray) -> np.ndarray: ...


class CrossEntropyHead:
    """A logistic regression whose labels are score / 5, as published: each row counts as that much yes and the rest no."""

    def __init__(self, numbers: np.ndarray, scores: np.ndarray, seed: int) -> None:
        yes = scores / BEST
        labels = np.repeat([1, 0], len(scores))
        weights = np.concatenate([yes, 1 - yes])
        self._constant = float(yes.mean()) if weights[labels == 1].sum() in (0.0, len(scores)) else None
        self._model = _logistic(seed)
        if self._constant is None:
            used = weights > 0
            doubled = np.vstack([numbers, numbers])
            self._model.fit(doubled[used], labels[used], logisticregression__sample_weight=weights[used])

    def predict(self, numbers: np.ndarray) -> np.ndarray:
        if self._constant is not None:
            return np.full(len(numbers), BEST * self._constant)
        return BEST * self._model.predict_proba(numbers)[:, 1]


class TwoStages:
    """score = (1 - P) F + P g: P the probability of a flaw (score below 4.5), F the mean of the flawless, g a regressor on
    the flawed. P is the mean of extremely randomised trees and a penalised linear model, which count
    the flawed as much as the flawless however few they are. g starts from a line through the
    first two numbers alone, what was thought before this person rated, as few ratings say less than that; to it is added
    what those two and a support vector machine make, in the mean, of what the line leaves.
    """

    def __init__(self, numbers: np.ndarray, scores: np.ndarray, seed: int) -> None:
        from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
        from sklearn.linear_model import LinearRegression, RidgeCV
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        from sklearn.svm import SVR

        flawed = scores < FULL_SCORE
        self._share = float(flawed.mean())
        self._flawless = float(scores[~flawed].mean()) if self._share < 1 else BEST
        self._finders: list[Any] = []
        self._judges: list[Any] = []
        if 0 < self._share < 1:
            trees = ExtraTreesClassifier(TREES, min_samples_leaf=2, class_weight="balanced", random_state=seed)
            self._finders = [trees.fit(numbers, flawed), _logistic(seed, "balanced").fit(numbers, flawed)]
        if flawed.any():
            regressor = ExtraTreesRegressor(TREES, min_samples_leaf=2, max_features=0.4, random_state=seed)
            ridge = make_pipeline(StandardScaler(), RidgeCV(RIDGE_STRENGTHS))
            self._lowest, self._highest = float(scores[flawed].min()), float(scores[flawed].max())
            machine = make_pipeline(StandardScaler(), SVR(epsilon=0.2))
            thought = numbers[flawed, :PRIOR_NUMBERS]
            self._line = LinearRegression().fit(thought, scores[flawed])
            left = scores[flawed] - self._line.predict(thought)
            self._judges = [model.fit(numbers[flawed], left) for model in (regressor, ridge, machine)]

    def predict(self, numbers: np.ndarray) -> np.ndarray:
        if not self._judges:
            return np.full(len(numbers), self._flawless)
        probability = np.full(len(numbers), self._share)
        if self._finders:
            probability = np.mean([model.predict_proba(numbers)[:, 1] for model in self._finders], axis=0)
        added = np.mean([model.predict(numbers) for model in self._judges], axis=0)
        judged = np.clip(self._line.predict(numbers[:, :PRIOR_NUMBERS]) + added, self._lowest, self._highest)
        return (1 - probability) * self._flawless + probability * judged


def _logistic(seed: int, class_weight: str | None = None) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(
        StandardScaler(), LogisticRegression(C=0.05, max_iter=2000, class_weight=class_weight, random_state=seed)
    )


HEADS: Mapping[str, Callable[[np.ndarray, np.ndarray, int], PersonHead]] = {
    "cross-entropy": CrossEntropyHead,
    "two stages": TwoStages,
}
