"""How well predicted scores agree with given ones. Used by notebook 05. Rule: n stands beside every figure."""

from __future__ import annotations

import math

import numpy as np


def agreement(predicted: np.ndarray, truth: np.ndarray) -> tuple[int, float, float, float]:
    """n, mean squared error, mean absolute error, Spearman's rank correlation; NaN where there is nothing to compare."""
    from scipy.stats import spearmanr

    n = len(truth)
    if n == 0:
        return 0, math.nan, math.nan, math.nan
    error = np.asarray(predicted, float) - np.asarray(truth, float)
    varied = n > 2 and np.ptp(predicted) > 0 and np.ptp(truth) > 0
    rank = float(spearmanr(predicted, truth)[0]) if varied else math.nan
    return n, float(np.mean(error**2)), float(np.mean(np.abs(error))), rank
