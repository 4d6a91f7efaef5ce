"""Stores of lines that an embedding has not seen: what the judge of `local` learns from.

Used by the training of `local`. Rule: a whole source of lines is left out at once, as each was written in another manner.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from diaglib.memory.associations import NO_SOURCE
from diaglib.memory.encoder_local import LocalEncoder
from diaglib.memory.encoder_training import TrainingSettings
from diaglib.memory.lines import SWEEPS, Topic, whole_sets
from diaglib.memory.pairs import Line, targets

if TYPE_CHECKING:
    import numpy as np

CHATS_A_STORE = 6
LINES_A_STORE = 40
KEYS_A_STORE = (4, 14)
ONE_KEY_IN = 3  # is unknown to a fold, of those that few messages are about
SHARE_OF_A_COMMON_KEY = 0.01


@dataclass(frozen=True, slots=True)
class Fold:
    """`rest` and `chat` are trained on; `left_out` topics, those of `unknown` keys and the `silent` messages are not."""

    rest: list[Topic]
    chat: list[str]
    left_out: list[Topic]
    unknown: list[Topic]
    silent: list[str]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A store whose wordings an embedding has not seen: features (memories, messages, features), the target of each, 0 for
    chit-chat, whose messages are the last `chats`."""

    features: np.ndarray
    truth: np.ndarray
    chats: int


def make_folds(topics: Sequence[Topic], chat: Sequence[str], settings: TrainingSettings) -> list[Fold]:
    """Each fold leaves out every `folds`th source of lines, or one where there are fewer, and as much of the chit-chat: a judge
    that was fitted on more of the same would believe too much. Every fold also leaves out some keys altogether, or a judge
    would learn that a key it does not know is never right."""
    small_talk = random.Random(settings.seed + 1).sample(list(chat), len(chat))
    sources = sorted({topic.source for topic in topics} - {NO_SOURCE})
    rare = _rare_keys(topics)
    count = min(settings.folds, len(sources))
    folds = []
    for number in range(count):
        gone, silent = set(sources[number::count]), small_talk[number::count]
        unknown = set(rare[number % ONE_KEY_IN :: ONE_KEY_IN])
        folds.append(
            Fold(
                [topic for topic in topics if topic.source not in gone and topic.key not in unknown],
                [message for message in small_talk if message not in silent],
                [topic for topic in topics if topic.source in gone],
                [topic for topic in topics if topic.key in unknown],
                silent,
            )
        )
    return folds


def _rare_keys(topics: Sequence[Topic]) -> list[str]:
    """The keys that fewer than a hundredth of the messages are about, in their order."""
    said: dict[str, int] = {}
    for topic in topics:
        said[topic.key] = said.get(topic.key, 0) + topic.message_count
    common = SHARE_OF_A_COMMON_KEY * sum(said.values())
    return sorted(key for key, count in said.items() if count < common)


def held_out_stores(encoder: LocalEncoder, fold: Fold, settings: TrainingSettings) -> list[HeldOut]:
    """Stores of what is left out, as an encoder that was trained on the rest sees them.

    A set is a store as it was written; of other sources half are lines as they come, most of them of the few keys people speak
    of most, half lines of keys drawn one by one. The last have keys that the encoder does not know and no others.
    """
    rng = random.Random(settings.seed)
    written = whole_sets(fold.left_out, rng)
    if len(written) > settings.set_stores:
        written = rng.sample(written, settings.set_stores)
    drawn = []
    for source in sorted({topic.source for topic in fold.left_out if topic.part is None}):
        topics = [topic for topic in fold.left_out if topic.source == source]
        every = [line for topic in topics for line in topic.lines(rng)]
        for number in range(settings.sweep_stores if source < len(SWEEPS) else settings.stores):
            drawn.append(_some_keys(topics, rng) if number % 2 else rng.sample(every, min(LINES_A_STORE, len(every))))
    spoken_of = [topic for topic in fold.unknown if topic.message_count]
    drawn += [_some_keys(spoken_of, rng) for _ in range(settings.unknown_stores if spoken_of else 0)]
    chats = min(CHATS_A_STORE, len(fold.silent))
    return [_held_out(encoder, lines, rng.sample(fold.silent, chats)) for lines in [*written, *drawn]]


def _some_keys(topics: Sequence[Topic], rng: random.Random) -> list[Line]:
    """Lines of some keys, one to six each: a key with many lines is drawn more often."""
    by_key: dict[str, list[Line]] = {}
    for topic in topics:
        by_key.setdefault(topic.key, []).extend(topic.lines(rng))
    names = sorted(name for name, lines in by_key.items() if lines)
    drawn = sorted(set(rng.choices(names, [len(by_key[name]) for name in names], k=rng.randint(*KEYS_A_STORE))))
    return [line for name in drawn for line in rng.sample(by_key[name], min(len(by_key[name]), rng.randint(1, 6)))]


def _held_out(encoder: LocalEncoder, lines: Sequence[Line], chats: Sequence[str]) -> HeldOut:
    import numpy as np

    keys = [line.key for line in lines]
    truth = np.concatenate([targets(keys, keys), np.zeros((len(lines), len(chats)))], axis=1)
    messages = [line.message for line in lines] + list(chats)
    return HeldOut(encoder.features([line.memory for line in lines], messages), truth, len(chats))
