"""Speed of what a user waits for: import, cold and warm `draw`, plans a second against transformers' generate, parsing, rows.

Prints a table and ends with one JSON line. usage: python benchmarks/speed.py
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

PROMPT = (
    "A CNN with 32 x 32 input, two 3x3 conv layers, a 2x2 max pooling layer, hidden layers of 128 and 16 nodes and 10 outputs"
)


def seconds(work: Callable[[], object], times: int = 5) -> float:
    """Median wall seconds of a call."""
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        spent.append(time.perf_counter() - start)
    return statistics.median(spent)


def python(*arguments: str) -> float:
    """Median wall seconds of a fresh interpreter."""
    return seconds(lambda: subprocess.run([sys.executable, *arguments], check=True, capture_output=True), 3)


def transformers_one_at_a_time(folder: Path, prompts: list[str]) -> Callable[[], object]:
    """What a user would do otherwise: `generate` on the same weights, one sentence after another."""
    import torch
    from transformers import LlamaForCausalLM

    from diaglib.llm.tokenizer import TinyTokenizer

    tokenizer = TinyTokenizer.load(folder)
    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()

    def work() -> None:
        for prompt in prompts:
            ids = torch.tensor([tokenizer.prompt_ids(tokenizer.context(prompt))])
            model.generate(
                ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=300, pad_token_id=tokenizer.pad_id
            )

    return work


def main() -> None:
    from diaglib import draw
    from diaglib.dataset import rows
    from diaglib.diagram import parse
    from diaglib.llm import load
    from diaglib.llm.tiny import TINY_FOLDER

    figures: dict[str, float] = {}
    figures["import_s"] = python("-c", "import diaglib") - python("-c", "pass")
    with tempfile.TemporaryDirectory() as folder:
        call = ("-m", "diaglib", "draw", PROMPT, "--count", "5", "--keep", "3", "--out")
        number = iter(range(100))
        figures["draw_cold_s"] = seconds(lambda: python(*call, f"{folder}/cold{next(number)}"), 1)
        draw(PROMPT, count=5, keep=3, out=f"{folder}/first")
        figures["draw_warm_s"] = seconds(lambda: draw(PROMPT, count=5, keep=3, out=f"{folder}/warm{next(number)}"))
    prompts = [row["prompt"] for row in rows(1234, 32)]
    model = load("tiny")
    figures["plan_s_in_a_batch"] = seconds(lambda: model.plan_texts(prompts), 3) / len(prompts)
    figures["plan_s_alone"] = seconds(lambda: [model.plan_texts([prompt]) for prompt in prompts[:16]], 3) / 16
    one_at_a_time = transformers_one_at_a_time(TINY_FOLDER, prompts[:16])
    one_at_a_time()
    figures["plan_s_transformers_generate_alone"] = seconds(one_at_a_time, 3) / 16
    figures["times_faster_than_generate"] = figures["plan_s_transformers_generate_alone"] / figures["plan_s_in_a_batch"]
    text = "\n\n".join(row["nodes"] for row in rows(5, 60))
    figures["parse_mib_per_s"] = len(text) / 2**20 / seconds(lambda: parse(text))
    figures["parse_200_kb_of_brackets_s"] = seconds(lambda: parse("[" * 200_000), 3)
    figures["rows_per_s"] = 2000 / seconds(lambda: list(islice(rows(9), 2000)), 1)
    for name, value in figures.items():
        print(f"{name:38s} {value:12.4f}")
    print(json.dumps({"benchmark": "speed", **{name: round(value, 5) for name, value in figures.items()}}))


if __name__ == "__main__":
    main()
