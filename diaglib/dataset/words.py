"""Ways of saying numbers and lists, shared by every family of generated sentences.

Used by notebook 02. Rule: randomness comes in as `random.Random`; nothing here knows what a layer is.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split()

OPENERS = (
    "", "", "", "", "", "", "please draw ", "draw ", "draw me ", "can you draw ", "could you sketch ", "sketch ", "show ",
    "show me ", "i need a diagram of ", "i want ", "make a picture of ", "make ", "create ", "create a diagram for ",
    "generate a diagram of ", "visualize ", "visualise ", "diagram: ", "plot ", "render ", "please visualize ",
    "i'd like to see ", "give me ", "illustrate ", "a figure of ", "represent ", "design ", "build ",
    "i am writing docs and need ", "for my slides: ", "we use ", "our model is ", "help me draw ", "picture ", "let's draw ",
    "imagine ", "consider ", "suppose we have ", "there is ",
)  # fmt: skip


def spell(number: int) -> str:
    """English words of 0..9999, as people write layer sizes: `one hundred twenty-eight`."""
    if number < 20:
        return _ONES[number]
    if number < 100:
        ten, one = divmod(number, 10)
        return _TENS[ten] + (f"-{_ONES[one]}" if one else "")
    for unit, name in ((1000, "thousand"), (100, "hundred")):
        if number >= unit:
            head, rest = divmod(number, unit)
            return f"{spell(head)} {name}" + (f" {spell(rest)}" if rest else "")
    raise ValueError(f"cannot spell {number}")


def say_number(rng: random.Random, number: int, words: float = 0.25) -> str:
    """Digits, or words with probability `words` for numbers that people spell."""
    if 0 <= number < 10_000 and rng.random() < (words if number <= 12 else words / 3):
        return "a dozen" if number == 12 and rng.random() < 0.2 else spell(number)
    return f"{number:,}" if 1000 <= number < 10_000 and rng.random() < 0.15 else str(number)


def say_list(rng: random.Random, items: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`, `a, b, c`, `a-b-c`-free: separators as people mix them."""
    items = list(items)
    if len(items) == 1:
        return items[0]
    comma = rng.choice((", ", ", ", ", ", ",", " , ", " "))
    last = rng.choice((" and ", " and ", ", and ", comma, comma, " then ", " & "))
    return comma.join(items[:-1]) + last + items[-1]


def log_uniform(rng: random.Random, low: int, high: int) -> int:
    """An integer of low..high, every order of magnitude as likely as another."""
    return min(high, int(math.exp(rng.uniform(math.log(low), math.log(high + 1)))))


def layer_size(rng: random.Random, low: int = 1, high: int = 4096) -> int:
    """A layer size as people choose them: half powers of two, some round numbers, the rest anything."""
    roll = rng.random()
    if roll < 0.45:
        size = 2 ** rng.randint(0, 12)
    elif roll < 0.6:
        size = rng.choice((5, 10, 20, 25, 30, 40, 50, 60, 75, 80, 100, 120, 150, 200, 250, 300, 400, 500, 784, 1000, 2000))
    else:
        size = log_uniform(rng, low, high)
    return min(max(size, low), high)


def plural(word: str, count: int) -> str:
    """`word` as it follows `count`; layers, units, boxes."""
    if count == 1:
        return word
    if word.endswith(("ss", "x")):
        return word + "es"
    return word[:-1] + "ies" if word.endswith("ry") else word + "s"


def nonce(rng: random.Random) -> str:
    """A pronounceable made-up word, so that a model learns to copy names it has never seen."""
    onset = ("b", "br", "c", "ch", "d", "dr", "f", "fl", "g", "gr", "h", "j", "k", "kr", "l", "m", "n", "p", "pl", "qu", "r", "s",
             "sh", "sk", "st", "t", "tr", "v", "w", "x", "z", "th")  # fmt: skip
    rime = (
        "a", "e", "i", "o", "u", "ai", "ea", "oo", "an", "en", "in", "on", "ar", "er", "or", "al", "el", "il", "as", "is",
        "ock", "and", "ist", "ump", "ing", "ex",
    )  # fmt: skip
    word = "".join(rng.choice(onset) + rng.choice(rime) for _ in range(rng.choice((1, 2, 2, 2, 3))))
    return word + rng.choice(("", "", "", "er", "ing", "or", "ion", "s", "ify", "ment"))
