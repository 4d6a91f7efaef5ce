"""The candidates as data: what is known of each model before anything is downloaded. Read from registry/*.toml.

Used by notebook 01 and `diaglib fit`. Rule: an error in a file is told by file, line and field; a user adds a candidate in a file
of their own, `candidates.toml` in the working folder or any file that is named.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from diaglib.footprint import Architecture, read_architecture

TASKS = ("diagram", "chat", "mcqa")
REGISTRY_FOLDER = Path(__file__).with_name("registry")
ARCHITECTURES_FILE = REGISTRY_FOLDER / "architectures.toml"
LIST_FILES = tuple(REGISTRY_FOLDER / f"{task}.toml" for task in TASKS)
USER_FILE = "candidates.toml"
KINDS = ("base", "instruct", "chat")
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model that may be chosen. None and empty text mean "not known".

    `parameters_b` is the published number of parameters, in billions. `config` holds the numbers of its config.json as given,
    `architecture` the same read; both are missing where neither file nor local cache has them. `own_code` tells that the
    repository brings code of its own, which runs only where its `revision` is a commit. `quantised` is how the checkpoint is
    saved (nf4, gptq) or empty. `deduced` says which numbers were worked out instead of read.
    """

    id: str
    tasks: tuple[str, ...]
    revision: str = "main"
    parameters_b: float | None = None
    architecture: Architecture | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    deduced: str = ""
    kind: str = ""
    speciality: str = ""
    reasoning: bool = False
    licence: str = ""
    gated: bool = False
    own_code: bool = False
    quantised: str = ""
    languages: tuple[str, ...] = ()
    leaderboard_average: float | None = None
    published: Mapping[str, Any] = field(default_factory=dict)
    file: str = ""


def load_candidates(task: str | None = None, extra: str | Path | None = None) -> list[Candidate]:
    """The candidates of a task (all of them for None), in the order of the files.

    `extra` is a file of the user's; without it `candidates.toml` of the working folder is read where it is there. A candidate
    of an id that a list has already takes its place. Raises ValueError for an unknown task, and for an error in a file by file,
    line and field; FileNotFoundError where `extra` is not there.
    """
    if task is not None and task not in TASKS:
        raise ValueError(f"there is no task '{task}'; known: {', '.join(TASKS)}")
    named = tomllib.loads(ARCHITECTURES_FILE.read_text(encoding="utf-8"))
    found: dict[str, Candidate] = {}
    for path in [*LIST_FILES, *user_files(extra)]:
        found |= {candidate.id: candidate for candidate in read_candidates(path, named)}
    return [candidate for candidate in found.values() if task is None or task in candidate.tasks]


def find_candidate(hub_id: str, extra: str | Path | None = None) -> Candidate:
    """The candidate of that id. Raises ValueError listing the known ones."""
    known = {candidate.id: candidate for candidate in load_candidates(extra=extra)}
    if hub_id not in known:
        raise ValueError(
            f"there is no candidate '{hub_id}': add it to {USER_FILE}, as the README shows; known: {', '.join(known)}"
        )
    return known[hub_id]


def user_files(extra: str | Path | None) -> list[Path]:
    """The user's own file, where there is one. Raises FileNotFoundError where it was named and is not there."""
    if extra is None:
        return [path for path in [Path(USER_FILE)] if path.is_file()]
    if not Path(extra).is_file():
        raise FileNotFoundError(2, "there is no such file of candidates", str(extra))
    return [Path(extra)]


def read_candidates(path: Path, named: Mapping[str, Mapping[str, Any]]) -> list[Candidate]:
    """The [[candidate]] tables of a file; `named` are architectures that they may call by name."""
    text, tables = read_tables(path, "candidate")
    found = []
    for number, table in enumerate(tables):
        try:
            found.append(_candidate(table, named, path.name))
        except FieldError as error:
            raise ValueError(f"{place_of(path, text, 'candidate', number, error.field)}: {error}") from None
    if twice := [one.id for one in found if [other.id for other in found].count(one.id) > 1]:
        number = max(place for place, one in enumerate(found) if one.id == twice[0])
        raise ValueError(f"{place_of(path, text, 'candidate', number, 'id')}: '{twice[0]}' stands in the file twice")
    return found


class FieldError(ValueError):
    """A value that cannot be, with the name of its field."""

    def __init__(self, name: str, words: str) -> None:
        super().__init__(words)
        self.field = name


