"""The process in which one candidate is measured: `python -m diaglib.candidates.child FOLDER`, started by `measure`.

Rule: each stage writes its result last and atomically, and a stage that has one is not done again; when the parent ends, this
process ends at once, so that two runs never measure side by side.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from statistics import fmean
from typing import Any

from diaglib.candidates.failures import DONE, FloodError, explain_error
from diaglib.candidates.resources import give_back, has_cuda, limit_memory, read_peaks, start_peaks, weights_mib
from diaglib.candidates.settings import Settings, read_settings
from diaglib.candidates.store import RUNNING_FILE, stage_file, write_answers, write_json
from diaglib.candidates.subject import Subject
from diaglib.candidates.tasks import Task, get_task

MAX_ANSWER_CHARACTERS = 200_000
JOB_FILE = "job.json"
ANSWER = "answer"


def main(folder: Path) -> None:
    """Does the job in `folder`, and ends with the process that started this one."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    do_job(folder)


def do_job(folder: Path) -> None:
    """Does the stages of the job in `folder` that have no result yet."""
    job = json.loads((folder / JOB_FILE).read_text(encoding="utf-8"))
    subject, settings = Subject(**job["subject"]), read_settings(job["settings"])
    task = get_task(job["task"])
    for stage in job["stages"]:
        if stage_file(folder, stage).exists():
            continue
        write_json(folder / RUNNING_FILE, {"stage": stage})
        try:
            result = {"status": DONE, "reason": "", **_measure(stage, subject, task, settings, folder)}
        except (Exception, SystemExit) as error:  # whatever a model's code raises is this candidate's result
            status, reason = explain_error(error)
            result = {"status": status, "reason": reason, **read_peaks()}
        write_json(stage_file(folder, stage), result)
        if stage == ANSWER and result["status"] != DONE:
            break  # what cannot answer is not tuned
        give_back()


def _end_with_parent() -> None:
    """Standard input is a pipe that only the parent holds open."""
    sys.stdin.buffer.read()
    os._exit(1)


def _measure(stage: str, subject: Subject, task: Task, settings: Settings, folder: Path) -> dict[str, Any]:
    from diaglib.candidates.writers import open_writer

    if not subject.is_factory:  # the libraries are no part of the loading time
        import torch
        import transformers
        from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM  # noqa: F401

        transformers.logging.set_verbosity_error()
        if settings.threads:
            torch.set_num_threads(settings.threads)
    limit_memory(settings.memory_limit_gib)
    start_peaks()
    start = time.perf_counter()
    writer = open_writer(subject)
    found: dict[str, Any] = {"load_s": round(time.perf_counter() - start, 3)}
    if subject.precision == "gptq":  # packing is a piece of the load, and stands in no peak of what is packed
        give_back()
        start_peaks()
    if stage != ANSWER:
        from diaglib.candidates.lora_cost import lora_cost

        return lora_cost(writer, task.tuning_rows(settings), int(stage.split()[1]), settings)
    model = getattr(writer, "model", None)
    if model is not None:
        found |= _describe(writer, model)
    if subject.weights == "saved":
        found |= _ask(writer, task, settings, folder)
    if model is not None:
        from diaglib.candidates.speed import generation_speed

        found |= generation_speed(model, writer.prompt_ids(task.sample_prompt(settings)), settings)
    return found | read_peaks()


def _describe(writer: Any, model: Any) -> dict[str, Any]:
    return {
        "precision": getattr(writer, "dtype", ""),
        "precision_reason": getattr(writer, "dtype_reason", ""),
        "architecture": type(model).__name__,
        "parameters": getattr(writer, "parameters", None) or model.num_parameters(),
        "weights_mib": weights_mib(model),
        "device": "cuda" if has_cuda() else "cpu",
    }


def _ask(writer: Any, task: Task, settings: Settings, folder: Path) -> dict[str, Any]:
    start = time.perf_counter()
    rows = task.ask(writer, settings)
    seconds = time.perf_counter() - start
    for row in rows:
        if len(row["answer"]) > MAX_ANSWER_CHARACTERS:
            words = f"an answer has {len(row['answer']):,} characters, at most {MAX_ANSWER_CHARACTERS:,} are taken"
            raise FloodError(words)
    write_answers(folder, rows)
    written = [row for row in rows if row["tokens"]]
    alone = [row["seconds"] for row in rows if row["seconds"] is not None and (row["tokens"] or not written)]
    return {
        "answers": len(rows),
        "answering_s": round(seconds, 3),
        "response_s": round(fmean(alone), 4) if alone else None,
        "tokens_an_answer": round(fmean(row["tokens"] for row in written), 1) if written else None,
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
