"""The experiment of the local profile: a small model that never saw one family of diagrams learns it from a few hundred rows.

Used by notebooks 03 and 04. Rules: rows of the old families are mixed in, so that they are not forgotten, every one fresh from
the generator and read once (read again and again they are learnt by heart and their kind is forgotten); no held-out prompt is
trained on.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from diaglib.dataset import FAMILIES, rows
from diaglib.tuning.rows import Row, read_rows

NEW_FAMILY = "transformer"
BASE_FOLDER = Path(__file__).parent / "without_transformer"
OLD_FAMILIES = tuple(family for family in FAMILIES if family != NEW_FAMILY)
# of the rows mixed in: between the shares of the whole data set, with which pipelines lose most, and the same for all
REPLAY_SHARES = dict(zip(OLD_FAMILIES, (1.0, 1.0, 2.0, 1.5, 1.0, 2.0), strict=True))
HELD_OUT_SEED, _TRAINING_SEED = 77_001, 88_001


def rows_of_every_family(seed: int, per_family: int, answer_format: str = "plan") -> list[Row]:
    """`per_family` rows of each family from the generator."""
    return read_rows([row for family in FAMILIES for row in rows(seed, per_family, {family: 1.0})], answer_format)


def held_out_rows(per_family: int, seed: int = 0) -> list[Row]:
    """`per_family` rows of every family, never trained on by `training_rows` of any seed below a thousand."""
    return rows_of_every_family(HELD_OUT_SEED + seed, per_family)


def training_rows(new: int, replay: int, seed: int = 0) -> list[Row]:
    """`new` rows of the new family and `replay` rows of the old ones, shuffled; prompts that are held out are left out."""
    made = [*rows(_TRAINING_SEED + 2 * seed, new, {NEW_FAMILY: 1.0})]
    made += list(rows(_TRAINING_SEED + 2 * seed + 1, replay, REPLAY_SHARES)) if replay else []
    held_out = {row.prompt for row in held_out_rows(200)}
    made = [row for row in made if row["prompt"] not in held_out]
    random.Random(seed).shuffle(made)
    return read_rows(made)


def read_often(rows: Sequence[Row], read: int, seed: int = 0) -> list[Row]:
    """The rows of a run that reads `read` rows in all: those of the new family again and again, the others once, shuffled."""
    new = [row for row in rows if row.family == NEW_FAMILY]
    once = [row for row in rows if row.family != NEW_FAMILY]
    times = max(1, round((read - len(once)) / max(1, len(new))))
    often = new * times + once
    random.Random(seed).shuffle(often)
    return often
