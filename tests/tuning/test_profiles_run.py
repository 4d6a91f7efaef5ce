"""The GPU profiles' paths, on small models of the true architectures: QLoRA and LoRA, plans and node lines."""

from dataclasses import replace

import pytest

from diaglib.profiles import load_profile
from diaglib.tuning.memory_advice import predicted_rows, smallest_change
from diaglib.tuning.settings import TuningSettings, compute_precision, settings_for
from diaglib.tuning.sft import sft
from diaglib.tuning.unsloth import unsloth_reason, with_and_without

SMALL = {"steps": 6, "batch_rows": 2, "accumulation": 1, "checkpoint_steps": 3, "warm_up_steps": 1, "learning_rate": 1e-2}


@pytest.mark.slow
@pytest.mark.parametrize(("profile", "kind"), [("t4", "stand_in"), ("t4", "neox"), ("a100", "stand_in")])
def test_a_gpu_profile_tunes_a_model_of_its_architecture(profile, kind, rows, tmp_path, request) -> None:
    """The 4-bit weights, the adapters of the architecture and the recomputed activations are those of the profile."""
    settings = replace(settings_for(load_profile(profile)), **SMALL, lora_rank=4)
    assert settings.method == ("qlora" if profile == "t4" else "lora")
    assert settings.activation_checkpointing
    tuned = sft(str(request.getfixturevalue(kind)), rows[:18], rows[18:], tmp_path, settings)
    losses = [loss for _, loss in tuned.record["losses"]]
    assert losses[-1] < losses[0]
    assert tuned.record["learning"]["changed"] == tuned.record["learning"]["trained"] > 0
    assert (tuned.model_folder / "model.safetensors").is_file()


@pytest.mark.slow
def test_the_published_format_is_tuned_and_asked_for_in_its_own_words(stand_in, tmp_path) -> None:
    from diaglib.dataset import rows as generated
    from diaglib.tuning import read_rows
    from diaglib.tuning.scores import score_answers

    rows = read_rows(list(generated(3, 4, {"cnn": 1.0})), "nodes")
    settings = replace(settings_for(load_profile("a100"), "nodes"), **SMALL | {"steps": 2}, max_tokens=4000)
    tuned = sft(str(stand_in), rows, [], tmp_path, settings)
    assert tuned.record["rows"]["answer_tokens"] > 200 * len(rows)
    (one,) = score_answers(tuned.model_folder, rows[:1], answer_format="nodes").answers
    assert one.score <= 1


def test_the_precision_comes_with_its_reason() -> None:
    from diaglib.environment import Environment, choose_cuda_dtype

    for capability, expected in (((7, 5), "fp16"), ((8, 0), "bf16"), ((6, 1), "fp32")):
        found = compute_precision(TuningSettings(), Environment({}, "cuda", "a card", *choose_cuda_dtype(capability)))
        assert found[0] == expected
        assert f"{capability[0]}.{capability[1]}" in found[1]


def test_every_way_of_tuning_the_t4_model_fits_a_t4_by_prediction() -> None:
    from diaglib.candidates.registry import find_candidate
    from diaglib.footprint import read_gpu

    profile = load_profile("t4")
    config = find_candidate(profile.diagram_model).config
    rows = {row["run"]: row["fits"] for row in predicted_rows(config, settings_for(profile), "fp16", 512, read_gpu("t4"))}
    assert not rows.pop("DPO, all weights")  # a second model beside it does not
    assert all(rows.values()), rows
    advice = smallest_change(config, replace(settings_for(profile), batch_rows=64), "fp16", "orpo", read_gpu("t4"))
    assert "rows a step" in advice


def test_unsloth_is_a_row_with_its_reason_where_it_cannot_run(tmp_path) -> None:
    assert "capability 7.0 or more, this GPU has 6.1" in unsloth_reason(True, (6, 1))
    assert "not installed" in unsloth_reason(False, (7, 5))
    assert unsloth_reason(True, (7, 0)) == ""
    rows = with_and_without([], tmp_path, {"seconds": 3.0, "peak_reserved_mib": None})
    assert [row["run"] for row in rows] == ["without Unsloth", "with Unsloth"]
    assert rows[1]["reason"]
