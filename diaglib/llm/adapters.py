"""Which parts of a model a LoRA adapter is put on, by architecture.

Used by notebooks 01, 03 and 04. Rule: every attention and feed-forward projection takes one (Dettmers et al. 2023, QLoRA),
output head, embeddings and routed experts none; an architecture that can take no adapter is one `NoAdapterError`.
"""

from __future__ import annotations

from typing import Any

__all__ = ["NoAdapterError", "frozen_part", "lora_target_modules"]

_GATED = ("gate_proj", "up_proj", "down_proj")
_SELF_ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
_LATENT_ATTENTION = ("q_proj", "q_a_proj", "q_b_proj", "kv_a_proj_with_mqa", "kv_b_proj", "o_proj")
# model_type of a configuration -> last parts of the module names
_TARGETS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (
            "llama",
            "mistral",
            "qwen2",
            "qwen3",
            "gemma",
            "gemma2",
            "gemma3_text",
            "cohere",
            "cohere2",
            "exaone4",
            "deepseek",
            "olmo2",
        ),
        _SELF_ATTENTION + _GATED,
    ),
    **dict.fromkeys(("deepseek_v2", "deepseek_v3"), _LATENT_ATTENTION),
    "exaone": ("q_proj", "k_proj", "v_proj", "out_proj", "c_fc_0", "c_fc_1", "c_proj"),
    "gpt_neox": ("query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h"),
    "rwkv": ("key", "value", "receptance", "output"),
    "phi3": ("qkv_proj", "o_proj", "gate_up_proj", "down_proj"),
    "mixtral": _SELF_ATTENTION,
}
# the routed experts of these are packed tensors; PEFT answers any name of a feed-forward layer with an adapter on every expert
_PACKED_EXPERTS = ("deepseek_v2", "deepseek_v3", "mixtral")


class NoAdapterError(ValueError):
    """An architecture that can take no LoRA adapter; the message says why and what to do."""


def lora_target_modules(model_or_config: Any) -> list[str]:
    """Names of the linear layers that get a LoRA adapter, as `LoraConfig(target_modules=...)` takes them.

    Takes a loaded model, a configuration of transformers, a dictionary with `model_type`, or a `model_type` itself. Given a
    model, only names that it has are returned, and an architecture that is not listed gets all its linear layers but the
    output head. Raises NoAdapterError where there is none (no linear layers, an encoder-decoder, or an unlisted architecture
    of which only the configuration is known).
    """
    if hasattr(model_or_config, "named_modules"):
        return _of_model(model_or_config)
    kind, is_encoder_decoder = _kind(model_or_config)
    if is_encoder_decoder:
        raise NoAdapterError(f"'{kind}' is an encoder-decoder: this library tunes causal language models only")
    if kind not in _TARGETS:
        raise NoAdapterError(
            f"the layers of the architecture '{kind}' are not listed: pass the loaded model, or add it to "
            f"diaglib/llm/adapters.py; listed: {', '.join(sorted(_TARGETS))}"
        )
    return list(_TARGETS[kind])


def frozen_part(model_or_config: Any) -> str:
    """What an adapter leaves out beside embeddings and output head, in words; empty where it reaches all the rest."""
    kind, _ = _kind(getattr(model_or_config, "config", model_or_config))
    if kind in _PACKED_EXPERTS:
        return "the feed-forward layers stay as they are: an adapter there would be one for every routed expert"
    return ""


def _of_model(model: Any) -> list[str]:
    import torch
    from transformers.pytorch_utils import Conv1D

    kind, is_encoder_decoder = _kind(model.config)
    if is_encoder_decoder:
        raise NoAdapterError(f"'{kind}' is an encoder-decoder: this library tunes causal language models only")
    head = model.get_output_embeddings() if hasattr(model, "get_output_embeddings") else None
    linear = [
        name
        for name, module in model.named_modules()
        # quantised layers derive from Linear too
        if isinstance(module, (torch.nn.Linear, Conv1D)) and module is not head and "lora_" not in name
    ]
    last_parts = dict.fromkeys(name.removesuffix(".base_layer").rsplit(".", 1)[-1] for name in linear)
    found = [name for name in _TARGETS.get(kind, tuple(last_parts)) if name in last_parts]
    if not found:
        raise NoAdapterError(
            f"'{kind}' has no linear layers for an adapter: tune all of its weights (method 'full'), or take another model"
        )
    return found


def _kind(config: Any) -> tuple[str, bool]:
    """The model_type of whatever describes a model, and whether it has an encoder of its own."""
    if isinstance(config, str):
        return config, False
    if isinstance(config, dict):
        return str(config.get("model_type", "?")), bool(config.get("is_encoder_decoder", False))
    text = config.get_text_config() if hasattr(config, "get_text_config") else config
    return str(getattr(text, "model_type", "?")), bool(getattr(config, "is_encoder_decoder", False))
