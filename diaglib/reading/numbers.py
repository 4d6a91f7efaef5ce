"""Cuts a sentence into words, numbers, windows such as `3x3`, and marks; each knows its place in the sentence.

Used by the check of notebook 07. Rule: numbers are read as people write them (`1,024`, `twenty-four`, `a dozen`,
`32 by 32`), and what is no size (0.5, 90%, ResNet-50, 2D) is kept apart as a name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

UNITS = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen".split()
    )
}
TENS = {word: 10 * value for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
TENS["fourty"] = 40  # a frequent slip
SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000, "dozen": 12}
COUNT_WORDS = {"single": 1, "sole": 1, "pair": 2, "couple": 2, "both": 2, "double": 2, "twin": 2, "triple": 3}
TIMES_WORDS = {"twice": 2, "thrice": 3}
# "one" after these is a pronoun, not a number
_BEFORE_PRONOUN_ONE = {"another", "first", "second", "third", "last", "each", "every", "this", "that", "next", "final", "which"}
MAX_WINDOW_SIDE = 11  # larger squares beside a convolution are maps, not windows (AlexNet's 11x11 is the largest in use)

_TOKEN = re.compile(
    r"(?P<dims>\d+(?:\s*(?:[x×*]|\bby\b|-by-)\s*\d+)+(?!\d|\.\d))"
    r"|(?P<times>(?<![\w])[x×]\s?\d+\b)"
    r"|(?P<decimal>\d+\.\d+|\d+(?:\.\d+)?\s?%|\d+e-\d+)"
    r"|(?P<thousands>\d,\d{3}(?![\d,])|\d{1,3}(?:,000)+(?!\d)|(?:16,384|32,768|65,536))"
    r"|(?P<kilo>\d+k\b)"
    r"|(?P<ordinal>\d+(?:st|nd|rd|th)\b)"
    r"|(?P<dimension>\d-?d\b)"
    r"|(?P<before>\d+(?=\s?[x×]\s*[a-z(]))"
    r"|(?P<number>\d+)"
    r"|(?P<word>[^\W\d_](?:[^\W\d_]|['’_](?=[^\W\d_]))*)"
    r"|(?P<arrow>-+>|=+>|→|⇒|➔|>)"
    r"|(?P<mark>[^\w\s])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the sentence. `type` is word, number, dims (a window or picture), times (`x3`), name, arrow or mark.

    `values` are the numbers it carries; `start`, `end` are its place in the sentence, in characters.
    `spelled` says that the number was written as a word.
    """

    type: str
    text: str
    start: int
    end: int
    values: tuple[int, ...] = ()
    spelled: bool = False


def tokenize(sentence: str) -> list[Token]:
    """Tokens of a sentence in order. Linear in its length."""
    return _join_spelled(_join_names(_name_fields(_raw_tokens(sentence))))


def _name_fields(tokens: list[Token]) -> list[Token]:
    """`in=3, h1=5, out=2` is said with abbreviations that mean something only before `=` or `:`."""
    meant = {"in": "input", "out": "output", "h": "hidden", "hid": "hidden"}
    named = []
    for i, token in enumerate(tokens):
        after = [other.text for other in tokens[i + 1 : i + 3]]
        sign = after[:1] or [""]
        if token.text in meant and (sign[0] in "=:" or (sign[0].isdigit() and after[1:2] and after[1] in "=:")) and sign[0]:
            token = Token("word", meant[token.text], token.start, token.end)
        elif (
            token.text in {"in", "out"}
            and i
            and any(o.type == "number" for o in tokens[max(0, i - 2) : i])
            and (not sign[0] or sign[0] in ",.;and")
        ):
            token = Token("word", meant[token.text], token.start, token.end)  # `30 features in, 2 classes out`
        named.append(token)
    return named


def _raw_tokens(sentence: str) -> list[Token]:
    tokens: list[Token] = []
    for match in _TOKEN.finditer(sentence):
        kind, text, (start, end) = match.lastgroup or "mark", match.group(), match.span()
        digits = tuple(int(part[:9]) for part in re.findall(r"\d+", text))
        if kind == "dims":
            tokens += _dims(text, start, end, digits)
        elif kind == "thousands":
            tokens.append(Token("number", text, start, end, (int(text.replace(",", "")),)))
        elif kind == "kilo":
            tokens.append(Token("number", text, start, end, (digits[0] * 1000,)))
        elif kind in {"number", "before"}:
            tokens.append(Token("number", text, start, end, digits))
        elif kind == "times":
            tokens.append(Token("times", text, start, end, digits))
        elif kind in {"decimal", "dimension"}:
            tokens.append(Token("name", text, start, end))
        elif kind == "ordinal":
            tokens.append(Token("word", text.lower(), start, end))
        else:
            tokens.append(Token(kind, text.lower() if kind == "word" else text, start, end))
    return tokens


