"""What is measured: a model of the hub, the embedded model, or any writer a Python function makes (baselines, tests).

Used by notebook 01. Rule: a subject is plain data, so that it travels to a child process and into a content key.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

EMBEDDED = "tiny"
UNTRAINED = "tiny untrained"
QUANTISED = ("int8", "nf4", "gptq")
AS_SAVED = "as saved"  # a checkpoint that is quantised already


@dataclass(frozen=True, slots=True)
class Subject:
    """One row of the report.

    `model` is a hub id, a folder, `tiny`, `tiny untrained`, or `module:function` of something that makes a writer.
    `precision` is fp32, fp16, bf16, int8, nf4, gptq or `as saved`; None means: unquantised first, then the rungs of the ladder
    while memory runs out. `weights` "random" takes the architecture alone: memory and times are real, answers are not asked for.
    A `baseline` can never be chosen; without `tune` the cost of a LoRA is not measured.
    """

    name: str
    model: str
    precision: str | None = None
    revision: str | None = None
    grammar: bool = False
    weights: Literal["saved", "random"] = "saved"
    trust_remote_code: bool = False
    baseline: bool = False
    tune: bool = True

    @property
    def is_factory(self) -> bool:
        return ":" in self.model and not Path(self.model).exists()

    @property
    def is_embedded(self) -> bool:
        return self.model in (EMBEDDED, UNTRAINED)

    def at(self, precision: str | None) -> Subject:
        return replace(self, precision=precision)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def content(self) -> dict[str, Any]:
        """What decides its answers, for a content key: the name in the report does not."""
        content = {key: value for key, value in self.as_dict().items() if key not in ("name", "baseline")}
        if self.is_embedded:
            from diaglib.llm.tiny import TINY_FOLDER

            content["files"] = _digest(TINY_FOLDER)
        elif (folder := Path(self.model)).is_dir():
            content["files"] = sorted((path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in folder.iterdir())
        return content


@lru_cache(maxsize=4)
def _digest(folder: Path) -> str:
    files = sorted(path for path in folder.iterdir() if path.suffix in {".json", ".safetensors"})
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]


def content_key(*parts: Any) -> str:
    """Sixteen hex digits of anything JSON can say."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]
