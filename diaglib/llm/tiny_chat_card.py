"""Measures the embedded chat model on what it was not trained on, and writes its model card. Used by `diaglib train-chat`.

Rule: every number of the card comes from the training record or is measured here, and it says what the numbers do not.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

from diaglib.dataset.chat import ChatPair, chat_pairs
from diaglib.dataset.chat.variants import slot_rows
from diaglib.llm.chat_metrics import chat_answers, chat_metrics
from diaglib.llm.tiny_chat import TinyChatModel
from diaglib.llm.tiny_chat_training import LEFT_OUT, TAUGHT, encode_pair

HELD_OUT_SEED = 987_654
SLOT_ROWS = 200
SAMPLES = 12


def measured_sets() -> dict[str, list[ChatPair]]:
    """What the card measures: hand-written pairs seen and unseen, unseen words in unseen wordings, and the category left out."""
    return {
        "validation": [pair for pair in chat_pairs("validation") if pair.category in TAUGHT],
        "training": [pair for pair in chat_pairs("train") if pair.category in TAUGHT],
        "held-out frames, note": list(islice(slot_rows(HELD_OUT_SEED, True, ["memory note"]), SLOT_ROWS)),
        "held-out frames, use": list(islice(slot_rows(HELD_OUT_SEED, True, ["memory use"]), SLOT_ROWS)),
        f"not taught: {LEFT_OUT}": list(islice(slot_rows(HELD_OUT_SEED, True, [LEFT_OUT]), SLOT_ROWS)),
    }


def measure_chat(folder: Path) -> dict[str, dict[str, float]]:
    """Counts of greedy answers, the loss a token of the written answer, and ms an answer (alone), by set."""
    model = TinyChatModel(folder)
    found: dict[str, dict[str, float]] = {}
    for name, pairs in measured_sets().items():
        answers = chat_answers(model, pairs)
        found[name] = asdict(chat_metrics(answers)) | {"loss": answer_loss(folder, pairs)}
        if name.endswith("use"):  # a note is judged by its memory, an answer that uses one by naming it
            named = [_value_of(answer.pair.question) in answer.text for answer in answers]
            found[name]["memory_used"] = sum(named) / len(named)
    start = time.process_time()  # of this process alone, whatever else the machine does
    for pair in measured_sets()["validation"]:
        chat_answers(model, [pair])
    found["validation"]["cpu_ms_an_answer"] = (time.process_time() - start) / found["validation"]["answers"] * 1000
    return found


def sample_answers(folder: Path) -> list[list[str]]:
    """Messages of validation, evenly spaced, with the greedy answers."""
    pairs = measured_sets()["validation"]
    answers = chat_answers(TinyChatModel(folder), pairs[:: max(1, len(pairs) // SAMPLES)])
    memories = [f"[{one.memory[0]}: {one.memory[1]}] " if one.memory else "" for one in answers]
    return [[one.pair.question, memory + one.text] for one, memory in zip(answers, memories, strict=True)]


def _value_of(question: str) -> str:
    """The value of the memory in front of a message."""
    return question.split("]")[0].split(": ", 1)[-1]


def answer_loss(folder: Path, pairs: Sequence[ChatPair]) -> float:
    """Mean cross entropy (nats) a token of the written answers and their end marks."""
    import torch
    from transformers import LlamaForCausalLM

    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = TinyChatModel(folder).tokenizer
    total, tokens = 0.0, 0
    for pair in pairs:
        row = encode_pair(pair, tokenizer)
        ids = torch.tensor([row.ids])
        with torch.inference_mode():
            logits = model(input_ids=ids[:, :-1]).logits[0, row.prompt_length - 1 :]
        answer = ids[0, row.prompt_length :]
        total += float(torch.nn.functional.cross_entropy(logits, answer, reduction="sum"))
        tokens += len(answer)
    return total / tokens


def write_chat_card(folder: Path) -> dict[str, Any]:
    """Measures the model of a folder, adds the figures to its training.json and writes README.md; returns the record."""
    record = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    record |= {"measured": measure_chat(folder), "samples": sample_answers(folder)}
    (folder / "training.json").write_text(json.dumps(record, indent=2, ensure_ascii=False), encoding="utf-8")
    (folder / "README.md").write_text(chat_card(record), encoding="utf-8")
    return record


def chat_card(record: dict[str, Any]) -> str:
    """README.md of a chat model folder, all from its record."""
    settings, measured = record["settings"], record["measured"]
    seen, unseen = measured["training"], measured["validation"]
    lines = [
        "# The embedded chat model `tiny-chat`",
        "",
        "모리: a very small Korean chat persona, which says that it is a small program. A LlamaForCausalLM from scratch,",
        "trained on nothing but this project's own pairs and frames (`diaglib/dataset/chat/`), MIT like the project.",
        "",
        "| what | figure |",
        "|---|---|",
        f"| parameters | {record['parameters'] / 1e6:.2f} million, fp16 safetensors |",
        f"| shape | width {settings['width']}, {settings['layers']} layers, {settings['heads']} heads, "
        f"feed-forward {settings['feed_forward']}, tied embeddings |",
        f"| vocabulary | {record['vocabulary']} tokens: Korean syllables and pieces, bytes for the rest |",
        f"| training | {record['step']:,} steps, {record['rows']:,} rows, {record['tokens']:,} tokens, "
        f"{record['seconds'] / 60:.0f} minutes |",
        f"| machine | {record['machine']}, torch {record['torch']} |",
        f"| one greedy answer | {unseen['cpu_ms_an_answer']:.0f} ms of one core, numpy, no torch |",
        "",
        "Greedy answers, counted; `loss` is nats a token of the written answer:",
        "",
        "| set | n | loss | empty | unfinished | repeats | not Korean | a training answer | distinct-2 | memory right |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, values in measured.items():
        shares = [values[key] for key in ("empty", "unfinished", "repeated", "not_korean", "memorised", "distinct_2")]
        cells = [name, f"{values['answers']:.0f}", f"{values['loss']:.2f}", *(f"{share:.2f}" for share in shares)]
        lines.append(f"| {' | '.join(cells)} | {values['memory_right']:.2f} |")
    lines += [
        "",
        "`memory right`: exactly the memory of the written answer, or none where it has none. Held-out frames have words and",
        "wordings no training row has; of those with a memory in front, "
        f"{measured['held-out frames, use']['memory_used']:.2f} of the answers name its value.",
        "",
        f"With {len(chat_pairs('train'))} hand-written pairs a model this small half memorises: its loss is {seen['loss']:.2f}",
        f"on pairs it was trained on and {unseen['loss']:.2f} on unseen ones, and {unseen['memorised']:.0%} of its answers to",
        "unseen messages are a training answer word for word. To those it mostly answers beside the point, often in broken",
        "sentences, and copies a word it does not know wrongly more often than not. It must not be relied on; messages of",
        "distress or insult are answered by rules (`persona_answer`), not by it. The last step was taken: the validation",
        "pairs chose nothing.",
        "",
        f"Category left out, for notebook 03 to teach: {LEFT_OUT}.",
        "",
        "Unseen messages, greedy, not picked:",
        "",
        "| message | answer |",
        "|---|---|",
        *(f"| {message} | {answer} |" for message, answer in record["samples"]),
        "",
        f"Made by `python -m diaglib train-chat --steps {settings['steps']} --out FOLDER`.",
        *([record["note"]] if record.get("note") else []),
    ]
    return "\n".join(lines) + "\n"
