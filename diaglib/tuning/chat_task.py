"""The chat persona as a task of notebook 03: the lesson's rows, and answers judged by what can be counted.

Rule: what is counted is whether an answer ended by its mark, says something, and notes the right kind of thing, or rightly
nothing; its charm is for the reader, beside the samples.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from diaglib.dataset.chat import ChatPair, chat_pairs
from diaglib.dataset.chat.variants import loosened, slot_rows
from diaglib.llm import load
from diaglib.llm.chat_metrics import chat_answers
from diaglib.llm.tiny_chat_training import LEFT_OUT, TAUGHT
from diaglib.profiles import Profile
from diaglib.tuning.rows import Row
from diaglib.tuning.scores import Scored, Scores
from diaglib.tuning.settings import settings_for
from diaglib.tuning.task import Task

LOCAL_ROWS, LOCAL_STEPS = 3_000, 300
SCORE_WORDS = (
    "An answer scores 1 where it ends by its mark, says something, and notes the right kind of thing (where a thing is, a "
    "favourite singer), or rightly nothing; else 0. Whether it notes exactly the right words is told beside it."
)
HELD_OUT_SEED = 424_242


@dataclass(frozen=True)
class ChatLesson:
    """Rows to learn from and to stop by, and the pairs to measure: `new` of the category taught, `old` of the others."""

    training: list[Row]
    validation: list[Row]
    new: list[ChatPair]
    old: list[ChatPair]


def chat_lesson(rows: int = LOCAL_ROWS, held_out: int = 60, embedded: bool = True, seed: int = 0) -> ChatLesson:
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


def load_chat_task(profile: Profile, rows: int, steps: int, held_out: int, seed: int) -> Task:
    """The embedded model learns the category it was never taught, a hub model all of it; 0 takes the task's own number."""
    embedded = not profile.needs_gpu
    lesson = chat_lesson(rows or LOCAL_ROWS, held_out, embedded, seed)
    changes = {"batch_rows": 16, "steps": steps or LOCAL_STEPS} if embedded else {"steps": steps}
    settings = settings_for(profile, "chat", seed=seed, **changes)
    asked = [Row(pair.question, pair.answer, pair.category, number) for number, pair in enumerate([*lesson.new, *lesson.old])]
    return Task(
        "chat",
        profile.chat_model,
        lesson.training,
        lesson.validation,
        asked,
        LEFT_OUT if embedded else "",
        settings,
        profile.name,
        score_chat,
        SCORE_WORDS,
    )


def score_chat(model: str, rows: Sequence[Row]) -> Scores:
    """Answers of a chat model, each 1 or 0 as `SCORE_WORDS` says; `exact` where the whole memory is right too."""
    start = time.perf_counter()
    found = chat_answers(load(model), [ChatPair(row.family, row.prompt, row.answer) for row in rows])
    seconds = (time.perf_counter() - start) / max(1, len(rows))
    answers = []
    for row, answer in zip(rows, found, strict=True):
        right = float(answer.ended and bool(answer.text) and answer.memory_kind_is_right)
        exact = bool(right) and answer.memory_is_right
        memory = f"[{answer.memory[0]}: {answer.memory[1]}] " if answer.memory else ""
        said = f"{memory}{answer.text}{'' if answer.ended else ' …'}"
        answers.append(Scored(row, said, None, right, right, exact))
    return Scores(answers, seconds)
