"""What to change where memory ran out: the smallest change that fits by prediction. Used by `sft` and `preference`."""

from __future__ import annotations

from diaglib.tuning.settings import TuningSettings


def smallest_change(base: str, settings: TuningSettings, kind: str) -> str:
    """Words to follow "memory ran out": one change of the settings."""
    if not settings.activation_checkpointing:
        return "set activation_checkpointing=True"
    if settings.batch_rows > 1:
        return f"set batch_rows={settings.batch_rows // 2} and accumulation={settings.accumulation * 2}: the steps stay the same"
    return "set method='qlora'" if settings.method != "qlora" else "take a smaller model"
