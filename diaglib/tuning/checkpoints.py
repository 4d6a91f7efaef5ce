"""Checkpoints that are whole or not there: a mark is written last, and only marked folders are resumed.

Used by notebooks 03 and 04. Rule: a full disk or a lost mount is told at once and costs at most one checkpoint.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from diaglib.files import write_whole
from diaglib.tuning.errors import TuningError
from diaglib.tuning.processes import wait_for_all

WHOLE_MARK = "whole.json"
PREFIX = "checkpoint-"


@dataclass(frozen=True)
class CheckpointFolder:
    """The folder of a run's checkpoints, each in `checkpoint-STEP`."""

    folder: Path

    def steps(self) -> list[int]:
        """Steps of the whole checkpoints, the latest last."""
        marks = self.folder.glob(f"{PREFIX}*/{WHOLE_MARK}")
        return sorted(int(mark.parent.name.removeprefix(PREFIX)) for mark in marks)

    def path(self, step: int) -> Path:
        return self.folder / f"{PREFIX}{step}"

    def last(self) -> Path | None:
        """The latest whole checkpoint; what a kill or a full disk left half written is removed first."""
        if self.folder.is_dir():
            for place in self.folder.glob(f"{PREFIX}*"):
                if not (place / WHOLE_MARK).is_file():
                    shutil.rmtree(place, ignore_errors=True)
        steps = self.steps()
        return self.path(steps[-1]) if steps else None

    def safe(self) -> str:
        """What a run that stops here leaves, in words."""
        steps = self.steps()
        return f"the checkpoint of step {steps[-1]} in {self.folder} is kept" if steps else "there is no checkpoint yet"

    def require_room(self, megabytes: float) -> None:
        """Raises TuningError where the folder cannot be written to or has no room for one more checkpoint."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(self.folder).free / 1e6
            probe = self.folder / f".probe.{os.getpid()}"
            probe.write_bytes(b"diaglib")
            probe.unlink()
        except OSError as error:
            raise self._lost(error) from error
        if free < megabytes:
            raise TuningError(
                "disk",
                f"{self.folder} has {free:,.0f} MB left and a checkpoint takes {megabytes:,.0f} MB: free some, or choose another "
                f"folder; {self.safe()}",
            )

    @contextmanager
    def writing(self, step: int) -> Iterator[None]:
        """Around the writing of one checkpoint: marks it when it is whole, removes it when the writing fails."""
        place = self.path(step)
        try:
            yield
            wait_for_all()
            write_whole(place / WHOLE_MARK, json.dumps({"step": step}).encode())
        except Exception as error:
            if not _is_about_files(error):
                raise
            shutil.rmtree(place, ignore_errors=True)
            raise self._lost(error) from error

    def _lost(self, error: BaseException) -> TuningError:
        words = str(error).strip().splitlines() or [type(error).__name__]
        return TuningError(
            "disk",
            f"a checkpoint could not be written to {self.folder} ({words[0]}): is the disk full, or a mounted Drive gone? "
            f"{self.safe()}; run the same again to go on from it",
        )


def _is_about_files(error: BaseException) -> bool:
    """The system's own error, or what safetensors and torch make of it."""
    words = str(error).lower()
    made_of_it = type(error).__name__ == "SafetensorError" or "pytorchstreamwriter" in words or "enforce fail" in words
    return isinstance(error, OSError) or made_of_it or "no space left" in words
