"""People that do not exist: what they like, and how they rate. Used by notebook 05 in a headless run and `benchmarks/taste.py`.

Rule: a taste marked * is measured on the picture, not on any feature that the predictor has.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from diaglib.diagram.model import Diagram
from diaglib.scoring.appearance import appearance, read_items
from diaglib.scoring.geometry import FEATURES, features
from diaglib.scoring.rank import rank
from diaglib.scoring.taste import NEAREST, Taste

UNSURE = 0.4  # standard deviation of a rating, in points


def standard(values: np.ndarray) -> np.ndarray:
    """Mean 0, spread 1."""
    return (values - values.mean()) / max(float(values.std()), 1e-9)


def simulated_tastes(diagrams: Sequence[Diagram], ink: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """How much each person likes each diagram (n,), in any unit, by the name of the taste; `ink` uint8 (n, 240, 400, 3)."""
    geometry = dict(zip(FEATURES, features(diagrams).T, strict=True))
    red, _, blue = (standard(ink[..., channel].mean(axis=(1, 2))) for channel in range(3))
    coarse = ink.reshape(len(ink), 24, 10, 40, 10, 3).mean(axis=(2, 4)).reshape(len(ink), -1)
    grey = coarse.reshape(len(ink), -1, 3).mean(axis=2)
    one, other = rng.integers(len(ink), size=2)
    across = np.array([np.mean([float(abs(b.x - a.x) > abs(b.y - a.y)) for a, b in d.edges()] or [0.5]) for d in diagrams])
    round_ones = np.array([np.mean([node.shape != "rectangle" for node in d.nodes]) for d in diagrams])
    tidy = standard(geometry["alignment_best"]) + standard(geometry["free_of_crossings"])
    return {
        "airy and tidy": standard(geometry["nearest_gap"]) + tidy,
        "compact": -standard(geometry["link_length"]) - standard(geometry["canvas_width_used"]),
        "downwards, round shapes": round_ones - 2 * across,
        "tidy and warm": tidy + blue - red,
        "cold colours *": red - blue,
        "fewer colours *": -np.array([distinct_colours(picture) for picture in ink]) + 1e-3 * rng.normal(size=len(ink)),
        "like this picture *": -np.linalg.norm(grey - grey[one], axis=1),
        "like this picture, in colour *": -np.linalg.norm(coarse - coarse[other], axis=1),
        "dark lines *": (ink.mean(axis=3) > 145).mean(axis=(1, 2)),
    }


def distinct_colours(ink: np.ndarray) -> int:
    """Colours, in steps of 8, that cover at least 1/500 of the picture."""
    steps = ink.reshape(-1, 3).astype(int) // 8
    counts = np.unique(steps[:, 0] * 1024 + steps[:, 1] * 32 + steps[:, 2], return_counts=True)[1]
    return int((counts >= len(steps) / 500).sum())


def rate(liked: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Ratings 0..5 of a person who likes things by rank and is not always sure."""
    from scipy.stats import rankdata

    return np.clip(np.round(6 * rankdata(liked) / len(liked) - 0.5 + rng.normal(0, UNSURE, len(liked))), 0, 5)


def taste_curve(diagrams: Sequence[Diagram], liked: np.ndarray, counts: Sequence[int], seed: int = 0) -> list[dict[str, float]]:
    """How well the order of the diagrams not rated agrees with what the person likes (Spearman), by number of ratings.

    Row 0 is before any rating, when readability alone decides; then the published k-NN and what `taste` chooses.
    Raises ValueError where no diagram would be left unrated.
    """
    from scipy.stats import spearmanr

    if max(counts) >= len(diagrams):
        raise ValueError(f"{max(counts)} ratings of {len(diagrams)} diagrams leave none to be predicted")
    rng = np.random.default_rng(seed)
    scores, order = rate(liked, rng), rng.permutation(len(diagrams))
    read = read_items(diagrams)
    whole = appearance(read, by_text=True)
    readable = np.array([row.readability for row in rank(diagrams).in_given_order()])
    rest = order[max(counts) :]
    before = float(spearmanr(readable[rest], liked[rest])[0])
    rows = [{"ratings": 0, "published k-NN": before, "chosen": before}]
    for count in counts:
        rated = order[:count]
        view = Taste(tuple(read[i] for i in rated), scores[rated]).view(by_text=True)
        published, chosen = (spearmanr(view.predict(whole, how)[rest], liked[rest])[0] for how in (NEAREST, None))
        rows.append({"ratings": count, "published k-NN": float(published), "chosen": float(chosen)})
    return rows
