"""Lines `[key: value] message` and what is learnt from them: the Cartesian product with the published target, and negatives.

Used by the encoders and notebook 06. Rule: the published target is reproduced exactly, what it misses stands beside it.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from diaglib.memory.items import Memory, make_memory, one_line, read_line

if TYPE_CHECKING:
    import numpy as np

SAME_KEYS = {"좋아하는 아이돌": "좋아하는 가수"}
# words of time: keys that differ only here are the negatives that hurt most
DAY_WORDS = ("어제", "오늘", "내일", "모레", "주말", "이번 주", "다음 주")


@dataclass(frozen=True, slots=True)
class Line:
    """A memory and a message that calls for it."""

    key: str
    value: str
    message: str

    @property
    def memory(self) -> str:
        return f"[{self.key}: {self.value}]"


@dataclass(frozen=True, slots=True)
class Pair:
    """A memory beside a message, with the similarity they should have, 0..1, and why they are a pair."""

    memory: str
    message: str
    target: float
    kind: str  # "product", "same key", "other day" or "chit-chat"


def read_lines(source: str | Path) -> list[Line]:
    """Every line of a file, or of a text that has line ends. Empty lines count for nothing.

    Raises ValueError with the number of the first line that is no `[key: value] message`.
    """
    text = source.read_text(encoding="utf-8") if isinstance(source, Path) else source
    lines = []
    for number, row in enumerate(text.splitlines(), start=1):
        if not row.strip():
            continue
        try:
            memory, message = read_line(row)
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
        if not message:
            raise ValueError(f"line {number}: there is no message after the memory: write [key: value] message")
        lines.append(Line(memory.key, memory.value, message))
    return lines


def key_and_value(memory: str) -> tuple[str, str]:
    """Key and value of `[key: value]`, as far as they are there: what is judged need not be what the store would keep."""
    text = one_line(memory)
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    key, _, value = text.partition(":")
    return key.strip(), value.strip()


def key_words(key: str) -> frozenset[str]:
    """The words of a key that the target compares; `좋아하는 아이돌` counts as `좋아하는 가수`."""
    return frozenset(SAME_KEYS.get(key, key).split(" "))


def target(one: str, other: str) -> float:
    """Intersection over union of the words of two keys, to 4 decimals: 1.0 for equal keys. Published for this memory."""
    ours, theirs = key_words(one), key_words(other)
    return round(len(ours & theirs) / len(ours | theirs), 4)


def targets(memory_keys: Sequence[str], message_keys: Sequence[str]) -> np.ndarray:
    """The target of every memory (rows) for every message (columns)."""
    import numpy as np

    table = {pair: target(*pair) for pair in {(one, other) for one in memory_keys for other in message_keys}}
    return np.array([[table[one, other] for other in message_keys] for one in memory_keys]).reshape(
        len(memory_keys), len(message_keys)
    )


def product(lines: Sequence[Line]) -> list[Pair]:
    """Every memory with every message, memories first: n lines are n x n pairs, as published."""
    return [Pair(one.memory, other.message, target(one.key, other.key), "product") for one in lines for other in lines]


def other_day(key: str) -> list[str]:
    """Keys that say the same of another day: 오늘 일정 for 내일 일정."""
    found = next((word for word in DAY_WORDS if key == word or key.startswith(word + " ")), None)
    return [] if found is None else [day + key[len(found) :] for day in DAY_WORDS if day != found]


def hard_pairs(lines: Sequence[Line], chat: Iterable[str], seed: int = 0) -> list[Pair]:
    """What the published product misses: equal keys with another value (still 1.0), the same words on another day, and
    chit-chat, which no memory fits (0.0): one of each a line, as far as there are any."""
    rng = random.Random(seed)
    values: dict[str, list[str]] = {}
    for line in lines:
        values.setdefault(line.key, []).append(line.value)
    small_talk = list(chat)
    pairs = []
    for line in lines:
        if others := sorted(set(values[line.key]) - {line.value}):
            pairs.append(Pair(f"[{line.key}: {rng.choice(others)}]", line.message, 1.0, "same key"))
        if days := other_day(line.key):
            day = rng.choice(days)
            pairs.append(Pair(f"[{day}: {line.value}]", line.message, target(day, line.key), "other day"))
        if small_talk:
            pairs.append(Pair(line.memory, rng.choice(small_talk), 0.0, "chit-chat"))
    return pairs


def as_memories(lines: Sequence[Line]) -> list[Memory]:
    """The memories of lines, each once, in their order."""
    return list(dict.fromkeys(make_memory(line.key, line.value) for line in lines))
