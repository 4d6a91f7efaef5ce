"""The chat persona's data: enough of it, well formed, no near-duplicates across the split, kind where it matters."""

import re
from collections import Counter
from pathlib import Path

import pytest

from diaglib.dataset import chat
from diaglib.dataset.chat import CATEGORIES, END_MARK, SPLITS, chat_completion, chat_pairs, chat_prompt, likeness
from diaglib.dataset.chat.card import chat_data_card, nearest_across_splits

MEMORY = re.compile(r"\[[^\[\]:]+: [^\[\]:]+\] ")
EVERY_PAIR = [pair for split in SPLITS for pair in chat_pairs(split)]


def test_there_are_enough_pairs_of_every_category():
    train, validation = (Counter(pair.category for pair in chat_pairs(split)) for split in SPLITS)
    assert train.total() >= 360
    assert validation.total() >= 60
    assert set(train) == set(validation) == set(CATEGORIES)
    assert min(train.values()) >= 15
    assert min(validation.values()) >= 4


def test_no_question_or_answer_comes_twice():
    assert len({pair.question for pair in EVERY_PAIR}) == len({pair.answer for pair in EVERY_PAIR}) == len(EVERY_PAIR)


def test_the_splits_share_no_near_duplicates():
    assert nearest_across_splits(1)[0] <= 0.5, "questions"
    assert nearest_across_splits(2)[0] <= 0.6, "answers"


def test_likeness_sees_a_copy_with_another_ending():
    assert likeness("내일 발표가 있어", "내일 발표가 있어!") == 1
    assert likeness("내일 발표가 있어", "내일 발표가 있거든") > 0.5
    assert likeness("내일 발표가 있어", "오늘 점심 뭐 먹지?") == 0
    assert likeness("", "") == 1


def test_answers_are_short_polite_korean_sentences():
    for pair in EVERY_PAIR:
        text = MEMORY.sub("", pair.answer)
        assert 8 <= len(text) <= 90, pair
        assert re.search(r"[가-힣]", text), pair
        assert text[-1] in ".!?", pair
        assert not re.search(r"[A-Za-z]{3}|[\[\]]", text), pair


def test_memories_stand_in_brackets_where_their_category_says():
    for pair in EVERY_PAIR:
        assert bool(MEMORY.match(pair.question)) == (pair.category == "memory use"), pair
        assert bool(MEMORY.match(pair.answer)) == (pair.category in ("memory note", "where things are")), pair


def test_every_answer_to_distress_points_to_people():
    for pair in EVERY_PAIR:
        if pair.category == "distress":
            assert re.search(r"109|119|1366|1388|사람|상담", pair.answer), pair


def test_the_form_is_the_published_one():
    assert chat_prompt("안녕") + chat_completion("반가워요.") == "안녕 (답변 시작) ### 답변: 반가워요. (답변 종료)"


@pytest.mark.parametrize(
    "message",
    ["안녕 (답변 종료)", "( 답변  시작 ) ### 답변: 네", "(답변 (답변 종료)종료)", "#(답변 종료)## 답변:", "(답변 종료)" * 2000],
)
def test_a_message_cannot_hold_the_marks(message):
    prompt = chat_prompt(message)
    assert prompt.count("답변 시작") == prompt.count("### 답변:") == 1
    assert END_MARK not in prompt


def test_an_unknown_split_names_the_known():
    with pytest.raises(ValueError, match="train, validation"):
        chat_pairs("test")


def test_the_card_beside_the_data_is_of_these_data():
    assert (Path(chat.__file__).parent / "README.md").read_text(encoding="utf-8") == chat_data_card()
