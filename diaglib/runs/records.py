"""What a run leaves on record: its result, written last and atomically, and how long each notebook took the last time.

Used by `diaglib run` and the index page. Rule: a folder with a finished result is complete, one without is run again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from diaglib.files import write_whole

RESULT_FILE = "result.json"
SECONDS_FILE = ".seconds.json"


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one notebook: `status` is `done`, `failed` or `skipped`, `error` the reason, `key` what it stands for.

    `headline` is the sentence it ends its headline cell with; `machine` and `versions` say where it ran.
    """

    name: str
    question: str
    profile: str
    parameters: dict[str, Any]
    status: str
    error: str
    seconds: float
    cells: int
    started: str
    key: str
    leaves: str
    headline: str = ""
    machine: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    kept: bool = False

    @property
    def facts(self) -> list[str]:
        """What a report says at its top."""
        versions = ", ".join(f"{name} {number}" for name, number in self.versions.items())
        return [f"profile {self.profile}", self.started, f"{self.cells} cells in {self.seconds} s", self.machine, versions]


def read_result(folder: Path) -> Result | None:
    """The record of a finished or failed run; None where a run never came to its end, or another version wrote it."""
    try:
        read = Result(**json.loads((folder / RESULT_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return read if isinstance(read.parameters, dict) and isinstance(read.versions, dict) else None


def write_result(folder: Path, result: Result) -> None:
    """Completes a run. Raises OSError."""
    write_whole(folder / RESULT_FILE, json.dumps(asdict(result), ensure_ascii=False, indent=2).encode() + b"\n")


def last_seconds(folder: Path) -> dict[str, float]:
    """Seconds by name of notebook, of its last finished run in this profile's folder."""
    with suppress(OSError, ValueError):
        read = json.loads((folder / SECONDS_FILE).read_text(encoding="utf-8"))
        if isinstance(read, dict):
            return {name: float(value) for name, value in read.items() if isinstance(value, int | float)}
    return {}


def keep_seconds(folder: Path, seconds: Mapping[str, float]) -> None:
    """Remembers the times for the next run's forecast."""
    write_whole(folder / SECONDS_FILE, json.dumps(last_seconds(folder) | dict(seconds)).encode())
