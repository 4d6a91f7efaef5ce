"""Weights packed to 4 bits by GPTQ while they are loaded, with texts of our own to calibrate on.

Used by `hub_loading`. Rules: what lacks is said before anything is loaded; nothing is fetched to calibrate with.
"""

from __future__ import annotations

from importlib.util import find_spec
from itertools import islice
from typing import Any

PACKAGES = ("gptqmodel", "optimum")
GPTQ_GROUP = 128  # weights that share a scale and a zero point
CALIBRATION_ROWS = 128  # of either language; the method's authors took 128 (Frantar et al. 2022, section 4)


def why_not(config: Any) -> tuple[str, str] | None:
    """(kind, reason) of `ModelLoadError` where a model cannot be packed on this machine; None where it can."""
    if missing := [package for package in PACKAGES if find_spec(package) is None]:
        words = f"GPTQ needs {' and '.join(missing)}: pip install -r requirements-gptq.txt, or take nf4, which packs as small"
        return "package", words
    if getattr(config, "n_routed_experts", None):
        return "precision", "GPTQ is not taken for routed experts here: take int8 or nf4"
    return None


def gptq_options(tokenizer: Any) -> dict[str, Any]:
    """Options of `from_pretrained` that pack in 4 bits, groups of `GPTQ_GROUP`.

    The weights wait in main memory and go to the device a block at a time, so that they never stand there whole in 16 bits.
    """
    from transformers import GPTQConfig

    packing = GPTQConfig(bits=4, group_size=GPTQ_GROUP, tokenizer=tokenizer, dataset=calibration_texts())
    return {"quantization_config": packing, "device_map": "auto"}


def calibration_texts() -> list[str]:
    """Sentences with their plans, and Korean pairs of question and answer: what the candidates are asked for."""
    from diaglib.dataset import rows
    from diaglib.dataset.chat import chat_pairs

    diagrams = [f"{row['prompt']}\n{row['plan']}" for row in rows(seed=0, count=CALIBRATION_ROWS)]
    chats = [f"질문: {pair.question}\n답변: {pair.answer}" for pair in islice(chat_pairs(), CALIBRATION_ROWS)]
    return [*diagrams, *chats]
