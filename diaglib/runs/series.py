"""Which notebooks there are, their parameters, and where their outputs go. The list is data, in series.toml.

Used by `diaglib run` and, for `output_folder`, by every notebook. Rule: a run is known by its content (`content_key`).
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import shutil
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from diaglib.profiles import Profile
from diaglib.runs.colab import drive_outputs

SERIES_FILE = Path(__file__).with_name("series.toml")
LIBRARY = Path(__file__).parents[1]
OUTPUTS_VARIABLE = "DIAGLIB_OUTPUTS"
_CODE_SUFFIXES = {".py", ".toml", ".json", ".safetensors"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One notebook of the series.

    `code` are the library packages it stands on; `leaves` the pattern of what to open afterwards, in its output folder.
    `needs` names entries that come first: a change of theirs is a change of this one. A notebook that answers several
    questions has an entry for each: `variant` is added to the name, and `parameters` are what makes the difference,
    which `-p` does not change.
    """

    number: str
    file: str
    question: str
    code: tuple[str, ...] = ()
    leaves: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    variant: str = ""
    needs: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return "_".join(filter(None, [Path(self.file).stem, self.variant]))

    def left(self, folder: Path) -> str:
        """What to open of what the notebook left in `folder`: the newest match, relative to it; empty where there is none."""
        found = [path for path in folder.glob(self.leaves or "-") if path.is_file()]
        return max(found, key=lambda path: path.stat().st_mtime_ns).relative_to(folder).as_posix() if found else ""


def load_series(path: str | Path = SERIES_FILE) -> tuple[Entry, ...]:
    """Every entry in the order it runs. Raises ValueError or TypeError where the file is not a series."""
    tables = tomllib.loads(Path(path).read_text(encoding="utf-8"))["notebook"]
    lists = ("code", "needs")
    entries = tuple(Entry(**table | {name: tuple(table.get(name, ())) for name in lists}) for table in tables)
    earlier: set[str] = set()
    for entry in entries:
        if missing := [name for name in entry.needs if name not in earlier]:
            raise ValueError(f"{Path(path).name}: {entry.name} needs {missing[0]}, which does not come before it")
        earlier.add(entry.name)
    return entries


def select(entries: Sequence[Entry], only: str | None) -> list[Entry]:
    """The entries named by numbers with commas between (`02,07`); all where `only` is empty. Raises ValueError."""
    wanted = [number.strip().zfill(2) for number in (only or "").split(",") if number.strip()]
    known = list(dict.fromkeys(entry.number for entry in entries))
    if unknown := [number for number in wanted if number not in known]:
        raise ValueError(f"there is no notebook {unknown[0]}; known: {', '.join(known)}")
    return [entry for entry in entries if not wanted or entry.number in wanted]


def find_notebooks(folder: str | Path | None = None) -> Path:
    """The folder of the notebooks: as given, `notebooks` here, or the one beside the library. Raises ValueError."""
    places = [Path(folder)] if folder else [Path("notebooks"), LIBRARY.parent / "notebooks"]
    for place in places:
        if any(place.glob("*.ipynb")):
            return place
    raise ValueError(
        f"no notebooks in {places[0]}/: run this in a clone of the repository, or name their folder with --notebooks"
    )


def output_root() -> Path:
    """Where all runs write: as the running `diaglib run` says, else a Drive mounted in Colab, else `outputs` in this folder
    (or beside `notebooks`)."""
    if given := os.environ.get(OUTPUTS_VARIABLE):
        return Path(given)
    if on_drive := drive_outputs():
        return on_drive
    return Path("..", "outputs") if Path.cwd().name == "notebooks" else Path("outputs")


def is_headless() -> bool:
    """Whether `diaglib run` runs this notebook, so that nobody can click."""
    return OUTPUTS_VARIABLE in os.environ


def output_folder(profile: str, name: str, inside: str = "", empty: bool = False) -> Path:
    """The folder a notebook leaves its artefacts in, made where it is missing.

    `inside` names a folder in it; `empty` removes what an earlier run of the same notebook left there.
    """
    folder = output_root() / profile / name / inside
    if empty and inside:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def folder_name(words: str) -> str:
    """A short folder name made of the first words of a sentence: `a-cnn-with-32-x-32-input`."""
    return "-".join(re.findall(r"[a-z0-9]+", words.lower()[:200])[:8])[:60] or "drawing"


def read_parameters(notebook: str | Path) -> dict[str, Any]:
    """Names and default values of the cell tagged `parameters`. Raises ValueError where there is no such cell."""
    for source, tags in _read_cells(notebook):
        if "parameters" in tags:
            try:
                lines = ast.parse(source).body
                return {line.targets[0].id: ast.literal_eval(line.value) for line in lines}  # type: ignore[attr-defined]
            except (SyntaxError, ValueError, AttributeError):
                raise ValueError(f"{notebook}: in its cell tagged 'parameters' every line must be NAME = value") from None
    raise ValueError(f"{notebook} has no cell tagged 'parameters'")


def _read_cells(notebook: str | Path) -> list[tuple[str, list[str]]]:
    """Source and tags of every cell. Raises ValueError for a file that is no notebook."""
    try:
        cells = json.loads(Path(notebook).read_text(encoding="utf-8"))["cells"]
        return [("".join(cell["source"]), cell["metadata"].get("tags", [])) for cell in cells]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        words = f"{notebook} is not a notebook ({error}): mend it, or take it from the repository again"
        raise ValueError(words) from None


def read_overrides(given: Sequence[str], defaults: dict[str, Any]) -> dict[str, Any]:
    """`NAME=VALUE` texts as values of the type the parameter has in `defaults`. Raises ValueError, listing the known names."""
    values = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise ValueError(f"-p {text}: write NAME=VALUE")
        if name not in defaults:
            raise ValueError(f"-p {name}: no notebook of this run has it; known: {', '.join(defaults)}")
        if name == "PROFILE":
            raise ValueError("-p PROFILE: choose the profile with --profile")
        values[name] = value if isinstance(defaults[name], str) else _read_value(name, value, type(defaults[name]))
    return values


def _read_value(name: str, text: str, kind: type) -> Any:
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        value = None
    if kind is float and isinstance(value, int):
        value = float(value)
    if type(value) is not kind:
        raise ValueError(f"-p {name}={text}: the value must be of type {kind.__name__}")
    return value


def content_key(
    entry: Entry, notebook: str | Path, parameters: dict[str, Any], profile: Profile, needed_keys: Sequence[str] = ()
) -> str:
    """Hash of all that decides what a run gives: cell sources, parameters, profile, the code and the runs it stands on."""
    sources = [source for source, _ in _read_cells(notebook)]
    digest = hashlib.sha256(json.dumps([sources, parameters, asdict(profile), list(needed_keys)], sort_keys=True).encode())
    files = [path for package in entry.code for path in (LIBRARY / package).rglob("*") if path.suffix in _CODE_SUFFIXES]
    for path in sorted([*files, *LIBRARY.glob("*.py")]):
        digest.update(str(path.relative_to(LIBRARY)).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]
