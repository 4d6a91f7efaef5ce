"""How good the embedded encoder is on our unseen lines, or on other lines, and how long a message takes to be judged.

Prints a table and ends with one JSON line. usage: python benchmarks/memory.py [LINES.txt]      lines `[key: value] message`
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path

from diaglib.memory import load_encoder
from diaglib.memory.evaluation import PUBLISHED, measure
from diaglib.memory.lines import chit_chat, training_lines, unseen_lines
from diaglib.memory.pairs import read_lines

STORED = 40
QUERIES = 300


def main() -> None:
    encoder = load_encoder()
    lines = read_lines(Path(sys.argv[1])) if len(sys.argv) > 1 else unseen_lines()
    figures = measure(encoder, lines, chit_chat())
    memories = [line.memory for line in lines][:STORED]
    # messages that were not asked before, so that nothing comes from a cache
    messages = [line.message for line in training_lines(7)][:QUERIES]
    encoder.similarity(memories, messages[:10])
    spent = []
    for message in messages[10:]:
        start = time.perf_counter()
        encoder.similarity(memories, [message])
        spent.append(1_000 * (time.perf_counter() - start))
    figures["query_ms_median"] = round(statistics.median(spent), 3)
    figures["query_ms_95"] = round(statistics.quantiles(spent, n=20)[-1], 3)
    figures["stored"] = len(memories)
    print(f"{'figure':18s} {'local':>10s} {'published':>10s}")
    for name, value in figures.items():
        if name != "intervals":
            print(f"{name:18s} {value!s:>10s} {PUBLISHED.get(name, '')!s:>10s}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
