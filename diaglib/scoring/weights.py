"""How much readability and taste count in the total. Used by `rank`, `draw` and their commands.

Rule: nothing is loaded here, so that a wrong weight is told before anything is read.
"""

from __future__ import annotations

import math

WEIGHTS = (0.5, 0.5)  # published: half readability, half taste


def taste_share(weights: tuple[float, float]) -> float:
    """The share of taste in the total, 0..1. Raises ValueError where the weights cannot be."""
    if len(weights) != 2 or not all(math.isfinite(weight) and weight >= 0 for weight in weights) or sum(weights) == 0:
        raise ValueError(f"weights {weights}: give two numbers from 0, of readability and taste, not both 0")
    return weights[1] / sum(weights)


def read_weights(text: str) -> tuple[float, float]:
    """Weights as typed: `0.7,0.3`. Raises ValueError."""
    try:
        readability, taste = (float(part) for part in text.split(","))
    except ValueError:
        raise ValueError(f"weights '{text}': write two numbers, of readability and taste, such as 0.7,0.3") from None
    taste_share((readability, taste))
    return readability, taste
