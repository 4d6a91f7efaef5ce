"""Figures with their uncertainty: a rate with its Wilson interval, a mean with its bootstrap interval.

Used wherever a report says how good something is. Rule: no rate is shown without its n.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from statistics import fmean

Z_95 = 1.959963984540054


def wilson_interval(passed: int, total: int, z: float = Z_95) -> tuple[float, float]:
    """The interval of a rate of `passed` in `total`, 0..1, at 95% by default; (0, 1) where nothing was tried.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
    Raises ValueError where `passed` is not between 0 and `total`.
    """
    if not 0 <= passed <= total:
        raise ValueError(f"{passed} of {total} is not a rate")
    if total == 0:
        return 0.0, 1.0
    rate = passed / total
    centre = (rate + z**2 / (2 * total)) / (1 + z**2 / total)
    half = z / (1 + z**2 / total) * math.sqrt(rate * (1 - rate) / total + z**2 / (4 * total**2))
    # rounding can leave the interval a hair inside the rate at the ends
    return min(max(0.0, centre - half), rate), max(min(1.0, centre + half), rate)


def mean_interval(values: Sequence[float], seed: int = 0, draws: int = 2_000) -> tuple[float, float]:
    """The 95% interval of a mean by the percentile bootstrap (Efron 1979). For paired comparisons give the differences.

    Raises ValueError for no values.
    """
    if not values:
        raise ValueError("no values: a mean needs at least one")
    rng = random.Random(seed)
    means = sorted(fmean(rng.choices(values, k=len(values))) for _ in range(draws))
    return means[int(0.025 * draws)], means[int(0.975 * draws) - 1]


def mcnemar_p(only_first: int, only_second: int) -> float:
    """How likely so uneven a split is where two models are equally good: the exact two-sided McNemar test, 0..1.

    The arguments count the questions that one model alone answers rightly. Source: McNemar, Psychometrika 12 (1947), with
    the binomial distribution in place of its approximation. Raises ValueError for a negative count.
    """
    if min(only_first, only_second) < 0:
        raise ValueError(f"{only_first} and {only_second} are not counts")
    total = only_first + only_second
    tail = sum(math.comb(total, k) for k in range(min(only_first, only_second) + 1))
    return min(1.0, 2 * tail / 2**total)
