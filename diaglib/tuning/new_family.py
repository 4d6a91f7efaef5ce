"""The experiment of the local profile: a small model that never saw one family of diagrams learns it from a few hundred rows.

Used by notebooks 03 and 04. Rules: rows of the old families are mixed in, so that they are not forgotten; no held-out prompt is
trained on.
"""

from __future__ import annotations

import random
from pathlib import Path

from diaglib.dataset import FAMILIES, rows
from diaglib.tuning.rows import Row, read_rows

NEW_FAMILY = "transformer"
BASE_FOLDER = Path(__file__).parent / "without_transformer"
OLD_FAMILIES = tuple(family for family in FAMILIES if family != NEW_FAMILY)
_HELD_OUT_SEED, _TRAINING_SEED = 77_001, 88_001


def held_out_rows(per_family: int, seed: int = 0) -> list[Row]:
    """`per_family` rows of every family, never trained on by `training_rows` of any seed below a thousand."""
    found = []
    for family in FAMILIES:
        found += list(rows(_HELD_OUT_SEED + seed, per_family, {family: 1.0}))
    return read_rows(found)


def training_rows(new: int, replay: int, seed: int = 0) -> list[Row]:
    """`new` rows of the new family and `replay` rows of the old ones, by the shares of the whole data set, shuffled; prompts
    that are held out are left out."""
    shares = {family: FAMILIES[family][1] for family in OLD_FAMILIES}
    made = [*rows(_TRAINING_SEED + 2 * seed, new, {NEW_FAMILY: 1.0})]
    made += list(rows(_TRAINING_SEED + 2 * seed + 1, replay, shares)) if replay else []
    held_out = {row.prompt for row in held_out_rows(200)}
    made = [row for row in made if row["prompt"] not in held_out]
    random.Random(seed).shuffle(made)
    return read_rows(made)
