"""What a sentence states about a flowchart: the steps and data it names, in order, and how many.

Used by the check of notebook 07. Rule: as in `stated`, plain code that leaves unread what it does not understand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from diaglib.reading.numbers import tokenize

_STOP = frozenset(
    "a an the of to in on at by for and or with from into onto its it their them they this that these those is are be "
    "been as then next after before finally first second third last when while once if else otherwise we you i he she "
    "me us our your my not no which who where there will would should can could may must has have had do does did so "
    "also both each every any all some via using use uses used show shows draw diagram flowchart flow chart make "
    "please create picture how want need here like get gets go goes going come comes start starts end ends begin "
    "begins step steps stage stages process processes consists consist contains contain includes include including "
    "following followed follow output outputs input inputs one two three four five six seven eight nine ten put puts "
    "take takes give gives given back again until than more less pipeline workflow algorithm model models data simple "
    "whole system let's let just via out up over under about through result results".split()
)
_JOINTS = re.compile(
    r"\s*(?:-+>|=+>|→|⇒|➔|;|\n|\.\s|\bthen\b|\bafter that\b|\bfollowed by\b|\bnext\b|\bfinally\b|,)\s*", re.IGNORECASE
)
_ARROWS = re.compile(r"\s*(?:-+>|=+>|→|⇒|➔)\s*")
_BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+(\S.*?)\s*$", re.MULTILINE)
_REVERSED = re.compile(
    r"(?<!^)(?<!\. )\b(after(?! that)|once|(?:comes?|fed|made|generated|computed|received|built) from|using|until|back)\b"
    r"|\bbefore\b",
    re.IGNORECASE,
)
_COUNT = re.compile(r"^(?:steps|stages|boxes|phases)$")
_SAME = {
    "db": "database", "databases": "database", "nn": "network", "photo": "picture", "image": "picture", "figure": "picture",
    "llm": "language", "docs": "document", "split": "chunk", "analyse": "analyze",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Steps:
    """`words` are the stems the sentence holds with the place of the first; `named` its steps in order, each as told;
    `bullets` the lines of a list; `arrows` says that the order is drawn in the sentence itself (`A -> B`)."""

    sentence: str
    words: dict[str, int]
    named: tuple[str, ...]
    bullets: tuple[str, ...]
    arrows: bool
    ordered: bool
    count: int | None


def stem(word: str) -> str:
    """A word without its ending, so that `cleaning`, `cleaned` and `cleans` meet. Crude on purpose: both sides get it."""
    word = _SAME.get(word, word)
    for ending, least in (
        ("ization", 4),
        ("ation", 4),
        ("ments", 4),
        ("ment", 4),
        ("ings", 3),
        ("ing", 3),
        ("ions", 4),
        ("ion", 4),
    ):
        if word.endswith(ending) and len(word) - len(ending) >= least:
            word = word[: -len(ending)]
            break
    else:
        for ending, least in (("ers", 4), ("ies", 2), ("ed", 4), ("er", 4), ("es", 3), ("s", 3), ("al", 4)):
            if word.endswith(ending) and len(word) - len(ending) >= least:
                word = word[: -len(ending)] + ("y" if ending == "ies" else "")
                break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "sl":
        word = word[:-1]
    if len(word) > 4 and word.endswith("i"):
        word = word[:-1] + "y"
    return word[:-1] if len(word) > 3 and word[-1] == "e" else word


def content_stems(text: str) -> list[str]:
    """Stems of the words of a text that say something, in order."""
    return [stem(w) for w in re.findall(r"[^\W_]+", text.lower()) if w not in _STOP and (len(w) > 1 or w.isdigit())]


def read_steps(sentence: str) -> Steps:
    """Reads a flowchart sentence. Never raises for text."""
    places: dict[str, int] = {}
    for match in re.finditer(r"[^\W_]+", sentence.lower()):
        places.setdefault(stem(match.group()), match.start())
        places.setdefault(match.group(), match.start())
    bullets = tuple(_BULLET.findall(sentence))
    body = re.sub(r"^[^:\n]{0,80}:\s", "", sentence) if not bullets else "\n".join(bullets)
    arrows = len(_ARROWS.findall(body)) >= 1
    parts = _ARROWS.split(body) if arrows else _JOINTS.split(body)
    # a plain list of short names (`question, retriever, LLM, answer`) is an order as clear as arrows
    arrows = arrows or (len(parts) > 2 and not bullets and all(0 < len(part.split()) <= 3 for part in parts))
    named = tuple(part.strip(" .,-*\n") for part in parts if part and content_stems(part))
    count = None
    tokens = tokenize(sentence)
    for number, noun in pairwise(tokens):
        if number.type == "number" and _COUNT.match(noun.text):
            count = number.values[0]
    return Steps(sentence, places, named, bullets, arrows, not _REVERSED.search(sentence), count)
