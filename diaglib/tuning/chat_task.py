"""The chat persona as a task of notebook 03: rows from its data set, answers judged by what can be counted.

Rule: what is counted is whether an answer ended by its mark and carries the right memory, or rightly none; its charm is for the
reader, beside the samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from diaglib.dataset.chat import ChatPair, chat_pairs
from diaglib.dataset.chat.variants import slot_rows
from diaglib.llm import load
from diaglib.llm.chat_metrics import chat_answers
from diaglib.llm.tiny_chat_training import LEFT_OUT
from diaglib.profiles import Profile
from diaglib.tuning.rows import Row, split_rows
from diaglib.tuning.scores import Scored, Scores
from diaglib.tuning.settings import settings_for
from diaglib.tuning.task import Task

LOCAL_NEW_ROWS, LOCAL_STEPS = 400, 240
HELD_OUT_SEED, HELD_OUT_ROWS = 424_242, 60


def load_chat_task(profile: Profile, new_rows: int, replay_rows: int, steps: int, seed: int) -> Task:
    """The hand-written pairs; for the embedded model, which lacks one category, also generated rows of that."""
    written = chat_pairs("train")
    if profile.needs_gpu:
        rows, new_family = _rows(written), ""
        settings = settings_for(profile, "chat", steps=steps, seed=seed)
    else:
        new = [pair for pair in written if pair.category == LEFT_OUT]
        new += list(islice(slot_rows(seed, categories=(LEFT_OUT,)), max(0, (new_rows or LOCAL_NEW_ROWS) - len(new))))
        old = [pair for pair in written if pair.category != LEFT_OUT]
        rows, new_family = _rows([*new, *(old if replay_rows < 0 else old[:replay_rows])]), LEFT_OUT
        settings = settings_for(profile, "chat", steps=steps or LOCAL_STEPS, seed=seed, batch_rows=16)
    training, validation = split_rows(rows, 0.06)
    measured = list(chat_pairs("validation"))
    if new_family:  # words and wordings that no row of the lesson has
        measured += islice(slot_rows(HELD_OUT_SEED, held_out=True, categories=(new_family,)), HELD_OUT_ROWS)
    held_out = _rows(measured)
    return Task("chat", profile.chat_model, training, validation, held_out, new_family, settings, profile.name, score_chat)


def score_chat(model: str, rows: Sequence[Row]) -> Scores:
    """Answers of a chat model; 1 where an answer ended by itself and its memory is the written one's, or both have none."""
    import time

    start = time.perf_counter()
    found = chat_answers(load(model), [ChatPair(row.family, row.prompt, row.answer) for row in rows])
    seconds = (time.perf_counter() - start) / max(1, len(rows))
    answers = []
    for row, answer in zip(rows, found, strict=True):
        right = float(answer.ended and answer.memory_is_right)
        memory = f"[{answer.memory[0]}: {answer.memory[1]}] " if answer.memory else ""
        answers.append(Scored(row, memory + answer.text, None, right, right, memory + answer.text == row.answer))
    return Scores(answers, seconds)


def _rows(pairs: Sequence[ChatPair]) -> list[Row]:
    return [Row(pair.question, pair.answer, pair.category, number) for number, pair in enumerate(pairs)]
