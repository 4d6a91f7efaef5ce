"""What a memory is: `[key: value]`, read out of a model's answer or a person's line. Used by the store, the chat and notebook 06.

Rules: text is only looked through, once, in time linear in its length; brackets of a memory always balance; what looks like a
memory and is none is named, never guessed.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

MAX_KEY_CHARACTERS = 60
MAX_VALUE_CHARACTERS = 500
MAX_TEXT_CHARACTERS = 20_000
_STRAY = str.maketrans("[]", "［］")
_EMPTY = re.compile(r"\[\s*\]")
_OPEN_MEMORY = re.compile(rf"\[[^\[\]\n:]{{1,{MAX_KEY_CHARACTERS}}}:")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Memory:
    """A key and its value, as `make_memory` leaves them: clean, one line each, brackets balanced."""

    key: str
    value: str

    def __str__(self) -> str:
        return f"[{self.key}: {self.value}]"


@dataclass(frozen=True, slots=True)
class Reading:
    """A text without its memories, the memories in order, and in words what looked like one and is not."""

    text: str
    memories: tuple[Memory, ...]
    problems: tuple[str, ...]


def clean_text(text: str) -> str:
    """Text that every file takes: composed Hangul (NFC), halves of surrogate pairs joined or replaced, no control characters."""
    joined = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _CONTROL.sub(" ", unicodedata.normalize("NFC", joined))


def one_line(text: str) -> str:
    """`clean_text` with every run of white space made one blank."""
    return " ".join(clean_text(text).split())


def make_memory(key: str, value: str) -> Memory:
    """The memory of a key and a value; brackets without a partner become full-width ones, so that `[key: value]` reads back.

    Raises ValueError where either is empty or too long, or the key holds a bracket or a colon.
    """
    key, value = one_line(key), one_line(value)
    if not key:
        raise ValueError("a memory needs a key: write [key: value], as in [오늘 일정: 발표]")
    if not value:
        raise ValueError(f"the memory '{_short(key)}' has no value: write [{_short(key)}: value]")
    if bad := re.search(r"[\[\]:]", key):
        raise ValueError(f"the key '{_short(key)}' holds '{bad[0]}': a key is plain words, as in 오늘 일정")
    for name, text, limit in (("key", key, MAX_KEY_CHARACTERS), ("value", value, MAX_VALUE_CHARACTERS)):
        if len(text) > limit:
            raise ValueError(f"the {name} '{_short(text)}' has {len(text):,} characters, at most {limit} are kept: shorten it")
    return Memory(key, _balanced(value))


def read_memories(text: str) -> Reading:
    """Takes the memories out of a text: balanced brackets that hold `key: value`, the outermost where they are nested.

    Brackets without a colon are part of the text (`[웃음]`); with one, but without a key or a value, they are dropped and told.
    A text is read as far as 20,000 characters.
    """
    text = clean_text(text)[:MAX_TEXT_CHARACTERS]
    memories: list[Memory] = []
    problems: list[str] = []
    kept: list[str] = []
    done = 0
    for start, end in _pairs(text):
        if start < done:
            continue  # inside a memory
        key, colon, value = text[start + 1 : end].partition(":")
        if not colon or "[" in key or "]" in key or "\n" in key:
            continue
        try:
            memories.append(make_memory(key, value))
        except ValueError as error:
            problems.append(str(error))
        kept.append(text[done:start])
        done = end + 1
    rest = text[done:]
    last_closed = max(rest.rfind("]"), rest.rfind("\n"))
    if cut := _OPEN_MEMORY.search(rest, last_closed + 1):
        problems.append(f"the memory '{_short(rest[cut.start() :])}' is cut off: its bracket does not close")
        rest = rest[: cut.start()]
    kept.append(rest)
    if len(kept) > 1:  # what stood around a memory closes up
        text = _EMPTY.sub(" ", " ".join(kept))
        text = re.sub(r" +([.,!?…~])", r"\1", re.sub(r"[ \t]{2,}", " ", text))
    else:
        text = rest
    return Reading(text.strip(), tuple(memories), tuple(problems))


def read_line(line: str) -> tuple[Memory, str]:
    """Memory and message of a line `[key: value] message`. Raises ValueError, in words, where it is none."""
    line = one_line(line)
    end = next((end for start, end in _pairs(line) if start == 0), None)
    if end is None:
        raise ValueError(f"'{_short(line)}' does not start with [key: value]")
    key, colon, value = line[1:end].partition(":")
    if not colon:
        raise ValueError(f"there is no colon in '{_short(line)}': write [key: value] message")
    return make_memory(key, value), line[end + 1 :].strip()


def _pairs(text: str) -> list[tuple[int, int]]:
    """Places of every bracket that opens and the one that closes it, in order of opening."""
    open_at: list[int] = []
    found = []
    for match in re.finditer(r"[\[\]]", text):
        if match[0] == "[":
            open_at.append(match.start())
        elif open_at:
            found.append((open_at.pop(), match.start()))
    return sorted(found)


def _balanced(value: str) -> str:
    partnered = {place for pair in _pairs(value) for place in pair}
    return "".join(
        letter if letter not in "[]" or place in partnered else letter.translate(_STRAY) for place, letter in enumerate(value)
    )


def _short(text: str) -> str:
    return text if len(text) <= 24 else f"{text[:24]}…"
