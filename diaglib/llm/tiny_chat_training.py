"""Trains the embedded chat model from scratch: `python -m diaglib train-chat --out FOLDER`.

Used to make `diaglib/llm/tiny_chat/`. Inputs: the persona's pairs and their variants, a seed, a number of steps. Rules: the
learning rate follows the steps, so a second run gives the same model; a killed run goes on from its checkpoint; one category is
left out, for notebook 03 to teach.
"""

from __future__ import annotations

import json
import os
import platform
import random
import re
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from diaglib.dataset.chat import CATEGORIES, ChatPair, chat_completion, chat_pairs, chat_prompt
from diaglib.dataset.chat.variants import fixed_answers, loosened, other_wordings, slot_rows
from diaglib.environment import training_autocast
from diaglib.llm.chat_tokenizer import EOS, PAD, build_tokenizer, load_tokenizer, save_tokenizer, token_id
from diaglib.llm.tiny_chat import MADE_BY, TINY_CHAT
from diaglib.llm.tiny_training import EncodedRow, optimizer_of, padded_tensors

if TYPE_CHECKING:
    from tokenizers import Tokenizer

LEFT_OUT = "where things are"  # notebook 03 teaches it, so that the lesson can be seen
TAUGHT = tuple(category for category in CATEGORIES if category != LEFT_OUT)


@dataclass(frozen=True)
class ChatSettings:
    """Sizes and schedule; the defaults are what the shipped model was made with."""

    width: int = 128
    layers: int = 4
    heads: int = 4
    feed_forward: int = 384
    steps: int = 1_400
    batch_tokens: int = 1_400
    learning_rate: float = 4e-3
    weight_decay: float = 0.1
    warm_up_steps: int = 60
    prompt_loss_weight: float = 0.1
    slot_share: float = 0.5
    seed: int = 0
    checkpoint_steps: int = 100


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


def _rows(rng: random.Random, slots: Iterator[ChatPair], settings: ChatSettings) -> Iterator[ChatPair]:
    """Endless training rows: hand-written ones as they are or loosened, their other wordings, and frames."""
    written = [pair for pair in chat_pairs("train") if pair.category in TAUGHT]
    reworded = list(other_wordings())
    while True:
        draw = rng.random()
        if draw < settings.slot_share:
            yield next(slots)
        elif draw < settings.slot_share + 0.1:
            yield loosened(rng.choice(reworded), rng)
        else:
            pair = rng.choice(written)
            yield pair if rng.random() < 0.5 else loosened(pair, rng)


def batches(tokenizer: Tokenizer, settings: ChatSettings, start: int = 0, pool_rows: int = 800) -> Iterator[list[EncodedRow]]:
    """Endless batches of rows of similar length; `start` is the number of the first pool."""
    pool = start
    while True:
        rng = random.Random(f"chat {settings.seed} {pool}")
        slots = slot_rows(settings.seed * 1_000_003 + pool, categories=TAUGHT)
        rows = [encode_pair(pair, tokenizer) for pair in islice(_rows(rng, slots, settings), pool_rows)]
        rows.sort(key=lambda row: len(row.ids))
        made: list[list[EncodedRow]] = [[]]
        for row in reversed(rows):
            if made[-1] and (len(made[-1]) + 1) * len(made[-1][0].ids) > settings.batch_tokens:
                made.append([])
            made[-1].append(row)
        rng.shuffle(made)
        yield from made
        pool += 1


def train_chat(folder: Path, settings: ChatSettings) -> dict[str, Any]:
    """Trains for `steps` and writes the model to `folder`; returns what training.json records.

    Raises FloatingPointError where the loss is no number.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / "checkpoint.pt"
    torch.manual_seed(settings.seed)
    if not checkpoint.exists():  # a run goes on with the vocabulary it began with
        save_tokenizer(chat_vocabulary(), folder)
    tokenizer = load_tokenizer(folder)
    config = LlamaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=settings.width,
        num_hidden_layers=settings.layers,
        num_attention_heads=settings.heads,
        intermediate_size=settings.feed_forward,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
        rope_theta=10_000.0,
        pad_token_id=token_id(tokenizer, PAD),
        bos_token_id=None,
        eos_token_id=token_id(tokenizer, EOS),
        **{MADE_BY: TINY_CHAT},
    )
    model = LlamaForCausalLM(config)
    optimizer = optimizer_of(model, settings.learning_rate, settings.weight_decay)
    state = {"step": 0, "seconds": 0.0, "rows": 0, "tokens": 0}
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        state = saved["state"]
    started = time.monotonic() - state["seconds"]
    recent: list[float] = []
    source = islice(batches(tokenizer, settings), int(state["step"]), settings.steps)
    for rows in tqdm(source, total=settings.steps, initial=int(state["step"]), unit="step", desc="training", mininterval=5):
        warm = min(1.0, (state["step"] + 1) / settings.warm_up_steps)
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * warm * (1 - state["step"] / settings.steps)
        longest = max(len(row.ids) for row in rows)
        inputs, targets, weights = padded_tensors(rows, longest, len(rows), config.pad_token_id, settings.prompt_loss_weight)
        with training_autocast("cpu"):
            logits = model(input_ids=inputs, use_cache=False).logits
        losses = torch.nn.functional.cross_entropy(logits.flatten(0, 1).float(), targets.flatten(), reduction="none")
        loss = (losses * weights.flatten()).sum() / weights.sum()
        if not torch.isfinite(loss):
            raise FloatingPointError(f"loss is {loss.item()} at step {state['step']}; the last checkpoint is in {checkpoint}")
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        recent = [*recent[-49:], float(loss.detach())]
        state["step"] += 1
        state["rows"] += len(rows)
        state["tokens"] += sum(len(row.ids) for row in rows)
        state["seconds"] = time.monotonic() - started
        if state["step"] % settings.checkpoint_steps == 0:
            part = checkpoint.with_suffix(".part")
            torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "state": state}, part)
            os.replace(part, checkpoint)
            tqdm.write(f"step {state['step']}: loss {sum(recent) / len(recent):.3f}")
    record = {
        **state,
        "loss": sum(recent) / max(len(recent), 1),
        "parameters": sum(p.numel() for p in model.parameters()),
        "vocabulary": config.vocab_size,
        "settings": asdict(settings),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "torch": torch.__version__,
    }
    model.half().save_pretrained(folder)
    (folder / "training.json").write_text(json.dumps(record, indent=2))
    checkpoint.unlink(missing_ok=True)
    return record
