"""Any causal language model as a writer of plans: the embedded `tiny`, a folder, or a model of the hub."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

__all__ = ["load"]


@lru_cache(maxsize=2)
def load(model: str | Path = "tiny", precision: str | None = None) -> Any:
    """A model with `plan_texts(prompts, count, temperature, seed, grammar)`; the same object when asked again.

    `model` is `tiny`, a folder (of an embedded model, a saved transformers model, or an adapter), or a hub id.
    `precision` (fp32, fp16, bf16, int8, nf4) is for the latter; the default is what the device does well.
    Raises FileNotFoundError or ModelLoadError, each saying what to do.
    """
    from diaglib.llm.tiny import TINY_FOLDER, TinyModel

    if model == "tiny":
        return TinyModel(TINY_FOLDER)
    if (Path(model) / "vocabulary.json").is_file():
        return TinyModel(Path(model))
    from diaglib.llm.hub import load_hub

    return load_hub(str(model), precision=precision)
