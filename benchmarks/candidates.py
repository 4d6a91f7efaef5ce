"""How true a measurement is: the child's peak memory against the same work alone, and two runs against each other.

Prints a table and one JSON line. Needs no network and about a minute. `alone` loads the embedded model and answers the same
prompts in a process without any of the measuring code but the system's own counter, set back after the imports.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from diaglib.candidates.measure import measure
from diaglib.candidates.rows import local_subjects
from diaglib.candidates.settings import load_settings
from diaglib.candidates.table import results_table

ROWS = ("embedded, fp32", "embedded, NF4", "baseline: nearest sentence")
ALONE = """
import json, sys
from pathlib import Path
from diaglib.candidates.settings import read_settings
from diaglib.candidates.speed import generation_speed
from diaglib.candidates.subject import Subject
from diaglib.candidates.tasks import get_task
from diaglib.candidates.writers import open_writer
subject, settings = Subject(**json.loads(sys.argv[1])), read_settings(json.loads(sys.argv[2]))
if not subject.is_factory:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM
    torch.set_num_threads(settings.threads or torch.get_num_threads())
Path("/proc/self/clear_refs").write_text("5")  # what importing took for a moment is no part of a generation
writer, task = open_writer(subject), get_task("diagram")
task.ask(writer, settings)
if hasattr(writer, "model"):
    generation_speed(writer.model, writer.prompt_ids(task.sample_prompt(settings)), settings)
print(next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")).split()[1])
"""


def main() -> None:
    """Measures each row alone, then twice as a candidate."""
    settings = load_settings("local").overlaid(lora_ranks=())
    rows = []
    for subject in (one for one in local_subjects("diagram") if one.name in ROWS):
        with tempfile.TemporaryDirectory() as place:
            given = [json.dumps(subject.as_dict()), json.dumps(settings.as_dict())]
            shown = subprocess.run(
                [sys.executable, "-c", ALONE, *given], capture_output=True, text=True, check=True, env=os.environ
            ).stdout
            alone = int(shown.split()[-1]) / 1024
            records = [measure(subject, "diagram", settings, Path(place, str(turn))) for turn in range(2)]
            tables = [
                results_table([record], "diagram", settings, Path(place, str(turn))).iloc[0]
                for turn, record in enumerate(records)
            ]
        first, second = (float(table.peak_process_mib) for table in tables)
        rows.append(
            {
                "row": subject.name,
                "alone_mib": round(alone, 1),
                "child_mib": [first, second],
                "overhead": round(first / alone - 1, 4),
                "repeat_difference": round(abs(first / second - 1), 4),
                "same_answers": bool(tables[0].passed == tables[1].passed),
                "seconds": [record["seconds"] for record in records],
            }
        )
        shown_row = rows[-1]
        print(
            f"{subject.name:30} alone {alone:7.1f} MiB   child {first:7.1f} and {second:7.1f} MiB   "
            f"overhead {shown_row['overhead']:+.2%}   two runs differ by {shown_row['repeat_difference']:.2%}"
        )
    print(json.dumps({"benchmark": "candidates", "rows": rows}))


if __name__ == "__main__":
    main()
