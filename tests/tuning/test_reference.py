"""DPO: chosen answers become likelier than rejected ones against the start, which must fit and is not saved."""

from dataclasses import replace

import pytest

from diaglib.tuning import TuningError, TuningSettings, memory_advice
from diaglib.tuning.pairs import Pair
from diaglib.tuning.preference import dpo, prefer

RIGHT = "0 input 4\n1 dense 6\n2 output 1\nend"
SHORT = "0 input 4\n1 output 1\nend"


@pytest.fixture
def pairs():
    return [Pair(f"network {i}", RIGHT, SHORT, 0.4) for i in range(12)]


@pytest.mark.slow
def test_dpo_prefers_the_chosen_answers_and_saves_the_trained_adapter_alone(stand_in, pairs, few_steps, tmp_path) -> None:
    settings = replace(few_steps, steps=8, learning_rate=2e-2)
    tuned = dpo(str(stand_in), pairs[:10], pairs[10:], tmp_path / "one", settings)
    assert tuned.record["losses"][0][1] == pytest.approx(0.6931, abs=1e-3)  # at the start nothing is preferred: log 2
    assert tuned.record["losses"][-1][1] < 0.5
    assert tuned.record["preferred"][-1][1] == 1.0
    assert sorted(path.name for path in tuned.adapter_folder.iterdir() if path.is_dir()) == []
    # an adapter that goes on is its own reference
    again = dpo(str(stand_in), pairs, [], tmp_path / "two", replace(settings, steps=2), adapter=tuned.adapter_folder)
    assert again.record["losses"][0][1] == pytest.approx(0.6931, abs=1e-3)
    assert again.record["learning"]["trained"] == tuned.record["learning"]["trained"]


@pytest.mark.slow
def test_all_weights_are_tuned_against_a_second_model(pairs, few_steps, tmp_path) -> None:
    pairs = [replace(pair, prompt=f"a network with 4 inputs, a hidden layer of 6 and {i} output") for i, pair in enumerate(pairs)]
    settings = replace(few_steps, method="full", learning_rate=1e-4)
    tuned = dpo("tiny", pairs, [], tmp_path, settings)
    assert tuned.record["losses"][0][1] == pytest.approx(0.6931, abs=1e-3)
    assert tuned.record["losses"][-1][1] < tuned.record["losses"][0][1]


def test_a_reference_that_does_not_fit_is_refused_and_what_fits_is_named() -> None:
    """All weights of the 1.3B model and as many again as the reference: with little room ORPO fits where DPO does not."""
    from diaglib.candidates.registry import find_candidate
    from diaglib.footprint import Gpu, predict_training, read_architecture

    config = find_candidate("deepseek-ai/deepseek-coder-1.3b-instruct").config
    settings = TuningSettings(method="full", batch_rows=1, max_tokens=256)
    alone, beside = (
        predict_training(read_architecture(config), memory_advice.training_plan(settings, "fp32", method)).total_mib
        for method in ("orpo", "dpo")
    )
    between = Gpu("a small card", round((alone + beside) / 2 * 1.05), context_mib=0)
    memory_advice.require_fit(config, settings, "fp32", "orpo", between)
    with pytest.raises(TuningError, match=r"DPO takes [\d,]+ MiB by prediction, a small card has room .* ORPO.* fits") as error:
        memory_advice.require_fit(config, settings, "fp32", "dpo", between)
    assert error.value.kind == "memory"


def test_what_does_not_fit_is_refused_before_it_is_trained(stand_in, pairs, few_steps, tmp_path, monkeypatch) -> None:
    from diaglib.footprint import Gpu

    monkeypatch.setattr(memory_advice, "gpu_here", lambda: Gpu("no card", 1, context_mib=0))
    with pytest.raises(TuningError, match=r"DPO takes .* no card has room for 1"):
        dpo(str(stand_in), pairs, [], tmp_path, few_steps)
    assert not list((tmp_path / "checkpoints").iterdir())


def test_another_method_is_refused(stand_in, pairs, few_steps, tmp_path) -> None:
    with pytest.raises(TuningError, match="no preference method 'ppo'; known: orpo, dpo"):
        prefer("ppo", str(stand_in), pairs, [], tmp_path, few_steps)
