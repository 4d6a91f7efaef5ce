"""Turns the words of a sentence into items: layer words, numbers, units, joints. The first half of the reader `stated`.

Rule: every item keeps its place in the sentence; a word with a slip of the keyboard still counts (`convolutonal`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache

from diaglib.reading import words
from diaglib.reading.numbers import COUNT_WORDS, SCALES, TENS, UNITS, Token, tokenize


@dataclass(frozen=True, slots=True)
class Item:
    """A word or number with its place. `value` is the layer kind of a K, else the word; `numbers` those of N, D and X.

    `type`: K layer word, N numbers, D window or picture, Z/Q/H/W/Y/A unit (size, filters, heads, window, layers, aside),
    O connector, I preposition, S joint, E each, R ordinal, X times, F "each followed by", G "after each", T "repeated",
    ! "no".
    """

    type: str
    value: str
    start: int
    end: int
    numbers: tuple[int, ...] = ()
    plural: bool = False
    spelled: bool = False
    describes: bool = False  # a layer word in front of "network" or "model"


_UNIT_TYPES = {"size": "Z", "filters": "Q", "heads": "H", "kernel": "W", "layers": "Y", "aside": "A"}


@lru_cache(maxsize=1)
def _lexicon() -> dict[tuple[str, ...], tuple[str, str]]:
    table: dict[tuple[str, ...], tuple[str, str]] = {}
    for unit, phrases in words.UNIT_WORDS.items():
        table |= {tuple(phrase.split()): (_UNIT_TYPES[unit], unit) for phrase in phrases}
    for kind, phrases in words.LAYER_WORDS.items():
        table |= {tuple(phrase.split()): ("K", kind) for phrase in phrases}
    table |= {tuple(phrase.split()): ("S", phrase) for phrase in words.SEPARATING_PHRASES}
    table |= {tuple(phrase.split()): ("F", phrase) for phrase in words.EACH_FOLLOWED}
    table |= {tuple(phrase.split()): ("G", phrase) for phrase in words.AFTER_EACH}
    for type_, group in (("O", words.CONNECTORS), ("I", words.PREPOSITIONS), ("S", words.SEPARATORS)):
        table |= {(word,): (type_, word) for word in group if (word,) not in table}
    for type_, group in (("E", words.EACH), ("R", words.ORDINALS), ("T", words.GROUP_WORDS), ("!", words.NEGATIONS)):
        table |= {(word,): (type_, word) for word in group}
    return table


def known(word: str) -> bool:
    """Whether a word is part of the reader's vocabulary."""
    return word in _all_words() or mend(word) in _all_words()


@lru_cache(maxsize=1)
def _all_words() -> frozenset[str]:
    return frozenset(word for phrase in _lexicon() for word in phrase) | set(UNITS) | set(TENS) | set(SCALES) | set(COUNT_WORDS)


@lru_cache(maxsize=1)
def _long_words() -> tuple[str, ...]:
    return tuple(
        sorted({word for phrase, (type_, _) in _lexicon().items() if type_ in "KZQHY" for word in phrase if len(word) > 4})
    )


@lru_cache(maxsize=4096)
def mend(word: str) -> str:
    """The known layer or unit word that this one is a slip of, or the word itself."""
    if len(word) < 5 or (word,) in _lexicon() or word in _NEVER_SLIPS:
        return word
    close = get_close_matches(word, _long_words(), n=1, cutoff=0.83)
    return close[0] if close else word


# ordinary words that are one letter from a layer word
_NEVER_SLIPS = frozenset(
    "model models encode decode encoded decoded latest lateral pictured imaged reader headers united value "
    "neural sensor noted coded inner intense sense tense cooling polling spooling stages layering".split()
)


def read_items(sentence: str) -> list[Item]:
    """Items of a sentence in order; words that say nothing about layers are left out."""
    tokens = tokenize(sentence)
    items: list[Item] = []
    i = 0
    while i < len(tokens):
        token = tokens[i]
        if token.type in {"number", "dims", "times"}:
            type_ = {"number": "N", "dims": "D", "times": "X"}[token.type]
            items.append(Item(type_, token.text, token.start, token.end, token.values, spelled=token.spelled))
            i += 1
            continue
        found, length = _longest(tokens, i)
        if found:
            type_, value = found
            last = tokens[i + length - 1]
            plural = mend(last.text) in words.PLURALS
            items.append(Item(type_, value if type_ in "K" else token.text, token.start, last.end, plural=plural))
        elif token.type == "arrow":
            items.append(Item("S", "->", token.start, token.end))
        elif token.text == "-":
            items.append(Item("-", "-", token.start, token.end))
        i += max(length, 1)
    return _index_numbers(_merge_lists(items))


def _longest(tokens: list[Token], start: int) -> tuple[tuple[str, str] | None, int]:
    """The longest phrase of the lexicon at `start`, hyphens between its words skipped, and the tokens it takes."""
    best: tuple[tuple[str, str] | None, int] = (None, 0)
    phrase: list[str] = []
    for i in range(start, min(start + 9, len(tokens))):
        token = tokens[i]
        if token.text in {"-", "_"} and phrase:
            continue
        if token.type not in {"word", "mark"}:
            break
        phrase.append(mend(token.text) if token.type == "word" else token.text)
        if len(phrase) > 5:
            break
        if found := _lexicon().get(tuple(phrase)):
            best = (found, i - start + 1)
    return best


def _merge_lists(items: list[Item]) -> list[Item]:
    """`6, 10 and 6` becomes one N with three numbers; `two 64 …` and `2 128-unit …` stay a count and a size."""
    merged: list[Item] = []
    i = 0
    while i < len(items):
        item = items[i]
        i += 1
        if item.type == "-":
            continue
        if item.type != "N":
            merged.append(item)
            continue
        chained = False
        while True:
            j = i
            while j < len(items) and j - i < 2 and _is_list_joint(items[j]):
                j += 1
            if (
                j >= len(items)
                or items[j].type != "N"
                or item.spelled != items[j].spelled
                or (j == i and not _plain_pair(items, i - 1, j))
            ):
                break
            chained = chained or any(joint.value in {"-", "->", "/"} for joint in items[i:j])
            item = replace(item, end=items[j].end, numbers=item.numbers + items[j].numbers, value="chain" if chained else "list")
            i = j + 1
        merged.append(item)
    return merged


def _is_list_joint(item: Item) -> bool:
    return item.type == "-" or (item.type == "S" and item.value in {",", "and", "&", "/", "->", "then", "+", "to", ";"})


def _plain_pair(items: list[Item], first: int, second: int) -> bool:
    """Whether two numbers with nothing between are a list (`256 64 nodes`), not a count and a size (`two 64 unit`)."""
    return not (
        second + 1 < len(items)
        and items[second + 1].type == "-"
        and items[second + 2 : second + 3]
        and items[second + 2].type != "N"
    )


def _index_numbers(items: list[Item]) -> list[Item]:
    """Drops the number of `hidden layer 2 has 7`: it says which, not how many."""
    kept: list[Item] = []
    for i, item in enumerate(items):
        if item.type == "N" and len(item.numbers) == 1 and item.numbers[0] <= 20 and kept and kept[-1].type == "Y":
            after = [other.type for other in items[i + 1 : i + 3]]
            if not kept[-1].plural and (after[:1] == ["N"] or after == ["O", "N"]):
                continue
        kept.append(item)
    return kept
