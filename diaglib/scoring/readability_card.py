"""README.md beside the readability weights. Used by `diaglib train-readability`. Rule: every number comes from the record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from diaglib.files import write_whole
from diaglib.scoring.geometry import FEATURES
from diaglib.scoring.readability_network import TARGETS


def write_card(out: Path, record: dict[str, Any]) -> Path:
    """The card of a weights folder, from its training.json."""
    settings, last, rated = record["settings"], record["curve"][-1], record["rated"]
    r2 = sorted(last["held_out_r2"].items(), key=lambda item: -item[1])
    rows = [
        f"| {name} | {part['clean_above_damaged_auc']:.3f} | {rated[name]['mse']:.2f} | {rated[name]['spearman']:.2f} |"
        for name, part in record["zero_shot"].items()
    ]
    lines = [
        "# The readability network and its heads",
        "",
        "A small CNN (`model.safetensors`) that finds the shapes of a diagram in its picture and reads its geometry, and two",
        "heads (`heads.safetensors`) that turn geometry, measured in the text or seen by the CNN, into a readability of 0 to 5.",
        "MIT like the project. The network has seen no label of a person and no picture of anyone else. The second stage of",
        f"the heads (how readable is it still?) is fitted to `rated.csv`: {rated['n']} damaged diagrams of our own generator,",
        "rated by one of us from the picture alone.",
        "",
        "| what | figure |",
        "|---|---|",
        f"| pictures | {settings['pictures']:,} of our own generator, a quarter clean, the others with one fault or more |",
        f"| targets | the shapes' places, sides and roundness; {len(TARGETS)} for the whole: {len(FEATURES)} features of the "
        "geometry, the score of the damage, clean or not |",
        f"| training | {settings['epochs']} epochs, {record['cpu_seconds'] / 60:.1f} CPU-minutes with making the pictures |",
        f"| shapes that the CNN finds | {last['found']:.0%} of those in sight, {last['false']:.0%} of those found are none |",
        f"| and by their outlines | {record['shapes']['found']:.0%} and {record['shapes']['false']:.0%}, on other pictures |",
        f"| held-out R2 of the whole | mean {np.mean([value for _, value in r2]):.2f}; best {r2[0][0]} {r2[0][1]:.2f}, "
        f"worst {r2[-1][0]} {r2[-1][1]:.2f} |",
        f"| machine | {record['machine']}, torch {record['torch']} |",
        "",
        f"Clean above damaged on {record['zero_shot']['text']['n']} fresh specimens, and agreement with the ratings in",
        f"{rated['folds']} folds:",
        "",
        "| input | AUC clean above damaged | MSE of ratings | Spearman of ratings |",
        "|---|---|---|---|",
        *rows,
        "",
        f"Made by `python -m diaglib train-readability --out FOLDER --pictures {settings['pictures']} "
        f"--held-out {settings['held_out']} --epochs {settings['epochs']} --seed {settings['seed']}`; curves in `training.json`.",
        "",
        "Limits: it knows our generator's pictures, our idea of damage and one person's eye; the CNN looks at 400 x 240 px and",
        "reads no captions; whether a diagram says the right thing is not its question. Fit it to your own ratings with",
        "`fit_readability`.",
    ]
    return write_whole(out / "README.md", ("\n".join(lines) + "\n").encode())
