"""Runs the chosen notebooks, one after another or side by side, and keeps what is finished.

Used by `diaglib run`. Rule: a run is known by what decides it (`content_key`), keys of what it needs included; a notebook
that fails stops only those that need it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from diaglib.profiles import Profile
from diaglib.runs.disk import disk_reasons, keep_aside
from diaglib.runs.execute import NOTEBOOK_FILE, Job, run_job
from diaglib.runs.lock import only_run
from diaglib.runs.records import Result, keep_seconds, last_seconds, read_result
from diaglib.runs.secrets import refuse_secrets
from diaglib.runs.series import Entry, content_key, load_series, output_root, read_overrides, read_parameters

Show = Callable[[str, bool], None]


@dataclass(frozen=True, slots=True)
class Options:
    """How a batch runs: `jobs` notebooks at a time here, or on the Dask cluster at `scheduler`; seconds a cell may take."""

    force: bool = False
    jobs: int = 1
    scheduler: str = ""
    cell_timeout_s: int = 0


def run_series(
    entries: Sequence[Entry],
    notebooks: Path,
    profile: Profile,
    overrides: Sequence[str] = (),
    show: Show = lambda line, last: None,
    options: Options | None = None,
) -> list[Result]:
    """Runs every entry that is not finished yet and returns one result each; writes reports and the profile's index.

    `overrides` are `NAME=VALUE` texts, given to every notebook that has such a parameter. `show(line, last)` is told
    how far a notebook is. Raises ValueError for unknown parameters, missing notebooks and a folder in use, before
    anything runs, and OSError, in words, where the disk refuses.
    """
    options = options or Options()
    parameters = _parameters(entries, notebooks, profile, overrides)
    batch = Batch(entries, notebooks, profile, parameters, options, show)
    with disk_reasons(batch.folder), only_run(batch.folder):
        if options.jobs > 1 or options.scheduler:
            from diaglib.runs.cluster import run_on_cluster

            run_on_cluster(batch, options.jobs, options.scheduler, profile.needs_gpu)
        else:
            jobs = batch.take()
            while jobs:
                job = jobs.pop(0)
                batch.finish(run_job(job, lambda words, name=job.entry.name: show(f"{name}: {words}", False)))  # type: ignore[misc]
                jobs += batch.take()
    return [batch.results[entry.name] for entry in entries]


def _parameters(
    entries: Sequence[Entry], notebooks: Path, profile: Profile, overrides: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """What each entry is run with, by name."""
    for entry in entries:
        if not (notebooks / entry.file).is_file():
            raise ValueError(f"{notebooks / entry.file} is not there: it is notebook {entry.number} of the series")
    defaults = {entry.name: read_parameters(notebooks / entry.file) for entry in entries}
    refuse_secrets(text.partition("=")[0] for text in overrides)
    known = {name: value for own in defaults.values() for name, value in own.items()}
    values = read_overrides(overrides, known)
    for name in values:
        if all(name in entry.parameters for entry in entries if name in defaults[entry.name]):
            raise ValueError(f"-p {name}: the series runs its notebook once for each value; choose among the results instead")
    return {
        entry.name: {"PROFILE": profile.name}
        | {name: value for name, value in values.items() if name in defaults[entry.name]}
        | entry.parameters
        for entry in entries
    }


class Batch:
    """Which entries wait, run and are finished. Told of every result, it keeps the index page up to date."""

    def __init__(
        self,
        entries: Sequence[Entry],
        notebooks: Path,
        profile: Profile,
        parameters: dict[str, dict[str, Any]],
        options: Options,
        show: Show,
    ) -> None:
        self.waiting = {entry.name: entry for entry in entries}
        self.results: dict[str, Result] = {}
        self.folder = output_root() / profile.name
        self.show = show
        self._notebooks, self._profile, self._parameters, self._options = notebooks, profile, parameters, options
        self._known_names = set(self.waiting)

    def take(self) -> list[Job]:
        """Jobs that can start now. What is finished already, or needs what failed, is recorded on the way."""
        jobs: list[Job] = []
        settled = True
        while settled:
            settled = False
            for entry in list(self.waiting.values()):
                needed = [name for name in entry.needs if name in self._known_names]
                if any(name not in self.results for name in needed):
                    continue
                del self.waiting[entry.name]
                job = self._job(entry)
                if known := self._without_running(job, needed):
                    self.finish(known)
                    settled = True
                else:
                    if told := keep_aside(job.folder / NOTEBOOK_FILE):
                        self.show(f"{entry.name}: {told}", True)
                    jobs.append(job)
        return jobs

    def finish(self, result: Result) -> None:
        """Records what came of a job: a line for the user, the time for the next forecast, the index page."""
        from diaglib.runs.report import write_index

        self.results[result.name] = result
        words = f"nothing changed since {result.started}, kept"
        if not result.kept:
            words = f"{result.status}, {result.cells} cells in {result.seconds:.1f} s"
            words = result.status if result.status == "skipped" else words
            words += f": {result.error}" if result.error else ""
        if result.status == "done" and not result.kept:
            keep_seconds(self.folder, {result.name: result.seconds})
        self.show(f"{result.name}: {words}", True)
        write_index(self.folder, self._profile, load_series())

    def _job(self, entry: Entry) -> Job:
        parameters, notebook = self._parameters[entry.name], self._notebooks / entry.file
        before = [self.results.get(name) or read_result(self.folder / name) for name in entry.needs]
        key = content_key(entry, notebook, parameters, self._profile, [result.key if result else "" for result in before])
        if self._options.force and "FORCE" in read_parameters(notebook):  # what the notebook itself keeps is made anew too
            parameters = parameters | {"FORCE": True}
        return Job(
            entry,
            notebook,
            self.folder / entry.name,
            self._profile.name,
            parameters,
            key,
            last_seconds(self.folder).get(entry.name, 0.0),
            self._options.cell_timeout_s,
        )

    def _without_running(self, job: Job, needed: Sequence[str]) -> Result | None:
        """The result of an entry that is finished, or that needs one which is not; None where it has to run."""
        before = read_result(job.folder)
        if failed := [name for name in needed if self.results[name].status != "done"]:
            reason = f"it needs {failed[0]}, which is {self.results[failed[0]].status}"
            return Result(
                job.entry.name, job.entry.question, job.profile, job.parameters, "skipped", reason, 0.0, 0, "", job.key, ""
            )
        if before and before.status == "done" and before.key == job.key and not self._options.force:
            return replace(before, kept=True)
        return None
