"""Our own Korean lines: what friends text each other, by the memory it calls for. Used to train and test encoders, notebook 06.

Rules: every line is written by hand (the folder `lines` has the data card); the unseen lines share no key with the others.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from diaglib.memory.pairs import Line, read_lines

FOLDER = Path(__file__).with_name("lines")
TOPICS = ("days", "taste", "wishes", "person", "life")
VALUE_PLACE = "{v}"
OF_ONE_VALUE = " :: "


@dataclass(frozen=True, slots=True)
class Topic:
    """A key with its values and the messages that call for it; `{v}` in a message is the value."""

    key: str
    values: tuple[str, ...]
    messages: tuple[str, ...]
    of_one_value: tuple[tuple[str, str], ...]  # (value, a message that fits this value alone)

    def lines(self, rng: random.Random, values_per_message: int = 1) -> list[Line]:
        """Every message with a value; those that say their value with several, where there are as many."""
        lines = [Line(self.key, value, message) for value, message in self.of_one_value]
        for message in self.messages:
            count = values_per_message if VALUE_PLACE in message else 1
            for value in rng.sample(self.values, min(count, len(self.values))):
                lines.append(Line(self.key, value, message.replace(VALUE_PLACE, value)))
        return lines


def read_topics(text: str) -> list[Topic]:
    """Topics of a text: `# key`, then `= value | value`, then a message a line (`value :: message` where it fits one alone).

    Raises ValueError naming the line that stands before its key, or a key without values or messages.
    """
    found: list[tuple[str, list[str], list[str], list[tuple[str, str]]]] = []
    for number, row in enumerate(text.splitlines(), start=1):
        row = row.strip()
        if not row:
            continue
        if row.startswith("# "):
            found.append((row[2:].strip(), [], [], []))
            continue
        if not found:
            raise ValueError(f"line {number} stands before the first key: start with '# key'")
        _, values, messages, of_one_value = found[-1]
        if row.startswith("= "):
            values += [value.strip() for value in row[2:].split("|")]
        elif OF_ONE_VALUE in row:
            value, _, message = row.partition(OF_ONE_VALUE)
            of_one_value.append((value.strip(), message.strip()))
        else:
            messages.append(row)
    for key, values, messages, _ in found:
        if not values or not messages:
            raise ValueError(f"the key '{key}' needs values (= one | two) and messages below it")
    return [Topic(key, tuple(values), tuple(messages), tuple(special)) for key, values, messages, special in found]


def load_topics() -> list[Topic]:
    """Every key we train on."""
    return [topic for name in TOPICS for topic in read_topics((FOLDER / f"{name}.txt").read_text(encoding="utf-8"))]


def training_lines(seed: int = 0, values_per_message: int = 1) -> list[Line]:
    """The lines we train on, values drawn by the seed."""
    rng = random.Random(seed)
    return [line for topic in load_topics() for line in topic.lines(rng, values_per_message)]


def unseen_lines() -> list[Line]:
    """The test: keys and wordings that no training line has."""
    return read_lines(FOLDER / "unseen.txt")


def chit_chat() -> list[str]:
    """Messages that call for no memory."""
    return [row for row in (FOLDER / "chitchat.txt").read_text(encoding="utf-8").splitlines() if row.strip()]
