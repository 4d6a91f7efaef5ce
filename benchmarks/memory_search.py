"""Speed and recall of memory: searching 100,000 items with the graph beside numpy's exact search, a query of the local encoder,
adding an item.

Prints a table and ends with one JSON line. All times are the processor's, so that a busy machine tells the same. A search of the
store judges 64 memories: `new` where most were not judged before, `known` where all were. usage:
python benchmarks/memory_search.py [ITEMS]
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

QUERIES = 300
NEAREST = 10


def made_lines(count: int) -> Iterator[str]:
    """Lines with keys that no two share, made of the words of our own: 지우의 좋아하는 가수 17."""
    from diaglib.memory.lines import training_lines

    rng = random.Random(0)
    lines = training_lines(0, 3)
    names = [
        "지우",
        "민준",
        "서연",
        "도윤",
        "하은",
        "엄마",
        "아빠",
        "동생",
        "언니",
        "친구",
        "회사",
        "학교",
        "우리",
        "어릴 때",
        "요즘",
        "작년",
    ]
    seen = set()
    while len(seen) < count:
        line, other = rng.choice(lines), rng.choice(lines)
        key = f"{rng.choice(names)} {line.key.split(' ', 1)[-1]} {rng.choice(other.key.split())} {rng.randrange(100)}"
        if key not in seen and not any(
            day in key for day in ("오늘", "내일", "모레", "주말", "주", "달", "올해", "내년", "어제")
        ):
            seen.add(key)
            yield f"[{key}: {line.value}] {line.message}"


def milliseconds(work: Callable[[object], object], given: list) -> list[float]:
    """Processor milliseconds of every call."""
    spent = []
    for one in given:
        start = time.process_time()
        work(one)
        spent.append(1_000 * (time.process_time() - start))
    return spent


def main() -> None:
    import numpy as np

    from diaglib.memory.encoder import LOCAL_FOLDER
    from diaglib.memory.encoder_local import LocalEncoder
    from diaglib.memory.lines import unseen_lines
    from diaglib.memory.store import Store
    from diaglib.memory.store_index import VectorIndex

    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    encoder = LocalEncoder.load(LOCAL_FOLDER)
    lines = list(made_lines(count))
    rng = random.Random(1)
    # half new wordings, half near what is stored
    messages = [line.message for line in unseen_lines()] + [line.split("] ", 1)[1] for line in rng.sample(lines, QUERIES)]
    messages = rng.sample(sorted(set(messages)), min(QUERIES, len(set(messages))))
    figures: dict[str, float] = {"items": count, "queries": len(messages)}

    start = time.process_time()
    vectors = encoder.memory_vectors([line.split("] ", 1)[0] + "]" for line in lines])
    figures["encode_ms_an_item"] = 1_000 * (time.process_time() - start) / count
    graph = VectorIndex(exact_items=0)
    start = time.process_time()
    graph.add(np.arange(count), vectors)
    figures["graph_build_s"] = time.process_time() - start
    exact = VectorIndex(exact_items=count)
    exact.add(np.arange(count), vectors)
    queries = list(encoder.message_vectors(messages))
    for name, index in (("exact_numpy", exact), ("graph", graph)):
        index.nearest(queries[0], NEAREST)
        spent = milliseconds(lambda query, index=index: index.nearest(query, NEAREST), queries)
        figures[f"{name}_ms_median"] = statistics.median(spent)
        figures[f"{name}_ms_95"] = float(np.percentile(spent, 95))
    same = [len(set(exact.nearest(query, NEAREST)) & set(graph.nearest(query, NEAREST))) for query in queries]
    figures[f"graph_recall_at_{NEAREST}"] = sum(same) / (NEAREST * len(queries))

    fresh = LocalEncoder.load(LOCAL_FOLDER)  # nothing of the above is cached in it
    figures["query_encode_ms_median"] = statistics.median(milliseconds(lambda text: fresh.message_vectors([text]), messages))
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder, "me.sqlite"), fresh) as store:
        start = time.process_time()
        store.import_text("\n".join(lines))
        figures["import_s"] = time.process_time() - start
        start = time.process_time()
        store.search(messages[0])
        figures["first_search_s"] = time.process_time() - start
        for memories in ("new", "known"):
            figures[f"store_search_{memories}_ms_median"] = statistics.median(milliseconds(store.search, messages[1:]))
        keys = [f"새 열쇠 {number}" for number in range(100)]
        figures["add_ms_median"] = statistics.median(milliseconds(lambda key: store.add(key, "값"), keys))
        store.close()
        start = time.process_time()
        with Store(Path(folder, "me.sqlite"), fresh) as again:
            again.search(messages[0])
        figures["first_search_with_saved_index_s"] = time.process_time() - start
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder, "me.sqlite"), fresh) as store:
        store.import_text("\n".join(lines[:200]))
        store.search(messages[0])
        figures["search_200_items_ms_median"] = statistics.median(milliseconds(store.search, messages[1:]))
    for name, value in figures.items():
        print(f"{name:34s}{value:14,.4f}")
    print(json.dumps({name: round(value, 4) for name, value in figures.items()}))


if __name__ == "__main__":
    main()
