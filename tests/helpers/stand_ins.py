"""A stand-in hub: for every candidate a small random model of its true architecture, in the layout of a local hub cache.

Rule: the ids are the candidates' own, so that profiles of a GPU run over them as they are; nothing here is the real model.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from small_configs import SMALL_CONFIGS, make_model
from small_models import make_tokenizer

from diaglib.candidates.registry import Candidate, load_candidates

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CHAT_TEMPLATE = "{% for turn in messages %}<s>{{ turn.role }}: {{ turn.content }}\n{% endfor %}assistant:"
WINDOW_TOKENS = 4096
OWN_CODE = 'raise RuntimeError("code of a repository ran without being asked for")\n'


def fill_cache(cache: Path, candidates: list[Candidate] | None = None) -> Path:
    """Makes the snapshot of every candidate under `cache`; equal ones are made once and linked."""
    made: dict[tuple[Any, ...], Path] = {}
    for candidate in load_candidates() if candidates is None else candidates:
        repository = cache / f"models--{candidate.id.replace('/', '--')}"
        snapshot = repository / "snapshots" / COMMIT
        kind = (candidate.config["model_type"], candidate.config.get("tie_word_embeddings"), candidate.quantised, candidate.kind)
        if kind in made:
            shutil.copytree(made[kind], snapshot, copy_function=os.link)
        else:
            snapshot.mkdir(parents=True)
            save_stand_in(candidate, snapshot)
            made[kind] = snapshot
        (repository / "refs").mkdir()
        (repository / "refs" / "main").write_text(COMMIT, encoding="ascii")
    return cache


def small_config(candidate: Candidate) -> dict[str, Any]:
    """The candidate's configuration with small sizes; what decides the kind of model stays."""
    kept = {name: candidate.config[name] for name in ("tie_word_embeddings",) if name in candidate.config}
    window = "context_length" if candidate.config["model_type"] == "rwkv" else "max_position_embeddings"
    tokens = {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": None}
    return SMALL_CONFIGS[candidate.config["model_type"]] | kept | {window: WINDOW_TOKENS} | tokens


def save_stand_in(candidate: Candidate, folder: Path) -> None:
    """Saves model and tokenizer; a candidate with code of its own gets the settings that ask for it, and no weights."""
    make_tokenizer(CHAT_TEMPLATE if candidate.kind in ("instruct", "chat") else None).save_pretrained(folder)
    if candidate.own_code:
        name = candidate.config["model_type"]
        classes = {"AutoConfig": f"configuration_{name}.Config", "AutoModelForCausalLM": f"modeling_{name}.Model"}
        (folder / "config.json").write_text(json.dumps({"model_type": name, "auto_map": classes}), encoding="utf-8")
        for part in ("configuration", "modeling"):
            (folder / f"{part}_{name}.py").write_text(OWN_CODE, encoding="utf-8")
        return
    model = make_model(small_config(candidate))
    if candidate.quantised == "nf4":
        model = _in_nf4(model, folder)
    model.save_pretrained(folder)


def _in_nf4(model: Any, folder: Path) -> Any:
    import torch
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    plain = folder / "plain"
    model.save_pretrained(plain)
    settings = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.float32)
    packed = AutoModelForCausalLM.from_pretrained(plain, quantization_config=settings, device_map={"": "cpu"})
    shutil.rmtree(plain)
    return packed
