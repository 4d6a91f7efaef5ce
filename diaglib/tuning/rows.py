"""Rows of tuning: a prompt and its answer, from a CSV file or from rows in memory, and the split into training and validation.

Used by notebooks 03 and 04 and by `diaglib tune`. Rule: a row that cannot be used is counted and told, never cut or dropped
silently.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from diaglib.tuning.errors import TuningError

ANSWER_COLUMNS = {"plan": "plan", "nodes": "nodes", "chat": "answer"}
PROMPT_COLUMN = "prompt"


class _HasPrompt(Protocol):
    @property
    def prompt(self) -> str: ...


_Prompted = TypeVar("_Prompted", bound=_HasPrompt)


@dataclass(frozen=True)
class Row:
    """One prompt and the answer to learn; `family` groups rows in reports, `number` is its place in the source, from 0."""

    prompt: str
    answer: str
    family: str = ""
    number: int = 0


def read_rows(source: str | Path | Iterable[Mapping[str, Any]], answer_format: str = "plan") -> list[Row]:
    """Rows of a CSV file (UTF-8, with a header) or of mappings with the same columns: `prompt`, and `plan`, `nodes` or
    `answer` by the format; `family` where there is one.

    Raises TuningError where there are no rows, a column is missing (it names what was found) or a cell is empty, and OSError
    where the file cannot be read.
    """
    needed = (PROMPT_COLUMN, ANSWER_COLUMNS[answer_format])
    name = str(source) if isinstance(source, (str, Path)) else "the data set"
    if isinstance(source, (str, Path)):
        with open(source, newline="", encoding="utf-8-sig") as file:
            try:
                reader = csv.DictReader(file)
                found: Sequence[str] = reader.fieldnames or ()
                _require(needed, found, name)
                records: list[Mapping[str, Any]] = list(reader)
            except (UnicodeDecodeError, csv.Error) as error:
                raise TuningError("rows", f"{name} is not a CSV file in UTF-8: {error}") from None
    else:
        records = list(source)
        if records:
            _require(needed, list(records[0]), name)
    if not records:
        raise TuningError("rows", f"{name} has no rows: make some with `python -m diaglib dataset --out rows.csv`")
    rows = []
    for number, record in enumerate(records):
        prompt, answer = (str(record.get(column) or "").strip() for column in needed)
        if not prompt or not answer:
            raise TuningError("rows", f"{name}, row {number + 1}: its {needed[1] if prompt else needed[0]} is empty")
        rows.append(Row(prompt, answer, str(record.get("family") or ""), number))
    return rows


def _require(needed: Sequence[str], found: Sequence[str], name: str) -> None:
    if missing := [column for column in needed if column not in found]:
        raise TuningError(
            "rows", f"{name} lacks the column {' and '.join(missing)}; its columns are: {', '.join(map(str, found)) or 'none'}"
        )


def split_rows(rows: Sequence[_Prompted], validation_share: float = 0.1) -> tuple[list[_Prompted], list[_Prompted]]:
    """Training and validation rows, or pairs. A prompt decides its side by a hash, so that the same prompt is never on both."""
    training: list[_Prompted] = []
    validation: list[_Prompted] = []
    for row in rows:
        place = int.from_bytes(hashlib.sha256(row.prompt.encode()).digest()[:4]) / 2**32
        (validation if place < validation_share else training).append(row)
    return training, validation
