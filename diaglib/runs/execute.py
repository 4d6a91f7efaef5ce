"""Runs one notebook through papermill and records what came of it.

Used by `diaglib run`, here or on a worker of a cluster. Rule: the record is written last; a notebook that fails keeps its
partial report.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from diaglib.environment import package_versions
from diaglib.runs.disk import require_room
from diaglib.runs.records import RESULT_FILE, Result, write_result
from diaglib.runs.secrets import secret_values, strike_out
from diaglib.runs.series import Entry

NOTEBOOK_FILE = "notebook.ipynb"
REPORT_FILE = "report.html"
START_ATTEMPTS = 3  # a kernel can lose its port to another one that starts at the same time


@dataclass(frozen=True, slots=True)
class Job:
    """One notebook to run: where it is, where its run goes, and what it is given.

    `key` is what the run stands for, `expected_s` how long it took the last time (0 where unknown), `cell_timeout_s` the
    longest a cell may take (0: no limit).
    """

    entry: Entry
    notebook: Path
    folder: Path
    profile: str
    parameters: dict[str, Any]
    key: str
    expected_s: float = 0.0
    cell_timeout_s: int = 0


def run_job(job: Job, show: Callable[[str], None] = lambda words: None) -> Result:
    """Runs the notebook, writes its report, whole or partial, and the record. `show` is told how far it is. Raises OSError."""
    from diaglib.runs.report import headline_words, write_report

    job.folder.mkdir(parents=True, exist_ok=True)
    require_room(job.folder)
    target, report = job.folder / NOTEBOOK_FILE, job.folder / REPORT_FILE
    for file in (job.folder / RESULT_FILE, report, target):
        file.unlink(missing_ok=True)
    started, start = datetime.now(UTC), time.perf_counter()
    cells, error = _execute(job, target, show)
    result = Result(
        name=job.entry.name,
        question=job.entry.question,
        profile=job.profile,
        parameters=job.parameters,
        status="failed" if error else "done",
        error=strike_out(error, secret_values()),
        seconds=round(time.perf_counter() - start, 1),
        cells=cells,
        started=started.strftime("%Y-%m-%d %H:%M UTC"),
        key=job.key,
        leaves=job.entry.left(job.folder),
        machine=f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        versions=package_versions(),
    )
    if target.exists():
        result = replace(result, headline=headline_words(target))
        write_report(target, report, result.facts, result.error, result.leaves)
    write_result(job.folder, result)
    return result


def _execute(job: Job, target: Path, show: Callable[[str], None]) -> tuple[int, str]:
    """Returns the cells run and the reason of a failure, empty where there is none."""
    import nbformat
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    from diaglib.runs.engine import ENGINE
    from diaglib.runs.kernel import kernel_environment

    run, start = 0, time.perf_counter()
    total = len(nbformat.read(job.notebook, as_version=4).cells) + 1  # papermill puts the parameters in a cell of their own

    def tell(cell: Any, cell_index: int) -> None:
        nonlocal run
        run = cell_index + 1
        elapsed = time.perf_counter() - start
        left = f", about {max(job.expected_s - elapsed, 0):.0f} s left" if job.expected_s else ""
        show(f"cell {run} of {total}, {elapsed:.0f} s{left}")

    error = ""
    for attempt in range(1, START_ATTEMPTS + 1):
        try:
            with kernel_environment() as config:
                papermill.execute_notebook(
                    os.path.relpath(job.notebook),
                    os.path.relpath(target),
                    job.parameters,
                    engine_name=ENGINE,
                    kernel_name="python3",
                    progress_bar=False,
                    on_cell_start=tell,
                    execution_timeout=job.cell_timeout_s or None,
                    config=config,
                )
            return run, ""
        except papermill.PapermillExecutionError as failure:
            return run, f"cell {failure.cell_index + 1}: {failure.ename}: {failure.evalue}"
        except CellTimeoutError:
            return run, f"cell {run}: it took longer than the limit of {job.cell_timeout_s} s a cell (--cell-timeout)"
        except DeadKernelError:
            return run, f"cell {run}: Kernel died. Most often the memory was full: take a smaller model, fewer rows or a GPU"
        except OSError:  # the disk, not the notebook: nothing further could be written either
            raise
        except Exception as failure:  # any other library error is this notebook's failure
            error = f"cell {run}: {type(failure).__name__}: {failure}"
            if run or attempt == START_ATTEMPTS:
                break
            show(f"the kernel did not start ({failure}), trying again")
    return run, error
