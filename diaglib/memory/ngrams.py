"""Korean text as numbers without a vocabulary: words, syllable and jamo n-grams, hashed. Used by the local encoder, notebook 06.

Rule: plain Python and crc32, so that the numbers are the same on every machine and nothing is loaded to compute them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from zlib import crc32

from diaglib.memory.items import clean_text

BUCKETS = 32_768
MAX_CHARACTERS = 600  # of a message; what a friend writes in one go is far shorter
MAX_WORD_CHARACTERS = 16
JAMO_LENGTHS = (3, 5)
PARTICLES = "은는이가을를도만에로랑의"
_WORD = re.compile(r"[^\W_]+|[?!]")
_REPEATED = re.compile(r"(.)\1{2,}")
_LEADS, _VOWELS, _TAILS = 19, 21, 28


def split_words(text: str) -> list[str]:
    """Lower-case words of a text, runs of one letter cut to two (`ㅋㅋㅋㅋ` is `ㅋㅋ`); `?` and `!` are words too."""
    text = _REPEATED.sub(r"\1\1", clean_text(text[: 4 * MAX_CHARACTERS])[:MAX_CHARACTERS].lower())
    return [word[:MAX_WORD_CHARACTERS] for word in _WORD.findall(text)]


def jamo(word: str) -> str:
    """The letters of Hangul syllables in writing order, compatibly spelt: 밥 is one lead, one vowel, one tail. Others stay."""
    letters = []
    for letter in word:
        place = ord(letter) - 0xAC00
        if not 0 <= place < _LEADS * _VOWELS * _TAILS:
            letters.append(letter)
            continue
        lead, rest = divmod(place, _VOWELS * _TAILS)
        vowel, tail = divmod(rest, _TAILS)
        letters.append(chr(0x1100 + lead) + chr(0x1161 + vowel) + (chr(0x11A7 + tail) if tail else ""))
    return "".join(letters)


def word_ids(text: str) -> list[list[int]]:
    """Buckets of everything the embedding looks at, word by word: the word, its pair with the one before, its syllables 1 to 3,
    its jamo 3 and 5 with word edges. A text without words has one of bucket 0."""
    words = split_words(text)
    found = [list(_word_ids(word)) for word in words]
    for ids, (one, two) in zip(found[1:], pairwise(words), strict=True):
        ids.append(_bucket(f"p{one} {two}"))
    return found or [[0]]


def ngram_ids(text: str) -> list[int]:
    """The buckets of all words of a text in one row."""
    return [bucket for ids in word_ids(text) for bucket in ids]


@lru_cache(maxsize=20_000)
def _word_ids(word: str) -> tuple[int, ...]:
    edged, letters = f"<{word}>", f"<{jamo(word)}>"
    grams = [f"w{word}"]
    grams += [f"s{edged[at : at + size]}" for size in (2, 3) for at in range(len(edged) - size + 1)]
    grams += [f"u{letter}" for letter in word]
    grams += [f"j{letters[at : at + size]}" for size in JAMO_LENGTHS for at in range(len(letters) - size + 1)]
    return tuple(_bucket(gram) for gram in grams)


def overlap_ids(text: str) -> list[int]:
    """Buckets of what two texts must share to speak of the same thing: pairs of syllables, and words of one syllable."""
    grams: list[str] = []
    for word in split_words(text):
        grams += [f"o{word[at : at + 2]}" for at in range(len(word) - 1)]
        if len(word) == 1 or (len(word) == 2 and word[1] in PARTICLES):
            grams.append(f"o{word[0]}")
    return [_bucket(gram) for gram in dict.fromkeys(grams)]


def _bucket(gram: str) -> int:
    return crc32(gram.encode()) % BUCKETS
