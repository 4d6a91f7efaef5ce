"""The published node lines against plans, as a hub model writes them: tokens an answer, seconds and score, side by side.

A small model from scratch learns dense networks in either format, each for the same number of tokens read, through the same
code as a hub model; then both answer the same held-out sentences. Tokens are also counted for all families, with the small
models' tokenizer or one of your own. Prints tables and ends with one JSON line.
usage: python benchmarks/answer_formats.py [tokens read] [a tokenizer: hub id, folder or tokenizer.json]
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from statistics import fmean
from typing import Any

TOKENS_READ, BATCH_ROWS, LEARNING_RATE, HELD_OUT, COUNTED = 600_000, 16, 2e-3, 20, 100
VOCABULARY, WIDTH, LAYERS = 2_000, 128, 4
FORMATS = ("plan", "nodes")


def own_tokenizer(texts: list[str]) -> Any:
    """A byte-level BPE tokenizer of these texts, with what a hub tokenizer has."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=["<s>", "</s>"], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>")


def named_tokenizer(name: str) -> Any:
    """A tokenizer by a file, a folder or a hub id."""
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(tokenizer_file=name) if name.endswith(".json") else AutoTokenizer.from_pretrained(name)


def count_tokens(tokenizer: Any) -> dict[str, dict[str, float]]:
    """Mean tokens of an answer by family and format, and over the shares of the whole data set; one more for the end."""
    from diaglib.dataset import FAMILIES, rows

    counted = {}
    for family in [*FAMILIES, "all"]:
        made = list(rows(7, COUNTED, None if family == "all" else {family: 1.0}))
        counted[family] = {
            name: fmean(len(tokenizer(row[name] + "\n", add_special_tokens=False)["input_ids"]) + 1 for row in made)
            for name in FORMATS
        }
    return counted


def taught(folder: Path, base: Path, answer_format: str, tokens_read: int) -> dict[str, float]:
    """One format: a run from scratch, and its answers to sentences it was not shown."""
    from diaglib.dataset import rows as generated
    from diaglib.llm.hub import load_hub
    from diaglib.tuning import TuningSettings, read_rows
    from diaglib.tuning.scores import score_answers
    from diaglib.tuning.sft import sft
    from diaglib.tuning.writers import HubWriter

    writer = HubWriter(load_hub(str(base), "fp32").tokenizer, answer_format)
    rows, read = [], 0
    for row in generated(41, None, {"dense": 1.0}):
        (one,) = read_rows([row], answer_format)
        prompt, answer = writer.encode(one.prompt, one.answer)
        if len(prompt) + len(answer) <= 2_048:
            rows.append(one)
            read += len(prompt) + len(answer)
        if read >= tokens_read:
            break
    settings = TuningSettings(
        method="full", answer_format=answer_format, steps=max(1, len(rows) // BATCH_ROWS), batch_rows=BATCH_ROWS,
        learning_rate=LEARNING_RATE, activation_checkpointing=False, max_tokens=2_048, checkpoint_steps=10_000,
    )  # fmt: skip
    start = time.process_time()
    tuned = sft(str(base), rows, [], folder, settings)
    trained_s = time.process_time() - start
    asked = read_rows(generated(42, HELD_OUT, {"dense": 1.0}), answer_format)
    start = time.process_time()
    scores = score_answers(tuned.model_folder, asked, answer_format=answer_format)
    answered_s = (time.process_time() - start) / len(asked)
    texts = [one.text for one in scores.answers]
    return {
        "rows_read": len(rows),
        "training_processor_s": trained_s,
        "tokens_an_answer": fmean(len(writer.tokenizer(text)["input_ids"]) for text in texts),
        "processor_s_an_answer": answered_s,
        "valid": scores.summary()["valid"],
        "published_score": scores.summary()["structure"],
    }


def main() -> None:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from diaglib.dataset import rows as generated
    from diaglib.tuning.quiet import quiet_libraries

    tokens_read = int(sys.argv[1]) if len(sys.argv) > 1 else TOKENS_READ
    made = list(generated(40, 400))
    tokenizer = own_tokenizer([row[name] for row in made for name in ("prompt", *FORMATS)])
    shown = named_tokenizer(sys.argv[2]) if len(sys.argv) > 2 else tokenizer
    counted = count_tokens(shown)
    print(f"mean tokens an answer, a tokenizer of {len(shown):,} tokens")
    for family, found in counted.items():
        print(f"{family:18s} plan {found['plan']:8.1f}   nodes {found['nodes']:8.1f}")
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=WIDTH, num_hidden_layers=LAYERS, num_attention_heads=4,
        intermediate_size=3 * WIDTH, max_position_embeddings=4_096, tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as place, quiet_libraries():
        base = Path(place, "base")
        LlamaForCausalLM(config).save_pretrained(base)
        tokenizer.save_pretrained(base)
        figures = {name: taught(Path(place, name), base, name, tokens_read) for name in FORMATS}
    print(f"\n{'dense networks, a model from scratch':38s} {'plan':>12s} {'nodes':>12s}")
    for name in figures["plan"]:
        print(f"{name:38s} {figures['plan'][name]:12.3f} {figures['nodes'][name]:12.3f}")
    rounded = {name: {key: round(value, 4) for key, value in found.items()} for name, found in figures.items()}
    print(json.dumps({"benchmark": "answer_formats", "tokens_all": counted["all"], **rounded}))


if __name__ == "__main__":
    main()
