"""SIGKILL at ten random moments of a real local run: is the table that of an undisturbed one, and was anything measured twice?

Prints a line a kill and one JSON line; about three minutes. The rows are models and a baseline of the local profile's chat task.
Columns of times and of memory are left out of the comparison.
"""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from diaglib.candidates.measure import measure_all
from diaglib.candidates.rows import local_subjects
from diaglib.candidates.settings import load_settings
from diaglib.candidates.table import results_table

KILLS, LEAST_S = 10, 1.0
ROWS = ("embedded, fp32", "untrained twin", "baseline: nearest message")
SUBJECTS = [one for one in local_subjects("chat") if one.name in ROWS]
SETTINGS = load_settings("local").overlaid(lora_ranks=(16,))
_MEASURED_ANEW = re.compile(r"_s$|mib|tokens_per_s|seconds")


def start(root: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, __file__, root])


def finished(root: str) -> dict[Path, bytes]:
    """Results of stages and candidates, each written once in its life."""
    return {path: path.read_bytes() for name in ("record.json", "stage-*.json") for path in Path(root).rglob(name)}


def table(root: str) -> str:
    """What does not depend on the clock; everything is finished, so nothing is measured here."""
    found = results_table(measure_all(SUBJECTS, "chat", SETTINGS, Path(root)), "chat", SETTINGS, Path(root))
    return found.drop(columns=[name for name in found if _MEASURED_ANEW.search(name)]).to_json(orient="records")


def main() -> None:
    """An undisturbed run, then one that is killed ten times and goes on."""
    chance = random.Random(0)
    with tempfile.TemporaryDirectory() as calm, tempfile.TemporaryDirectory() as killed:
        since = time.perf_counter()
        start(calm).wait()
        seconds = time.perf_counter() - since
        kept: dict[Path, bytes] = {}
        kills, again = 0, 0
        for _ in range(KILLS):
            run, moment = start(killed), chance.uniform(LEAST_S, max(seconds * 0.6, 2 * LEAST_S))
            try:
                run.wait(moment)
            except subprocess.TimeoutExpired:
                run.kill()
                run.wait()
                kills += 1
            now = finished(killed)
            again += sum(now.get(path) != content for path, content in kept.items())
            kept = now
            print(f"killed after {moment:5.1f} s: {len(kept)} results so far", flush=True)
        start(killed).wait()
        again += sum(finished(killed).get(path) != content for path, content in kept.items())
        same = table(calm) == table(killed)
    shown = {"benchmark": "candidate_kills", "undisturbed_s": round(seconds, 1), "kills": kills}
    print(json.dumps(shown | {"same_table": same, "measured_twice": again}))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure_all(SUBJECTS, "chat", SETTINGS, Path(sys.argv[1]))
    else:
        main()
