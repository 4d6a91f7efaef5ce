"""Questions and answers of the chat persona, and the text form in which a model learns them.

Used by notebooks 03 and 06. The pairs are in train.txt and validation.txt, one a line under the heading of their category,
written by hand for this project. Rule: what a user types cannot contain the marks that frame an answer.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

SPLITS = ("train", "validation")
CATEGORIES = (
    "everyday", "feelings", "plans", "likes", "jokes", "limits", "self", "rude", "distress",
    "memory use", "memory note", "where things are",
)  # fmt: skip
START_MARK = "(답변 시작)"
ANSWER_MARK = f"{START_MARK} ### 답변:"
END_MARK = "(답변 종료)"
BETWEEN = " → "  # question → answer

_FOLDER = Path(__file__).parent
_MARKS = re.compile(r"\(\s*답변\s*(?:시작|종료)\s*\)|#+\s*답변\s*:")


class ChatPair(NamedTuple):
    """A message and the persona's answer. Either may begin with a memory in brackets, `[오늘 일정: 발표]`."""

    category: str
    question: str
    answer: str


@lru_cache
def chat_pairs(split: str = "train") -> tuple[ChatPair, ...]:
    """The hand-written pairs of a split, in the order of the file. Raises ValueError for an unknown split."""
    if split not in SPLITS:
        raise ValueError(f"unknown split {split!r}; known: {', '.join(SPLITS)}")
    pairs = []
    category = ""
    for line in (_FOLDER / f"{split}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            category = line.removeprefix("# ")
        elif line:
            question, answer = line.split(BETWEEN)
            pairs.append(ChatPair(category, question, answer))
    return tuple(pairs)


def chat_prompt(question: str) -> str:
    """`{question} (답변 시작) ### 답변:`, the published form up to the answer.

    A mark inside the question becomes an ellipsis, so that no message can end or answer itself; runs of white space become
    one space, and letters are composed (NFC).
    """
    question = _MARKS.sub("…", unicodedata.normalize("NFC", question))
    return f"{' '.join(question.split())} {ANSWER_MARK}"


def chat_completion(answer: str) -> str:
    """` {answer} (답변 종료)`, what follows `chat_prompt` in a training text; the model's own end token comes after it."""
    return f" {answer} {END_MARK}"


def likeness(one: str, other: str) -> float:
    """How alike two texts are, 0..1: shared pairs of neighbouring letters over all of both (Jaccard), marks and spaces aside."""
    first, second = _letter_pairs(one), _letter_pairs(other)
    return len(first & second) / max(1, len(first | second))


@lru_cache(maxsize=4096)
def _letter_pairs(text: str) -> frozenset[str]:
    letters = re.sub(r"[\W_]", "", text)
    return frozenset(letters[i : i + 2] for i in range(len(letters) - 1)) or frozenset([letters])
