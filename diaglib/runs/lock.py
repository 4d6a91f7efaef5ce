"""One run at a time in a folder: a second one is told who holds it, what a killed run left is taken over.

Used by `diaglib run`. Rule: the operating system holds the lock, so it ends with its process, however that ends.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

LOCK_FILE, HOLDER_FILE = ".lock", ".lock-holder.json"


@contextmanager
def only_run(folder: Path) -> Iterator[None]:
    """Holds the folder for its duration. Raises ValueError naming the holder where another run has it."""
    from filelock import FileLock, Timeout

    folder.mkdir(parents=True, exist_ok=True)
    lock, holder = FileLock(folder / LOCK_FILE, timeout=0), folder / HOLDER_FILE
    try:
        lock.acquire()
    except Timeout:
        raise ValueError(f"{folder} is in use by {_who(holder)}: wait for it, or stop it, or choose another profile") from None
    try:
        started = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
        holder.write_text(
            json.dumps({"process": os.getpid(), "host": socket.gethostname(), "started": started}), encoding="utf-8"
        )
        yield
        holder.unlink(missing_ok=True)
    finally:
        lock.release()


def _who(holder: Path) -> str:
    try:
        told = json.loads(holder.read_text(encoding="utf-8"))
        return f"process {told['process']} on {told['host']}, since {told['started']}"
    except (OSError, ValueError, TypeError, KeyError):
        return "another run"
