"""Multiple-choice questions in one common row: the project's own Korean set, and loaders for public sets of the hub.

Used by notebook 01 with TASK = "mcqa". Rule: public and private half are decided by a question's id alone, so it never changes
its half; nothing is downloaded unless a public set is asked for by name.
"""

from __future__ import annotations

import hashlib
import random
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

OWN_FILE = Path(__file__).with_name("korean_questions.toml")
MAX_CHOICES = 5


@dataclass(frozen=True, slots=True)
class Question:
    """`answer` is the number of the right choice, from 1; `extra` a boxed addition, empty where there is none."""

    id: str
    passage: str
    text: str
    choices: tuple[str, ...]
    answer: int
    extra: str = ""

    @property
    def half(self) -> str:
        """public or private, by the id."""
        return "public" if hashlib.sha256(self.id.encode()).digest()[0] % 2 else "private"


def questions(source: str = "own", count: int = 0) -> tuple[Question, ...]:
    """The questions of a set: own, csatqa, kmmlu or klue; the first `count` in an order drawn once, all where 0.

    Raises ValueError for an unknown set; whatever the hub raises where a public one cannot be had.
    """
    if source not in SOURCES:
        raise ValueError(f"there is no set of questions '{source}'; known: {', '.join(SOURCES)}")
    found = list(SOURCES[source]())
    if count and count < len(found):
        found = random.Random(0).sample(found, count)
    return tuple(found)


@lru_cache(maxsize=1)
def own_questions(path: Path = OWN_FILE) -> tuple[Question, ...]:
    """The questions written for this project. Raises ValueError naming the question where one cannot be."""
    found = []
    for passage in tomllib.loads(path.read_text(encoding="utf-8"))["passage"]:
        for place, row in enumerate(passage["question"], 1):
            name = f"{passage['id']}-{place}"
            choices = tuple(row["choices"])
            if not 1 <= row["answer"] <= len(choices) <= MAX_CHOICES or len(set(choices)) != len(choices):
                raise ValueError(f"{path.name}, question {name}: answer {row['answer']} of {len(choices)} choices cannot be")
            found.append(Question(name, passage["text"].strip(), row["text"], choices, row["answer"], row.get("extra", "")))
    return tuple(found)


# public sets --------------------------------------------------------------------------------------------------------------


def _rows(name: str, subset: str | None, split: str) -> Iterable[Mapping[str, Any]]:
    from datasets import load_dataset

    return load_dataset(name, subset, split=split) if subset else load_dataset(name, split=split)


def read_csatqa(rows: Iterable[Mapping[str, Any]]) -> list[Question]:
    """HAERAE-HUB/csatqa: Korean college entrance, five choices."""
    return [
        Question(
            f"csatqa-{row['test_name']}-{row['question_number']}",
            (row["context"] or "").strip(),
            row["question"].strip(),
            tuple(str(row[f"option#{i}"]).strip() for i in range(1, 6)),
            int(row["gold"]),
        )
        for row in rows
        if row["gold"] and 1 <= int(row["gold"]) <= MAX_CHOICES
    ]


def read_kmmlu(rows: Iterable[Mapping[str, Any]], subject: str) -> list[Question]:
    """HAERAE-HUB/KMMLU: Korean knowledge, four choices, no passage."""
    return [
        Question(
            f"kmmlu-{subject}-{i}",
            "",
            row["question"].strip(),
            tuple(str(row[key]).strip() for key in "ABCD"),
            int(row["answer"]),
        )
        for i, row in enumerate(rows)
    ]


def read_klue(rows: Iterable[Mapping[str, Any]], choices: int = 4) -> list[Question]:
    """klue, mrc: its answers are spans; the wrong choices made here are answers to other questions, drawn by the id."""
    given = [row for row in rows if not row["is_impossible"] and row["answers"]["text"]]
    spans = sorted({row["answers"]["text"][0].strip() for row in given})
    found = []
    for row in given:
        rng, right = random.Random(row["guid"]), row["answers"]["text"][0].strip()
        # a span that stands in the passage too is harder to tell apart, so such ones come first
        wrong = [span for span in rng.sample(spans, len(spans)) if span not in right and right not in span]
        wrong.sort(key=lambda span: span not in row["context"])
        drawn = rng.sample([right, *wrong[: choices - 1]], min(choices, len(wrong) + 1))
        found.append(Question(row["guid"], row["context"].strip(), row["question"].strip(), tuple(drawn), drawn.index(right) + 1))
    return found


SOURCES: dict[str, Callable[[], Iterable[Question]]] = {
    "own": own_questions,
    "csatqa": lambda: read_csatqa(_rows("HAERAE-HUB/csatqa", None, "train")),
    "kmmlu": lambda: read_kmmlu(_rows("HAERAE-HUB/KMMLU", "Korean-History", "test"), "Korean-History"),
    "klue": lambda: read_klue(_rows("klue/klue", "mrc", "validation")),
}
