"""Any causal language model: the embedded `tiny` (plans) and `tiny-chat` (Korean chat), a folder, or a model of the hub."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

__all__ = ["load"]


@lru_cache(maxsize=2)
def load(model: str | Path = "tiny", precision: str | None = None) -> Any:
    """A model with `plan_texts(prompts, count, temperature, seed, grammar)`; the same object when asked again.

    `model` is `tiny`, a folder (of an embedded model, a saved transformers model, or an adapter), or a hub id; `tiny-chat` and
    folders tuned from it have `answers(texts, count, temperature, seed, max_new_tokens)` alone, as models of the hub also do.
    `precision` (fp32, fp16, bf16, int8, nf4) is for the latter; the default is what the device does well.
    Raises FileNotFoundError or ModelLoadError, each saying what to do.
    """
    from diaglib.llm.tiny import TINY_FOLDER, TinyModel

    if model == "tiny":
        return TinyModel(TINY_FOLDER)
    if (Path(model) / "vocabulary.json").is_file():
        return TinyModel(Path(model))
    from diaglib.llm.tiny_chat import TINY_CHAT, TINY_CHAT_FOLDER, TinyChatModel, is_tiny_chat

    if model == TINY_CHAT or is_tiny_chat(Path(model)):
        return TinyChatModel(TINY_CHAT_FOLDER if model == TINY_CHAT else Path(model))
    from diaglib.llm.hub import load_hub

    return load_hub(str(model), precision=precision)
