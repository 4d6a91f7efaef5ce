"""Models that answer from a list, so that drawing is tested without a trained one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class ScriptedModel:
    """Answers each prompt from `answers`, one text after the other; remembers every call it got."""

    answers: dict[str, list[str]]
    calls: list[tuple[list[str], int, float, int]] = field(default_factory=list)
    given: dict[str, int] = field(default_factory=dict)

    def plan_texts(
        self, prompts: Sequence[str], count: int, temperature: float, seed: int, grammar: bool = False
    ) -> list[list[str]]:
        self.calls.append((list(prompts), count, temperature, seed))
        return [[self._next(prompt) for _ in range(count)] for prompt in prompts]

    def _next(self, prompt: str) -> str:
        texts = self.answers[prompt]
        place = self.given.get(prompt, 0)
        self.given[prompt] = place + 1
        return texts[min(place, len(texts) - 1)]
