"""The embedded encoder: its promises as shipped, what it does with bad input, and that no torch is needed to ask it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from diaglib.memory import load_encoder, similarity, threshold
from diaglib.memory.encoder_local import FEATURES, LocalEncoder
from diaglib.memory.evaluation import measure
from diaglib.memory.lines import chit_chat, unseen_lines

FOLDER = Path(__file__).parents[2] / "diaglib" / "memory" / "local"
MEMORIES = ["[좋아하는 가수: 아이유]", "[오늘 일정: 신제품 발표]", "[먹고 싶은 음식: 마라탕]"]


def test_what_is_shipped_is_small_and_has_its_card() -> None:
    assert (FOLDER / "model.safetensors").stat().st_size <= 8 * 2**20
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert "python -m diaglib memory train" in card
    assert f"{threshold():.2f}" in card


def test_it_keeps_its_promise_on_keys_and_wordings_it_never_saw() -> None:
    figures = measure(load_encoder(), unseen_lines(), chit_chat())
    assert figures["top1"] >= 0.8
    assert figures["precision"] >= 0.85
    assert figures["recall"] >= 0.5
    assert figures["silence"] >= 0.85
    assert figures["chat_silence"] >= 0.95


@pytest.mark.parametrize(
    ("message", "wanted"), [("콘서트 티켓팅 성공했어", 0), ("오늘 발표하는데 너무 떨려", 1), ("배고픈데 뭐 시켜 먹지", 2)]
)
def test_the_right_memory_comes_first(message: str, wanted: int) -> None:
    scores = similarity(MEMORIES, [message])[:, 0]
    assert scores.argmax() == wanted
    assert scores[wanted] >= threshold()


def test_small_talk_brings_up_nothing() -> None:
    assert (similarity(MEMORIES, ["ㅋㅋㅋㅋ", "안녕", "잘 자"]) < threshold()).all()


def test_rows_are_memories_and_columns_are_messages() -> None:
    messages = ["배고파", "노래 추천해 줘"]
    whole = similarity(MEMORIES, messages)
    assert whole.shape == (3, 2)
    assert similarity(MEMORIES[1:2], messages[1:])[0, 0] == pytest.approx(whole[1, 1], abs=1e-5)
    assert similarity([], messages).shape == (0, 2)
    assert similarity(MEMORIES, []).shape == (3, 0)
    assert ((whole >= 0) & (whole <= 1)).all()


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "[]",
        "[:]",
        "[취미]",
        "취미: 독서",
        "[링크: [a] [b]]",
        "🎂🎉",
        "\ud83d",
        "가" * 10_000,
        "'); DROP TABLE items; --",
        "\x00\n\t",
    ],
    ids=range(12),
)
def test_any_text_is_judged(text: str) -> None:
    scores = similarity([text, *MEMORIES], [text, "배고파"])
    assert np.isfinite(scores).all()
    assert ((scores >= 0) & (scores <= 1)).all()


def test_an_idol_counts_as_a_singer() -> None:
    one, other = similarity(["[좋아하는 아이돌: 뉴진스]", "[좋아하는 가수: 뉴진스]"], ["콘서트 가고 싶다"])
    assert one == pytest.approx(other)


def test_vectors_have_unit_length_and_find_what_the_judge_finds() -> None:
    encoder = load_encoder()
    lines = unseen_lines()
    memories, messages = [line.memory for line in lines], [line.message for line in lines]
    stored, asked = encoder.memory_vectors(memories), encoder.message_vectors(messages)
    assert np.linalg.norm(stored, axis=1) == pytest.approx(1, abs=1e-3)
    assert np.linalg.norm(asked, axis=1) == pytest.approx(1, abs=1e-3)
    best = encoder.similarity(memories, messages).argmax(axis=0)
    nearest = np.argsort(-(stored @ asked.T), axis=0)[:20]
    assert np.mean([one in column for one, column in zip(best, nearest.T, strict=True)]) >= 0.85


def test_features_are_named() -> None:
    assert load_encoder().features(MEMORIES, ["배고파"]).shape == (3, 1, len(FEATURES))


def test_the_keys_of_a_message_are_told() -> None:
    keys = dict(load_encoder().key_probabilities("콘서트 티켓팅 성공했어", top=3))
    assert "좋아하는 가수" in keys
    assert sum(keys.values()) <= 1.001


def test_asking_loads_no_torch() -> None:
    code = (
        "import sys; from diaglib.memory import similarity; similarity(['[취미: 독서]'], ['심심해']);"
        "sys.exit('torch' in sys.modules or 'sentence_transformers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_folder_without_an_encoder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"model\.safetensors is missing"):
        LocalEncoder.load(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(FileNotFoundError, match=r"config\.json is missing"):
        LocalEncoder.load(tmp_path)


@pytest.mark.parametrize("missing", ["said_message_ids", "embedding_scale"])
def test_the_weights_of_an_earlier_version_are_named(missing: str, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    arrays = load_file(FOLDER / "model.safetensors")
    del arrays[missing]
    save_file(arrays, tmp_path / "model.safetensors")
    shutil.copy(FOLDER / "config.json", tmp_path)
    with pytest.raises(ValueError, match=rf"earlier version .*{missing}.* memory train"):
        LocalEncoder.load(tmp_path)


def test_a_judge_of_other_features_is_named(tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    arrays = load_file(FOLDER / "model.safetensors")
    arrays["judge_mean"] = arrays["judge_mean"][:-1]
    save_file(arrays, tmp_path / "model.safetensors")
    shutil.copy(FOLDER / "config.json", tmp_path)
    with pytest.raises(ValueError, match=r"earlier version .*memory train"):
        LocalEncoder.load(tmp_path)


def test_the_record_of_the_training_is_beside_the_weights() -> None:
    record = json.loads((FOLDER / "training.json").read_text(encoding="utf-8"))
    assert record["training"][-1]["loss"] < record["training"][0]["loss"]
    assert record["unseen"]["threshold"] == pytest.approx(threshold(), abs=1e-4)
