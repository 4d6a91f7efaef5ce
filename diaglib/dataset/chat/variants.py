"""More rows of the persona's kind: sentences with slots, other wordings, and small changes of what was written by hand.

Used by notebook 03 and to train the embedded chat model. Rules: the same seed gives the same rows; words and wordings that are
held out never appear in rows for training.
"""

from __future__ import annotations

import random
import re
import tomllib
import zlib
from collections.abc import Collection, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from diaglib.dataset.chat.pairs import CATEGORIES, ChatPair, chat_pairs

HELD_OUT_EVERY = 5
MADE_UP_SHARE = 0.6
SHORT_LIST = 10  # days, seasons, animals: all of them are for training
_FILE = Path(__file__).parent / "variants.toml"
_SLOT = re.compile(r"\{([a-z]+)(?::([^{}]+))?\}")
_OPENERS = ("음, ", "저기, ", "있잖아, ", "모리야, ", "근데 ", "아, ", "나 ")
_CLOSERS = ("ㅠㅠ", "ㅎㅎ", "ㅋㅋ", "...", "!", "~", ".", "?")
_ENDINGS = (
    ("싶어", "싶어요"), ("싶다", "싶어요"), ("있어", "있어요"), ("했어", "했어요"), ("뒀어", "뒀어요"),
    ("왔어", "왔어요"), ("좋아", "좋아요"), ("해 줘", "해 주세요"), ("해 줘", "해 줄래?"), ("이야", "이에요"),
    ("뭐야?", "뭐예요?"), ("이야?", "이에요?"), ("있어?", "있어요?"), ("먹어", "먹어요"), ("좋더라", "좋아요"),
    ("힘들어", "힘들어요"), ("알려 줘", "알려 주세요"), ("갈 거야", "갈 거예요"),
)  # fmt: skip


@lru_cache
def _syllables() -> tuple[str, ...]:
    """Every syllable of the hand-written training pairs, of which words are made up."""
    return tuple(
        sorted({letter for pair in chat_pairs("train") for letter in pair.question + pair.answer if "가" <= letter <= "힣"})
    )


def with_particle(word: str, pair: str) -> str:
    """The word with the first form of `이/가` after a final consonant, else the second; 로 also follows ㄹ."""
    after_consonant, after_vowel = pair.split("/")
    final = (ord(word[-1]) - 0xAC00) % 28 if "가" <= word[-1] <= "힣" else 0
    return word + (after_vowel if not final or (after_consonant == "으로" and final == 8) else after_consonant)


@lru_cache
def _tables() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


def frame_count() -> int:
    """How many sentences with slots there are."""
    return len(_tables()["frame"])


def fixed_answers() -> list[str]:
    """The answers of all frames without what fills their slots."""
    return [_SLOT.sub("", answer) for frame in _tables()["frame"] for answer in frame["answers"]]


def slot_rows(
    seed: int, held_out: bool = False, categories: Collection[str] = CATEGORIES, made_up_share: float = MADE_UP_SHARE
) -> Iterator[ChatPair]:
    """Endless rows made of the frames of these categories.

    For training, a share of the words is made up, so that a memory has to be copied rather than known. `held_out` rows have
    words and wordings that no training row has. Raises ValueError where no frame is of these categories.
    """
    frames = [frame for frame in _tables()["frame"] if frame["category"] in categories]
    if not frames:
        known = sorted({frame["category"] for frame in _tables()["frame"]})
        raise ValueError(f"there are no frames for {', '.join(categories) or 'no category'}; known: {', '.join(known)}")
    number = 0
    while True:
        rng = random.Random(f"slots {seed} {held_out} {number}")
        yield _fill(rng.choice(frames), rng, held_out, 0.0 if held_out else made_up_share)
        number += 1


def _fill(frame: dict[str, Any], rng: random.Random, held_out: bool, made_up_share: float) -> ChatPair:
    message = frame["messages"][-1] if held_out else rng.choice(frame["messages"][:-1])
    answer = rng.choice(frame["answers"])
    words = {
        name: _word(name, rng, held_out, made_up_share)
        for name in sorted({match[1] for match in _SLOT.finditer(frame["memory"] + message)})
    }

    def filled(text: str) -> str:
        return _SLOT.sub(lambda slot: with_particle(words[slot[1]], slot[2]) if slot[2] else words[slot[1]], text)

    memory = f"[{filled(frame['memory'])}] "
    if frame["kind"] == "note":
        return ChatPair(frame["category"], filled(message), memory + filled(answer))
    return ChatPair(frame["category"], memory + filled(message), filled(answer))


def _word(name: str, rng: random.Random, held_out: bool, made_up_share: float) -> str:
    """A word of a list, from its own side of the split: the word decides it, for it may stand in several lists."""
    words = _tables()["words"][name]
    if len(words) <= SHORT_LIST:
        return rng.choice(words)
    if rng.random() < made_up_share:
        return " ".join(
            "".join(rng.choices(_syllables(), k=rng.choice((2, 2, 3, 3, 4)))) for _ in range(rng.choice((1, 1, 1, 1, 2)))
        )
    return rng.choice([word for word in words if (zlib.crc32(word.encode()) % HELD_OUT_EVERY == 0) == held_out])


def other_wordings() -> Iterator[ChatPair]:
    """The hand-written training pairs that have other wordings, once for each."""
    pairs = {pair.question: pair for pair in chat_pairs("train")}
    for question, others in _tables()["others"].items():
        for other in others:
            yield pairs[question]._replace(question=other)


def loosened(pair: ChatPair, rng: random.Random) -> ChatPair:
    """The pair with its message as people type: an opener, another ending, marks at the end, a space lost."""
    question = pair.question
    memory = ""
    if question.startswith("["):
        memory, question = question.split("] ", 1)
        memory += "] "
    if rng.random() < 0.35:
        endings = [(old, new) for old, new in _ENDINGS if question.endswith(old)]
        if endings:
            old, new = rng.choice(endings)
            question = question[: -len(old)] + new
    if rng.random() < 0.2:
        question = rng.choice(_OPENERS) + question
    if rng.random() < 0.3:
        question = question.rstrip("?!.") + ("" if rng.random() < 0.4 else rng.choice(_CLOSERS))
    if rng.random() < 0.15 and (spaces := [i for i, letter in enumerate(question) if letter == " "]):
        place = rng.choice(spaces)
        question = question[:place] + question[place + 1 :]
    return pair._replace(question=memory + question)
