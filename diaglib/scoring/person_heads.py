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
RIDGE_STRENGTHS = np.logspace(0.5, 4, 8)


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
    the flawed. P is the mean of extremely randomised trees and a penalised linear model; g of those two, a support vector
    machine, and a line through the first number alone, the score before this person rated: few ratings say less than it.
    """

    def __init__(self, numbers: np.ndarray, scores: np.ndarray, seed: int) -> None:
        from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
        from sklearn.linear_model import LinearRegression, RidgeCV
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import FunctionTransformer, StandardScaler
        from sklearn.svm import SVR

        flawed = scores < FULL_SCORE
        self._share = float(flawed.mean())
        self._flawless = float(scores[~flawed].mean()) if self._share < 1 else BEST
        self._finders: list[Any] = []
        self._judges: list[Any] = []
        if 0 < self._share < 1:
            trees = ExtraTreesClassifier(TREES, min_samples_leaf=2, random_state=seed)
            self._finders = [trees.fit(numbers, flawed), _logistic(seed).fit(numbers, flawed)]
        if flawed.any():
            regressor = ExtraTreesRegressor(TREES, min_samples_leaf=2, max_features=0.4, random_state=seed)
            ridge = make_pipeline(StandardScaler(), RidgeCV(RIDGE_STRENGTHS))
            self._lowest, self._highest = float(scores[flawed].min()), float(scores[flawed].max())
            machine = make_pipeline(StandardScaler(), SVR(epsilon=0.2))
            line = make_pipeline(FunctionTransformer(_first_number), LinearRegression())
            self._judges = [model.fit(numbers[flawed], scores[flawed]) for model in (regressor, ridge, machine, line)]

    def predict(self, numbers: np.ndarray) -> np.ndarray:
        if not self._judges:
            return np.full(len(numbers), self._flawless)
        probability = np.full(len(numbers), self._share)
        if self._finders:
            probability = np.mean([model.predict_proba(numbers)[:, 1] for model in self._finders], axis=0)
        judged = np.mean([np.clip(model.predict(numbers), self._lowest, self._highest) for model in self._judges], axis=0)
        return (1 - probability) * self._flawless + probability * judged


def _first_number(numbers: np.ndarray) -> np.ndarray:
    return numbers[:, :1]


def _logistic(seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(C=0.05, max_iter=2000, random_state=seed))


HEADS: Mapping[str, Callable[[np.ndarray, np.ndarray, int], PersonHead]] = {
    "cross-entropy": CrossEntropyHead,
    "two stages": TwoStages,
}
