"""Runs a notebook as Colab would: another Python with Colab's packages already there, and the set-up cell as it is written.

A fresh environment gets torch, numpy, pandas, matplotlib and ipykernel and a module named `google.colab`; the address in the
set-up cell leads git to this checkout. Then papermill runs the notebook there. Prints a table and ends with one JSON line;
ends with 1 where torch or numpy are not what they were, or the notebook failed.
usage: python tools/prove_colab.py /path/to/python3.12 [07]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
ADDRESS = "https://github.com/diaglib/diaglib"
ALREADY_THERE = ("numpy", "pandas", "matplotlib", "ipykernel", "ipywidgets", "pillow", "scikit-learn", "scipy")
WATCHED = ("torch", "numpy", "pandas", "matplotlib")
VERSIONS = f"import importlib.metadata as m, json; print(json.dumps({{name: m.version(name) for name in {WATCHED}}}))"


def main(python: str, number: str) -> int:
    """Everything; 0 where the proof holds."""
    notebook = next((HERE / "notebooks").glob(f"{number}_*.ipynb"))
    pinned = [line for line in (HERE / "constraints.txt").read_text(encoding="utf-8").splitlines() if line.startswith("torch==")]
    with tempfile.TemporaryDirectory(prefix="colab-") as name:
        folder = Path(name)
        subprocess.run([python, "-m", "venv", folder / "venv"], check=True)
        kernel = folder / "venv" / "bin" / "python"
        subprocess.run([kernel, "-m", "pip", "install", "--quiet", *ALREADY_THERE, *pinned], check=True)
        pretend_colab(kernel)
        before = versions(kernel)
        began = time.monotonic()
        done = run_there(notebook, kernel, folder)
        after = versions(kernel)
        release = subprocess.run([kernel, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    for package in WATCHED:
        print(f"{package:12s} {before[package]:>16s} {after[package]:>16s}")
    kept = before["torch"] == after["torch"] and before["numpy"] == after["numpy"]
    result = {"python": release, "notebook": notebook.stem, "finished": done, "kept": kept, "before": before, "after": after}
    print(json.dumps(result | {"seconds": round(time.monotonic() - began)}))
    return 0 if done and kept else 1


def pretend_colab(kernel: Path) -> None:
    """A module `google.colab` that every process of that Python has loaded, as on Colab."""
    asked = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = Path(subprocess.run([kernel, "-c", asked], capture_output=True, text=True, check=True).stdout.strip())
    (site / "google" / "colab").mkdir(parents=True)
    (site / "google" / "colab" / "__init__.py").touch()
    (site / "colab.pth").write_text("import google.colab\n", encoding="utf-8")


def run_there(notebook: Path, kernel: Path, folder: Path) -> bool:
    """Whether papermill, of this environment, brings the notebook to its end on a kernel of that one."""
    spec = folder / "share" / "kernels" / "colab"
    spec.mkdir(parents=True)
    command = [str(kernel), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": command, "display_name": "colab", "language": "python"}))
    changed = {
        "JUPYTER_PATH": str(folder / "share"),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{HERE.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": ADDRESS,
    }
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | changed
    papermill = [sys.executable, "-m", "papermill", "--kernel", "colab", "--cwd", str(folder)]
    return subprocess.run([*papermill, notebook, folder / "out.ipynb"], env=environment, check=False).returncode == 0


def versions(kernel: Path) -> dict[str, str]:
    """What that environment has of the packages that must not change."""
    return json.loads(subprocess.run([kernel, "-c", VERSIONS], capture_output=True, text=True, check=True).stdout)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "07"))
