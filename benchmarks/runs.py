"""What `diaglib run` adds to bare papermill for the same notebook, and how soon a second run is over.

usage: python benchmarks/runs.py [--notebook 02] [--rounds 3]
Both sides run in turn in fresh processes, each in a folder of its own; the report is part of our side. Prints a table and one
JSON line.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from diaglib.runs.series import load_series, select

ROOT = Path(__file__).resolve().parents[1]


def seconds_of(command: list[str], place: Path) -> float:
    """Wall seconds of a command in `place`, which must succeed."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "DIAGLIB_OUTPUTS": str(place / "outputs")}
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", *command], cwd=place, env=environment, check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--notebook", default="02", help="its number in the series")
    arguments.add_argument("--rounds", type=int, default=3)
    options = arguments.parse_args()
    entry = select(load_series(), options.notebook)[0]
    notebook = str(ROOT / "notebooks" / entry.file)
    given = [word for name, value in entry.parameters.items() for word in ("-p", name, str(value))]
    rows: dict[str, list[float]] = {"bare papermill": [], "diaglib run": [], "diaglib run again": []}
    ours = ["diaglib", "run", "--only", options.notebook, "--notebooks", str(ROOT / "notebooks")]
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory() as folder:
            bare = ["papermill", notebook, "out.ipynb", "-p", "PROFILE", "local", *given, "--no-progress-bar"]
            rows["bare papermill"].append(seconds_of(bare, Path(folder)))
        with tempfile.TemporaryDirectory() as folder:
            rows["diaglib run"].append(seconds_of(ours, Path(folder)))
            rows["diaglib run again"].append(seconds_of(ours, Path(folder)))
    for name, values in rows.items():
        print(f"{name:20s} median {median(values):7.2f} s   of {', '.join(f'{value:.2f}' for value in values)}")
    ratio = median(one / other for one, other in zip(rows["diaglib run"], rows["bare papermill"], strict=True))
    report = {"notebook": entry.name, "rounds": options.rounds, "overhead": round(ratio - 1, 4)}
    print(json.dumps(report | {f"{name.replace(' ', '_')}_s": round(median(values), 3) for name, values in rows.items()}))


if __name__ == "__main__":
    main()
