"""Whether the same job can run with Unsloth here, and why not where it cannot: a row of the report either way.

Used by notebook 03. Rule: what cannot run is a row with its reason, never an error.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

LEAST_CAPABILITY = (7, 0)


def unsloth_reason(installed: bool | None = None, capability: tuple[int, int] | None = None) -> str:
    """Why Unsloth cannot be used here; empty where it can. The arguments are looked up where they are not given."""
    if installed is None:
        installed = importlib.util.find_spec("unsloth") is not None
    if capability is None:
        import torch

        capability = torch.cuda.get_device_capability() if torch.cuda.is_available() else (0, 0)
    if capability < LEAST_CAPABILITY:
        words = f"this GPU has {capability[0]}.{capability[1]}" if capability > (0, 0) else "there is none here"
        return f"it needs a GPU of CUDA capability 7.0 or more, {words}"
    return "" if installed else "it is not installed (it has an environment of its own: requirements-unsloth.txt)"


def with_and_without(arguments: list[str], folder: Path, plain: dict[str, Any]) -> list[dict[str, Any]]:
    """Two rows: the run that was made (`plain`, its record), and the same `diaglib tune sft` with Unsloth's patches in a child
    process, with seconds and peak memory; where that cannot be, the reason stands there instead."""
    rows = [{"run": "without Unsloth", "seconds": plain["seconds"], "peak MiB": plain["peak_reserved_mib"], "reason": ""}]
    reason = unsloth_reason()
    if not reason:
        code = "import unsloth, sys; from diaglib.__main__ import main; sys.argv[0] = 'diaglib'; main()"
        command = [sys.executable, "-c", code, "tune", "sft", *arguments, "--out", str(folder)]
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        if made.returncode == 0:
            record = json.loads(made.stdout)
            row = {"run": "with Unsloth", "seconds": record["seconds"], "peak MiB": record["peak_reserved_mib"], "reason": ""}
            return [*rows, row]
        reason = (made.stderr.strip().splitlines() or ["it failed without a word"])[-1][:200]
    return [*rows, {"run": "with Unsloth", "seconds": None, "peak MiB": None, "reason": reason}]
