"""Cards and whether a predicted footprint fits one. The values are data, in gpus.toml.

Used by notebook 01, `diaglib fit` and the out-of-memory advice of notebooks 03 and 04.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

GPUS_FILE = Path(__file__).with_name("gpus.toml")
# torch hands memory out in blocks and keeps gaps between them
RESERVED_OVER_ALLOCATED = 1.05
DEFAULT_CONTEXT_MIB = 450


@dataclass(frozen=True, slots=True)
class Gpu:
    """A card: its memory in MiB, what is taken before the first tensor, and whether it computes bfloat16."""

    name: str
    memory_mib: int
    context_mib: int = DEFAULT_CONTEXT_MIB
    has_bf16: bool = True

    @property
    def room_mib(self) -> float:
        """MiB that tensors may take in all."""
        return (self.memory_mib - self.context_mib) / RESERVED_OVER_ALLOCATED


def known_gpus() -> dict[str, Gpu]:
    """The named cards."""
    return {key: Gpu(**table) for key, table in tomllib.loads(GPUS_FILE.read_text(encoding="utf-8")).items()}


def read_gpu(text: str | float) -> Gpu:
    """A card by name (`t4`, `a100`) or by its memory in GiB (`24`, `24GiB`). Raises ValueError listing the known ones."""
    known = known_gpus()
    words = str(text).strip().lower()
    if words in known:
        return known[words]
    size = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(?:gib|gb|g)?", words)
    if size is None or not 0 < float(size[1]) <= 10_000:
        raise ValueError(f"there is no GPU '{text}'; known: {', '.join(known)}, or its memory in GiB, such as 24")
    return Gpu(f"{float(size[1]):g} GiB", round(float(size[1]) * 1024))


def fits(footprint_mib: float, gpu: Gpu) -> bool:
    """Whether that many MiB of tensors fit beside the card's context, with 5% for the gaps between blocks."""
    return footprint_mib <= gpu.room_mib
