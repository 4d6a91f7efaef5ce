"""What went wrong with a candidate, as a status of a few words and a reason of one sentence.

Used by parent and child of notebook 01's measurements. Rule: a failure is a value; no traceback reaches the report.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator

from diaglib.candidates.resources import BusyGPUError
from diaglib.files import is_full

DONE = "done"
OUT_OF_MEMORY = "out of memory"
TIMEOUT = "timeout"
KILLED = "killed"
FLOOD = "flood of text"
DISK_FULL = "disk full"
BUSY = "busy GPU"
MISSING = "package missing"
ERROR = "error"
# what ModelLoadError says in one word, in the report's words
_KINDS = {"memory": OUT_OF_MEMORY, "weights": "broken weights", "package": MISSING, "network": "no network"}
# a later run may find these mended, so it tries them again; the rest is final until --force
PASSING = frozenset({"gated", "no network", BUSY, DISK_FULL, MISSING, "remote code", "unknown model"})
MAX_REASON_CHARACTERS = 300


class FloodError(RuntimeError):
    """An answer longer than anything that is kept."""


def explain_error(error: BaseException) -> tuple[str, str]:
    """(status, reason) of whatever was raised while a candidate was measured."""
    chain = list(_causes(error))
    for one in chain:
        if isinstance(one, OSError) and is_full(one):
            return DISK_FULL, "no space is left on the disk: free some, or set HF_HOME and DIAGLIB_OUTPUTS to a larger one"
    for kind, status in ((FloodError, FLOOD), (BusyGPUError, BUSY)):
        if isinstance(error, kind):
            return status, shorten(str(error))
    from diaglib.llm.hub_loading import ModelLoadError, is_out_of_memory

    for one in chain:
        if isinstance(one, ModelLoadError):
            status = _KINDS.get(one.kind, one.kind)
            return (ERROR if status == "unknown" else status), shorten(str(one))
    if any(is_out_of_memory(one) for one in chain):
        return OUT_OF_MEMORY, shorten(first_line(error) or "memory ran out")
    if isinstance(error, ImportError):
        return MISSING, shorten(f"a package cannot be imported: {first_line(error)}")
    return ERROR, shorten(f"{type(error).__name__}: {first_line(error)}")


def explain_exit(code: int, log: str) -> tuple[str, str]:
    """(status, reason) of a child process that ended without a word of its own; `log` is the end of what it wrote."""
    last = next((line.strip() for line in reversed(log.splitlines()) if line.strip()), "")
    said = f"; it said last: {last}" if last else ""
    if code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        hint = " (the system does so when main memory runs out)" if name == "SIGKILL" else ""
        return KILLED, shorten(f"its process was ended by {name}{hint}{said}")
    return ERROR, shorten(f"its process ended with code {code}{said}")


def shorten(words: str) -> str:
    """One line of at most 300 characters."""
    line = " ".join(words.split())
    return line if len(line) <= MAX_REASON_CHARACTERS else line[: MAX_REASON_CHARACTERS - 1] + "…"


def first_line(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), "")


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__
