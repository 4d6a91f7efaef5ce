"""What was said of what before: the lines that were learnt from, looked up by the syllables a new text shares with them.

Used by the local encoder alone. Rule: a message speaks of what messages like it spoke of (Nadaraya 1964, Watson 1964); this
knows rare words that a trained embedding of few numbers does not keep.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from diaglib.memory.ngrams import BUCKETS, overlap_ids
from diaglib.memory.pairs import Line

if TYPE_CHECKING:
    import numpy as np

NOTHING_NEAR = 1e-3  # weight of having seen nothing like it
LIKE_VALUES = 64  # known values that a memory's value is compared with
NEAREST_LINES = 300  # of what is like a message: looked at one by one, with their key and value together
MOST_BUCKETS = 255  # of one text; a count of them is a byte
PREFIX = "said_"


def said_arrays(lines: Sequence[Line], keys: Sequence[str]) -> dict[str, np.ndarray]:
    """Lines as arrays: buckets of every message and value, and for every run of messages of one key and value their places
    and how many follow each other.

    `keys` are the known ones; lines of others are left out. A line that is there twice counts once.
    """
    import numpy as np

    place = {key: number for number, key in enumerate(keys)}
    rows = sorted({(line.key, line.value, line.message) for line in lines if line.key in place})
    values = {value: number for number, value in enumerate(dict.fromkeys(value for _, value, _ in rows))}
    runs = Counter((key, value) for key, value, _ in rows)
    arrays: dict[str, np.ndarray] = {}
    for name, texts in (("message", [message for _, _, message in rows]), ("value", list(values))):
        ids = [overlap_ids(text)[:MOST_BUCKETS] for text in texts]
        arrays[f"{PREFIX}{name}_ids"] = np.array([bucket for one in ids for bucket in one], np.uint16)
        arrays[f"{PREFIX}{name}_counts"] = np.array([len(one) for one in ids], np.uint8)
    arrays[f"{PREFIX}run_keys"] = np.array([place[key] for key, _ in runs], np.uint16)
    arrays[f"{PREFIX}run_values"] = np.array([values[value] for _, value in runs], np.uint16)
    arrays[f"{PREFIX}run_lengths"] = np.array(list(runs.values()), np.uint16)
    return arrays


@dataclass(frozen=True, slots=True)
class LikeLines:
    """What was said in words like a message's: of every known value, `values` (values,), and key, `keys` (keys + 1,), in shares
    of all that is like it; `nearest`, the cosine of the nearest line; of the nearest lines their shares and the places of
    their values and keys, (300,) each or fewer."""

    values: np.ndarray
    keys: np.ndarray
    nearest: float
    line_shares: np.ndarray
    line_values: np.ndarray
    line_keys: np.ndarray


class Said:
    """Looks texts up in lines. `arrays` are those of `said_arrays` and `rarity` (buckets,); `key_count` keys are known."""

    def __init__(self, arrays: Mapping[str, np.ndarray], key_count: int) -> None:
        import numpy as np

        self._rarity = arrays["rarity"]
        self._messages, self._values = (
            _Index(arrays[f"{PREFIX}{name}_ids"], arrays[f"{PREFIX}{name}_counts"], self._rarity) for name in ("message", "value")
        )
        self._key_of, self._value_of = (
            np.repeat(arrays[f"{PREFIX}run_{name}"], arrays[f"{PREFIX}run_lengths"]) for name in ("keys", "values")
        )
        self._key_count = key_count

    def message(self, ids: np.ndarray) -> LikeLines:
        """What was said in words like these `ids`."""
        import numpy as np

        places, found = self._messages.likeness(ids)
        weights = np.square(np.square(found))  # a line half as like counts a sixteenth
        weights /= weights.sum() + NOTHING_NEAR
        values, keys = self._value_of[places], self._key_of[places]
        most = np.argpartition(-weights, NEAREST_LINES)[:NEAREST_LINES] if len(weights) > NEAREST_LINES else slice(None)
        return LikeLines(
            values=np.bincount(values, weights, len(self._values)).astype(np.float32),
            keys=np.bincount(keys, weights, self._key_count + 1).astype(np.float32),
            nearest=float(found.max(initial=0.0)),
            line_shares=weights[most].astype(np.float32),
            line_values=values[most],
            line_keys=keys[most],
        )

    def memory(self, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The known values that are most like one with these `ids`: places (64,) and cosines (64,), -1 and 0 where fewer are."""
        import numpy as np

        found, cosines = self._values.likeness(ids)
        most = np.argsort(-cosines, kind="stable")[:LIKE_VALUES]
        places, likeness = np.full(LIKE_VALUES, -1, np.int32), np.zeros(LIKE_VALUES, np.float32)
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

        parts = [self._texts[self._starts[bucket] : self._starts[bucket + 1]] for bucket in ids]
        texts = np.concatenate(parts) if parts else np.zeros(0, np.int32)
        if not len(texts):
            return np.zeros(0, np.int64), np.zeros(0)
        weights = np.repeat(self._squares[ids], [len(part) for part in parts])
        order = np.argsort(texts, kind="stable")  # few of the known texts are met: far fewer than a count of each would look at
        ordered = texts[order]
        first = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        places = ordered[first]
        sums = np.add.reduceat(weights[order], first)
        return places, sums * self._shares[places] / max(float(np.sqrt(self._squares[ids].sum())), 1e-9)
