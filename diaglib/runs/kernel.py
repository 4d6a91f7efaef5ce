"""The kernel a notebook runs in: this interpreter, whatever the user registered, and nothing left in the user's folders.

Used by `diaglib run`. Rule: a run does not depend on the machine's jupyter set-up, and does not change it.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from diaglib.runs.series import OUTPUTS_VARIABLE, output_root

# seeds fixed; progress bars would fill a report with half-drawn lines
_KERNEL_VARIABLES = {
    "PYTHONHASHSEED": "0",
    "TQDM_DISABLE": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
}


@contextmanager
def kernel_environment() -> Iterator[Any]:
    """For its duration the kernel `python3` is this interpreter. Yields the jupyter configuration to start it with.

    The kernel is spoken to through sockets in a private folder where the system has them: unlike network ports they
    cannot clash with another run's and nobody else on the machine can listen.
    """
    from traitlets.config import Config

    with tempfile.TemporaryDirectory(prefix="diaglib-") as place:
        spec = {
            # the kernel's own log would break the progress line; what goes wrong in a cell is in its notebook
            "argv": [
                sys.executable,
                "-Xfrozen_modules=off",
                "-m",
                "ipykernel_launcher",
                "-f",
                "{connection_file}",
                "--log-level=50",
            ],
            "display_name": "Python 3",
            "language": "python",
            "env": _KERNEL_VARIABLES,
        }
        folder = Path(place, "kernels", "python3")
        folder.mkdir(parents=True)
        (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
        changed = {
            "JUPYTER_PATH": os.pathsep.join(filter(None, [place, os.environ.get("JUPYTER_PATH")])),
            "JUPYTER_RUNTIME_DIR": str(Path(place, "runtime")),
            "IPYTHONDIR": str(Path(place, "ipython")),
            OUTPUTS_VARIABLE: os.path.relpath(output_root()),
        }
        before = {name: os.environ.get(name) for name in changed}
        os.environ.update(changed)
        try:
            yield Config() if os.name == "nt" else Config(KernelManager={"transport": "ipc", "ip": str(Path(place, "socket"))})
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value
