"""A chat model that answers from a list, so that the conversation is tested without a trained one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Text:
    text: str


@dataclass
class ScriptedChatModel:
    """Gives its lines one after the other, the last one again and again; remembers the prompts and what ends an answer."""

    lines: list[str]
    prompts: list[str] = field(default_factory=list)
    stops: set[str] = field(default_factory=set)

    def answers(
        self, texts: Sequence[str], count: int = 1, temperature: float = 0.0, seed: int = 0, max_new_tokens: int = 256,
        stop_strings: Sequence[str] = (),
    ) -> list[list[Text]]:  # fmt: skip
        self.prompts += texts
        self.stops |= set(stop_strings)
        return [[Text(self.lines.pop(0) if len(self.lines) > 1 else self.lines[0])] for _ in texts]
