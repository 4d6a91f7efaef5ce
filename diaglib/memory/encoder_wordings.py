"""A training message as another friend would type it, and a key with a word missing: no line is learnt by heart.

Used by the training of `local`. Rule: what it means stays; only what people add and leave out without thinking changes.
"""

from __future__ import annotations

import random

OPENERS = (
    *[""] * 10,
    "야 ",
    "근데 ",
    "있잖아 ",
    "아 ",
    "저기 ",
    "자기야 ",
    "언니 ",
    "오빠 ",
    "그나저나 ",
    "아 맞다 ",
    "혹시 ",
    "나 ",
)
CLOSERS = (*[""] * 8, "ㅋㅋ", " ㅎㅎ", " ㅠㅠ", "~", "!", "...", " 응?", " 말해 줘", " 궁금해")
POLITE = {"어?": "어요?", "야?": "예요?", "지?": "죠?", "해?": "하세요?", "까?": "까요?", "며": "면서요", "더라": "더라고요"}


def vary(message: str, rng: random.Random) -> str:
    """The message as another friend would type it: politer, a word less, with an opening or a closing."""
    if rng.random() < 0.25 and (ending := next((end for end in POLITE if message.endswith(end)), None)):
        message = message.removesuffix(ending) + POLITE[ending]
    words = message.split(" ")
    if len(words) > 3 and rng.random() < 0.2:
        words.pop(rng.randrange(len(words)))
    message = " ".join(words)
    if rng.random() < 0.15:
        message = message.rstrip("?")
    return rng.choice(OPENERS) + message + rng.choice(CLOSERS)


def part_of_key(key: str, rng: random.Random) -> str:
    """A key, at times with a word missing: a key never seen shares only some words with those known."""
    words = key.split(" ")
    if rng.random() < 0.3:
        words.pop(rng.randrange(len(words)))
    return " ".join(words)
