"""The encoders by name: `local` is embedded, everything else is a sentence-transformers model (hub id or folder).

Used by the store, the chat, `diaglib memory` and notebook 06. Rule: one way in for all, and each brings its own threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np

LOCAL = "local"
LOCAL_FOLDER = Path(__file__).with_name("local")


class Encoder(Protocol):
    """Vectors of unit length find candidates, the similarity judges them; at the threshold a memory is brought up."""

    name: str
    threshold: float

    def memory_vectors(self, memories: Sequence[str]) -> np.ndarray: ...
    def message_vectors(self, messages: Sequence[str]) -> np.ndarray: ...
    def similarity(self, memories: Sequence[str], messages: Sequence[str]) -> np.ndarray: ...


@lru_cache(maxsize=2)
def load_encoder(model: str = LOCAL) -> Encoder:
    """The embedded encoder, or a folder that `diaglib memory train` made, or a sentence-transformers model.

    Raises FileNotFoundError or OSError where there is no such model.
    """
    from diaglib.memory.encoder_local import LocalEncoder

    if model == LOCAL:
        return LocalEncoder.load(LOCAL_FOLDER)
    if (Path(model) / "config.json").is_file() and not (Path(model) / "modules.json").is_file():
        return LocalEncoder.load(model)
    from diaglib.memory.encoder_sentence import SentenceEncoder

    return SentenceEncoder.load(model)


def similarity(memories: Sequence[str], messages: Sequence[str], model: str = LOCAL) -> np.ndarray:
    """How well each memory `[key: value]` (rows) fits each message (columns), 0..1: the expected overlap of their keys."""
    return load_encoder(model).similarity(memories, messages)


def threshold(model: str = LOCAL) -> float:
    """The similarity from which a memory is brought up: calibrated on held-out lines for the wanted precision."""
    return load_encoder(model).threshold
