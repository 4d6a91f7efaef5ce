"""Is a memory that was acknowledged ever lost? Writers are killed (SIGKILL) while they write, two at a time into one file.

Prints a table and ends with one JSON line; exit 1 where anything was lost. usage: python benchmarks/memory_kills.py [KILLS]
"""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WRITERS = 2
LINES_AT_ONCE = 3
# says a number on standard output only after the store has said that it is kept
WRITER = f"""
import sys
from diaglib.memory.store import Store
store = Store(sys.argv[1])
for number in range(1_000_000):
    word = sys.argv[2] + "." + str(number)
    if number % 4:
        store.add("key " + str(number % 20), word, "a message")
    else:
        store.import_text("".join("[line " + word + " " + str(line) + ": " + word + "]\\n" for line in range({LINES_AT_ONCE})))
    print(word, flush=True)
"""


def kill_while_writing(kills: int, folder: Path, seed: int = 0) -> dict[str, int]:
    """Kills that many writers of one file; counts what they acknowledged, what of it is gone, and torn steps.

    `torn` are imports of which a part is there; `corrupt` is 1 where SQLite's integrity check finds anything.
    """
    from diaglib.memory.store import Store

    rng = random.Random(seed)
    path = folder / "killed.sqlite"
    said: list[str] = []
    for start in range(0, kills, WRITERS):
        names = [f"w{start + place}" for place in range(min(WRITERS, kills - start))]
        writers = [
            subprocess.Popen([sys.executable, "-c", WRITER, str(path), name], stdout=subprocess.PIPE, text=True) for name in names
        ]
        for writer in writers:
            said += [writer.stdout.readline().strip()]  # it is in the middle of its work now
        time.sleep(rng.uniform(0, 0.05))
        for writer in writers:
            writer.kill()
        for writer in writers:
            said += [line.strip() for line in writer.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
            writer.wait()
    with Store(path) as store:
        kept = [item.value for item in store.items(history=True)]
        current = [item.key for item in store.items()]
    counts = {word: kept.count(word) for word in set(kept)}
    torn = sum(count != LINES_AT_ONCE for word, count in counts.items() if int(word.split(".")[1]) % 4 == 0)
    connection = sqlite3.connect(path)
    sound = connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    return {
        "kills": kills,
        "acknowledged": len([word for word in said if word]),
        "lost": len({word for word in said if word} - set(kept)),
        "torn": torn,
        "keys_with_two_values": len(current) - len(set(current)),
        "corrupt": int(not sound),
    }


def main() -> None:
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as folder:
        report = kill_while_writing(kills, Path(folder))
    for name, value in report.items():
        print(f"{name:22s}{value:8d}")
    print(json.dumps(report))
    sys.exit(1 if report["lost"] + report["torn"] + report["keys_with_two_values"] + report["corrupt"] else 0)


if __name__ == "__main__":
    main()
