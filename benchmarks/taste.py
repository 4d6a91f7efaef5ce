"""Does taste learn what a person likes from 30 ratings? Simulated tastes, against the published k-NN over latents.

Each taste ranks 600 generated diagrams; the simulated person gives 30 of them 0 to 5 (rank, noise of 0.4, rounded), and
the rest is predicted. Tastes marked * are measured on the picture, not on any feature the predictor has.
Prints a table and ends with one JSON line. usage: python benchmarks/taste.py [--ratings 30] [--people 10] [--pictures]
"""

from __future__ import annotations

import argparse
import json

import numpy as np
from scipy.stats import spearmanr

from diaglib.scoring.appearance import ReadItem, appearance
from diaglib.scoring.autoencoder_training import sample_diagrams
from diaglib.scoring.pictures import draw_picture, stack_ink
from diaglib.scoring.simulated_tastes import rate, simulated_tastes
from diaglib.scoring.taste import NEAREST, Taste
from diaglib.statistics import mean_interval

POOL = 600
SEED = 424_242


def measure(ratings: int, people: int, by_text: bool) -> dict[str, list[dict[str, float]]]:
    """Spearman on what was not rated, by taste and person: the published k-NN, and what `taste` chooses."""
    diagrams = list(sample_diagrams(POOL, SEED))
    pictures = [draw_picture(diagram) for diagram in diagrams]
    ink = stack_ink(pictures)
    pairs = zip(diagrams, pictures, strict=True)
    seen = [ReadItem(diagram, diagram if by_text else None, picture) for diagram, picture in pairs]
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
