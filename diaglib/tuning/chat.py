"""Notebook 03 with TASK = "chat": the lesson, what a model says before and after it, and the figures of both.

In the local profile the embedded chat model learns the one category it was never taught, to note where things are, from a few
hundred rows. Rule: the messages it is measured on have words and wordings that no row of the lesson has.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from diaglib.dataset.chat import ChatPair, chat_pairs
from diaglib.dataset.chat.variants import loosened, slot_rows
from diaglib.llm import load
from diaglib.llm.chat_metrics import ChatAnswer, chat_answers, chat_metrics
from diaglib.llm.tiny_chat_training import LEFT_OUT, TAUGHT
from diaglib.statistics import wilson_interval
from diaglib.tuning.rows import Row

HELD_OUT_SEED = 424_242


@dataclass(frozen=True)
class ChatLesson:
    """Rows to learn from and to stop by, and the pairs to measure: `new` of the category taught, `old` of the others."""

    training: list[Row]
    validation: list[Row]
    new: list[ChatPair]
    old: list[ChatPair]


def chat_lesson(rows: int = 360, held_out: int = 60, embedded: bool = True, seed: int = 0) -> ChatLesson:
    """The lesson for the embedded model: half of `rows` of the new category, the rest of old ones so that they are not forgotten.

    A model of the hub (`embedded` False) gets every hand-written training pair, since all of it is new to it, and stops by
    the hand-written validation pairs; `rows` is not used then.
    """
    rng = random.Random(f"chat lesson {seed}")
    new_written = [pair for pair in chat_pairs("train") if pair.category == LEFT_OUT]
    old_written = [pair for pair in chat_pairs("train") if pair.category in TAUGHT]
    if embedded:
        half = rows // 2
        new = [*new_written, *islice(slot_rows(seed, categories=[LEFT_OUT]), max(0, half - len(new_written)))]
        old_slots = list(islice(slot_rows(seed + 1, categories=TAUGHT), half // 2))
        old = [loosened(pair, rng) for pair in rng.choices(old_written, k=rows - half - len(old_slots))] + old_slots
        training = new + old
        rng.shuffle(training)
        # unseen rows of the training side: the held-out words and wordings choose nothing
        validation = [
            *islice(slot_rows(seed + 2, categories=[LEFT_OUT]), 30),
            *islice(slot_rows(seed + 3, categories=TAUGHT), 30),
        ]
    else:
        training, validation = list(chat_pairs("train")), list(chat_pairs("validation"))
    written = chat_pairs("validation")
    return ChatLesson(
        _as_rows(training),
        _as_rows(validation),
        [
            *(pair for pair in written if pair.category == LEFT_OUT),
            *islice(slot_rows(HELD_OUT_SEED, True, [LEFT_OUT]), held_out),
        ],
        [pair for pair in written if pair.category in TAUGHT],
    )


def _as_rows(pairs: Sequence[ChatPair]) -> list[Row]:
    return [Row(pair.question, pair.answer, pair.category, number) for number, pair in enumerate(pairs)]


def say(model: str | Path, lesson: ChatLesson) -> dict[str, list[ChatAnswer]]:
    """Greedy answers of a model (`tiny-chat`, a folder, a hub id) to the lesson's `new` and `old` messages."""
    speaker = load(model)
    return {"new": chat_answers(speaker, lesson.new), "old": chat_answers(speaker, lesson.old)}


def chat_figures(said: dict[str, list[ChatAnswer]], when: str) -> list[dict[str, object]]:
    """A row for each set of answers: shares with their 95% Wilson intervals where one is asked of them, for a table."""
    names = {"new": f"new: {LEFT_OUT}", "old": "old: everything else"}
    table = []
    for part, answers in said.items():
        metrics = chat_metrics(answers)
        row: dict[str, object] = {"when": when, "messages": names[part], "answers": metrics.answers}
        for name, passed in (
            ("memory right", sum(answer.memory_is_right for answer in answers)),
            ("ended", sum(answer.ended for answer in answers)),
        ):
            low, high = wilson_interval(passed, len(answers))
            row |= {name: passed / len(answers), f"{name}, from": low, f"{name}, to": high}
        table.append(row | {"repeats": metrics.repeated, "empty": metrics.empty, "distinct-2": metrics.distinct_2})
    return table


def conversations(
    before: dict[str, list[ChatAnswer]], after: dict[str, list[ChatAnswer]], count: int = 6
) -> list[dict[str, str]]:
    """Messages with what was said before and after, the first `count` of each set: not picked."""
    return [
        {"message": old.pair.question, "before": as_said(old), "after": as_said(new), "as written": old.pair.answer}
        for part in before
        for old, new in islice(zip(before[part], after[part], strict=True), count)
    ]


def as_said(answer: ChatAnswer) -> str:
    """An answer with the memory it carries, and a sign where it did not end by itself."""
    memory = f"[{answer.memory[0]}: {answer.memory[1]}] " if answer.memory else ""
    return f"{memory}{answer.text}{'' if answer.ended else ' …'}"


def lesson_sentence(before: dict[str, list[ChatAnswer]], after: dict[str, list[ChatAnswer]]) -> str:
    """What the lesson did, in words and figures of these answers."""

    def share(said: dict[str, list[ChatAnswer]], part: str) -> float:
        return sum(answer.memory_is_right for answer in said[part]) / len(said[part])

    low, high = wilson_interval(sum(answer.memory_is_right for answer in after["new"]), len(after["new"]))
    change = share(after, "old") - share(before, "old")
    kept = "is unchanged" if change == 0 else f"{'rose' if change > 0 else 'fell'} by {abs(change):.2f}"
    return (
        f"Of {len(after['new'])} unseen messages that say where a thing is, the right memory was noted for "
        f"{share(before, 'new'):.2f} before and {share(after, 'new'):.2f} after (95%: {low:.2f} to {high:.2f}); "
        f"on the {len(after['old'])} other unseen messages that share {kept}."
    )