def _dims(text: str, start: int, end: int, digits: tuple[int, ...]) -> list[Token]:
    """A window or picture; `2 x 3x3` is two windows, `3x3x64` a window with 64 filters."""
    if len(digits) == 3 and digits[0] != digits[1] == digits[2]:
        cut = start + len(str(digits[0]))
        return [Token("number", text[: cut - start], start, cut, digits[:1]), Token("dims", text, start, end, digits[1:])]
    if len(digits) > 3 or (len(digits) == 3 and digits[0] != digits[1]):  # `4x6x6x1` are the layers of a network
        places = [(start + match.start(), start + match.end()) for match in re.finditer(r"\d+", text)]
        chain: list[Token] = []
        for (first, last), value in zip(places, digits, strict=True):
            chain += [Token("mark", "-", first - 1, first)] if chain else []
            chain.append(Token("number", str(value), first, last, (value,)))
        return chain
    return [Token("dims", text, start, end, digits)]


def _join_names(tokens: list[Token]) -> list[Token]:
    """`ResNet-50`, `GPT-2`, `top 5`, `VGG16` become names: their digits are no sizes. `LSTM-64` stays a word and a number."""
    from diaglib.reading.words import MODEL_NAMES

    joined: list[Token] = []
    for token in tokens:
        if token.type == "number" and joined:
            hyphen = joined[-1].text in "-_" and joined[-1].end == token.start
            before = joined[-2] if hyphen and len(joined) > 1 else joined[-1]
            glued = hyphen or before.end == token.start
            spaced = before.text in MODEL_NAMES and token.start - before.end <= 1
            if before.type == "word" and ((glued and before.text in MODEL_NAMES) or spaced):
                del joined[-2 if hyphen else -1 :]
                joined.append(Token("name", f"{before.text}{token.text}", before.start, token.end))
                continue
            if before.type == "word" and glued and not hyphen and token.values[0] <= 12:  # conv1, fc2: an index
                continue
        joined.append(token)
    return joined


def _join_spelled(tokens: list[Token]) -> list[Token]:
    """Replaces runs of number words by one number token, and `three by three` by a window."""
    joined: list[Token] = []
    i = 0
    while i < len(tokens):
        value, length = _spelled_number(tokens, i)
        if length:
            first, last = tokens[i], tokens[i + length - 1]
            joined.append(Token("number", _text(tokens[i : i + length]), first.start, last.end, (value,), True))
            i += length
            continue
        token = tokens[i]
        if token.text in COUNT_WORDS and token.type == "word":
            after = tokens[i + 1].text if i + 1 < len(tokens) else ""
            length = 2 if token.text in {"pair", "couple"} and after == "of" else 1
            if joined and joined[-1].text in {"a", "an"}:
                joined.pop()
            joined.append(Token("number", token.text, token.start, tokens[i + length - 1].end, (COUNT_WORDS[token.text],), True))
            i += length
            continue
        if token.text in TIMES_WORDS:
            token = Token("times", token.text, token.start, token.end, (TIMES_WORDS[token.text],))
        joined.append(token)
        i += 1
    return _join_by(joined)


def _join_by(tokens: list[Token]) -> list[Token]:
    out: list[Token] = []
    for token in tokens:
        if (
            token.type == "number"
            and len(out) > 1
            and out[-1].text in {"by", "x", "×", "*"}
            and out[-2].type in {"number", "dims"}
        ):
            first = out[-2]
            del out[-2:]
            token = Token("dims", f"{first.text} x {token.text}", first.start, token.end, first.values + token.values)
        out.append(token)
    return out


def _text(tokens: list[Token]) -> str:
    return " ".join(token.text for token in tokens)


def _spelled_number(tokens: list[Token], start: int) -> tuple[int, int]:
    """Value and token count of the number word at `start`; (0, 0) where there is none."""
    words = [token.text for token in tokens[start : start + 12]]
    before = tokens[start - 1].text if start else ""
    i, total, current, seen = 0, 0, 0, False
    if words[0] == "half" and words[1:3] == ["a", "dozen"]:
        return 6, 3
    if words[0] in {"a", "an"} and len(words) > 1 and words[1] in SCALES:
        current, i, seen = 1, 1, True
    elif tokens[start].type == "number" and len(words) > 1 and words[1] in SCALES and not tokens[start].spelled:
        current, i, seen = tokens[start].values[0], 1, True
    elif words[0] == "one" and (before in _BEFORE_PRONOUN_ONE or words[1:2] in (["of"], ["hot"]) or words[1:3] == ["-", "hot"]):
        return 0, 0
    last = "scale" if i else ""
    while i < len(words):
        word = words[i]
        if word in UNITS and last in {"", "scale", "and"} | ({"tens"} if UNITS[word] < 10 else set()):
            current, last = current + UNITS[word], "unit"
        elif word in TENS and last in {"", "scale", "and"}:
            current, last = current + TENS[word], "tens"
        elif word in SCALES and (seen or last):
            if word == "hundred" or word == "dozen":
                current = max(current, 1) * SCALES[word]
            else:
                total, current = total + max(current, 1) * SCALES[word], 0
            last = "scale"
        elif word == "-" and last == "tens" and i + 1 < len(words) and UNITS.get(words[i + 1], 99) < 10:
            i += 1
            continue
        elif word == "and" and last == "scale" and i + 1 < len(words) and (words[i + 1] in UNITS or words[i + 1] in TENS):
            last = "and"
            i += 1
            continue
        else:
            break
        seen = True
        i += 1
    if i and words[i - 1] == "dozen" and words[i : i + 1] == ["of"]:
        i += 1
    return (total + current, i) if seen and last != "" else (0, 0)
