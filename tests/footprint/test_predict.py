"""Predicted memory: against tensors that are really made, and the promises for a card of 15 GB."""

import pytest
import torch
from peak_tracker import training_peak_mib
from small_configs import SMALL_CONFIGS, make_model

from diaglib.footprint import (
    TrainingPlan,
    fits,
    known_gpus,
    predict_generation,
    predict_training,
    predict_weights_mib,
    read_architecture,
    read_gpu,
    smallest_change_that_fits,
)
from diaglib.footprint.predict import adapter_parameters
from diaglib.llm.adapters import lora_target_modules

MIB = 2**20
CODER_1_3B = read_architecture(
    {"model_type": "llama", "hidden_size": 2048, "intermediate_size": 5504, "num_hidden_layers": 24, "num_attention_heads": 16,
     "vocab_size": 32256}
)  # fmt: skip
CODER_6_7B = read_architecture(
    {"model_type": "llama", "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
     "num_attention_heads": 32, "vocab_size": 32256}
)  # fmt: skip
T4 = read_gpu("15")


@pytest.mark.parametrize("precision", ["int8", "nf4"])
def test_packed_weights_take_what_bitsandbytes_holds(precision: str, tmp_path) -> None:
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    values = SMALL_CONFIGS["llama"] | {"hidden_size": 64, "intermediate_size": 128}
    make_model(values).save_pretrained(tmp_path)
    settings = {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4"} if precision == "nf4" else {"load_in_8bit": True}
    model = AutoModelForCausalLM.from_pretrained(
        tmp_path, dtype=torch.float16, quantization_config=BitsAndBytesConfig(**settings), device_map={"": "cpu"}
    )
    held = 0
    for parameter in model.parameters():
        scales = parameter.quant_state.absmax if hasattr(parameter, "quant_state") else getattr(parameter, "SCB", None)
        held += parameter.nbytes + (0 if scales is None else scales.nbytes)
    assert held / MIB == pytest.approx(predict_weights_mib(read_architecture(values), precision), rel=0.01)


CODER = {
    "model_type": "llama", "hidden_size": 2048, "intermediate_size": 5504, "num_attention_heads": 16, "vocab_size": 32256,
    "num_hidden_layers": 2,
}  # fmt: skip
POLYGLOT = {
    "model_type": "gpt_neox", "hidden_size": 2048, "intermediate_size": 8192, "num_attention_heads": 16, "vocab_size": 30080,
    "num_hidden_layers": 2,
}  # fmt: skip


@pytest.mark.parametrize(
    ("config", "rank", "rows", "tokens", "checkpointing"),
    [(CODER, 16, 4, 512, True), (CODER, 16, 4, 512, False), (POLYGLOT, 64, 4, 512, False), (POLYGLOT, 128, 1, 64, True)],
    ids=["coder", "coder without checkpointing", "polyglot without checkpointing", "polyglot, rank 128, short"],
)
def test_a_training_step_of_true_width_takes_what_is_predicted(
    config: dict, rank: int, rows: int, tokens: int, checkpointing: bool
) -> None:
    counted = training_peak_mib(config, rank, rows, tokens, checkpointing)
    plan = TrainingPlan("bf16", rank, rows, tokens, checkpointing=checkpointing)
    assert predict_training(read_architecture(config), plan).total_mib == pytest.approx(counted, rel=0.10)


@pytest.mark.parametrize("name", [name for name in SMALL_CONFIGS if "with" not in name])
def test_an_adapter_has_the_parameters_of_the_closed_form(name: str) -> None:
    from peft import LoraConfig, get_peft_model

    model = make_model(SMALL_CONFIGS[name], "meta")
    adapted = get_peft_model(model, LoraConfig(r=4, target_modules=lora_target_modules(model)), low_cpu_mem_usage=True)
    trained = sum(parameter.numel() for parameter in adapted.parameters() if parameter.requires_grad)
    assert trained == adapter_parameters(read_architecture(SMALL_CONFIGS[name]), 4)


@pytest.mark.parametrize(
    "plan",
    [
        TrainingPlan("fp16", rank=16),
        TrainingPlan("fp16", rank=128),
        TrainingPlan("nf4", rank=16),
        TrainingPlan("nf4", rank=16, rows=2, method="orpo"),
        TrainingPlan("nf4", rank=16, rows=2, method="dpo"),
    ],
    ids=["sft r16", "sft r128", "qlora", "orpo", "dpo"],
)
def test_the_1_3b_model_is_tuned_on_15_gb(plan: TrainingPlan) -> None:
    assert fits(predict_training(CODER_1_3B, plan).total_mib, T4)


def test_what_ran_out_of_memory_once_is_predicted_to() -> None:
    """ORPO of the 1.3B model with answers of 1,280 tokens, fp16 weights and no checkpointing, on 12 GB."""
    plan = TrainingPlan("fp16", rank=128, rows=4, tokens=1_600, method="orpo", checkpointing=False)
    assert not fits(predict_training(CODER_1_3B, plan).total_mib, read_gpu("12"))


def test_more_of_anything_takes_more() -> None:
    base = predict_training(CODER_1_3B, TrainingPlan()).total_mib
    for larger in (
        TrainingPlan(rank=64),
        TrainingPlan(rows=8),
        TrainingPlan(tokens=1024),
        TrainingPlan(method="orpo"),
        TrainingPlan(checkpointing=False),
        TrainingPlan("fp32"),
        TrainingPlan(rank=0),
    ):
        assert predict_training(CODER_1_3B, larger).total_mib > base
    assert predict_training(CODER_1_3B, TrainingPlan("nf4")).total_mib < base
    adapted, whole = (predict_training(CODER_1_3B, TrainingPlan(method="dpo", rank=rank)) for rank in (16, 0))
    assert 0 < adapted.reference_mib < 0.05 * adapted.weights_mib  # a copy of the adapter
    assert whole.reference_mib == pytest.approx(whole.weights_mib)  # a second model
    one, twenty = (predict_generation(CODER_6_7B, "fp16", rows=rows).total_mib for rows in (1, 20))
    assert fits(one, T4)
    assert not fits(twenty, T4)


def test_precisions_are_in_their_order() -> None:
    sizes = [predict_weights_mib(CODER_6_7B, precision) for precision in ("fp32", "fp16", "int8", "nf4", "gptq")]
    assert sizes == sorted(sizes, reverse=True)
    assert predict_weights_mib(CODER_6_7B, "bf16") == sizes[1]
    with pytest.raises(ValueError, match="precision 'int3' is not known; known: fp32"):
        predict_weights_mib(CODER_6_7B, "int3")


def test_quantised_weights_are_not_tuned_whole() -> None:
    with pytest.raises(ValueError, match="give a LoRA rank"):
        predict_training(CODER_1_3B, TrainingPlan("nf4", rank=0))


def test_packed_experts_stay_as_they_are_when_quantised() -> None:
    experts = read_architecture(SMALL_CONFIGS["deepseek_v2"])
    packed = sum(matrix.parameters for matrix in experts.matrices() if matrix.kind == "experts")
    assert predict_weights_mib(experts, "nf4") > packed * 2 / MIB


# the smallest change


def test_a_plan_that_fits_is_not_changed() -> None:
    change = smallest_change_that_fits(CODER_1_3B, TrainingPlan(), T4)
    assert change is not None
    assert (change.plan, change.words) == (TrainingPlan(), "no change")


@pytest.mark.parametrize(
    ("plan", "gpu", "words"),
    [
        (TrainingPlan(checkpointing=False, rows=8), "15", "switch activation checkpointing on"),
        (TrainingPlan(rows=32, tokens=1024), "15", "accumulate gradients over"),
        (TrainingPlan(rank=0), "9", "LoRA rank 16 instead of tuning all weights"),
        (TrainingPlan(rows=1), "2.5", "nf4 instead of fp16"),
    ],
)
def test_the_smallest_change_is_the_mildest_that_fits(plan: TrainingPlan, gpu: str, words: str) -> None:
    assert not fits(predict_training(CODER_1_3B, plan).total_mib, read_gpu(gpu))
    change = smallest_change_that_fits(CODER_1_3B, plan, read_gpu(gpu))
    assert change is not None
    assert words in change.words
    assert " and hold" not in change.words
    assert fits(change.predicted_mib, read_gpu(gpu))
    assert change.predicted_mib == predict_training(CODER_1_3B, change.plan).total_mib


def test_several_changes_go_together_where_one_is_not_enough() -> None:
    plan = TrainingPlan("fp16", rank=128, rows=8, tokens=1280, method="orpo", checkpointing=False)
    change = smallest_change_that_fits(CODER_6_7B, plan, T4)
    assert change is not None
    assert "checkpointing" in change.words
    assert "nf4" in change.words


def test_nothing_helps_a_model_that_is_too_large() -> None:
    assert smallest_change_that_fits(CODER_6_7B, TrainingPlan(), read_gpu("2")) is None


# cards


@pytest.mark.parametrize("text", ["24", "24GiB", "24 gb", 24])
def test_a_card_is_named_by_its_memory(text: object) -> None:
    assert read_gpu(text).memory_mib == 24 * 1024


@pytest.mark.parametrize("text", ["h9000", "", "-3", "0", "1e9", "nan"])
def test_an_unknown_card_lists_the_known(text: str) -> None:
    with pytest.raises(ValueError, match="known: t4, v100, l4, a100"):
        read_gpu(text)


def test_named_cards_have_room() -> None:
    assert all(0 < gpu.room_mib < gpu.memory_mib for gpu in known_gpus().values())
