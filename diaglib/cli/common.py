"""What every command shares: reading input, refusing to overwrite, one JSON document, reasons on standard error.

Used by `diaglib/__main__.py`. Rule: bad input ends in one sentence that says what, where and what to do, never a traceback.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

import typer

ANSWER_IS_NO = 1
CANNOT = 2
MAX_INPUT_BYTES = 10_000_000


def tell(words: str) -> None:
    """A line of progress or reason, on standard error."""
    print(words, file=sys.stderr, flush=True)


def stop(words: str, code: int = CANNOT, as_json: bool = False, **details: Any) -> NoReturn:
    """Ends the command with its reason on standard error, and as a document on standard output where JSON is asked for."""
    tell(f"diaglib: {words}")
    if as_json:
        print_json({"error": words, **details})
    raise typer.Exit(code)


def print_json(document: Any) -> None:
    """The one document of `--json`."""
    print(json.dumps(document, ensure_ascii=False, indent=2))


def read_text(source: str, as_json: bool = False, wanted: str = "the node lines or the plan of a diagram") -> str:
    """The text of a file, or of standard input for `-`. Ends the command where it cannot be read or is not text.

    `wanted` says in that case what should be given.
    """
    name = "standard input" if source == "-" else source
    with reasons(as_json):
        if source == "-":
            data = sys.stdin.buffer.read(MAX_INPUT_BYTES + 1)
        elif Path(source).is_dir():
            stop(f"{name} is a folder: name a text file in it", as_json=as_json)
        else:
            with open(source, "rb") as file:
                data = file.read(MAX_INPUT_BYTES + 1)
    if len(data) > MAX_INPUT_BYTES:
        stop(f"{name} is larger than {MAX_INPUT_BYTES // 1_000_000} MB: give {wanted}", as_json=as_json)
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        stop(f"{name} is not text: give {wanted}", ANSWER_IS_NO, as_json)
    return text


def refuse_overwriting(path: Path, force: bool, as_json: bool = False) -> None:
    """Ends the command where `path` exists and `--force` is not given, or is a folder."""
    if path.is_dir():
        stop(f"{path} is a folder: name a file in it", as_json=as_json)
    if path.exists() and not force:
        stop(f"{path} exists already: choose another name, or overwrite it with --force", as_json=as_json)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A place beside `path` to write to; it becomes `path` when the writing succeeds and is removed when it does not."""
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        part.replace(path)
    except OSError as error:
        raise OSError(
            error.errno, f"cannot be written: {error.strerror or 'is its folder there and writable?'}", str(path)
        ) from error
    finally:
        with suppress(OSError):
            part.unlink()


@contextmanager
def reasons(as_json: bool = False) -> Iterator[None]:
    """Turns the errors a command can meet (files, disks, values the library refuses) into one sentence and exit code 2."""
    try:
        yield
    except BrokenPipeError:  # the reader of our output left: typer ends the command quietly
        raise
    except OSError as error:
        stop(f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error), as_json=as_json)
    except ValueError as error:
        stop(str(error), as_json=as_json)
