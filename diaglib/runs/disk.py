"""What a run meets on the disk: no room, no permission, a record of another version, a notebook changed by hand.

Used by `diaglib run`. Rule: each is told with what, where and what to do; nothing finished or written by hand is lost.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from diaglib.files import is_full
from diaglib.runs.records import RESULT_FILE, read_result
from diaglib.runs.series import OUTPUTS_VARIABLE

NEEDED_BYTES = 10_000_000  # a notebook with its pictures, and its report


@contextmanager
def disk_reasons(folder: Path) -> Iterator[None]:
    """An error of the disk that holds `folder` becomes an OSError in words; others stay as they are."""
    try:
        yield
    except OSError as error:
        place = Path(os.path.abspath(error.filename or folder))
        own = Path(os.path.abspath(folder))
        concerned = error.filename and (place.is_relative_to(own) or own.is_relative_to(place))
        if not (concerned or is_full(error)):
            raise
        what = "the disk is full: free some space"
        if not is_full(error):
            what = f"it cannot be written ({os.strerror(error.errno or errno.EIO)}): see that its folder is there and writable"
        remedy = f"or set {OUTPUTS_VARIABLE} to another folder, and start again: what is finished in this one is kept"
        raise OSError(f"{error.filename or folder}: {what}, {remedy}") from error


def require_room(folder: Path) -> None:
    """Raises OSError where the disk has no room for a run, while the earlier run is still there."""
    if shutil.disk_usage(folder).free < NEEDED_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))


def keep_aside(notebook: Path) -> str:
    """Moves a run's notebook aside that another version made, or that was changed by hand since; returns what to tell of it."""
    record = notebook.with_name(RESULT_FILE)
    if not (notebook.exists() and record.exists()):
        return ""
    changed = notebook.stat().st_mtime_ns > record.stat().st_mtime_ns  # a run writes its record last
    if read_result(notebook.parent) and not changed:
        return ""
    number = 1
    while (aside := notebook.with_name(f"{notebook.stem}.kept-{number}{notebook.suffix}")).exists():
        number += 1
    notebook.rename(aside)
    why = f"{notebook} was changed by hand" if changed else f"{record} is damaged or was written by another version"
    return f"{why}: the notebook is kept as {aside.name}, and runs again"
