"""What the embedded encoder makes of one text: a message with the keys it calls for, a memory with the keys its value suggests.

Used by the local encoder alone. Rule: several embeddings, trained from different seeds, read every text; their directions
stand side by side and their probabilities are averaged, as each is unsure in another place (Lakshminarayanan et al. 2017).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from diaglib.memory.encoder_said import LikeLines, Said
from diaglib.memory.ngrams import overlap_ids, word_ids
from diaglib.memory.pairs import SAME_KEYS, key_and_value, key_words

if TYPE_CHECKING:
    import numpy as np

WORD_SCALE = 0.25  # brings the sum of a word's rows to about 1


@dataclass(frozen=True, slots=True)
class ReadMessage:
    """`direction` and `subject` (members x width,) of unit length, `suiting` (reference values,) the cosines of its subject
    with those of known values, ascending, `keys` (keys + 1,) probabilities, the last of no memory, `words` (words,) too,
    `shared` buckets, and what was `said` in like words."""

    direction: np.ndarray
    subject: np.ndarray
    suiting: np.ndarray
    keys: np.ndarray
    words: np.ndarray
    shared: np.ndarray
    said: LikeLines


@dataclass(frozen=True, slots=True)
class ReadMemory:
    """`direction` and `subject` (members x width,) of unit length, `overlap` (keys + 1,) the published target against each
    known key and `nearest` the greatest of them, `place` in the known keys or -1, `words` the places of the known words of its
    key of `word_count`, `value_keys` (keys + 1,) the roots of how probable the value alone makes each key, buckets of key and
    value, and the known values most like its own, `like_places` and `likeness` (64,) each."""

    direction: np.ndarray
    subject: np.ndarray
    overlap: np.ndarray
    nearest: float
    place: int
    words: np.ndarray
    word_count: int
    value_keys: np.ndarray
    key_ids: np.ndarray
    value_ids: np.ndarray
    like_places: np.ndarray
    likeness: np.ndarray


class Reader:
    """Reads texts with the weights of an encoder.

    `arrays`, m members of width w: `embedding` (m, buckets, w), its layers `window`, `mix_in` and `mix_out` with a bias each,
    the heads `message_in`, `key_in`, `value_in`, `message_subject` and `value_subject` (m, w, w), `key_out` (m, keys + 1, w)
    with `key_bias`, `word_out` (m, words, w) with `word_bias`, `value_subjects` (reference values, m w), `rarity` and those of
    `said_arrays`.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray], keys: Sequence[str], words: Sequence[str]) -> None:
        self.arrays, self.keys, self.words = arrays, tuple(keys), tuple(words)
        self._key_place = {key: place for place, key in enumerate(self.keys)}
        self._word_place = {word: place for place, word in enumerate(self.words)}
        self._said = Said(arrays, len(self.keys))

    def message(self, text: str) -> ReadMessage:
        import numpy as np

        hidden = self._embed(text)
        words = 1 / (1 + np.exp(-(self._answers("word_out", hidden) + self.arrays["word_bias"])))
        subject = self._direction(self._answers("message_subject", hidden))
        shared = np.array(overlap_ids(text), np.int64)
        return ReadMessage(
            direction=self._direction(self._answers("message_in", hidden)),
            subject=subject,
            suiting=np.sort(self.arrays["value_subjects"] @ subject),
            keys=self._key_chances(hidden),
            words=words.mean(axis=0),
            shared=shared,
            said=self._said.message(shared),
        )

    def memory(self, text: str) -> ReadMemory:
        import numpy as np

        key, value = key_and_value(text)
        key = SAME_KEYS.get(key, key)
        of_value = self._embed(value)
        words = key_words(key)
        value_ids = np.array(overlap_ids(value), np.int64)
        like_places, likeness = self._said.memory(value_ids)
        overlap = self._overlap(words)
        return ReadMemory(
            direction=self._direction(self._answers("key_in", self._embed(key)) + self._answers("value_in", of_value)),
            subject=self._direction(self._answers("value_subject", of_value)),
            overlap=overlap,
            nearest=float(overlap.max()),
            place=self._key_place.get(key, -1),
            words=np.array(sorted(self._word_place[word] for word in words if word in self._word_place), np.int64),
            word_count=len(words),
            value_keys=np.sqrt(self._key_chances(of_value)),
            key_ids=np.array(overlap_ids(key), np.int64),
            value_ids=value_ids,
            like_places=like_places,
            likeness=likeness,
        )

    def _key_chances(self, hidden: np.ndarray) -> np.ndarray:
        import numpy as np

        scores = self._answers("key_out", hidden) + self.arrays["key_bias"]
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return (powers / powers.sum(axis=1, keepdims=True)).mean(axis=0)

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

    def _embed(self, text: str) -> np.ndarray:
        """What each member's embedding makes of a text, (members, width): `encoder_network.TextEmbedding` in numpy."""
        import numpy as np

        words = word_ids(text)
        lengths = np.array([len(ids) for ids in words])
        rows = self.arrays["embedding"][:, [bucket for ids in words for bucket in ids]]
        of_words = np.add.reduceat(rows, lengths.cumsum() - lengths, axis=1)
        whole = of_words.sum(axis=1) / np.sqrt(lengths.sum())
        members, count, width = of_words.shape
        windows = np.zeros((members, count, 3 * width), np.float32)
        windows[:, :, :width] = of_words * WORD_SCALE
        windows[:, 1:, width : 2 * width] = windows[:, :-1, :width]
        windows[:, :-1, 2 * width :] = windows[:, 1:, :width]
        seen = windows @ self.arrays["window"].transpose(0, 2, 1) + self.arrays["window_bias"][:, None]
        mixed = np.concatenate([whole, np.maximum(seen.max(axis=1), 0)], axis=1)
        mixed = np.tanh(self._answers("mix_in", mixed) + self.arrays["mix_in_bias"])
        return whole + self._answers("mix_out", mixed) + self.arrays["mix_out_bias"]

    def _answers(self, head: str, hidden: np.ndarray) -> np.ndarray:
        """Each member's head on what that member made of the text, (members, outputs)."""
        return (self.arrays[head] @ hidden[:, :, None])[:, :, 0]

    def _direction(self, answers: np.ndarray) -> np.ndarray:
        """The members' directions side by side, of unit length as a whole: an inner product is the mean of their cosines."""
        import numpy as np

        units = np.stack([unit(answer) for answer in answers])
        return units.ravel() / np.sqrt(len(units))


def unit(vector: np.ndarray) -> np.ndarray:
    """The vector at length 1; as it is where it has none."""
    import numpy as np

    length = float(np.linalg.norm(vector))
    return vector / length if length > 0 else vector
