"""Training the embedded encoder: small, on few topics; what is held out stays out, and what is written reads back."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from diaglib.memory import encoder_build
from diaglib.memory.associations import all_associated_lines, associated_lines, further_topics, keys_of_values, load_associations
from diaglib.memory.encoder_build import save, train_local
from diaglib.memory.encoder_held_out import Fold, HeldOut, held_out_stores, make_folds
from diaglib.memory.encoder_judge import fit_judge
from diaglib.memory.encoder_local import FEATURES, LocalEncoder
from diaglib.memory.encoder_training import TrainingSettings, as_members, train_embedding
from diaglib.memory.encoder_wordings import vary
from diaglib.memory.lines import Topic, chit_chat, load_topics, read_sets, unseen_lines

SMALL = TrainingSettings(
    members=1,
    width=16,
    epochs=6,
    batch_size=32,
    folds=2,
    stores=4,
    sweep_stores=4,
    unknown_stores=3,
    judge_steps=60,
)
KEYS = ("오늘 일정", "내일 일정", "좋아하는 가수", "먹고 싶은 음식", "취미", "반려동물")


@pytest.fixture(scope="module")
def topics() -> list[Topic]:
    some = [topic for topic in load_topics() if topic.key in KEYS and not topic.time]
    some = [topic for topic in some if topic.part is None or (topic.part == 0 and topic.source % 4 == 0)]  # few sets
    return [replace(topic, messages=topic.messages[:12], of_one_value=topic.of_one_value[:12]) for topic in some]


@pytest.fixture(scope="module")
def trained(topics: list[Topic]) -> tuple[LocalEncoder, list[dict[str, float]]]:
    history: list[dict[str, float]] = []
    return train_embedding(topics, chit_chat()[:40], SMALL, history), history


def test_training_learns(trained) -> None:
    encoder, history = trained
    assert [row["epoch"] for row in history] == [1, 2, 3, 4, 5, 6]
    assert history[-1]["loss"] < 0.7 * history[0]["loss"]
    assert encoder.key_probabilities("노래 추천해 줘", 1)[0][0] == "좋아하는 가수"


def test_the_same_seed_gives_the_same_encoder(topics, trained) -> None:
    again = train_embedding(topics, chit_chat()[:40], SMALL)
    assert np.array_equal(again.arrays["embedding"], trained[0].arrays["embedding"])


def test_the_judge_sees_only_what_was_held_out(topics, trained) -> None:
    folds = make_folds(topics, chit_chat()[:40], SMALL)
    assert len(folds) == SMALL.folds
    left_out = [topic.source for fold in folds for topic in fold.left_out]
    assert sorted(set(left_out)) == sorted({topic.source for topic in topics})
    for fold in folds:
        gone = {topic.source for topic in fold.left_out}
        assert gone
        assert not gone & {topic.source for topic in fold.rest}
        assert len(fold.silent) == len(fold.chat) == 20
        assert not set(fold.silent) & set(fold.chat)
        stores = held_out_stores(trained[0], fold, SMALL)
        sets = {(topic.source, topic.part) for topic in fold.left_out if topic.part is not None}
        drawn = {topic.source for topic in fold.left_out if topic.part is None}
        assert len(stores) == len(sets) + SMALL.stores * len(drawn) + (SMALL.unknown_stores if fold.unknown else 0)
        for store in stores:
            memories, messages = store.features.shape[:2]
            assert store.truth.shape == (memories, messages)
            assert messages == memories + store.chats
            assert not store.truth[:, memories:].any()
            assert (np.diag(store.truth[:, :memories]) == 1).all()


def test_a_set_is_a_store_as_it_was_written(trained) -> None:
    rows = "## one\n[취미: 독서] 심심해\n[오늘 일정: 시험] 떨려\n## two\n[취미: 낚시] 뭐 하지\n[내일 일정: 시험] 잠이 안 와\n"
    sets = read_sets(rows, source=7)
    fold = Fold(rest=[], chat=[], left_out=sets, unknown=[], silent=["안녕"])
    stores = held_out_stores(trained[0], fold, SMALL)
    assert [store.truth.shape for store in stores] == [(2, 3), (2, 3)]


def test_every_fold_has_keys_it_never_met(topics) -> None:
    few = [Topic(0, f"좋아하는 {number}", ("값",), ("말",)) for number in range(6)]
    folds = make_folds([*topics, *few], chit_chat()[:40], replace(SMALL, folds=3))
    known = [{topic.key for topic in fold.rest} for fold in folds]
    assert all("오늘 일정" in keys for keys in known)
    assert all({topic.key for topic in few} - keys for keys in known)


def test_members_agree_with_the_mean_of_them(topics, trained) -> None:
    other = train_embedding(topics, chit_chat()[:40], replace(SMALL, seed=1))
    both = as_members([trained[0], other])
    memories, messages = ["[취미: 독서]", "[오늘 일정: 발표]"], ["심심해", "떨린다"]
    alone = [encoder.features(memories, messages) for encoder in (trained[0], other)]
    place = FEATURES.index("value and message speak of one thing")
    assert both.features(memories, messages)[:, :, place] == pytest.approx(np.mean(alone, axis=0)[:, :, place], abs=1e-5)
    place = FEATURES.index("log of the probability of the key")
    chances = np.exp([encoder.features(memories, messages)[:, :, place] for encoder in (both, trained[0], other)])
    assert chances[0] == pytest.approx(chances[1:].mean(axis=0), abs=1e-5)
    assert np.linalg.norm(both.memory_vectors(memories), axis=1) == pytest.approx(1, abs=1e-3)


def test_words_that_go_with_a_value_are_said_of_its_keys() -> None:
    keys = keys_of_values([Topic(0, "오늘 일정", ("치과",), ("어떡해",)), Topic(0, "취미", ("독서",), ("심심해",))])
    lines = associated_lines({"치과": ("마취", "사랑니", "드릴 소리"), "등산": ("정상",)}, keys, random.Random(0))
    assert {(line.key, line.value) for line in lines} == {("오늘 일정", "치과")}
    assert all(set(line.message.split(" ")) <= {"마취", "사랑니", "드릴", "소리"} for line in lines)
    every = all_associated_lines({"치과": ("마취", "드릴 소리"), "등산": ("정상",)}, keys)
    assert [line.message for line in every] == ["마취", "드릴 소리"]


def test_further_values_share_no_key_with_the_unseen_lines() -> None:
    topics = further_topics()
    assert len(topics) >= 50
    assert not {topic.key for topic in topics} & {line.key for line in unseen_lines()}
    assert all(topic.values and not topic.messages for topic in topics)


def test_the_shipped_associations_are_of_our_values() -> None:
    associations, keys = load_associations(), keys_of_values([*load_topics(), *further_topics()])
    assert len(associations) >= 1_000
    assert set(associations) <= set(keys)
    assert min(map(len, associations.values())) >= 5


def test_a_judge_fits_what_it_is_shown(trained) -> None:
    encoder, _ = trained
    memories = ["[좋아하는 가수: 아이유]", "[취미: 독서]"]
    messages = ["노래 추천해 줘", "심심할 때 뭐 해?"]
    store = HeldOut(encoder.features(memories, messages), np.eye(2), 0)
    judged = fit_judge(encoder, [store], replace(SMALL, judge_steps=200)).similarity(memories, messages)
    assert judged == pytest.approx(np.eye(2), abs=0.1)


def test_what_is_saved_reads_back(trained, tmp_path: Path) -> None:
    encoder, _ = trained
    memories, messages = ["[취미: 독서]", "[오늘 일정: 발표]"], ["심심해", "떨린다"]
    store = HeldOut(encoder.features(memories, messages), np.eye(2), 0)
    judged = fit_judge(encoder, [store], SMALL)
    judged.threshold = 0.37
    save(judged, tmp_path)
    loaded = LocalEncoder.load(tmp_path)
    assert loaded.threshold == 0.37
    assert loaded.similarity(memories, messages) == pytest.approx(judged.similarity(memories, messages), abs=0.02)


def test_the_whole_training_leaves_encoder_record_and_card(topics, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(encoder_build, "load_topics", lambda: topics)
    monkeypatch.setattr(encoder_build, "chit_chat", lambda: chit_chat()[:40])
    record = train_local(tmp_path / "encoder", replace(SMALL, epochs=2))
    assert json.loads((tmp_path / "encoder" / "training.json").read_text(encoding="utf-8")) == record
    assert len(record["training"]) == 2
    thresholds = record["thresholds_of_writers"]
    assert min(thresholds) <= record["unseen"]["threshold"] <= min(0.99, max(thresholds) + np.ptp(thresholds))
    card = (tmp_path / "encoder" / "README.md").read_text(encoding="utf-8")
    assert "--epochs 2 " in card
    assert LocalEncoder.load(tmp_path / "encoder").threshold == pytest.approx(record["unseen"]["threshold"], abs=1e-4)


KILLED_AT_WORK = """
import os, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from diaglib.memory.encoder_build import end_with_parent

if __name__ == "__main__":
    with ProcessPoolExecutor(1, get_context("spawn"), end_with_parent) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        time.sleep(600)
"""


def test_a_worker_ends_with_the_training_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "killed.py"
    script.write_text(KILLED_AT_WORK)
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as training:
        worker = int(training.stdout.readline())
        os.kill(worker, 0)
        training.kill()
    for _ in range(200):
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    os.kill(worker, signal.SIGKILL)
    pytest.fail("the worker waits for more work for ever")


def test_a_message_is_said_in_many_ways() -> None:
    rng = random.Random(0)
    said = {vary("오늘 뭐 해?", rng) for _ in range(200)}
    assert len(said) > 40
    assert any("하세요" in one for one in said)
