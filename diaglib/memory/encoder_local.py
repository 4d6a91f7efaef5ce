"""The embedded encoder `local`: hashed n-grams, a model of keys and of their words, and what message and memory share.

Used by `diaglib.memory.encoder`, notebook 06. Rule: numpy alone, so that a message is judged in under 2 ms and torch stays out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diaglib.memory.encoder_packing import unpack_rows
from diaglib.memory.encoder_reader import Reader, ReadMemory, ReadMessage, unit
from diaglib.memory.ngrams import BUCKETS

if TYPE_CHECKING:
    import numpy as np

    Arrays = dict[str, np.ndarray]

FEATURES = (
    "expected overlap of keys",  # mean of the published target over the keys the message may call for
    "log of the probability of the key",
    "is a known key",
    "log of the mean probability of the key's words",
    "log of the least probability of the key's words",
    "overlap by words",
    "cosine of the embeddings",
    "agreement of value and message",  # do they suggest the same keys?
    "share of the key in the message",
    "share of the value in the message",
    "probability of no memory",
    "highest probability of a key",
    "share of known words in the key",
    "nearest known key",
    "value and message speak of one thing",  # cosine of their subjects
    "share of known values that suit the message better",
    "log of what was said of like values",  # in words like the message's
    "log of what was said of like keys",
    "likeness of the nearest that was said",
    "log of the expected overlap",
    "log of the key's share of the highest probability",
    "log of what was said of like values of keys that overlap",
    "log of what was said of like values of the key",
)
AS_LOGARITHM = (1, 3, 4, 16, 17, 21, 22)  # of those, what matters by how many times more it is
LEAST = 1e-4
SKETCH = 64  # dimensions of a vector that stand for shared syllables
SKETCH_WEIGHT = 0.6
EMBEDDING, SCALE = "embedding", "embedding_scale"
CACHED_MEMORIES, CACHED_MESSAGES = 20_000, 256


class LocalEncoder:
    """What the embedded model knows: arrays by name, and the names of its keys and of their words."""

    name = "local"

    def __init__(self, arrays: Arrays, keys: Sequence[str], words: Sequence[str], threshold: float = 0.5) -> None:
        self.arrays = {name: array if array.dtype.kind == "u" else array.astype("float32") for name, array in arrays.items()}
        self.keys, self.words = tuple(keys), tuple(words)
        self.threshold = threshold
        reader = Reader(self.arrays, self.keys, self.words)
        self._memory = lru_cache(maxsize=CACHED_MEMORIES)(reader.memory)
        self._message = lru_cache(maxsize=CACHED_MESSAGES)(reader.message)

    def __reduce__(self) -> tuple[Any, ...]:
        return LocalEncoder, (self.arrays, self.keys, self.words, self.threshold)

    @classmethod
    def load(cls, folder: str | Path) -> LocalEncoder:
        """The encoder of a folder. Raises FileNotFoundError naming the missing file, ValueError for one of an earlier version."""
        from safetensors.numpy import load_file

        folder = Path(folder)
        for name in ("model.safetensors", "config.json"):
            if not (folder / name).is_file():
                raise FileNotFoundError(f"{folder} is no encoder: {name} is missing; make one with `diaglib memory train`")
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        arrays = load_file(folder / "model.safetensors")
        try:
            arrays[EMBEDDING] = unpack_rows(arrays[EMBEDDING], arrays.pop(SCALE))
            if len(arrays["judge_mean"]) != len(FEATURES):
                raise KeyError("judge")
            return cls(arrays, config["keys"], config["words"], config["threshold"])
        except KeyError as error:
            message = f"{folder} was made by an earlier version ({error} does not fit): make it again with `diaglib memory train`"
            raise ValueError(message) from None

    def similarity(self, memories: Sequence[str], messages: Sequence[str]) -> np.ndarray:
        """Expected overlap of keys, 0..1, of every memory (rows) and message (columns)."""
        import numpy as np

        if not len(memories) or not len(messages):
            return np.zeros((len(memories), len(messages)))
        return self.judge(self.features(memories, messages))

    def judge(self, features: np.ndarray) -> np.ndarray:
        """The similarity, 0..1, of pairs with those features (last axis)."""
        import numpy as np

        weights = self.arrays
        hidden = np.tanh(
            (features - weights["judge_mean"]) / weights["judge_scale"] @ weights["judge_in"] + weights["judge_bias"]
        )
        return 1 / (1 + np.exp(-(hidden @ weights["judge_out"] + weights["judge_out_bias"])))

    def memory_vectors(self, memories: Sequence[str]) -> np.ndarray:
        """Unit vectors, float32 (memories, dimensions), whose inner product with a message's ranks candidates."""
        import numpy as np

        vectors = np.zeros((len(memories), self._dimensions), np.float32)
        for row, memory in zip(vectors, map(self._memory, memories), strict=True):
            row[:-SKETCH] = memory.direction
            row[-SKETCH:] = self._sketch(np.concatenate([memory.key_ids, memory.value_ids]))
        return vectors / np.sqrt(1 + SKETCH_WEIGHT**2)

    def message_vectors(self, messages: Sequence[str]) -> np.ndarray:
        """Unit vectors, float32 (messages, dimensions)."""
        import numpy as np

        vectors = np.zeros((len(messages), self._dimensions), np.float32)
        for row, message in zip(vectors, map(self._message, messages), strict=True):
            row[:-SKETCH] = message.direction
            row[-SKETCH:] = self._sketch(message.shared)
        return vectors / np.sqrt(1 + SKETCH_WEIGHT**2)

    @property
    def _dimensions(self) -> int:
        members, width, _ = self.arrays["key_in"].shape
        return members * width + SKETCH

    def key_probabilities(self, message: str, top: int = 5) -> list[tuple[str, float]]:
        """The keys a message calls for, most likely first; `-` stands for no memory."""
        chances = self._message(message).keys
        names = (*self.keys, "-")
        return [(names[place], float(chances[place])) for place in chances.argsort()[::-1][:top]]

    def features(self, memories: Sequence[str], messages: Sequence[str]) -> np.ndarray:
        """What `judge` looks at: (memories, messages, features), the last in the order of `FEATURES`."""
        import numpy as np

        stored = [self._memory(memory) for memory in memories]
        asked = [self._message(message) for message in messages]
        found = np.zeros((len(stored), len(asked), len(FEATURES)), np.float32)
        chances = np.stack([message.keys for message in asked], axis=1)
        word_chances = np.stack([message.words for message in asked], axis=1)
        overlaps = np.stack([memory.overlap for memory in stored])
        found[:, :, 0] = overlaps @ chances
        found[:, :, 6] = np.stack([memory.direction for memory in stored]) @ np.stack(
            [message.direction for message in asked], axis=1
        )
        found[:, :, 7] = np.stack([memory.value_keys for memory in stored]) @ np.sqrt(chances)
        found[:, :, 10] = chances[-1]
        found[:, :, 11] = chances[:-1].max(axis=0)
        of_values, of_messages = [memory.subject for memory in stored], [message.subject for message in asked]
        found[:, :, 14] = subjects = np.stack(of_values) @ np.stack(of_messages, axis=1)
        for column, message in enumerate(asked):
            better = len(message.suiting) - np.searchsorted(message.suiting, subjects[:, column])
            found[:, column, 15] = np.log((better + 1) / (len(message.suiting) + 1))
        places = np.array([memory.place for memory in stored])
        self._fill_said(found, stored, asked, overlaps, places)
        known = np.flatnonzero(places >= 0)
        found[known, :, 1] = chances[places[known]]
        found[known, :, 2] = 1
        counts = np.array([max(1, memory.word_count) for memory in stored])[:, None]
        lengths = np.array([len(memory.words) for memory in stored])
        worded = np.flatnonzero(lengths)
        if len(worded):
            of_keys = word_chances[np.concatenate([memory.words for memory in stored])]
            starts = (np.cumsum(lengths) - lengths)[worded]
            sums = np.add.reduceat(of_keys, starts, axis=0)
            found[worded, :, 3] = sums / counts[worded]
            found[worded, :, 4] = np.minimum.reduceat(of_keys, starts, axis=0)
            found[worded, :, 5] = sums / (counts[worded] + word_chances.sum(axis=0) - sums)
        found[:, :, 12] = lengths[:, None] / counts
        found[:, :, 13] = [[memory.nearest] for memory in stored]
        self._fill_shares(found, stored, asked)
        found[:, :, AS_LOGARITHM] = np.log(np.maximum(found[:, :, AS_LOGARITHM], LEAST))
        found[:, :, 19] = np.log(np.maximum(found[:, :, 0], LEAST))
        found[:, :, 20] = found[:, :, 1] - np.log(np.maximum(found[:, :, 11], LEAST))
        return found

    def _fill_said(
        self,
        found: np.ndarray,
        stored: Sequence[ReadMemory],
        asked: Sequence[ReadMessage],
        overlaps: np.ndarray,
        places: np.ndarray,
    ) -> None:
        """What was said in words like the messages': features 16 to 18, 21 and 22."""
        import numpy as np

        like_places, likeness = (np.stack(part) for part in zip(*((m.like_places, m.likeness) for m in stored), strict=True))
        columns = np.arange(len(stored))[:, None]
        found[:, :, 17] = overlaps @ np.stack([message.said.keys for message in asked], axis=1)
        found[:, :, 18] = [message.said.nearest for message in asked]
        for column, message in enumerate(asked):
            said = message.said
            found[:, column, 16] = (said.values[like_places] * likeness).sum(axis=1)
            count = len(said.line_values)
            row_of = np.full(len(said.values) + 1, count, np.int32)  # the last is of no value; likewise what no line is of
            row_of[said.line_values] = np.arange(count)
            like = np.zeros((count + 1, len(stored)), np.float32)
            like[row_of[like_places], columns] = likeness
            of_lines = like[row_of[said.line_values]] * said.line_shares[:, None]
            found[:, column, 21] = np.einsum("lm,ml->m", of_lines, overlaps[:, said.line_keys])
            found[:, column, 22] = np.einsum("lm,lm->m", of_lines, said.line_keys[:, None] == places)

    def _fill_shares(self, found: np.ndarray, stored: Sequence[ReadMemory], asked: Sequence[ReadMessage]) -> None:
        """Shares of key and value, by weight, that stand in the message: features 8 and 9."""
        import numpy as np

        rarity = self.arrays["rarity"]
        for feature, lists in ((8, [memory.key_ids for memory in stored]), (9, [memory.value_ids for memory in stored])):
            lengths = np.array([len(ids) for ids in lists])
            if not lengths.any():
                continue
            buckets = np.concatenate(lists)
            owner = np.repeat(np.arange(len(lists)), lengths)
            weights = rarity[buckets]
            whole = np.bincount(owner, weights, len(lists))
            mark = np.zeros(BUCKETS, np.float32)
            for column, message in enumerate(asked):
                mark[message.shared] = 1
                part = np.bincount(owner, weights * mark[buckets], len(lists))
                found[:, column, feature] = np.divide(part, whole, out=np.zeros(len(lists)), where=whole > 0)
                mark[message.shared] = 0

    def _sketch(self, ids: Any) -> Any:
        """Shared syllables in few dimensions: signed hashing (Weinberger et al. 2009) by rarity, of length SKETCH_WEIGHT."""
        import numpy as np

        signs = 1 - 2 * (ids * 2_654_435_761 >> 16 & 1)
        sums = np.bincount(ids % SKETCH, signs * self.arrays["rarity"][ids], SKETCH).astype(np.float32)
        return SKETCH_WEIGHT * unit(sums)
