"""Where measurements are kept: a folder a candidate and task, named by its content key, with every answer as parquet.

Used by notebook 01. Rule: a record is written last and atomically and is the mark of completion; an answer is never thrown away.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diaglib.candidates.failures import PASSING
from diaglib.candidates.settings import Settings
from diaglib.candidates.subject import Subject, content_key
from diaglib.files import write_whole

if TYPE_CHECKING:
    import pandas

    from diaglib.candidates.tasks import Task

RECORD_FILE = "record.json"
RUNNING_FILE = "running.json"
ANSWERS_FILE = "answers.parquet"
JUST_ASKED_FILE = "answers.json"
LIBRARY = Path(__file__).parents[1]
# the code whose change makes a measurement stale: what asks, not what judges or draws
_MEASURING = ("child", "embedded", "baselines", "writers", "speed", "lora_cost", "resources")
ANSWER_COLUMNS = ("part", "item", "sample", "prompt", "answer", "tokens", "stopped", "seconds", "extra")


@lru_cache(maxsize=1)
def code_version() -> str:
    """Hash of the code that measures: what it was decides whether a record still counts."""
    own = [LIBRARY / "candidates" / f"{name}.py" for name in _MEASURING]
    files = sorted([*own, *(LIBRARY / "llm").glob("*.py")])
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()[:16]


def candidate_folder(root: Path, subject: Subject, task: Task, settings: Settings) -> Path:
    """The folder of one candidate's measurement; another configuration of model or task is another folder."""
    used = {name: value for name, value in settings.as_dict().items() if name != "timeout_s"}
    key = content_key(subject.content(), task.name, task.configuration(settings), used, code_version())
    short = re.sub(r"[^\w.-]+", "-", subject.name)[:60].strip("-")
    return root / task.name / f"{short}-{key}"


def stage_file(folder: Path, stage: str) -> Path:
    return folder / f"stage-{stage.replace(' ', '-')}.json"


def read_json(path: Path) -> dict[str, Any] | None:
    """The document of a file; None where it is not there or was never finished."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """The file is there whole or not at all, whenever this process is killed."""
    write_whole(path, json.dumps(document, ensure_ascii=False, indent=1).encode())


def write_answers(folder: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Every answer with its prompt, whole or not at all, without a library whose memory would stand beside the model's."""
    write_json(folder / JUST_ASKED_FILE, {"rows": [{name: row.get(name) for name in ANSWER_COLUMNS} for row in rows]})


def pack_answers(folder: Path) -> None:
    """Makes parquet of what `write_answers` left, in the process that measures nothing."""
    if (asked := read_json(folder / JUST_ASKED_FILE)) is None:
        return
    import pandas

    table = pandas.DataFrame(asked["rows"], columns=list(ANSWER_COLUMNS))
    write_whole(folder / ANSWERS_FILE, table.to_parquet(index=False))
    (folder / JUST_ASKED_FILE).unlink()


def read_answers(record: Mapping[str, Any], root: Path) -> pandas.DataFrame:
    """The answers of a record, with the columns of `ANSWER_COLUMNS`; no rows where it never came to answer."""
    import pandas

    path = root / record["answers_in"] / ANSWERS_FILE if record.get("answers_in") else None
    if path is None or not path.is_file():
        return pandas.DataFrame(columns=list(ANSWER_COLUMNS))
    return pandas.read_parquet(path)


def forget_passing(folder: Path) -> None:
    """Takes away what failed for a reason that may have passed, so that it is tried again; all else stays."""
    for path in [folder / RECORD_FILE, *folder.glob("*/stage-*.json")]:
        if (read_json(path) or {}).get("status") in PASSING:
            path.unlink()


def finished_record(folder: Path) -> dict[str, Any] | None:
    """The record of a candidate that need not be measured again; one that failed for a passing reason is not such."""
    record = read_json(folder / RECORD_FILE)
    return record if record is not None and record["status"] not in PASSING else None
