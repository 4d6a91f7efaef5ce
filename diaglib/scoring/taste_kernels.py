"""Taste from few ratings: kernel ridge regression on every combination of feature blocks, weighted by how well each does.

Used by `taste` and notebook 05. Rule: whatever is chosen (blocks, regularisation) is chosen by leave-one-out error on this
user's ratings; nothing is tuned to anyone else's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

Blocks = dict[str, np.ndarray]
REGULARISATION = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
SHARPNESS = 5.0  # a combination whose error is 20% above the best counts 1/e as much


@dataclass(frozen=True, slots=True)
class KernelTaste:
    """`parts` are (blocks, weight, dual coefficients); `held_out` the leave-one-out predictions of the rated ones."""

    rated: Blocks
    mean: float
    parts: tuple[tuple[tuple[str, ...], float, np.ndarray], ...]
    held_out: np.ndarray

    def predict(self, blocks: Blocks) -> np.ndarray:
        """Scores (n,) of items given by their blocks; not clipped."""
        kernels = {name: block_kernel(blocks[name], rated) for name, rated in self.rated.items()}
        scores = np.full(len(next(iter(blocks.values()))), self.mean)
        for names, weight, duals in self.parts:
            scores += weight * (_mean_kernel(kernels, names) @ duals)
        return scores

    def block_weights(self) -> dict[str, float]:
        """How much each block counts, summing to 1: a combination's weight is shared among its blocks."""
        shares = dict.fromkeys(self.rated, 0.0)
        for names, weight, _ in self.parts:
            for name in names:
                shares[name] += weight / len(names)
        return shares


def block_kernel(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(n, m): scalar product plus Gaussian of standardised features, both by their mean over the features.

    The linear part carries "more of this is better", the Gaussian one "like this one is good".
    """
    width = max(one.shape[1], 1)
    product = one @ other.T / width
    squares = (one**2).sum(axis=1)[:, None] / width + (other**2).sum(axis=1) / width - 2 * product
    return product + np.exp(-np.maximum(squares, 0.0) / 2)


def whole_kernel(blocks: Blocks, other: Blocks | None = None) -> np.ndarray:
    """The kernel of all blocks together, (n, n) or (n, m)."""
    other = blocks if other is None else other
    return _mean_kernel({name: block_kernel(block, other[name]) for name, block in blocks.items()}, tuple(blocks))


def _mean_kernel(kernels: Blocks, names: tuple[str, ...]) -> np.ndarray:
    return sum(kernels[name] for name in names) / len(names)  # type: ignore[return-value]


def fit_kernels(rated: Blocks, scores: np.ndarray) -> KernelTaste:
    """Fits every combination of blocks to the ratings (n,) and weights it by exp(-5 (error / least error - 1))."""
    kernels = {name: block_kernel(block, block) for name, block in rated.items()}
    subsets = [names for size in range(1, len(rated) + 1) for names in combinations(rated, size)]
    fitted = [_fit(_mean_kernel(kernels, names), scores) for names in subsets]
    errors = np.array([np.mean((held_out - scores) ** 2) for held_out, _ in fitted])
    weights = np.exp(-SHARPNESS * (errors / max(errors.min(), 1e-9) - 1))
    weights /= weights.sum()
    parts = [(names, float(weight), duals) for names, weight, (_, duals) in zip(subsets, weights, fitted, strict=True)]
    held_out = np.array([weight * held for weight, (held, _) in zip(weights, fitted, strict=True)]).sum(axis=0)
    return KernelTaste(rated, float(scores.mean()), tuple(parts), held_out)


def _fit(kernel: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Leave-one-out predictions and dual coefficients, at the regularisation whose leave-one-out error is least.

    Each of the n fits leaves one rating out for good, mean included: with few ratings the usual shortcut is too kind.
    """
    n = len(scores)
    others = np.array([[j for j in range(n) if j != i] for i in range(n)])
    inner, towards = kernel[others[:, :, None], others[:, None, :]], kernel[np.arange(n)[:, None], others]
    means = scores[others].mean(axis=1)
    best: tuple[float, np.ndarray, float] | None = None
    for strength in REGULARISATION:
        solved = np.linalg.solve(inner + strength * np.eye(n - 1), (scores[others] - means[:, None])[..., None])[..., 0]
        held_out = means + (towards * solved).sum(axis=1)
        error = float(np.mean((held_out - scores) ** 2))
        if best is None or error < best[0]:
            best = (error, held_out, strength)
    assert best is not None
    return best[1], np.linalg.solve(kernel + best[2] * np.eye(n), scores - scores.mean())


def teaches_most(kernel: np.ndarray, rated: Sequence[int], noise: float = 0.3) -> list[int]:
    """Unrated places in the order in which a rating tells most about all items, given a kernel (n, n) of them.

    The first one reduces the summed variance of a Gaussian process over all items most (expected variance reduction,
    Cohn 1996), given the `rated` places; only it is exact, the others stand in the order of the same sum.
    """
    covariance = kernel.copy()
    if len(rated):
        known = kernel[np.ix_(rated, rated)] + noise * np.eye(len(rated))
        covariance -= kernel[:, rated] @ np.linalg.solve(known, kernel[rated])
    gains = (covariance**2).sum(axis=0) / (np.maximum(np.diag(covariance), 0.0) + noise)
    gains[list(rated)] = -np.inf
    return [int(place) for place in np.argsort(-gains, kind="stable")[: len(kernel) - len(set(rated))]]
