"""How much is measured in each profile: answers, tokens, repetitions, seconds. The values are data, in settings.toml.

Used by notebook 01 and the child processes. Rule: nothing but the profile decides sizes; a user overlays single values.
"""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

SETTINGS_FILE = Path(__file__).with_name("settings.toml")


@dataclass(frozen=True, slots=True)
class Settings:
    """Sizes of one profile.

    `timeout_s` is for one stage of one candidate (loading and answering, or one LoRA rank). `ladder` are the ways to hold
    the weights that are tried one after the other while memory runs out; the first is unquantised. The speed is taken over
    at least `least_iterations` generations and `least_seconds`. `memory_limit_gib` (0: none) pretends a smaller
    machine, `threads` (0: as torch chooses) are those of a CPU.
    """

    timeout_s: int
    ladder: tuple[str, ...]
    warm_ups: int
    least_iterations: int
    least_seconds: float
    speed_prompt_tokens: int
    speed_new_tokens: int
    diagram_rounds: tuple[str, ...]
    diagram_samples: int
    diagram_sentences: int
    diagram_new_tokens: int
    chat_new_tokens: int
    mcqa_questions: int
    mcqa_source: str
    mcqa_new_tokens: int
    lora_ranks: tuple[int, ...]
    lora_rows: int
    lora_batch: int
    lora_epochs: int
    seed: int = 0
    memory_limit_gib: float = 0.0
    threads: int = 0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def overlaid(self, **values: Any) -> Settings:
        """The same with a few values changed. Raises ValueError for a name that is not there."""
        if unknown := set(values) - {field.name for field in fields(Settings)}:
            raise ValueError(f"there is no setting '{sorted(unknown)[0]}'; known: {', '.join(f.name for f in fields(Settings))}")
        return replace(self, **values)


def load_settings(profile: str, path: Path = SETTINGS_FILE) -> Settings:
    """The settings of a profile. Raises ValueError naming file, profile and field where one cannot be."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    if profile not in tables:
        raise ValueError(f"{path.name} has no profile '{profile}'; known: {', '.join(tables)}")
    return read_settings(tables[profile], f"{path.name}, profile '{profile}'")


def read_settings(table: dict[str, Any], where: str = "the settings") -> Settings:
    """Settings from a table of TOML or JSON. Raises ValueError naming the field."""
    names = {field.name for field in fields(Settings)}
    needed = {field.name for field in fields(Settings) if field.name not in ("seed", "memory_limit_gib", "threads")}
    if wrong := (needed - set(table)) or (set(table) - names):
        raise ValueError(f"{where}: '{sorted(wrong)[0]}' is missing or not known; known: {', '.join(sorted(names))}")
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    return Settings(**values)
