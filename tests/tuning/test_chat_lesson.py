"""The chat lesson of notebook 03: what is taught and what is measured stay apart, and the figures are of the answers."""

import pytest

from diaglib.dataset.chat import chat_pairs
from diaglib.llm.chat_metrics import ChatAnswer, split_memory
from diaglib.llm.tiny_chat_training import LEFT_OUT
from diaglib.tuning.chat import as_said, chat_figures, chat_lesson, conversations, lesson_sentence, say


@pytest.fixture(scope="module")
def lesson():
    return chat_lesson(rows=120, held_out=40)


def answered(pairs, right):
    """Answers whose first `right` are the written ones; the rest carry a memory nobody asked for and do not end."""
    found = []
    for number, pair in enumerate(pairs):
        memory, words = split_memory(pair.answer)
        found.append(ChatAnswer(pair, words, memory if number < right else ("키", "값"), number < right))
    return found


def test_half_of_the_rows_are_new_and_the_rest_is_rehearsal(lesson):
    assert len(lesson.training) == 120
    assert sum(row.family == LEFT_OUT for row in lesson.training) == 60
    assert lesson == chat_lesson(rows=120, held_out=40)
    assert lesson.training != chat_lesson(rows=120, held_out=40, seed=1).training


def test_no_measured_message_is_taught(lesson):
    taught = {row.prompt for row in (*lesson.training, *lesson.validation)}
    assert not taught & {pair.question for pair in (*lesson.new, *lesson.old)}
    assert {pair.category for pair in lesson.new} == {LEFT_OUT}
    assert LEFT_OUT not in {pair.category for pair in lesson.old}


def test_a_model_of_the_hub_learns_every_written_pair():
    lesson = chat_lesson(embedded=False)
    assert [row.prompt for row in lesson.training] == [pair.question for pair in chat_pairs("train")]
    assert len(lesson.validation) >= 60


def test_figures_and_sentence_are_counted_from_the_answers(lesson):
    before = {"new": answered(lesson.new, 0), "old": answered(lesson.old, 30)}
    after = {"new": answered(lesson.new, len(lesson.new)), "old": answered(lesson.old, 30)}
    new, old = chat_figures(after, "after")
    assert (new["memory right"], new["ended"], old["answers"]) == (1.0, 1.0, len(lesson.old))
    assert new["memory right, from"] < 1.0 == new["memory right, to"]
    assert chat_figures(before, "before")[0]["memory right"] == 0.0
    assert "0.00 before and 1.00 after" in lesson_sentence(before, after)
    assert "is unchanged" in lesson_sentence(before, after)
    after["old"] = answered(lesson.old, 10)
    assert "fell by" in lesson_sentence(before, after)


def test_conversations_show_both_sides_unpicked(lesson):
    before = {"new": answered(lesson.new, 0), "old": answered(lesson.old, 0)}
    shown = conversations(before, before, count=3)
    assert [row["message"] for row in shown] == [pair.question for pair in (*lesson.new[:3], *lesson.old[:3])]
    assert shown[0]["before"].startswith("[키: 값] ")
    assert as_said(before["new"][0]).endswith(" …")


def test_before_the_lesson_the_embedded_model_notes_no_place(lesson):
    said = say("tiny-chat", lesson)
    assert sum(answer.memory_is_right for answer in said["new"]) <= 2
    assert len(said["old"]) == len(lesson.old)
