"""What the persona answers without a model: messages of despair, of danger, and insults.

Used by notebook 06 and the chat command. Rule: a small model is never left alone with a person in distress; the words and answers
are data, in persona.toml. Words are found by plain search, so a rule errs towards care: it also fires on a figure of speech.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
import zlib
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

_FILE = Path(__file__).parent / "persona.toml"


class PersonaRule(NamedTuple):
    """The words that make a rule fire, those that do not count, and the answers it chooses from."""

    name: str
    words: tuple[str, ...]
    exceptions: tuple[str, ...]
    answers: tuple[str, ...]

    def fits(self, message: str) -> bool:
        """Whether the message holds one of the words, however it is spaced."""
        letters = re.sub(r"[\W_]", "", unicodedata.normalize("NFC", message))
        for exception in self.exceptions:
            letters = letters.replace(exception, " ")
        return any(word in letters for word in self.words)


@lru_cache
def persona_rules() -> tuple[PersonaRule, ...]:
    """All rules, the most urgent first."""
    entries = tomllib.loads(_FILE.read_text(encoding="utf-8"))["rule"]
    return tuple(PersonaRule(e["name"], tuple(e["words"]), tuple(e["except"]), tuple(e["answers"])) for e in entries)


def persona_about() -> str:
    """Who answers, in Korean: her name and what she is."""
    persona = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return f"{persona['name']}: {persona['about']}"


def persona_rule(message: str) -> PersonaRule | None:
    """The most urgent rule that fits a message; None where a model may answer."""
    return next((rule for rule in persona_rules() if rule.fits(message)), None)


def persona_answer(message: str) -> str | None:
    """The rule's answer to a message, the same again for the same message; None where a model may answer."""
    rule = persona_rule(message)
    if rule is None:
        return None
    return rule.answers[zlib.crc32(message.encode("utf-8", "replace")) % len(rule.answers)]
