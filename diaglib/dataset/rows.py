"""Rows of training data: a sentence, its plan, and the diagram it becomes. Any number, from a seed.

Used by notebooks 02, 03 and 04. Rule: the same seed gives the same rows, and row i does not depend on how many are asked for.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from diaglib.dataset import convolution, dense, encoder_decoders, flowcharts, pipelines, recurrent, transformers
from diaglib.diagram.plan import Plan

# family -> (generator, share of rows): what the published data has, and what people ask for beyond it
FAMILIES: Mapping[str, tuple[Callable[[random.Random], tuple], float]] = {
    "dense": (dense.sample, 0.10),
    "cnn": (convolution.sample, 0.12),
    "flowchart": (flowcharts.sample, 0.36),
    "transformer": (transformers.sample, 0.06),
    "encoder-decoder": (encoder_decoders.sample, 0.06),
    "recurrent": (recurrent.sample, 0.06),
    "pipeline": (pipelines.sample, 0.24),
}


class Told(NamedTuple):
    """A sentence, the plan it tells, and the ids of layers whose map side the sentence states."""

    family: str
    sentence: str
    plan: Plan
    stated_sizes: frozenset[int] = frozenset()


def tell(rng: random.Random, families: Mapping[str, float] | None = None) -> Told:
    """One random sentence with its plan; `families` maps names to shares. Raises ValueError for an unknown family."""
    shares = families if families is not None else {name: share for name, (_, share) in FAMILIES.items()}
    if unknown := set(shares) - set(FAMILIES):
        raise ValueError(f"unknown family {sorted(unknown)[0]!r}; known: {', '.join(FAMILIES)}")
    family = rng.choices(list(shares), list(shares.values()))[0]
    return Told(family, *FAMILIES[family][0](rng))


def told_rows(seed: int, count: int | None = None, families: Mapping[str, float] | None = None) -> Iterator[Told]:
    """Sentences and plans, one after another; endless where `count` is None."""
    number = 0
    while count is None or number < count:
        yield tell(random.Random(seed * 1_000_003 + number), families)
        number += 1
