"""An encoder without training: hashed pairs of letters. Enough to test what the store does with vectors and similarities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from zlib import crc32

import numpy as np

DIMENSIONS = 64


@dataclass
class PlainEncoder:
    """`encoded` counts the memories it was given vectors to make for."""

    name: str = "plain"
    threshold: float = 0.3
    encoded: int = 0
    judged: list[int] = field(default_factory=list)

    def memory_vectors(self, memories: Sequence[str]) -> np.ndarray:
        self.encoded += len(memories)
        return self._vectors(memories)

    def message_vectors(self, messages: Sequence[str]) -> np.ndarray:
        return self._vectors(messages)

    def similarity(self, memories: Sequence[str], messages: Sequence[str]) -> np.ndarray:
        self.judged.append(len(memories))
        return np.clip(self._vectors(memories) @ self._vectors(messages).T, 0, 1)

    def _vectors(self, texts: Sequence[str]) -> np.ndarray:
        vectors = np.zeros((len(texts), DIMENSIONS), np.float32)
        for row, text in enumerate(texts):
            letters = [letter for letter in text if letter.isalnum()] or [" "]
            for pair in zip(letters, letters[1:] or letters, strict=False):
                vectors[row, crc32("".join(pair).encode()) % DIMENSIONS] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
