"""Kills a batch at random moments, its runner or a kernel, and compares what is left at the end with an undisturbed batch.

usage: python benchmarks/batch_kills.py [--kills 20] [--seed 0]
Three small notebooks, the third needs the first. After every kill the batch is started again; a notebook that was finished
must not run twice. Prints what was lost and one JSON line; ends with 1 where a figure differs.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "helpers"))

from small_notebooks import write_notebook

ROOT = Path(__file__).resolve().parents[1]
NAMES = ("01_first", "02_second", "03_third")
RUNNER = (
    "from pathlib import Path\nfrom diaglib.profiles import load_profile\nfrom diaglib.runs import Entry\n"
    "from diaglib.runs.batch import run_series\n"
    "entries = [Entry('01', '01_first.ipynb', '?'), Entry('02', '02_second.ipynb', '?'),"
    " Entry('03', '03_third.ipynb', '?', needs=('01_first',))]\n"
    "run_series(entries, Path('.'), load_profile('local'))"
)


def make_series(place: Path) -> None:
    """Each notebook leaves a line in a file when it runs, its process in another, and prints a figure."""
    for number, name in enumerate(NAMES, 1):
        write_notebook(
            place,
            name,
            f"import os, time; open('kernel.pid', 'w').write(str(os.getpid())); open('{name}.started', 'a').write('x')",
            f"time.sleep(0.5); value = sum(i * {number} for i in range(1000))",
            "time.sleep(0.5); print('figure', value)",
            f"open('{name}.ended', 'a').write('x')",
        )


def start(place: Path) -> subprocess.Popen[bytes]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "DIAGLIB_OUTPUTS": str(place / "outputs")}
    return subprocess.Popen([sys.executable, "-c", RUNNER], cwd=place, env=environment, stderr=subprocess.DEVNULL)


def figures(place: Path) -> dict[str, str]:
    """What each executed notebook printed."""
    found = {}
    for name in NAMES:
        book = json.loads((place / "outputs/local" / name / "notebook.ipynb").read_text())
        outputs = [output for cell in book["cells"] for output in cell.get("outputs", ())]
        found[name] = "".join("".join(output.get("text", "")) for output in outputs)
    return found


def statuses(place: Path) -> list[str]:
    records = [place / "outputs/local" / name / "result.json" for name in NAMES]
    return [json.loads(record.read_text())["status"] if record.exists() else "" for record in records]


def kill_something(place: Path, runner: subprocess.Popen[bytes], rng: random.Random) -> str:
    """SIGKILL to the runner or to the kernel of the moment; which one it was."""
    pid = place / "kernel.pid"
    if rng.random() < 0.5 and pid.exists():
        try:
            os.kill(int(pid.read_text()), signal.SIGKILL)
            runner.wait()
            return "kernel"
        except (ProcessLookupError, ValueError):
            pass
    runner.kill()
    runner.wait()
    return "runner"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--kills", type=int, default=20)
    arguments.add_argument("--seed", type=int, default=0)
    options = arguments.parse_args()
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as calm, tempfile.TemporaryDirectory() as shaken:
        make_series(Path(calm))
        begun = time.perf_counter()
        start(Path(calm)).wait()
        whole_s = time.perf_counter() - begun
        wanted = figures(Path(calm))
        killed = {"runner": 0, "kernel": 0}
        rounds = twice = wrong = 0
        while sum(killed.values()) < options.kills:
            place = Path(shaken, str(rounds))
            place.mkdir()
            rounds += 1
            make_series(place)
            finished: dict[str, str] = {}
            while statuses(place) != ["done"] * len(NAMES):
                runner = start(place)
                try:
                    runner.wait(rng.uniform(0.2, whole_s) if sum(killed.values()) < options.kills else None)
                except subprocess.TimeoutExpired:
                    killed[kill_something(place, runner, rng)] += 1
                done = [name for name, status in zip(NAMES, statuses(place), strict=True) if status == "done"]
                finished = {name: (place / f"{name}.ended").read_text() for name in done} | finished
            twice += sum((place / f"{name}.ended").read_text() != text for name, text in finished.items())
            wrong += figures(place) != wanted
    print(f"{rounds} batches, killed {killed}: {wrong} with other figures, {twice} finished notebooks run again")
    print(json.dumps({"benchmark": "batch_kills", "batches": rounds, **killed, "other_figures": wrong, "run_again": twice}))
    sys.exit(wrong + twice > 0)


if __name__ == "__main__":
    main()
