"""The chat lesson of notebook 03: what is taught and what is measured stay apart and are judged by what was written."""

import pytest

from diaglib.dataset.chat import END_MARK, chat_pairs
from diaglib.llm.hub import Answer
from diaglib.llm.tiny_chat_training import LEFT_OUT
from diaglib.profiles import load_profile
from diaglib.tuning import Row, chat_task
from diaglib.tuning.chat_task import chat_lesson, load_chat_task, score_chat


@pytest.fixture(scope="module")
def lesson():
    return chat_lesson(rows=120, held_out=40)


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


def test_the_embedded_model_never_noted_where_a_thing_is(lesson):
    """The lesson is worth its minutes only where the category is new to the model."""
    task = load_chat_task(load_profile("local"), 120, 5, 20, 0)
    new = [row for row in task.held_out if row.family == LEFT_OUT]
    assert task.new_family == LEFT_OUT
    assert score_chat(task.base, new).summary()["score"] < 0.3


def test_an_answer_is_right_where_it_ends_and_notes_the_right_kind_of_thing(monkeypatch):
    """The embedded model notes where a thing is before it can copy the thing's name: both are told, and apart."""
    said = {
        "a": ("[열쇠 둔 곳: 서랍] 네", True), "b": ("[안경 둔 곳: 책상] 네", True), "c": ("[열쇠 둔 곳: 서랍] 네", False),
        "d": ("[좋아하는 가수: 서랍] 네", True), "e": ("네", True), "f": ("[열쇠 둔 곳: 서랍]", True),
    }  # fmt: skip

    class Speaker:
        def answers(self, texts, *_, **__):
            return [[Answer(said[text[0]][0] + f" {END_MARK}" * said[text[0]][1], (), said[text[0]][1])] for text in texts]

    monkeypatch.setattr(chat_task, "load", lambda _: Speaker())
    rows = [Row(name, "[열쇠 둔 곳: 서랍] 그래요", "where things are") for name in said]
    answers = score_chat("m", rows).answers
    assert [one.score for one in answers] == [1, 1, 0, 0, 0, 0]
    assert [one.exact for one in answers] == [True, False, False, False, False, False]


def test_the_loss_of_written_answers_is_that_of_training(lesson):
    """What a model was trained on is likelier to it than what it never saw."""
    from diaglib.tuning.answer_loss import answer_losses
    from diaglib.tuning.settings import settings_for

    settings = settings_for(load_profile("local"), "chat")
    old = [row for row in lesson.training if row.family != LEFT_OUT][:20]
    new = [row for row in lesson.training if row.family == LEFT_OUT][:20]
    losses = answer_losses("tiny-chat", [*old, *new], settings)
    assert len(losses) == 40
    assert sum(losses[:20]) < 0.5 * sum(losses[20:])
