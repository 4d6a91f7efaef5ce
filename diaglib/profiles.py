"""What `local`, `t4` and `a100` mean: models, precision, rows, steps, batch. The values are data, in profiles.toml.

Used by every notebook (`PROFILE = "local"`) and by `diaglib run`. Rule: nothing but the profile decides sizes.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

PROFILES_FILE = Path(__file__).with_name("profiles.toml")
PRECISIONS = ("fp32", "fp16", "bf16", "int8", "nf4")


@dataclass(frozen=True, slots=True)
class Profile:
    """One place to run.

    `gpu_memory_gib` is the memory a run may count on, 0 where it needs no GPU; `diagram_model` and `chat_model` are
    `tiny` (embedded) or hub ids, `memory_model` is `local` (embedded) or a hub id; `precision` is how the weights are held;
    `dataset_rows`, `train_steps` and `batch_size` (rows a step) are the sizes of the data and of a training.
    """

    name: str
    summary: str
    gpu_memory_gib: int
    diagram_model: str
    chat_model: str
    memory_model: str
    precision: str
    dataset_rows: int
    train_steps: int
    batch_size: int

    @property
    def needs_gpu(self) -> bool:
        return self.gpu_memory_gib > 0


def load_profiles(path: str | Path = PROFILES_FILE) -> dict[str, Profile]:
    """Every profile of a file, by name. Raises ValueError naming file, profile and field where a value cannot be."""
    path = Path(path)
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path.name} is not TOML: {error}") from None
    return {name: _read(name, table, path.name) for name, table in tables.items()}


def load_profile(name: str, path: str | Path = PROFILES_FILE) -> Profile:
    """The profile of that name. Raises ValueError listing the known ones."""
    profiles = load_profiles(path)
    if name not in profiles:
        raise ValueError(f"there is no profile '{name}'; known: {', '.join(profiles)}")
    return profiles[name]


def _read(name: str, table: object, file: str) -> Profile:
    where = f"{file}, profile '{name}'"
    if not isinstance(table, dict):
        raise ValueError(f"{where} is not a table: write [{name}] and its values below")
    types = {field.name: field.type for field in fields(Profile) if field.name != "name"}
    if missing := [key for key in types if key not in table]:
        raise ValueError(f"{where} lacks {', '.join(missing)}")
    if unknown := [key for key in table if key not in types]:
        raise ValueError(f"{where}: '{unknown[0]}' is not a value of a profile; known: {', '.join(types)}")
    for key, kind in types.items():
        value = table[key]
        if kind == "str" and not (isinstance(value, str) and value):
            raise ValueError(f"{where}: {key} is {value!r}, it must be text")
        least = 0 if key == "gpu_memory_gib" else 1
        if kind == "int" and (not isinstance(value, int) or isinstance(value, bool) or value < least):
            raise ValueError(f"{where}: {key} is {value!r}, it must be a whole number from {least}")
    if table["precision"] not in PRECISIONS:
        raise ValueError(f"{where}: precision is '{table['precision']}'; known: {', '.join(PRECISIONS)}")
    return Profile(name=name, **table)
