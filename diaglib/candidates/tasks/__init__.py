"""The three questions asked of a candidate: diagram, chat, mcqa. Each asks, keeps the answers, and judges them apart.

Used by notebook 01. Rule: judging reads kept answers only, so that another judge needs no model.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from diaglib.candidates.registry import TASKS
from diaglib.candidates.settings import Settings

if TYPE_CHECKING:
    import pandas

__all__ = ["TASKS", "Task", "answer_row", "get_task"]


class Task(Protocol):
    """A module of this package."""

    name: str

    def configuration(self, settings: Settings) -> dict[str, Any]:
        """Everything that decides what is asked, for the content key."""

    def sample_prompt(self, settings: Settings) -> str:
        """A typical prompt, for the speed."""

    def ask(self, writer: Any, settings: Settings) -> list[dict[str, Any]]:
        """All answers of a writer, with the columns of `store.ANSWER_COLUMNS`."""

    def judge(self, answers: pandas.DataFrame, settings: Settings) -> dict[str, Any]:
        """Figures of kept answers; `passed` and `asked` are those of the choice."""

    def tuning_rows(self, settings: Settings) -> Sequence[tuple[str, str]]:
        """(prompt, answer) rows for the LoRA cost."""


def get_task(name: str) -> Task:
    """The task of that name. Raises ValueError listing the known ones."""
    if name not in TASKS:
        raise ValueError(f"there is no task '{name}'; known: {', '.join(TASKS)}")
    return importlib.import_module(f"diaglib.candidates.tasks.{name}")  # type: ignore[return-value]


def answer_row(
    part: str,
    item: str,
    prompt: str,
    answer: str,
    tokens: int,
    stopped: bool,
    seconds: float | None,
    sample: int = 0,
    extra: str = "",
) -> dict[str, Any]:
    """One kept answer; `extra` is what only this task knows, `seconds` None where it was not
    answered alone."""
    return {
        "part": part, "item": item, "sample": sample, "prompt": prompt, "answer": answer, "tokens": tokens,
        "stopped": stopped, "seconds": None if seconds is None else round(seconds, 4), "extra": extra,
    }  # fmt: skip
