"""How a tuning run goes: method, sizes, schedule; and what the profiles `local`, `t4` and `a100` choose, with the reason.

Used by notebooks 03 and 04 and by `diaglib tune`. Rule: all that decides the result of a run is in here, so that a resumed
run can tell whether it is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from diaglib.profiles import Profile

if TYPE_CHECKING:
    from diaglib.environment import Environment

METHODS = ("lora", "qlora", "full")
ANSWER_FORMATS = ("plan", "nodes", "chat")
_PRECISIONS = {"bfloat16": "bf16", "float16": "fp16", "float32": "fp32"}


@dataclass(frozen=True)
class TuningSettings:
    """One run; the defaults are for a hub model with LoRA.

    `batch_rows` is what a device reads at once, `accumulation` how many such batches make a step. `precision` is what is
    computed in (fp32, fp16, bf16; empty: what the device does well). `max_tokens` is the longest row, prompt and answer; a
    longer one is left out and counted. Every `checkpoint_steps` steps the run is measured on the validation rows and can be
    resumed from; `patience` such looks without a better loss end it.
    `preference_weight` is ORPO's lambda or DPO's beta, used by preference tuning alone.
    """

    method: str = "lora"
    answer_format: str = "plan"
    steps: int = 200
    batch_rows: int = 4
    accumulation: int = 1
    learning_rate: float = 2e-4
    warm_up_steps: int = 10
    weight_decay: float = 0.0
    lora_rank: int = 16
    lora_alpha: int = 32
    lora_dropout: float = 0.0
    max_tokens: int = 1024
    precision: str = ""
    activation_checkpointing: bool = True
    checkpoint_steps: int = 50
    patience: int = 3
    preference_weight: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"there is no tuning method '{self.method}'; known: {', '.join(METHODS)}")
        if self.answer_format not in ANSWER_FORMATS:
            raise ValueError(f"there is no answer format '{self.answer_format}'; known: {', '.join(ANSWER_FORMATS)}")
        if self.precision not in ("", *_PRECISIONS.values()):
            raise ValueError(f"precision '{self.precision}' is not computed in; known: {', '.join(_PRECISIONS.values())}")
        for name in ("steps", "batch_rows", "accumulation", "lora_rank", "max_tokens", "patience", "checkpoint_steps"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}: it must be at least 1")
        if not self.learning_rate > 0:
            raise ValueError(f"learning_rate is {self.learning_rate}: it must be above 0")


def settings_for(profile: Profile, answer_format: str = "plan", **changes: Any) -> TuningSettings:
    """What a profile chooses; `changes` overlay it (a value of 0 or "" keeps the profile's).

    `local` tunes all weights of an embedded model, they are few; a profile that holds weights in 4 bits gives QLoRA, and
    recomputes activations, since they are what does not fit; others give LoRA.
    """
    values: dict[str, Any] = {"answer_format": answer_format, "steps": profile.train_steps, "batch_rows": profile.batch_size}
    if not profile.needs_gpu:
        values |= {"method": "full", "learning_rate": 1e-3, "activation_checkpointing": False, "max_tokens": 384}
    elif profile.precision == "nf4":
        values |= {"method": "qlora", "accumulation": 4}
    else:
        values |= {"method": "lora", "lora_rank": 32, "lora_alpha": 64}
    values |= {name: value for name, value in changes.items() if value not in (0, "", None)}
    values.setdefault("checkpoint_steps", max(1, values["steps"] // 8))
    return TuningSettings(**values)


def compute_precision(settings: TuningSettings, environment: Environment) -> tuple[str, str]:
    """What this run computes in (fp32, fp16 or bf16), and why."""
    if settings.precision:
        return settings.precision, "as set"
    return _PRECISIONS[environment.dtype], environment.dtype_reason
