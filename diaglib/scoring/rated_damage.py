"""Damaged diagrams of our own generator that one of us rated by eye: what the shipped heads know of a person's judgement.

Used by `diaglib train-readability` and notebook 05. Rule: rated from the picture alone, before any score of it was seen.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from diaglib.diagram.model import Diagram

RATED_FILE = Path(__file__).parent / "readability" / "rated.csv"
FOLDS = 12


@dataclass(frozen=True, slots=True)
class RatedDamage:
    """`diagrams`, what was done to each (`faults`: kind -> amount, 0..1) and their `scores`, 0..4, float (n,)."""

    diagrams: tuple[Diagram, ...]
    faults: tuple[dict[str, float], ...]
    scores: np.ndarray


@lru_cache(maxsize=1)
def load_rated() -> RatedDamage:
    """The 144 that come with the library."""
    from diaglib.diagram.text import parse

    with open(RATED_FILE, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    faults = [dict(part.split("=") for part in row["faults"].split()) for row in rows]
    return RatedDamage(
        tuple(parse(row["text"]).diagram for row in rows),
        tuple({kind.replace("-", " "): float(amount) for kind, amount in one.items()} for one in faults),
        np.array([float(row["score"]) for row in rows]),
    )


def rated_folds() -> list[tuple[np.ndarray, np.ndarray]]:
    """(train, test) places of the rated diagrams in 12 folds."""
    from sklearn.model_selection import KFold

    return list(KFold(FOLDS, shuffle=True, random_state=0).split(load_rated().scores))
