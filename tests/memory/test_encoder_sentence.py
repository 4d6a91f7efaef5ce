"""Encoders of sentence-transformers: fine-tuned by one trainer, on a small model of the published class and on n-grams."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from diaglib.memory import load_encoder
from diaglib.memory.encoder_module import NgramEmbedding
from diaglib.memory.encoder_sentence import NGRAMS, FineTuning, SentenceEncoder, chosen_pairs, fine_tune
from diaglib.memory.lines import training_lines
from diaglib.memory.pairs import Line

KEYS = ("좋아하는 가수", "먹고 싶은 음식", "취미")
QUICK = FineTuning(epochs=2, batch_size=16, learning_rate=5e-3, max_pairs=160)


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    found = training_lines()
    return [line for key in KEYS for line in [line for line in found if line.key == key][:8]]


@pytest.fixture(scope="module")
def small_model(tmp_path_factory) -> str:
    """A RoBERTa of the size of a thumb that reads letters, with a tokenizer of its own, as a bare language model on disk."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast, RobertaConfig, RobertaModel

    folder = tmp_path_factory.mktemp("roberta")
    letters = sorted({letter for line in training_lines() for letter in f"{line.memory}{line.message}"})
    names = ["<s>", "<pad>", "</s>", "<unk>", *letters]
    tokenizer = Tokenizer(models.WordLevel({name: place for place, name in enumerate(names)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    special = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>", "mask_token": "<unk>"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=64, **special).save_pretrained(folder)
    torch.manual_seed(0)
    config = RobertaConfig(
        vocab_size=len(names),
        hidden_size=24,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=80,
        pad_token_id=1,
    )
    RobertaModel(config).save_pretrained(folder)
    return str(folder)


@pytest.mark.parametrize("base", ["language model", NGRAMS])
def test_one_trainer_fine_tunes_any_model(base: str, small_model: str, lines, tmp_path: Path) -> None:
    model = small_model if base == "language model" else base
    encoder, curve = fine_tune(model, lines, lines[::4], QUICK, tmp_path / "tuned")
    assert curve[-1]["loss"] < curve[0]["loss"]
    assert 0 < encoder.threshold < 1
    loaded = load_encoder(str(tmp_path / "tuned"))
    assert isinstance(loaded, SentenceEncoder)
    assert loaded.threshold == encoder.threshold
    memories, messages = [line.memory for line in lines[:3]], ["노래 추천해 줘", "배고파"]
    scores = loaded.similarity(memories, messages)
    assert scores.shape == (3, 2)
    assert scores == pytest.approx(encoder.similarity(memories, messages), abs=1e-4)
    assert np.linalg.norm(loaded.message_vectors(messages), axis=1) == pytest.approx(1, abs=1e-4)
    files = {path.suffix for path in (tmp_path / "tuned").rglob("*") if path.is_file()}
    assert ".safetensors" in files
    assert not files & {".bin", ".pt", ".pkl"}


def test_a_bare_language_model_gets_mean_pooling_and_the_published_threshold(small_model: str) -> None:
    encoder = SentenceEncoder.load(small_model)
    assert encoder.threshold == 0.6
    assert [type(module).__name__ for module in encoder.model] == ["Transformer", "Pooling"]
    assert encoder.similarity([], ["배고파"]).shape == (0, 1)
    scores = encoder.similarity(["[취미: 독서]", "", "[취미: \ud83d]"], ["", "가" * 10_000])
    assert np.isfinite(scores).all()


def test_the_module_sums_n_grams_as_the_local_encoder_does(tmp_path: Path) -> None:
    from diaglib.memory.ngrams import ngram_ids

    module = NgramEmbedding(width=8)
    table = module.embedding.weight.detach().numpy()
    made = module(module.preprocess(["밥 먹자", "🎂"]))["sentence_embedding"].detach().numpy()
    ids = ngram_ids("밥 먹자")
    assert made[0] == pytest.approx(table[ids].sum(axis=0) / np.sqrt(len(ids)), abs=1e-5)
    assert made[1] == pytest.approx(table[0], abs=1e-6)
    module.save(str(tmp_path))
    assert torch.equal(NgramEmbedding.load(str(tmp_path)).embedding.weight, module.embedding.weight)
    assert json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))["width"] == 8


def test_pairs_are_bounded_and_half_of_them_share_something(lines) -> None:
    pairs = chosen_pairs(training_lines(), 600)
    assert len(pairs) == 600
    drawn = [pair for pair in pairs if pair.kind == "product"]
    assert 0.4 < sum(pair.target > 0 for pair in drawn) / len(drawn) < 0.6
    assert {pair.kind for pair in pairs} == {"product", "same key", "other day", "chit-chat"}
    assert len(chosen_pairs(lines[:3], 600)) > 9


def test_too_few_lines_are_refused(lines, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least two of each"):
        fine_tune(NGRAMS, lines[:1], lines, QUICK, tmp_path)
