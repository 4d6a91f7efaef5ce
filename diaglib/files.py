"""Files that are whole or not there, whenever the process that writes them is killed. Used wherever a file marks what is done."""

from __future__ import annotations

import contextlib
import os
import uuid
from pathlib import Path


def write_whole(path: str | Path, data: bytes) -> Path:
    """Writes a file through a temporary neighbour, so that a reader (or Ctrl-C) never meets half a file."""
    path = Path(path)
    temporary = path.with_name(f".{path.name[:40]}.{uuid.uuid4().hex[:8]}.part")
    try:
        with open(temporary, "xb") as file:
            file.write(data)
        os.replace(temporary, path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise type(error)(error.errno, f"cannot write {path} ({reason}): choose a folder that exists and is writable") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return path
