"""The numpy decoder gives the logits of transformers' LlamaForCausalLM, whatever the batch."""

import json
from pathlib import Path

import numpy as np
import pytest

from diaglib.llm.tiny_decoder import TinyDecoder, load_decoder

torch = pytest.importorskip("torch")
END_ID = 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=90, hidden_size=32, num_hidden_layers=3, num_attention_heads=4, intermediate_size=48,
        tie_word_embeddings=True, max_position_embeddings=128, eos_token_id=END_ID, initializer_range=0.3,
    )  # fmt: skip
    path = tmp_path_factory.mktemp("tiny")
    LlamaForCausalLM(config).save_pretrained(path)
    (path / "vocabulary.json").write_text(json.dumps([]))
    return path


def reference(folder: Path, prompt: list[int], new_tokens: int) -> list[int]:
    from transformers import LlamaForCausalLM

    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    ids = torch.tensor([prompt])
    made = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=new_tokens, do_sample=False, pad_token_id=0)
    return made[0, len(prompt) :].tolist()


def test_logits_are_those_of_transformers(folder):
    from transformers import LlamaForCausalLM

    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    decoder = TinyDecoder(folder)
    ids = np.array([[5, 17, 33, 60, 4, 8]])
    with torch.no_grad():
        expected = model(torch.tensor(ids)).logits[0, -1].numpy()
    cache = decoder.empty_cache(1, 16)
    decoder.step(ids[:, :4], cache, np.array([4]))
    actual = decoder.step(ids[:, 4:], cache, np.array([2]))[0]
    np.testing.assert_allclose(actual, expected, rtol=1e-3, atol=1e-3)


def test_greedy_answers_are_those_of_transformers_in_a_batch_of_unequal_lengths(folder):
    prompts = [[5, 9, 30], [7, 8, 9, 10, 11, 12, 13], [88]]
    answers = TinyDecoder(folder).answer(prompts, END_ID, max_new_tokens=12)
    assert answers == [reference(folder, prompt, 12) for prompt in prompts]


def test_samples_share_the_prompt_and_follow_the_seed(folder):
    decoder = TinyDecoder(folder)
    one = decoder.answer([[5, 9], [6]], END_ID, count=3, temperature=1.0, seed=4, max_new_tokens=8)
    assert one == decoder.answer([[5, 9], [6]], END_ID, count=3, temperature=1.0, seed=4, max_new_tokens=8)
    assert one != decoder.answer([[5, 9], [6]], END_ID, count=3, temperature=1.0, seed=5, max_new_tokens=8)
    assert len(one) == 6
    assert len({tuple(answer) for answer in one[:3]}) > 1


def test_only_allowed_tokens_are_written(folder):
    allowed = np.zeros(90, bool)
    allowed[[40, 41]] = True
    answers = TinyDecoder(folder).answer(
        [[5], [6]], END_ID, temperature=1.0, max_new_tokens=6, mask_of=lambda row, so_far: allowed
    )
    assert {token for answer in answers for token in answer} == {40, 41}


def test_a_folder_without_a_model_says_how_to_make_one(tmp_path):
    with pytest.raises(FileNotFoundError, match="diaglib train"):
        load_decoder(tmp_path)
