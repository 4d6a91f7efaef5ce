"""What can be counted of chat answers: ended, empty, repeated, Korean, memorised, and whether the right memory was noted.

Used by notebooks 03 and 06 and for the embedded chat model's card. Rule: nothing here judges meaning; read the samples beside it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from diaglib.dataset.chat import END_MARK, ChatPair, chat_pairs, chat_prompt

_MEMORY = re.compile(r"\s*\[([^\[\]:]+):\s*([^\[\]]+)\]\s*")


@dataclass(frozen=True)
class ChatAnswer:
    """One answer beside its pair: the words, the memory it carries (key, value), and whether it ended by its mark."""

    pair: ChatPair
    text: str
    memory: tuple[str, str] | None
    ended: bool

    @property
    def memory_is_right(self) -> bool:
        """Whether it carries exactly the memory of the written answer, or none where that has none."""
        return self.memory == split_memory(self.pair.answer)[0]

    @property
    def memory_kind_is_right(self) -> bool:
        """Whether it notes the kind of thing that the written answer does, or nothing where that has none.

        The kind is the end of the key: `차 키 둔 곳` and `여권 둔 곳` both say where a thing is.
        """
        return _kind(self.memory) == _kind(split_memory(self.pair.answer)[0])


@dataclass(frozen=True)
class ChatMetrics:
    """Shares of `answers`, 0..1; `distinct_2` is different pairs of neighbouring words over all of them."""

    answers: int
    empty: float
    unfinished: float
    repeated: float
    not_korean: float
    memorised: float
    distinct_2: float
    memory_right: float


def split_memory(answer: str) -> tuple[tuple[str, str] | None, str]:
    """The memory in brackets at the start of an answer, as key and value, and the words after it."""
    found = _MEMORY.match(answer)
    if found is None:
        return None, answer.strip()
    return (found[1].strip(), found[2].strip()), answer[found.end() :].strip()


def chat_answers(model: Any, pairs: Sequence[ChatPair], temperature: float = 0.0, seed: int = 0) -> list[ChatAnswer]:
    """What a model (with `answers`, embedded or of the hub) says to the messages of pairs; greedy by default."""
    found = model.answers(
        [chat_prompt(pair.question) for pair in pairs], 1, temperature, seed, max_new_tokens=80, stop_strings=[END_MARK]
    )
    result = []
    for pair, (answer,) in zip(pairs, found, strict=True):
        memory, words = split_memory(answer.text.removesuffix(END_MARK))
        result.append(ChatAnswer(pair, words, memory, answer.stopped))
    return result


def chat_metrics(answers: Sequence[ChatAnswer]) -> ChatMetrics:
    """Counts over answers. Raises ValueError for none."""
    if not answers:
        raise ValueError("no answers: there is nothing to count")
    known = {split_memory(pair.answer)[1] for pair in chat_pairs("train")}
    pairs_of_words = [pair for answer in answers for pair in _neighbours(answer.text)]

    def share(flags: Sequence[bool]) -> float:
        return sum(flags) / len(answers)

    return ChatMetrics(
        answers=len(answers),
        empty=share([not re.search(r"\w", answer.text) for answer in answers]),
        unfinished=share([not answer.ended for answer in answers]),
        repeated=share([_repeats(answer.text) for answer in answers]),
        not_korean=share([_korean_share(answer.text) < 0.8 for answer in answers]),
        memorised=share([answer.text in known for answer in answers]),
        distinct_2=len(set(pairs_of_words)) / max(1, len(pairs_of_words)),
        memory_right=share([answer.memory_is_right for answer in answers]),
    )


def _kind(memory: tuple[str, str] | None) -> list[str]:
    """The last two words of a memory's key."""
    return memory[0].split()[-2:] if memory else []


def _repeats(text: str) -> bool:
    """Whether two neighbouring words come again, or a few letters four times in a row."""
    neighbours = _neighbours(text)
    return len(set(neighbours)) < len(neighbours) or re.search(r"(.{1,6})\1{3}", text) is not None


def _neighbours(text: str) -> list[tuple[str, str]]:
    words = text.split()
    return list(pairwise(words))


def _korean_share(text: str) -> float:
    letters = [letter for letter in text if letter.isalpha()]
    return sum("가" <= letter <= "힣" for letter in letters) / max(1, len(letters))
