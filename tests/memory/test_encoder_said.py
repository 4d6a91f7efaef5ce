"""A message speaks of what messages like it spoke of: looked up in the lines learnt from, to the rare word."""

from __future__ import annotations

import numpy as np
import pytest

from diaglib.memory.encoder import load_encoder
from diaglib.memory.encoder_local import FEATURES
from diaglib.memory.encoder_said import LIKE_VALUES, NEAREST_LINES, Said, said_arrays
from diaglib.memory.ngrams import BUCKETS, overlap_ids
from diaglib.memory.pairs import Line

KEYS = ("내일 일정", "오늘 일정", "좋아하는 가수")
LINES = [
    Line("오늘 일정", "치과", "마취 주사 아플까"),
    Line("오늘 일정", "치과", "사랑니 뽑는대"),
    Line("내일 일정", "치과 예약", "스케일링 받기 싫다"),
    Line("좋아하는 가수", "아이유", "밤편지 들으면 울어"),
    Line("좋아하는 가수", "아이유", "밤편지 들으면 울어"),
]


VALUES = ("치과 예약", "치과", "아이유")  # in the order of their keys


def ids(text: str) -> np.ndarray:
    return np.array(overlap_ids(text), np.int64)


@pytest.fixture
def said() -> Said:
    return Said(said_arrays(LINES, KEYS) | {"rarity": np.ones(BUCKETS, np.float32)}, len(KEYS))


def test_a_line_said_twice_counts_once() -> None:
    arrays = said_arrays(LINES, KEYS)
    assert arrays["said_run_lengths"].tolist() == [1, 2, 1]  # of 치과 예약, 치과, 아이유
    assert len(arrays["said_run_values"]) == len(arrays["said_run_keys"]) == 3
    assert len(arrays["said_message_counts"]) == 4
    assert arrays["said_message_counts"].sum() == len(arrays["said_message_ids"])
    assert len(arrays["said_value_counts"]) == 3


def test_a_message_is_of_the_value_and_key_that_one_like_it_was_of(said: Said) -> None:
    like = said.message(ids("사랑니 뽑는대 어떡해"))
    assert like.values.argmax() == VALUES.index("치과")
    assert like.keys.argmax() == KEYS.index("오늘 일정")
    assert len(like.keys) == len(KEYS) + 1
    assert 0.5 < like.nearest < 1
    assert like.values.sum() == pytest.approx(1, abs=0.02)
    first = like.line_shares.argmax()
    assert (like.line_values[first], like.line_keys[first]) == (VALUES.index("치과"), KEYS.index("오늘 일정"))
    assert said.message(ids("밤편지 들으면 울어")).nearest == pytest.approx(1)


def test_only_the_nearest_of_many_lines_are_told_one_by_one() -> None:
    lines = [Line(KEYS[number % 2], f"값{number}", f"치과 {number}번째") for number in range(2 * NEAREST_LINES)]
    said = Said(said_arrays(lines, KEYS) | {"rarity": np.ones(BUCKETS, np.float32)}, len(KEYS))
    like = said.message(ids("치과 17번째"))
    assert len(like.line_shares) == len(like.line_values) == len(like.line_keys) == NEAREST_LINES
    values = [line.value for line in sorted(lines, key=lambda line: (line.key, line.value))]
    assert values[like.line_values[like.line_shares.argmax()]] == "값17"
    assert like.values.sum() > like.line_shares.sum()


@pytest.mark.parametrize("text", ["", "zzz qqq", "?!"])
def test_what_is_like_nothing_is_of_nothing(said: Said, text: str) -> None:
    like = said.message(ids(text))
    assert not like.values.any()
    assert not like.keys.any()
    assert not len(like.line_shares)
    assert like.nearest == 0


def test_the_known_values_most_like_one_come_with_their_likeness(said: Said) -> None:
    places, likeness = said.memory(ids("치과 검진"))
    assert len(places) == len(likeness) == LIKE_VALUES
    assert set(places[likeness > 0]) == {0, 1}
    assert set(places[likeness == 0]) == {-1}
    assert not said.memory(ids(""))[1].any()


def test_the_shipped_encoder_brings_back_a_word_that_names_neither_key_nor_value() -> None:
    encoder = load_encoder()
    memories = ["[오늘 일정: 치과]", "[내일 일정: 회식]", "[좋아하는 꽃: 장미]"]
    found = encoder.features(memories, ["스케일링 무서워", "부장님 건배사 시키겠지", "가시에 찔렸어"])
    assert found[:, :, FEATURES.index("log of what was said of like values")].argmax(axis=0).tolist() == [0, 1, 2]
