"""The embedded encoder `local`: hashed n-grams, a model of keys and of their words, and what message and memory share.

Used by `diaglib.memory.encoder`, notebook 06. Rule: numpy alone, so that a message is judged in under 2 ms and torch stays out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diaglib.memory.ngrams import BUCKETS, ngram_ids, overlap_ids
from diaglib.memory.pairs import SAME_KEYS, key_and_value, key_words

if TYPE_CHECKING:
    import numpy as np

    Arrays = dict[str, np.ndarray]

FEATURES = (
    "expected overlap of keys",  # mean of the published target over the keys the message may call for
    "probability of the key",
    "is a known key",
    "mean probability of the key's words",
    "least probability of the key's words",
    "overlap by words",
    "cosine of the embeddings",
    "agreement of value and message",  # do they suggest the same keys?
    "share of the key in the message",
    "share of the value in the message",
    "probability of no memory",
    "highest probability of a key",
    "share of known words in the key",
    "nearest known key",
)
SKETCH = 64  # dimensions of a vector that stand for shared syllables
SKETCH_WEIGHT = 0.6
CACHED_MEMORIES = 20_000


@dataclass(frozen=True, slots=True)
class _Message:
    hidden: np.ndarray  # (width,) unit length
    keys: np.ndarray  # (keys + 1,) probabilities, the last is "no memory"
    words: np.ndarray  # (words,)
    shared: np.ndarray  # buckets


@dataclass(frozen=True, slots=True)
class _Memory:
    hidden: np.ndarray  # (width,) unit length
    overlap: np.ndarray  # (keys + 1,) the published target against each known key
    place: int  # in the known keys, or -1
    words: np.ndarray  # places of the known words of the key
    word_count: int
    value_keys: np.ndarray  # (keys + 1,) what the value alone would call for
    key_ids: np.ndarray
    value_ids: np.ndarray


class LocalEncoder:
    """What the embedded model knows: arrays by name, and the names of its keys and of their words."""

    name = "local"

    def __init__(self, arrays: Arrays, keys: Sequence[str], words: Sequence[str], threshold: float = 0.5) -> None:
        self.arrays = {name: array.astype("float32") for name, array in arrays.items()}
        self.keys, self.words = tuple(keys), tuple(words)
        self.threshold = threshold
        self._key_place = {key: place for place, key in enumerate(self.keys)}
        self._word_place = {word: place for place, word in enumerate(self.words)}
        self._memory = lru_cache(maxsize=CACHED_MEMORIES)(self._read_memory)
        self._message = lru_cache(maxsize=256)(self._read_message)

    @classmethod
    def load(cls, folder: str | Path) -> LocalEncoder:
        """The encoder of a folder. Raises FileNotFoundError naming what is missing."""
        from safetensors.numpy import load_file

        folder = Path(folder)
        for name in ("model.safetensors", "config.json"):
            if not (folder / name).is_file():
                raise FileNotFoundError(f"{folder} is no encoder: {name} is missing; make one with `diaglib memory train`")
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return cls(load_file(folder / "model.safetensors"), config["keys"], config["words"], config["threshold"])

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

        vectors = np.zeros((len(memories), len(self.arrays["key_in"]) + SKETCH), np.float32)
        for row, memory in zip(vectors, map(self._memory, memories), strict=True):
            row[:-SKETCH] = memory.hidden
            row[-SKETCH:] = self._sketch(np.concatenate([memory.key_ids, memory.value_ids]))
        return vectors / np.sqrt(1 + SKETCH_WEIGHT**2)

    def message_vectors(self, messages: Sequence[str]) -> np.ndarray:
        """Unit vectors, float32 (messages, dimensions)."""
        import numpy as np

        vectors = np.zeros((len(messages), len(self.arrays["key_in"]) + SKETCH), np.float32)
        for row, message in zip(vectors, map(self._message, messages), strict=True):
            row[:-SKETCH] = message.hidden
            row[-SKETCH:] = self._sketch(message.shared)
        return vectors / np.sqrt(1 + SKETCH_WEIGHT**2)

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
        found[:, :, 0] = np.stack([memory.overlap for memory in stored]) @ chances
        found[:, :, 6] = np.stack([memory.hidden for memory in stored]) @ np.stack([message.hidden for message in asked], axis=1)
        found[:, :, 7] = np.sqrt(np.stack([memory.value_keys for memory in stored])) @ np.sqrt(chances)
        found[:, :, 10] = chances[-1]
        found[:, :, 11] = chances[:-1].max(axis=0)
        places = np.array([memory.place for memory in stored])
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
        for row, memory in zip(found, stored, strict=True):
            row[:, 13] = memory.overlap.max()
        self._fill_shares(found, stored, asked)
        return found

    def _fill_shares(self, found: np.ndarray, stored: Sequence[_Memory], asked: Sequence[_Message]) -> None:
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

    def _read_message(self, text: str) -> _Message:
        import numpy as np

        hidden = self._embed(text)
        keys = _softmax(self.arrays["key_out"] @ hidden + self.arrays["key_bias"])
        words = 1 / (1 + np.exp(-(self.arrays["word_out"] @ hidden + self.arrays["word_bias"])))
        direction = self.arrays["message_in"] @ hidden
        return _Message(_unit(direction), keys, words, np.array(overlap_ids(text), np.int64))

    def _read_memory(self, text: str) -> _Memory:
        import numpy as np

        key, value = key_and_value(text)
        key = SAME_KEYS.get(key, key)
        of_value = self._embed(value)
        words = key_words(key)
        return _Memory(
            hidden=_unit(self.arrays["key_in"] @ self._embed(key) + self.arrays["value_in"] @ of_value),
            overlap=self._overlap(words),
            place=self._key_place.get(key, -1),
            words=np.array(sorted(self._word_place[word] for word in words if word in self._word_place), np.int64),
            word_count=len(words),
            value_keys=_softmax(self.arrays["key_out"] @ of_value + self.arrays["key_bias"]),
            key_ids=np.array(overlap_ids(key), np.int64),
            value_ids=np.array(overlap_ids(value), np.int64),
        )

    def _overlap(self, words: frozenset[str]) -> np.ndarray:
        """`pairs.target` of a key of those words for each known key, and 0 for no memory, (keys + 1,)."""
        import numpy as np

        places = [self._word_place[word] for word in words if word in self._word_place]
        shared = self._words_of_keys[:, places].sum(axis=1)
        union = len(words) + self._words_of_keys.sum(axis=1) - shared
        return np.append(np.round(shared / union, 4), 0).astype(np.float32)

    @cached_property
    def _words_of_keys(self) -> np.ndarray:
        """1 where a known key has a word, (keys, words)."""
        import numpy as np

        table = np.zeros((len(self.keys), len(self.words)))
        for row, key in zip(table, self.keys, strict=True):
            row[[self._word_place[word] for word in key_words(key)]] = 1
        return table

    def _embed(self, text: str) -> Any:
        """Sum of the rows of a text's n-grams over the root of their number, (width,)."""
        import numpy as np

        ids = ngram_ids(text)
        table = self.arrays["embedding"]
        return table[ids].sum(axis=0) / np.sqrt(len(ids)) if ids else np.zeros(table.shape[1], np.float32)

    def _sketch(self, ids: Any) -> Any:
        """Shared syllables in few dimensions: signed hashing (Weinberger et al. 2009) by rarity, of length SKETCH_WEIGHT."""
        import numpy as np

        signs = 1 - 2 * (ids * 2_654_435_761 >> 16 & 1)
        sums = np.bincount(ids % SKETCH, signs * self.arrays["rarity"][ids], SKETCH).astype(np.float32)
        return SKETCH_WEIGHT * _unit(sums)


def _softmax(scores: np.ndarray) -> np.ndarray:
    import numpy as np

    powers = np.exp(scores - scores.max())
    return powers / powers.sum()


def _unit(vector: np.ndarray) -> np.ndarray:
    import numpy as np

    length = float(np.linalg.norm(vector))
    return vector / length if length > 0 else vector
