"""What goes with what: words that tell of a value without naming it, as messages to train on.

Used by the training of `local`. Rule: they teach words, so a message of them is a few words in a row and no sentence.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from diaglib.memory.lines import FOLDER, Topic
from diaglib.memory.pairs import Line

MESSAGES_A_VALUE = 2  # an epoch
WORDS_A_MESSAGE = (1, 2, 2, 3, 3, 4)


def load_associations() -> dict[str, tuple[str, ...]]:
    """Value -> words and short phrases that go with it, of `lines/associations.txt`."""
    rows = (FOLDER / "associations.txt").read_text(encoding="utf-8").splitlines()
    pairs = (row.partition(": ") for row in rows if row.strip())
    return {value: tuple(word.strip() for word in words.split(",")) for value, _, words in pairs}


def keys_of_values(topics: Sequence[Topic]) -> dict[str, list[str]]:
    """The keys that a value is remembered under, each as often as something is said of it there."""
    keys: dict[str, list[str]] = {}
    for topic in topics:
        for value in [*topic.values, *(value for value, _ in topic.of_one_value)]:
            keys.setdefault(value, []).append(topic.key)
    return keys


def associated_lines(
    associations: Mapping[str, Sequence[str]], keys: Mapping[str, Sequence[str]], rng: random.Random
) -> list[Line]:
    """Lines whose message is one to four of the words that go with their value; a value without a key is left out."""
    lines = []
    for value, words in associations.items():
        for _ in range(MESSAGES_A_VALUE if value in keys else 0):
            some = rng.sample(words, min(rng.choice(WORDS_A_MESSAGE), len(words)))
            lines.append(Line(rng.choice(keys[value]), value, " ".join(some)))
    return lines