def read_tables(path: Path, name: str) -> tuple[str, Sequence[Any]]:
    """Text of a file and its tables of that name. Raises ValueError where it is not such a file."""
    try:
        text = path.read_text(encoding="utf-8")
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not TOML: {error}") from None
    if wrong := set(document) - {"candidate", "rule"}:
        first = sorted(wrong)[0]
        raise ValueError(f"{path}, field '{first}': is not known; write [[candidate]] or [[rule]] above it")
    tables = document.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ValueError(f"{path}, field '{name}': must be tables: write [[{name}]] above each")
    return text, tables


def place_of(path: Path, text: str, name: str, number: int, wrong: str) -> str:
    """`file, line 12, field 'licence'` of a value in the table of that number; the table's first line where it is missing."""
    starts = [place for place, line in enumerate(text.splitlines(), 1) if re.match(rf"\s*\[\[\s*{name}\s*\]\]", line)]
    if number >= len(starts):  # written as an array of inline tables
        return f"{path}, {name} {number + 1}, field '{wrong}'"
    line_number = starts[number]
    for place, line in enumerate(text.splitlines()[line_number:], line_number + 1):
        if line.lstrip().startswith("["):
            break
        if re.match(rf"\s*[\"']?{re.escape(wrong)}[\"']?\s*[=.]", line):
            line_number = place
            break
    return f"{path}, line {line_number}, field '{wrong}'"


def _candidate(table: dict[str, Any], named: Mapping[str, Mapping[str, Any]], file: str) -> Candidate:
    given_fields = {one.name for one in fields(Candidate)} - {"config", "deduced", "file"}
    for name in ("id", "tasks"):
        if name not in table:
            raise FieldError(name, "is missing")
    for name in table:
        if name not in given_fields:
            raise FieldError(name, f"is not known; known: {', '.join(sorted(given_fields))}")
    values = dict(table)
    if not isinstance(values["id"], str) or not _HUB_ID.fullmatch(values["id"]):
        raise FieldError("id", f"is {values['id']!r}, it must be a hub id: owner/name")
    for name in ("revision", "kind", "speciality", "licence", "quantised"):
        if not isinstance(values.get(name, ""), str):
            raise FieldError(name, f"is {values[name]!r}, it must be text")
    for name in ("reasoning", "gated", "own_code"):
        if not isinstance(values.get(name, False), bool):
            raise FieldError(name, f"is {values[name]!r}, it must be true or false")
    for name in ("parameters_b", "leaderboard_average"):
        number = values.get(name, 1)
        if isinstance(number, bool) or not isinstance(number, int | float) or not number > 0:
            raise FieldError(name, f"is {number!r}, it must be a number above 0")
    for name in ("tasks", "languages"):
        values[name] = _texts(name, values.get(name, []))
    if unknown := [task for task in values["tasks"] if task not in TASKS]:
        raise FieldError("tasks", f"there is no task '{unknown[0]}'; known: {', '.join(TASKS)}")
    if not values["tasks"]:
        raise FieldError("tasks", f"is empty; known: {', '.join(TASKS)}")
    if values.get("kind", "base") not in KINDS:
        raise FieldError("kind", f"is '{values['kind']}'; known: {', '.join(KINDS)}")
    if values.get("quantised", "") not in ("", "nf4", "gptq", "int8"):
        raise FieldError("quantised", f"is '{values['quantised']}'; known: int8, nf4, gptq")
    if not isinstance(values.get("published", {}), dict):
        raise FieldError("published", "must be a table: { name = value }")
    config = _config(values["id"], values.get("revision", "main"), values.pop("architecture", None), named)
    deduced = str(config.pop("deduced", ""))
    try:
        architecture = read_architecture(config, "it") if config else None
    except ValueError as error:
        raise FieldError("architecture", str(error)) from None
    return Candidate(**values, architecture=architecture, config=config, deduced=deduced, file=file)


def _config(hub_id: str, revision: str, given: Any, named: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Numbers of config.json: given as a table, by the name of a known architecture, or found in the local hub cache."""
    if isinstance(given, dict):
        return dict(given)
    if isinstance(given, str):
        if given not in named:
            raise FieldError(
                "architecture", f"'{given}' is not known; known: {', '.join(named)}, or a table of config.json's numbers"
            )
        return dict(named[given])
    if given is not None:
        raise FieldError("architecture", f"is {given!r}, it must be a name or a table of config.json's numbers")
    from huggingface_hub import try_to_load_from_cache

    cached = try_to_load_from_cache(hub_id, "config.json", revision=revision)
    return json.loads(Path(cached).read_text(encoding="utf-8")) if isinstance(cached, str) else {}


def _texts(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise FieldError(name, f"is {value!r}, it must be a list of texts")
    return tuple(value)
