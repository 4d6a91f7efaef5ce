"""What goes with what: words that tell of a value without naming it, as messages to train on.

Used by the training of `local`. Rule: they teach words, so a message of them is a few words in a row and no sentence.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from diaglib.memory.lines import FOLDER, Topic
from diaglib.memory.pairs import Line

OF_VALUES = "associations.txt"  # value: words; it is remembered under the keys of our lines
OF_KEYS = "associations_of_keys.txt"  # key; key | value: words
BEFORE_VALUE = " | "
NO_SOURCE = -1
MESSAGES_A_VALUE = 2  # an epoch
WORDS_A_MESSAGE = (1, 2, 2, 3, 3, 4)


def load_associations() -> dict[str, tuple[str, ...]]:
    """Value -> words and short phrases that go with it, of both files of associations."""
    found: dict[str, tuple[str, ...]] = {}
    for name in (OF_VALUES, OF_KEYS):
        for row in _rows(name):
            value, _, words = row.rpartition(BEFORE_VALUE)[2].partition(": ")
            found[value] = (*found.get(value, ()), *(word.strip() for word in words.split(",")))
    return found


def further_topics() -> list[Topic]:
    """Keys with values that nothing but words is known of, of `lines/associations_of_keys.txt`."""
    values: dict[str, list[str]] = {}
    for row in _rows(OF_KEYS):
        keys, _, rest = row.partition(BEFORE_VALUE)
        for key in keys.split("; "):
            values.setdefault(key, []).append(rest.partition(": ")[0])
    return [Topic(NO_SOURCE, key, tuple(those), ()) for key, those in values.items()]


def _rows(name: str) -> list[str]:
    return [row for row in (FOLDER / name).read_text(encoding="utf-8").splitlines() if row.strip()]


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


def all_associated_lines(associations: Mapping[str, Sequence[str]], keys: Mapping[str, Sequence[str]]) -> list[Line]:
    """A line for every word that goes with a value, under the value's first key."""
    return [Line(keys[value][0], value, word) for value, words in associations.items() if value in keys for word in words]
