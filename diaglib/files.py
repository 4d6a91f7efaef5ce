"""Files that are whole or not there, whenever the process that writes them is killed, and cells that a spreadsheet only shows.

Used wherever a file marks what is done, and for the tables a person fills.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import uuid
from pathlib import Path

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)


def write_whole(path: str | Path, data: bytes) -> Path:
    """Writes a file through a temporary neighbour, so that a reader (or Ctrl-C) never meets half a file."""
    path = Path(path)
    temporary = path.with_name(f".{path.name[:40]}.{uuid.uuid4().hex[:8]}.part")
    try:
        with open(temporary, "xb") as file:
            file.write(data)
        os.replace(temporary, path)
    except OSError as error:
        remedy = "free some space, or choose a folder on another disk"
        if not is_full(error):
            remedy = "choose a folder that exists and is writable"
        raise type(error)(error.errno, f"cannot write {path} ({error.strerror or error}): {remedy}") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return path


def is_full(error: OSError) -> bool:
    """Whether the disk, or the user's share of it, has no room left."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def as_cell(text: str) -> str:
    """A text for a CSV file, quoted where a spreadsheet would run it as a formula. Source: OWASP, CSV injection."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def from_cell(text: str) -> str:
    """What was given to `as_cell`."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
