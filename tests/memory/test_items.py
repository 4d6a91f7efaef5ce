"""Memories in brackets: what is one, what is not, and what is left of the text around them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diaglib.memory.items import (
    MAX_TEXT_CHARACTERS,
    MAX_VALUE_CHARACTERS,
    Memory,
    clean_text,
    make_memory,
    read_line,
    read_memories,
)


@pytest.mark.parametrize(
    ("text", "shown", "memories"),
    [
        ("발표 잘 될 거야! [오늘 일정: 발표]", "발표 잘 될 거야!", [("오늘 일정", "발표")]),
        ("[오늘 일정: 발표] 발표 [3층]이지?", "발표 [3층]이지?", [("오늘 일정", "발표")]),
        ("그래 [오늘 일정: 발표 [3층]] 힘내", "그래 힘내", [("오늘 일정", "발표 [3층]")]),
        ("[[오늘 일정: 발표]] 힘내", "힘내", [("오늘 일정", "발표")]),
        ("둘 다 [가수: 아이유] 기억할게 [음식: 떡볶이].", "둘 다 기억할게.", [("가수", "아이유"), ("음식", "떡볶이")]),
        ("[시간: 9:30] 좋아", "좋아", [("시간", "9:30")]),
        ("[기분: 🎉😀] 야호 🎉", "야호 🎉", [("기분", "🎉😀")]),
        ("하하 [웃음] 그래", "하하 [웃음] 그래", []),
        ("a ] b [ c", "a ] b [ c", []),
        ("", "", []),
    ],
)
def test_memories_leave_the_text_and_the_text_stays(text: str, shown: str, memories: list[tuple[str, str]]) -> None:
    reading = read_memories(text)
    assert reading.text == shown
    assert reading.memories == tuple(Memory(*memory) for memory in memories)
    assert not reading.problems


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("그래 [: 발표] 응", "needs a key"),
        ("그래 [오늘 일정:] 응", "no value"),
        ("그래 [오늘 일정:   ] 응", "no value"),
        (f"그래 [오늘 일정: {'가' * 10_000}] 응", "10,000 characters"),
        ("그래 응 [오늘 일정: 발", "cut off"),
    ],
)
def test_what_looks_like_a_memory_and_is_none_is_told_and_not_shown(text: str, words: str) -> None:
    reading = read_memories(text)
    assert reading.memories == ()
    assert reading.text == "그래 응"
    assert words in reading.problems[0]


def test_half_a_surrogate_becomes_a_replacement_and_two_halves_an_emoji() -> None:
    assert clean_text("\ud83d!") == "\ufffd!"
    assert clean_text("\ud83d\ude00") == "😀"


def test_hangul_of_separate_letters_is_composed() -> None:
    assert make_memory("가수", "x") == make_memory("\u1100\u1161\u1109\u116e", "x")


def test_brackets_without_a_partner_do_not_break_the_line_a_memory_is_written_to() -> None:
    memory = make_memory("기분", "좋아 :] [")
    assert read_line(f"{memory} 그래") == (memory, "그래")


@pytest.mark.parametrize("line", ["안녕", "안녕 [가수: 아이유]", "[가수] 안녕", "[가수: 아이유", "[: x] y", ""])
def test_a_line_that_is_none_is_refused_in_words(line: str) -> None:
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        read_line(line)


@pytest.mark.parametrize("text", ["[" * 20_000, "[a:" * 7_000 + "]", "[a: " * 3_000 + "]" * 3_000, "[ " * 9_999 + "]"])
def test_hostile_brackets_give_nothing_and_no_more_is_read_than_the_limit(text: str) -> None:
    reading = read_memories(text * 50)
    assert reading.memories == ()
    assert len(reading.text) <= MAX_TEXT_CHARACTERS


@given(st.text(alphabet=st.characters(codec=None), max_size=200))
def test_any_text_can_be_read_and_what_comes_out_can_be_stored(text: str) -> None:
    reading = read_memories(text)
    for memory in reading.memories:
        assert read_line(str(memory)) == (memory, "")
    reading.text.encode()


@given(st.text(alphabet="[]: 가나", max_size=60), st.text(alphabet="[]: 가나", max_size=60))
def test_every_memory_that_can_be_made_reads_back(key: str, value: str) -> None:
    try:
        memory = make_memory(key, value)
    except ValueError:
        return
    assert read_line(f"{memory} 그래") == (memory, "그래")
    assert len(memory.value) <= MAX_VALUE_CHARACTERS
