"""Training the chat model: batches keep their promises, a few steps write a loadable model, a killed run goes on exactly."""

import json
from dataclasses import replace
from itertools import islice

import pytest

from diaglib.dataset.chat import chat_pairs
from diaglib.llm import load
from diaglib.llm.chat_tokenizer import EOS, token_id
from diaglib.llm.tiny_chat_training import CHAT_SETTINGS, LEFT_OUT, batches, chat_vocabulary, encode_pair, train_chat

SMALL = replace(CHAT_SETTINGS, width=16, layers=1, heads=2, feed_forward=16, steps=4, batch_tokens=200, checkpoint_minutes=0)


@pytest.fixture(scope="module")
def tokenizer():
    return chat_vocabulary()


def test_batches_are_bounded_and_the_same_from_the_same_seed(tokenizer):
    first, again = (
        [[row.ids for row in batch.rows] for batch in islice(batches(tokenizer, SMALL, pool_rows=80), 12)] for _ in range(2)
    )
    assert first == again
    assert all(len(rows) * max(map(len, rows)) <= SMALL.batch_tokens or len(rows) == 1 for rows in first)


def test_the_category_left_out_is_in_no_batch(tokenizer):
    texts = "".join(
        tokenizer.decode(row.ids) for batch in islice(batches(tokenizer, SMALL, pool_rows=300), 60) for row in batch.rows
    )
    assert "둔 곳" not in texts
    assert any("둔 곳" in pair.answer for pair in chat_pairs("train") if pair.category == LEFT_OUT)


def test_an_encoded_pair_asks_answers_and_ends(tokenizer):
    pair = chat_pairs("train")[0]
    row = encode_pair(pair, tokenizer)
    assert tokenizer.decode(row.ids[: row.prompt_length]).startswith(pair.question)
    assert row.ids[-1] == token_id(tokenizer, EOS)


def test_a_killed_run_goes_on_to_the_same_weights(tmp_path, monkeypatch, offline):
    import torch
    from safetensors.numpy import load_file

    from diaglib.llm import small_training

    whole = train_chat(tmp_path / "whole", SMALL)
    calls = []

    def dies_at_the_fourth(*arguments):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return padded(*arguments)

    padded = small_training.padded_tensors
    monkeypatch.setattr(small_training, "padded_tensors", dies_at_the_fourth)
    with pytest.raises(KeyboardInterrupt):
        train_chat(tmp_path / "killed", SMALL)
    assert (tmp_path / "killed" / "checkpoint.pt").exists()
    monkeypatch.setattr(small_training, "padded_tensors", padded)
    resumed = train_chat(tmp_path / "killed", SMALL)
    assert (resumed["step"], resumed["rows"]) == (whole["step"], whole["rows"])
    one, other = (load_file(tmp_path / name / "model.safetensors") for name in ("whole", "killed"))
    assert all((one[name] == other[name]).all() for name in one)
    assert not (tmp_path / "killed" / "checkpoint.pt").exists()
    assert json.loads((tmp_path / "whole" / "training.json").read_text())["settings"]["steps"] == SMALL.steps
    assert len(load(tmp_path / "whole").answers(["안녕"])[0]) == 1
    assert torch.get_num_threads() == 1


def test_a_loss_that_is_no_number_stops_the_run(tmp_path, monkeypatch, offline):
    from diaglib.llm import small_training

    real = small_training.padded_tensors

    def poisoned(*arguments):
        inputs, targets, weights = real(*arguments)
        return inputs, targets, weights * float("nan")

    monkeypatch.setattr(small_training, "padded_tensors", poisoned)
    with pytest.raises(FloatingPointError, match="step 0"):
        train_chat(tmp_path, SMALL)


@pytest.mark.parametrize("budget", [{"steps": None, "minutes": None}, {"steps": 4, "minutes": 1.0}])
def test_a_training_has_one_budget(budget):
    with pytest.raises(ValueError, match="a budget of steps or of minutes"):
        replace(SMALL, **budget)
