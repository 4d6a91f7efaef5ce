"""What was said of what before: the lines that were learnt from, looked up by the syllables a new text shares with them.

Used by the local encoder alone. Rule: a message speaks of what messages like it spoke of (Nadaraya 1964, Watson 1964); this
knows rare words that a trained embedding of few numbers does not keep.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from diaglib.memory.ngrams import BUCKETS, overlap_ids
from diaglib.memory.pairs import Line

if TYPE_CHECKING:
    import numpy as np

NOTHING_NEAR = 1e-3  # weight of having seen nothing like it
LIKE_VALUES = 64  # known values that a memory's value is compared with
PREFIX = "said_"


def said_arrays(lines: Sequence[Line], keys: Sequence[str]) -> dict[str, np.ndarray]:
    """Lines as arrays: buckets of every message and value, and for every message the places of its value and key.

    `keys` are the known ones. A line that is there twice counts once.
    """
    import numpy as np

    place = {key: number for number, key in enumerate(keys)}
    rows = list(dict.fromkeys((line.key, line.value, line.message) for line in lines))
    values = {value: number for number, value in enumerate(dict.fromkeys(value for _, value, _ in rows))}
    arrays: dict[str, np.ndarray] = {}
    for name, texts in (("message", [message for _, _, message in rows]), ("value", list(values))):
        ids = [overlap_ids(text) for text in texts]
        arrays[f"{PREFIX}{name}_ids"] = np.array([bucket for one in ids for bucket in one], np.uint16)
        arrays[f"{PREFIX}{name}_counts"] = np.array([len(one) for one in ids], np.uint16)
    arrays[f"{PREFIX}values"] = np.array([values[value] for _, value, _ in rows], np.uint16)
    arrays[f"{PREFIX}keys"] = np.array([place[key] for key, _, _ in rows], np.uint16)
    return arrays


class Said:
    """Looks texts up in lines. `arrays` are those of `said_arrays` and `rarity` (buckets,); `key_count` keys are known."""

    def __init__(self, arrays: Mapping[str, np.ndarray], key_count: int) -> None:
        self._rarity = arrays["rarity"]
        self._messages, self._values = (
            _Index(arrays[f"{PREFIX}{name}_ids"], arrays[f"{PREFIX}{name}_counts"], self._rarity) for name in ("message", "value")
        )
        self._value_of, self._key_of = arrays[f"{PREFIX}values"], arrays[f"{PREFIX}keys"]
        self._key_count = key_count

    def message(self, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
        """How much was said of every known value (values,) and key (keys + 1,) in words like these `ids`, in shares of all that
        is like them, and the cosine of the nearest line."""
        import numpy as np

        places, found = self._messages.likeness(ids)
        weights = np.square(np.square(found))  # a line half as like counts a sixteenth
        weights /= weights.sum() + NOTHING_NEAR
        values = np.bincount(self._value_of[places], weights, len(self._values))
        keys = np.bincount(self._key_of[places], weights, self._key_count + 1)
        return values.astype(np.float32), keys.astype(np.float32), float(found.max(initial=0.0))

    def memory(self, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The known values that are most like one with these `ids`: places (64,) and cosines (64,), 0 where there are fewer."""
        import numpy as np

        found, cosines = self._values.likeness(ids)
        most = np.argsort(-cosines, kind="stable")[:LIKE_VALUES]
        places, likeness = np.zeros(LIKE_VALUES, np.int32), np.zeros(LIKE_VALUES, np.float32)
        places[: len(most)], likeness[: len(most)] = found[most], cosines[most]
        return places, likeness


class _Index:
    """Texts by their buckets: for every bucket the texts that have it. Cosines are of buckets weighted by rarity."""

    def __init__(self, ids: np.ndarray, counts: np.ndarray, rarity: np.ndarray) -> None:
        import numpy as np

        texts = np.repeat(np.arange(len(counts)), counts)
        order = np.argsort(ids, kind="stable")
        self._texts = texts[order].astype(np.int32)
        self._starts = np.searchsorted(ids[order], np.arange(BUCKETS + 1))
        self._squares = rarity.astype(np.float64) ** 2
        lengths = np.sqrt(np.bincount(texts, self._squares[ids], len(counts)))
        self._shares = 1 / np.maximum(lengths, 1e-9)

    def __len__(self) -> int:
        return len(self._shares)

    def likeness(self, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The known texts that share any of these buckets (n,), ascending, and their cosines (n,)."""
        import numpy as np

        if not len(ids) or not len(self):
            return np.zeros(0, np.int64), np.zeros(0)
        parts = [self._texts[self._starts[bucket] : self._starts[bucket + 1]] for bucket in ids]
        weights = np.repeat(self._squares[ids], [len(part) for part in parts])
        length = float(np.sqrt(self._squares[ids].sum()))
        sums = np.bincount(np.concatenate(parts), weights, len(self))
        places = np.flatnonzero(sums > 0)
        return places, sums[places] * self._shares[places] / max(length, 1e-9)
