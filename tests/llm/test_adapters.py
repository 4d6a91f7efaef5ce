"""Every architecture names the layers that get an adapter, or says why it gets none."""

import pytest
import torch
from small_configs import SMALL_CONFIGS, make_config, make_model

from diaglib.llm.adapters import NoAdapterError, frozen_part, lora_target_modules


@pytest.mark.parametrize("name", SMALL_CONFIGS)
def test_every_named_layer_is_there_and_no_other_linear_layer_is_left(name: str) -> None:
    model = make_model(SMALL_CONFIGS[name], "meta")
    targets = lora_target_modules(model)
    linear = {key.rsplit(".", 1)[-1] for key, module in model.named_modules() if isinstance(module, torch.nn.Linear)}
    head = next(key for key, module in model.named_modules() if module is model.get_output_embeddings())
    beside_experts = {"gate_proj", "up_proj", "down_proj"} if frozen_part(model) else set()
    assert set(targets) == linear - {head} - beside_experts
    assert set(targets) <= set(lora_target_modules(make_config(SMALL_CONFIGS[name])))


@pytest.mark.parametrize("name", ["llama", "gpt_neox", "rwkv", "gemma2", "cohere", "deepseek_v2"])
def test_an_adapter_learns_in_every_layer_it_is_put_on(name: str) -> None:
    from peft import LoraConfig, get_peft_model

    model = make_model(SMALL_CONFIGS[name])
    adapted = get_peft_model(model, LoraConfig(r=2, target_modules=lora_target_modules(model), init_lora_weights=False))
    ids = torch.arange(3, 15).reshape(1, -1)
    adapted.train()
    adapted(input_ids=ids, labels=ids).loss.backward()
    gradients = {key: value.grad for key, value in adapted.named_parameters() if value.requires_grad}
    assert gradients
    assert all(grad is not None and grad.abs().max() > 0 for grad in gradients.values())


def test_a_model_of_an_unlisted_architecture_gets_all_its_linear_layers() -> None:
    values = {"model_type": "gpt2", "n_embd": 32, "n_layer": 1, "n_head": 2, "vocab_size": 99}
    assert lora_target_modules(make_model(values, "meta")) == ["c_attn", "c_proj", "c_fc"]
    with pytest.raises(NoAdapterError, match="'gpt2' are not listed: pass the loaded model"):
        lora_target_modules(make_config(values))


def test_a_quantised_and_an_adapted_model_name_the_same_layers() -> None:
    from peft import LoraConfig, get_peft_model

    model = make_model(SMALL_CONFIGS["llama"], "meta")
    targets = lora_target_modules(model)
    adapted = get_peft_model(model, LoraConfig(r=2, target_modules=targets), low_cpu_mem_usage=True)
    assert lora_target_modules(adapted) == targets


def test_an_encoder_decoder_gets_none() -> None:
    with pytest.raises(NoAdapterError, match="'t5' is an encoder-decoder"):
        lora_target_modules({"model_type": "t5", "is_encoder_decoder": True})


def test_a_model_without_linear_layers_gets_none() -> None:
    bare = torch.nn.Embedding(3, 2)
    bare.config = {"model_type": "bare"}
    with pytest.raises(NoAdapterError, match="no linear layers"):
        lora_target_modules(bare)


def test_architectures_with_code_of_their_own_are_listed() -> None:
    assert "c_fc_0" in lora_target_modules("exaone")
    assert "gate_proj" in lora_target_modules({"model_type": "deepseek"})


def test_experts_without_an_adapter_are_told() -> None:
    assert "routed expert" in frozen_part(make_config(SMALL_CONFIGS["deepseek_v2"]))
    assert frozen_part("llama") == ""
