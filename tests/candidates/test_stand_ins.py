"""Every candidate of the lists, as a small random model of its architecture under its own id: loads, answers and takes a LoRA,
or says why it does not.
"""

import pytest
import torch

from diaglib.candidates.registry import Candidate, load_candidates
from diaglib.llm import load
from diaglib.llm.adapters import lora_target_modules
from diaglib.llm.hub import ModelLoadError

CANDIDATES = load_candidates()
WITH_OWN_CODE = [one for one in CANDIDATES if one.own_code]
# one of every way to hold another architecture
KINDS = list({(one.config["model_type"], one.quantised): one for one in CANDIDATES if not one.own_code}.values())
PROMPT = "A network with 4 inputs, hidden layers of 6 and 3 nodes and 1 output"


@pytest.fixture(autouse=True)
def hub(stand_in_hub):
    load.cache_clear()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield stand_in_hub
    torch.set_num_threads(threads)
    load.cache_clear()  # an adapter was put on what is kept there


@pytest.mark.parametrize("candidate", [one for one in CANDIDATES if not one.own_code], ids=lambda one: one.id)
def test_a_candidate_loads_and_answers(candidate: Candidate) -> None:
    hub = load(candidate.id)
    assert hub.model.config.model_type == candidate.config["model_type"]
    greedy = hub.answers([PROMPT, "네?"], max_new_tokens=6)
    sampled = hub.answers([PROMPT], count=3, temperature=1.0, max_new_tokens=6)
    assert [len(row) for row in greedy] == [1, 1]
    assert len(sampled[0]) == 3
    assert all(0 < len(answer.tokens) <= 6 for row in [*greedy, *sampled] for answer in row)
    assert greedy == hub.answers([PROMPT, "네?"], max_new_tokens=6)


@pytest.mark.parametrize("candidate", WITH_OWN_CODE, ids=lambda one: one.id)
def test_a_candidate_with_code_of_its_own_says_so_and_runs_none(candidate: Candidate) -> None:
    with pytest.raises(ModelLoadError, match="pass trust_remote_code=True and its commit") as raised:
        load(candidate.id)
    assert raised.value.kind == "remote code"
    assert lora_target_modules(candidate.config)


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8", "nf4"])
@pytest.mark.parametrize("candidate", KINDS, ids=lambda one: f"{one.config['model_type']}{one.quantised and ', saved in nf4'}")
def test_an_architecture_takes_a_lora_in_every_precision_and_learns(candidate: Candidate, precision: str) -> None:
    from peft import LoraConfig, get_peft_model

    model = load(candidate.id, precision).model
    model.train()
    targets = lora_target_modules(model)
    assert set(targets) <= set(lora_target_modules(candidate.config))
    adapted = get_peft_model(model, LoraConfig(r=4, target_modules=targets))
    ids = torch.arange(3, 27).reshape(2, 12)
    adapted(input_ids=ids, labels=ids).loss.backward()
    gradients = {name: value.grad for name, value in adapted.named_parameters() if "lora_B" in name}
    assert len({name.split(".lora_B")[0].rsplit(".", 1)[-1] for name in gradients}) == len(targets)
    assert all(gradient is not None and gradient.abs().max() > 0 for gradient in gradients.values())


def test_both_profiles_that_need_a_gpu_find_their_models() -> None:
    from diaglib.profiles import load_profiles

    for profile in load_profiles().values():
        if profile.needs_gpu:
            for name in {profile.diagram_model, profile.chat_model}:
                assert load(name, profile.precision).answers([PROMPT], max_new_tokens=2)[0][0].tokens
