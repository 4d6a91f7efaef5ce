"""Measures candidates, each in a child process, one at a time: memory, times, answers, LoRA cost; a failure is a row.

Used by notebook 01. Rule: what is finished is never measured again, what was killed goes on at its next stage; the weights are
taken unquantised first, and quantised only where they did not fit.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from diaglib.candidates.child import ANSWER, JOB_FILE
from diaglib.candidates.failures import DONE, MISSING, OUT_OF_MEMORY, TIMEOUT, explain_error, explain_exit, shorten
from diaglib.candidates.resources import refuse_busy_gpu
from diaglib.candidates.settings import Settings
from diaglib.candidates.store import (
    RECORD_FILE,
    RUNNING_FILE,
    candidate_folder,
    finished_record,
    forget_passing,
    pack_answers,
    read_json,
    stage_file,
    write_json,
)
from diaglib.candidates.subject import QUANTISED, Subject
from diaglib.candidates.tasks import Task, get_task

LOG_CHARACTERS = 20_000
_LOOK_EVERY_S = 0.5


def measure_all(
    subjects: Sequence[Subject],
    task: str,
    settings: Settings,
    root: Path,
    force: bool = False,
    show: Callable[[str], None] = lambda line: None,
) -> list[dict[str, Any]]:
    """One record a subject, in order. Raises ValueError for an unknown task, or for two subjects of one name."""
    get_task(task)
    names = [subject.name for subject in subjects]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"two candidates are called '{twice[0]}': give each a name of its own")
    records = []
    for place, subject in enumerate(subjects, 1):
        record = measure(subject, task, settings, root, force)
        said = record["status"] + (f": {record['reason']}" if record["reason"] else "")
        show(f"{place} of {len(subjects)}: {subject.name}: {said}")
        records.append(record)
    return records


def measure(subject: Subject, task: str, settings: Settings, root: Path, force: bool = False) -> dict[str, Any]:
    """The record of one candidate: kept from before, or measured now.

    `status` is `done` or what kept it from that, `reason` a sentence; `measured` the figures of loading and answering,
    `lora` those of each rank, `tried` the ways its weights were held before the one that fitted. Never raises for what a
    candidate does.
    """
    found = get_task(task)
    folder = candidate_folder(root, subject, found, settings)
    if not force and (record := finished_record(folder)) is not None:
        return record
    start, busy = time.perf_counter(), _cpu_seconds_of_children()
    try:
        if force:
            shutil.rmtree(folder, ignore_errors=True)
        elif (folder / RECORD_FILE).exists():
            forget_passing(folder)
        folder.mkdir(parents=True, exist_ok=True)
        record = _climb(subject, found, settings, folder)
        pack_answers(Path(record["rung"]))
        record |= {
            "seconds": round(time.perf_counter() - start, 1),
            "cpu_seconds": round(_cpu_seconds_of_children() - busy, 1),
            "answers_in": str(Path(record.pop("rung")).relative_to(root)),
        }
        write_json(folder / RECORD_FILE, record)
    except OSError as error:  # the disk this writes to: the row is told though it cannot be kept
        status, reason = explain_error(error)
        record = failed_record(subject, task, status, reason)
    return record


def _cpu_seconds_of_children() -> float:
    """Of those that have ended: on a machine with other work, seconds on the clock say little."""
    times = os.times()
    return times.children_user + times.children_system


def failed_record(subject: Subject, task: str, status: str, reason: str) -> dict[str, Any]:
    """The record of a candidate that never came to be measured."""
    return _record(subject, get_task(task), status, reason, {}, {}, [])


def _climb(subject: Subject, task: Task, settings: Settings, folder: Path) -> dict[str, Any]:
    """Down the ladder of precisions until the weights fit; a rung whose package lacks is passed over."""
    own = subject.precision is not None or subject.is_factory or subject.is_embedded
    # random weights have no inputs that GPTQ could keep true to
    ladder = [rung for rung in settings.ladder if rung != "gptq" or subject.weights == "saved"]
    rungs: Sequence[str | None] = (subject.precision,) if own else ladder
    tried: list[dict[str, str]] = []
    for rung in rungs:
        place = folder / (rung or "as-is")
        results = _stages(subject.at(rung), task, settings, place)
        answer = results[ANSWER]
        lacks = answer["status"] == MISSING and rung in QUANTISED
        if not (answer["status"] == OUT_OF_MEMORY or lacks) or rung == rungs[-1]:
            break
        tried.append({"precision": str(rung), "status": answer["status"], "reason": answer["reason"]})
    lora = {stage.split()[1]: result for stage, result in results.items() if stage != ANSWER}
    reason = answer["reason"]
    if tried and answer["status"] != DONE:
        before = ", ".join(f"{one['precision']} {one['status']}" for one in tried)
        reason = shorten(f"as {rung} (before it {before}): {reason}")
    record = _record(subject, task, answer["status"], reason, answer, lora, tried)
    if not own and answer["status"] == DONE:
        record["quantisation_needed"] = str(rung) if rung in QUANTISED else "no"
    return record | {"rung": str(place)}


def _record(
    subject: Subject,
    task: Task,
    status: str,
    reason: str,
    measured: dict[str, Any],
    lora: dict[str, Any],
    tried: list[dict[str, str]],
) -> dict[str, Any]:
    return {
        "name": subject.name,
        "subject": subject.as_dict(),
        "task": task.name,
        "status": status,
        "reason": reason,
        "quantisation_needed": "",
        "tried": tried,
        "measured": {key: value for key, value in measured.items() if key not in ("status", "reason")},
        "lora": lora,
        "finished": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }


def _stages(subject: Subject, task: Task, settings: Settings, folder: Path) -> dict[str, dict[str, Any]]:
    """The result of every stage; a process that dies costs its stage, and another process does the rest."""
    folder.mkdir(parents=True, exist_ok=True)
    stages = [ANSWER] + ([] if subject.is_factory or not subject.tune else [f"lora {rank}" for rank in settings.lora_ranks])
    job = {"subject": subject.as_dict(), "task": task.name, "settings": settings.as_dict(), "stages": stages}
    write_json(folder / JOB_FILE, job)
    while True:
        results = {stage: result for stage in stages if (result := read_json(stage_file(folder, stage))) is not None}
        left = [stage for stage in stages if stage not in results]
        if not left or (ANSWER in results and results[ANSWER]["status"] != DONE):
            return results
        (folder / RUNNING_FILE).unlink(missing_ok=True)
        try:
            refuse_busy_gpu()
        except RuntimeError as error:
            failure = explain_error(error)
        else:
            failure = _run_child(folder, left[0], settings.timeout_s)
        running = (read_json(folder / RUNNING_FILE) or {}).get("stage", left[0])
        if not stage_file(folder, running).exists():
            write_json(stage_file(folder, running), {"status": failure[0], "reason": failure[1]})


def _run_child(folder: Path, first: str, timeout_s: float) -> tuple[str, str]:
    """Runs a child until it ends or one stage takes too long; returns what to say of a stage it left without a result."""
    command = [sys.executable, "-m", "diaglib.candidates.child", str(folder)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "TOKENIZERS_PARALLELISM": "false"}
    environment |= {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "PYTHONUNBUFFERED": "1"}
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, bufsize=0
    )
    log = _Log(child.stdout)
    stage, since = first, time.monotonic()
    try:
        while True:
            try:
                code = child.wait(_LOOK_EVERY_S)
                break
            except subprocess.TimeoutExpired:
                now = (read_json(folder / RUNNING_FILE) or {}).get("stage", first)
                if now != stage:
                    stage, since = now, time.monotonic()
                if time.monotonic() - since > timeout_s:
                    return TIMEOUT, f"it took longer than the {timeout_s:g} s a stage may take, and was ended"
    finally:  # also where this process is interrupted
        if child.poll() is None:
            child.kill()
            child.wait()
        if child.stdin is not None:
            child.stdin.close()
        log.thread.join(timeout=2)
    return explain_exit(code, log.text)


class _Log:
    """Reads what a child writes, so that it never waits, and keeps the end of it."""

    def __init__(self, stream: Any) -> None:
        self._stream, self._kept = stream, b""
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        while part := self._stream.read(65536):
            self._kept = (self._kept + part)[-LOG_CHARACTERS:]
        self._stream.close()

    @property
    def text(self) -> str:
        return self._kept.decode(errors="replace")
