"""Pairs: the published target to the digit, its product, and the negatives it lacks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diaglib.memory.lines import (
    calibration_sets,
    chit_chat,
    load_topics,
    message_variants,
    other_writers_lines,
    read_topics,
    training_lines,
    unseen_lines,
)
from diaglib.memory.pairs import hard_pairs, key_and_value, other_day, product, read_lines, target, targets

KEYS = st.lists(st.sampled_from("오늘 내일 일정 날씨 좋아하는 가수 먹고 싶은 음식".split()), min_size=1, max_size=4).map(" ".join)


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ("오늘 일정", "오늘 일정", 1.0),
        ("오늘 일정", "내일 일정", 0.3333),
        ("좋아하는 가수", "좋아하는 아이돌", 1.0),
        ("좋아하는 아이돌", "좋아하는 음식", 0.3333),
        ("먹고 싶은 음식", "가고 싶은 여행지", 0.2),
        ("먹고 싶은 음식", "좋아하는 음식", 0.25),
        ("취미", "생일", 0.0),
        ("싶은 먹고", "먹고 싶은", 1.0),
    ],
)
def test_the_target_is_the_published_one(one: str, other: str, wanted: float) -> None:
    assert target(one, other) == wanted


@given(KEYS, KEYS)
def test_the_target_is_symmetric_and_one_for_equal_keys(one: str, other: str) -> None:
    assert target(one, other) == target(other, one)
    assert target(one, one) == 1.0
    assert 0 <= target(one, other) <= 1


def test_the_product_is_every_memory_with_every_message() -> None:
    lines = read_lines("[오늘 일정: 발표] 떨린다\n\n[내일 일정: 시험] 공부하기 싫다\n[취미: 독서] 심심해")
    pairs = product(lines)
    assert [(pair.memory, pair.message) for pair in pairs[:3]] == [
        ("[오늘 일정: 발표]", "떨린다"),
        ("[오늘 일정: 발표]", "공부하기 싫다"),
        ("[오늘 일정: 발표]", "심심해"),
    ]
    keys = [line.key for line in lines]
    assert [pair.target for pair in pairs] == targets(keys, keys).ravel().tolist()
    assert [pair.target for pair in pairs[:4]] == [1.0, 0.3333, 0.0, 0.3333]


def test_hard_pairs_are_what_the_product_misses() -> None:
    lines = read_lines("[오늘 일정: 발표] 떨린다\n[오늘 일정: 시험] 어려울까\n[취미: 독서] 심심해")
    pairs = hard_pairs(lines, ["안녕"])
    wanted = {"same key": {1.0}, "other day": {0.25, 0.3333}, "chit-chat": {0.0}}  # 이번 주 일정 has a word more than 내일 일정
    assert all(pair.target in wanted[pair.kind] for pair in pairs)
    assert [pair.kind for pair in pairs].count("other day") == 2
    same = [pair for pair in pairs if pair.kind == "same key"]
    assert {(pair.memory, pair.message) for pair in same} == {("[오늘 일정: 시험]", "떨린다"), ("[오늘 일정: 발표]", "어려울까")}
    assert all(pair.message == "안녕" for pair in pairs if pair.kind == "chit-chat")
    assert hard_pairs(lines, [], seed=3) == hard_pairs(lines, [], seed=3)


def test_another_day_keeps_the_rest_of_the_key() -> None:
    assert "내일 일정" in other_day("오늘 일정")
    assert "오늘 일정" not in other_day("오늘 일정")
    assert other_day("이번 주 일정")[:2] == ["어제 일정", "오늘 일정"]
    assert other_day("취미") == []


@pytest.mark.parametrize(
    ("memory", "read"),
    [
        ("[취미: 독서]", ("취미", "독서")),
        ("취미: 독서", ("취미", "독서")),
        ("[취미]", ("취미", "")),
        ("[: 독서]", ("", "독서")),
        ("", ("", "")),
        ("[링크: a:b [1]]", ("링크", "a:b [1]")),
        ("[취미: \ud83d]", ("취미", "\ufffd")),
    ],
)
def test_a_memory_is_read_as_far_as_it_goes(memory: str, read: tuple[str, str]) -> None:
    assert key_and_value(memory) == read


@pytest.mark.parametrize(
    ("text", "words"),
    [("[취미: 독서] 응\n그냥 말", "line 2: "), ("[취미: 독서]", "no message"), ("[취미] 응", "line 1: ")],
)
def test_a_line_that_is_none_is_named(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_lines(text)


def test_our_lines_are_many_and_the_test_is_unseen() -> None:
    topics = load_topics()
    learnt, unseen, chat = training_lines(), unseen_lines(), chit_chat()
    assert len(learnt) >= 240
    assert len({line.key for line in learnt}) >= 50
    assert len(unseen) >= 60
    assert len(chat) == len(set(chat)) >= 200
    assert not {line.key for line in unseen} & {topic.key for topic in topics}
    wordings = {message for topic in topics for message in topic.messages} | {line.message for line in learnt} | set(chat)
    wordings |= {variant for variants in message_variants().values() for variant in variants}
    assert not {line.message for line in unseen} & wordings
    for sets in calibration_sets():
        assert len(sets) >= 8
    for lines in [*other_writers_lines(), [line for sets in calibration_sets() for one in sets for line in one]]:
        assert len(lines) >= 300
        assert not {line.message for line in lines} & wordings


def test_most_messages_do_not_repeat_the_words_of_their_key() -> None:
    lines = training_lines()
    repeating = [line for line in lines if set(line.key.split()) & set(line.message.split())]
    assert len(repeating) < 0.35 * len(lines)


def test_every_place_of_a_value_or_a_time_is_filled() -> None:
    assert not [line for line in training_lines(1, 2) if "{" in line.message or "::" in line.message]


def test_lines_are_the_same_for_the_same_seed() -> None:
    assert training_lines(3) == training_lines(3)
    assert training_lines(3) != training_lines(4)


@pytest.mark.parametrize(("text", "words"), [("말이 먼저", "before the first key"), ("# 취미\n= 독서", "needs values")])
def test_a_topic_that_cannot_be_used_is_named(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_topics(text)
