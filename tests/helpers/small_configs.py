"""Configurations of every architecture that candidates have, so small that a model of one is made in a moment.

Widths are multiples of 64: bitsandbytes packs blocks of that many weights.
"""

from __future__ import annotations

from typing import Any

_SHARED: dict[str, Any] = {"hidden_size": 64, "num_hidden_layers": 2, "vocab_size": 384, "initializer_range": 0.2}
_PLAIN = _SHARED | {"intermediate_size": 128, "num_attention_heads": 4}
_GROUPED = _PLAIN | {"num_key_value_heads": 2}
_LATENT = _PLAIN | {
    "num_hidden_layers": 3, "moe_intermediate_size": 32, "n_routed_experts": 4, "n_shared_experts": 2, "num_experts_per_tok": 2,
    "first_k_dense_replace": 1, "kv_lora_rank": 64, "qk_nope_head_dim": 8, "qk_rope_head_dim": 4, "v_head_dim": 16,
}  # fmt: skip
SMALL_CONFIGS: dict[str, dict[str, Any]] = {
    "llama": {"model_type": "llama", **_GROUPED},
    "llama with biases, tied": {
        "model_type": "llama", **_GROUPED, "attention_bias": True, "mlp_bias": True, "tie_word_embeddings": True,
    },
    "mistral": {"model_type": "mistral", **_GROUPED},
    "qwen2": {"model_type": "qwen2", **_GROUPED},
    "qwen3": {"model_type": "qwen3", **_GROUPED, "head_dim": 16},
    "gemma": {"model_type": "gemma", **_GROUPED, "num_key_value_heads": 1, "head_dim": 16},
    "gemma2": {"model_type": "gemma2", **_GROUPED, "head_dim": 16},
    "cohere": {"model_type": "cohere", **_GROUPED},
    "cohere with norms of queries": {"model_type": "cohere", **_GROUPED, "use_qk_norm": True},
    "exaone4": {"model_type": "exaone4", **_GROUPED},
    "gpt_neox": {"model_type": "gpt_neox", **_PLAIN},
    "rwkv": {"model_type": "rwkv", **_SHARED, "attention_hidden_size": 64, "intermediate_size": 128, "context_length": 4096},
    "deepseek_v2": {"model_type": "deepseek_v2", **_LATENT, "q_lora_rank": None},
    "deepseek_v2 with latent queries": {"model_type": "deepseek_v2", **_LATENT, "q_lora_rank": 64},
    "deepseek_v3": {"model_type": "deepseek_v3", **_LATENT, "q_lora_rank": 64, "n_group": 2, "topk_group": 1},
}  # fmt: skip


def make_config(values: dict[str, Any]) -> Any:
    """The configuration object of transformers."""
    from transformers import AutoConfig

    return AutoConfig.for_model(**values)


def make_model(values: dict[str, Any], device: str = "cpu", seed: int = 0) -> Any:
    """A model with random weights; on the device "meta" it has shapes only."""
    import torch
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    with torch.device(device):
        return AutoModelForCausalLM.from_config(make_config(values)).eval()
