"""The closed form counts what transformers builds, and published sizes come out of published configurations."""

import pytest
from small_configs import SMALL_CONFIGS, make_config, make_model

from diaglib.footprint import predict_weights_mib, read_architecture


@pytest.mark.parametrize("name", SMALL_CONFIGS)
def test_the_closed_form_counts_the_parameters_that_transformers_builds(name: str) -> None:
    built = sum(parameter.numel() for parameter in make_model(SMALL_CONFIGS[name], "meta").parameters())
    assert read_architecture(SMALL_CONFIGS[name]).parameters == built


@pytest.mark.parametrize("name", SMALL_CONFIGS)
def test_a_dictionary_and_a_configuration_object_are_the_same_architecture(name: str) -> None:
    assert read_architecture(make_config(SMALL_CONFIGS[name])) == read_architecture(SMALL_CONFIGS[name])


LLAMA = {"model_type": "llama", "hidden_size": 4096, "intermediate_size": 11008, "num_attention_heads": 32}


@pytest.mark.parametrize(
    ("config", "parameters"),
    [
        (LLAMA | {"num_hidden_layers": 32, "vocab_size": 32256}, 6_740_512_768),
        (LLAMA | {"num_hidden_layers": 30, "vocab_size": 102400}, 6_910_365_696),
        (
            {"model_type": "gpt_neox", "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 24,
             "num_attention_heads": 16, "vocab_size": 30080},
            1_331_810_304,
        ),
        (
            {"model_type": "gemma", "hidden_size": 2048, "intermediate_size": 16384, "num_hidden_layers": 18,
             "num_attention_heads": 8, "num_key_value_heads": 1, "head_dim": 256, "vocab_size": 256000},
            2_506_172_416,
        ),
        (
            {"model_type": "deepseek_v2", "hidden_size": 2048, "intermediate_size": 10944, "moe_intermediate_size": 1408,
             "num_hidden_layers": 27, "num_attention_heads": 16, "n_routed_experts": 64, "n_shared_experts": 2,
             "first_k_dense_replace": 1, "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64,
             "v_head_dim": 128, "vocab_size": 102400},
            15_706_484_224,
        ),
    ],
    ids=["deepseek-coder-6.7b", "deepseek-7b", "polyglot-ko-1.3b", "gemma-2b", "DeepSeek-V2-Lite"],
)  # fmt: skip
def test_published_parameter_counts_come_out(config: dict, parameters: int) -> None:
    architecture = read_architecture(config)
    assert architecture.parameters == parameters
    assert predict_weights_mib(architecture, "bf16") == parameters * 2 / 2**20


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"model_type": "llama"}, "lacks hidden_size, num_hidden_layers, vocab_size"),
        (
            LLAMA | {"num_hidden_layers": 2, "vocab_size": 9, "model_type": "bert"},
            "model_type is 'bert', whose size is not known",
        ),
        (LLAMA | {"num_hidden_layers": "two", "vocab_size": 9}, "num_hidden_layers is 'two'"),
        (LLAMA | {"num_hidden_layers": 0, "vocab_size": 9}, "must be at least 1"),
    ],
)
def test_an_architecture_that_cannot_be_is_refused_by_place_and_field(values: dict, words: str) -> None:
    with pytest.raises(ValueError, match="architecture") as raised:
        read_architecture(values, "mine.toml")
    assert "mine.toml: " in str(raised.value)
    assert words in str(raised.value)


@pytest.mark.parametrize("name", [name for name in SMALL_CONFIGS if name != "rwkv"])
def test_the_cache_grows_by_what_the_closed_form_says(name: str) -> None:
    import torch

    model = make_model(SMALL_CONFIGS[name])
    with torch.no_grad():
        cache = model(torch.ones(1, 7, dtype=torch.long), use_cache=True).past_key_values
    held = sum(layer.keys.numel() + layer.values.numel() for layer in cache.layers)
    assert held == 7 * read_architecture(SMALL_CONFIGS[name]).cache_numbers_per_token


def test_the_state_of_rwkv_is_what_the_closed_form_says() -> None:
    import torch

    with torch.no_grad():
        state = make_model(SMALL_CONFIGS["rwkv"])(torch.ones(1, 7, dtype=torch.long), use_cache=True).state
    assert sum(part.numel() for part in state) == read_architecture(SMALL_CONFIGS["rwkv"]).state_numbers
