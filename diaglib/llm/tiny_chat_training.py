"""Trains the embedded chat model from scratch: `python -m diaglib train-chat --out FOLDER`.

Used to make `diaglib/llm/tiny_chat/`. Inputs: the persona's pairs and their variants, a seed, a number of steps. Rules: the
learning rate follows the steps, so a second run gives the same model; one category is left out, for notebook 03 to teach.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diaglib.dataset.chat import CATEGORIES, ChatPair, chat_completion, chat_pairs, chat_prompt
from diaglib.dataset.chat.variants import fixed_answers, loosened, other_wordings, slot_rows
from diaglib.llm.chat_tokenizer import EOS, PAD, build_tokenizer, load_tokenizer, save_tokenizer, token_id
from diaglib.llm.small_training import CHECKPOINT, Batch, EncodedRow, TrainingSettings, finish, new_model, train_model
from diaglib.llm.tiny_chat import MADE_BY, TINY_CHAT

if TYPE_CHECKING:
    from tokenizers import Tokenizer

LEFT_OUT = "where things are"  # notebook 03 teaches it, so that the lesson can be seen
TAUGHT = tuple(category for category in CATEGORIES if category != LEFT_OUT)
SLOT_SHARE = 0.5  # of rows that come from frames
CHAT_SETTINGS = TrainingSettings(  # what the shipped model was made with
    width=128,
    layers=4,
    heads=4,
    feed_forward=384,
    batch_tokens=1_400,
    learning_rate=4e-3,
    weight_decay=0.1,
    warm_up_steps=60,
    steps=1_400,
)


def chat_vocabulary() -> Tokenizer:
    """The tokenizer of all training texts; slots of frames do not count as text, so that their words stay in syllables."""
    pairs = chat_pairs("train")
    fixed = [re.sub(r"^\[[^\]]*\] ", "", pair.answer) for pair in pairs] + fixed_answers() * 3
    rows = [*pairs, *other_wordings(), *islice(slot_rows(0, made_up_share=0.0), 3_000)]
    return build_tokenizer(fixed, [text for row in rows for text in (row.question, row.answer)])


def encode_pair(pair: ChatPair, tokenizer: Tokenizer) -> EncodedRow:
    """Ids of prompt, answer, end mark and end token."""
    prompt = tokenizer.encode(chat_prompt(pair.question)).ids
    return EncodedRow([*prompt, *tokenizer.encode(chat_completion(pair.answer)).ids, token_id(tokenizer, EOS)], len(prompt))


def _rows(rng: random.Random, slots: Iterator[ChatPair]) -> Iterator[ChatPair]:
    """Endless training rows: hand-written ones as they are or loosened, their other wordings, and frames."""
    written = [pair for pair in chat_pairs("train") if pair.category in TAUGHT]
    reworded = list(other_wordings())
    while True:
        draw = rng.random()
        if draw < SLOT_SHARE:
            yield next(slots)
        elif draw < SLOT_SHARE + 0.1:
            yield loosened(rng.choice(reworded), rng)
        else:
            pair = rng.choice(written)
            yield pair if rng.random() < 0.5 else loosened(pair, rng)


def batches(tokenizer: Tokenizer, settings: TrainingSettings, pool_rows: int = 800) -> Iterator[Batch]:
    """Endless batches of rows of similar length."""
    pool = 0
    while True:
        rng = random.Random(f"chat {settings.seed} {pool}")
        slots = slot_rows(settings.seed * 1_000_003 + pool, categories=TAUGHT)
        rows = [encode_pair(pair, tokenizer) for pair in islice(_rows(rng, slots), pool_rows)]
        rows.sort(key=lambda row: len(row.ids))
        made: list[list[EncodedRow]] = [[]]
        for row in reversed(rows):
            if made[-1] and (len(made[-1]) + 1) * len(made[-1][0].ids) > settings.batch_tokens:
                made.append([])
            made[-1].append(row)
        rng.shuffle(made)
        yield from (Batch(rows, len(rows), len(rows[0].ids)) for rows in made)
        pool += 1


def train_chat(folder: Path, settings: TrainingSettings = CHAT_SETTINGS) -> dict[str, Any]:
    """Trains for the steps of the settings and writes the model to `folder`; returns what training.json records.

    A run that was stopped in `folder` goes on. Raises FloatingPointError where the loss is no number.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / CHECKPOINT).exists():  # a run goes on with the vocabulary it began with
        save_tokenizer(chat_vocabulary(), folder)
    tokenizer = load_tokenizer(folder)
    pad_id, end_id = token_id(tokenizer, PAD), token_id(tokenizer, EOS)
    model = new_model(settings, tokenizer.get_vocab_size(), pad_id, end_id, **{MADE_BY: TINY_CHAT})
    record = train_model(folder, model, lambda step: islice(batches(tokenizer, settings), step, None), settings)
    record["settings"]["slot_share"] = SLOT_SHARE
    finish(folder, model, record)
    return record
