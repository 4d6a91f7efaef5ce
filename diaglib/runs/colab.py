"""What a Colab runtime changes: it forgets everything when it ends, unless a Drive is mounted. Used by every set-up cell.

Rule: with a Drive mounted, outputs live there, so that what is finished is found again by the next runtime.
"""

from __future__ import annotations

import sys
from pathlib import Path

DRIVE = Path("/content/drive/MyDrive")  # where Colab's file panel mounts it
DRIVE_OUTPUTS = Path("diaglib", "outputs")


def drive_outputs(drive: Path = DRIVE) -> Path | None:
    """The folder for outputs on a mounted Drive; None where none is mounted."""
    return drive / DRIVE_OUTPUTS if drive.is_dir() else None


def runtime_words(drive: Path = DRIVE) -> str:
    """Where outputs go and which profile fits, in a sentence or two for the set-up cell."""
    import torch

    fits = "" if torch.cuda.is_available() else 'No GPU here: PROFILE = "local" runs, t4 and a100 need theirs. '
    if outputs := drive_outputs(drive):
        place = outputs.relative_to(drive.parent)
        return f"{fits}Outputs go to the mounted Drive ({place}): what is finished there is not made again."
    if "google.colab" in sys.modules:
        return f"{fits}Outputs end with this runtime: mount your Drive in the file panel, then run this cell again, to keep them."
    return f"{fits}Outputs go to the folder `outputs`."
