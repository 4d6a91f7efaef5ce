"""Does taste learn what a person likes from 30 ratings? Simulated tastes, against the published k-NN over latents.

Each taste ranks 600 generated diagrams; the simulated person gives 30 of them 0 to 5 (rank, noise of 0.4, rounded), and
the rest is predicted. Tastes marked * are measured on the picture, not on any feature the predictor has.
Prints a table and ends with one JSON line. usage: python benchmarks/taste.py [--ratings 30] [--people 10] [--pictures]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

import numpy as np
from scipy.stats import rankdata, spearmanr

from diaglib.diagram import Diagram
from diaglib.scoring.appearance import ReadItem, appearance
from diaglib.scoring.autoencoder_training import sample_diagrams
from diaglib.scoring.geometry import FEATURES, features
from diaglib.scoring.pictures import draw_ink
from diaglib.scoring.taste import NEAREST, Taste
from diaglib.statistics import mean_interval

POOL = 600
SEED = 424_242


def standard(values: np.ndarray) -> np.ndarray:
    return (values - values.mean()) / max(float(values.std()), 1e-9)


def simulated_tastes(diagrams: Sequence[Diagram], ink: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """How much the person likes each diagram (any scale), by taste."""
    geometry = dict(zip(FEATURES, features(diagrams).T, strict=True))
    red, _, blue = (standard(ink[..., channel].mean(axis=(1, 2))) for channel in range(3))
    coarse = ink.reshape(len(ink), 24, 5, 40, 5, 3).mean(axis=(2, 4)).reshape(len(ink), -1)
    grey = coarse.reshape(len(ink), -1, 3).mean(axis=2)
    one, other = rng.integers(len(ink), size=2)
    across = np.array([np.mean([abs(b.x - a.x) > abs(b.y - a.y) for a, b in d.edges()] or [0.5]) for d in diagrams])
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
    return np.clip(np.round(6 * rankdata(liked) / len(liked) - 0.5 + rng.normal(0, 0.4, len(liked))), 0, 5)


def measure(ratings: int, people: int, by_text: bool) -> dict[str, list[dict[str, float]]]:
    """Spearman on what was not rated, by taste and person: the published k-NN, and what `taste` chooses."""
    diagrams = list(sample_diagrams(POOL, SEED))
    ink = draw_ink(diagrams)
    seen = [ReadItem(diagram, diagram if by_text else None, picture) for diagram, picture in zip(diagrams, ink, strict=True)]
    whole = appearance(seen, by_text)
    results: dict[str, list[dict[str, float]]] = {}
    for person in range(people):
        rng = np.random.default_rng(person)
        for name, liked in simulated_tastes(diagrams, ink, rng).items():
            scores = rate(liked, rng)
            rated = rng.choice(POOL, ratings, replace=False)
            rest = np.setdiff1d(np.arange(POOL), rated)
            view = Taste(tuple(seen[i] for i in rated), scores[rated]).view(by_text)
            published, ours = view.predict(whole, NEAREST), view.predict(whole)
            agreement = {"published": spearmanr(published[rest], liked[rest])[0], "ours": spearmanr(ours[rest], liked[rest])[0]}
            results.setdefault(name, []).append({**agreement, "chose_features": float(view.method != NEAREST)})
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ratings", type=int, default=30)
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument("--pictures", action="store_true", help="compare picture files, without their text")
    options = parser.parse_args()
    results = measure(options.ratings, options.people, not options.pictures)
    print(f"{'taste':32s} published   ours   least gain   chose features   ({options.people} people, Spearman on held-out)")
    report = {}
    for name, rows in results.items():
        means = {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}
        least = min(row["ours"] - row["published"] for row in rows)
        report[name] = {**{key: round(value, 4) for key, value in means.items()}, "least_gain": round(least, 4)}
        print(f"{name:32s} {means['published']:9.2f} {means['ours']:6.2f} {least:12.2f} {means['chose_features']:16.0%}")
    ours = [row["ours"] for rows in results.values() for row in rows]
    gains = [row["ours"] - row["published"] for rows in results.values() for row in rows]
    low, high = mean_interval(ours)
    print(f"mean {np.mean(ours):.3f} (95% interval {low:.3f} to {high:.3f}), least gain over the published {min(gains):.3f}")
    summary = {
        "mean": round(float(np.mean(ours)), 4),
        "interval": [round(low, 4), round(high, 4)],
        "least_gain": round(min(gains), 4),
    }
    view = "pictures" if options.pictures else "text"
    print(json.dumps({"benchmark": "taste", "ratings": options.ratings, "view": view, **summary, "tastes": report}))


if __name__ == "__main__":
    main()
