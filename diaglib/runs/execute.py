"""Runs the chosen notebooks one after another through papermill and records what came of each.

Used by `diaglib run`. Rule: `result.json` is written last and atomically, so a folder with a finished one is complete, and
one without is run again. A notebook that fails keeps its partial report, and the rest goes on.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from diaglib.environment import package_versions
from diaglib.profiles import Profile
from diaglib.runs.series import Entry, content_key, load_series, output_root, read_overrides, read_parameters

RESULT_FILE = "result.json"
NOTEBOOK_FILE = "notebook.ipynb"
REPORT_FILE = "report.html"


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one notebook: `status` is `done` or `failed`, `error` the reason, `key` the content it stands for.

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


def run_series(
    entries: Sequence[Entry],
    notebooks: Path,
    profile: Profile,
    overrides: Sequence[str] = (),
    force: bool = False,
    show: Callable[[str, bool], None] = lambda line, last: None,
) -> list[Result]:
    """Runs every entry that is not finished yet and returns one result each; writes reports and the profile's index.

    `overrides` are `NAME=VALUE` texts, given to every notebook that has such a parameter. `show(line, last)` is told
    how far a notebook is. Raises ValueError for unknown parameters and missing notebooks, before anything runs.
    """
    from diaglib.runs.report import write_index

    defaults = {entry.name: read_parameters(_find(notebooks, entry)) for entry in entries}
    known: dict[str, Any] = {}
    for own in defaults.values():
        known |= own
    values = read_overrides(overrides, known)
    results = []
    for entry in entries:
        parameters = {"PROFILE": profile.name} | entry.parameters
        parameters |= {name: value for name, value in values.items() if name in defaults[entry.name]}
        results.append(_run_or_keep(entry, notebooks / entry.file, parameters, profile, force, show))
        write_index(output_root() / profile.name, profile, load_series())
    return results


def _find(notebooks: Path, entry: Entry) -> Path:
    path = notebooks / entry.file
    if not path.is_file():
        raise ValueError(f"{path} is not there: it is notebook {entry.number} of the series")
    return path


def read_result(folder: Path) -> Result | None:
    """The record of a finished or failed run, or None where a run never came to its end."""
    try:
        return Result(**json.loads((folder / RESULT_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _run_or_keep(
    entry: Entry, notebook: Path, parameters: dict[str, Any], profile: Profile, force: bool, show: Callable[[str, bool], None]
) -> Result:
    from diaglib.runs.report import write_report

    folder = output_root() / profile.name / entry.name
    key = content_key(entry, notebook, parameters, profile)
    before = read_result(folder)
    if before and before.status == "done" and before.key == key and not force:
        show(f"{entry.name}: nothing changed since {before.started}, kept", True)
        return Result(**{**asdict(before), "kept": True})
    folder.mkdir(parents=True, exist_ok=True)
    for file in (RESULT_FILE, REPORT_FILE, NOTEBOOK_FILE):
        (folder / file).unlink(missing_ok=True)
    started, start = datetime.now(UTC), time.perf_counter()
    cells, error = _execute(entry, notebook, folder, parameters, lambda words: show(f"{entry.name}: {words}", False))
    seconds = time.perf_counter() - start
    result = Result(
        name=entry.name,
        question=entry.question,
        profile=profile.name,
        parameters=parameters,
        status="failed" if error else "done",
        error=error,
        seconds=round(seconds, 1),
        cells=cells,
        started=started.strftime("%Y-%m-%d %H:%M UTC"),
        key=key,
        leaves=entry.left(folder),
        headline=_headline_words(folder / NOTEBOOK_FILE),
        machine=f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        versions=package_versions(),
    )
    if (folder / NOTEBOOK_FILE).exists():
        write_report(folder / NOTEBOOK_FILE, folder / REPORT_FILE, result.facts, error, result.leaves)
    _write_whole(folder / RESULT_FILE, json.dumps(asdict(result), ensure_ascii=False, indent=2) + "\n")
    show(f"{entry.name}: {result.status}, {cells} cells in {seconds:.1f} s" + (f": {error}" if error else ""), True)
    return result


def _execute(
    entry: Entry, notebook: Path, folder: Path, parameters: dict[str, Any], show: Callable[[str], None]
) -> tuple[int, str]:
    """Runs one notebook. Returns the cells run and the reason of a failure."""
    import nbformat
    import papermill

    from diaglib.runs.kernel import kernel_environment

    run, start = 0, time.perf_counter()
    total = len(nbformat.read(notebook, as_version=4).cells) + 1  # papermill puts the parameters in a cell of their own

    def tell(cell: Any, cell_index: int) -> None:
        nonlocal run
        run = cell_index + 1
        show(f"cell {run} of {total}, {time.perf_counter() - start:.0f} s")

    error = ""
    target = folder / NOTEBOOK_FILE
    try:
        with kernel_environment() as config:
            papermill.execute_notebook(
                os.path.relpath(notebook),
                os.path.relpath(target),
                parameters,
                kernel_name="python3",
                progress_bar=False,
                on_cell_start=tell,
                config=config,
            )
    except papermill.PapermillExecutionError as failure:
        error = f"cell {failure.cell_index + 1}: {failure.ename}: {failure.evalue}"
    except Exception as failure:  # the kernel died or never started: any library error is this notebook's failure
        error = f"cell {run}: {type(failure).__name__}: {failure}"
    return run, error


def _headline_words(notebook: Path) -> str:
    import nbformat

    from diaglib.runs.report import find_headline_words

    return find_headline_words(nbformat.read(notebook, as_version=4).cells) if notebook.exists() else ""


def _write_whole(path: Path, text: str) -> None:
    """The file is there whole or not at all, whenever this process is killed."""
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
