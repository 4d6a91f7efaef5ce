"""One run in several processes, as `accelerate launch` starts them: which one writes, where they wait, who holds what.

Used by `run`, `checkpoints`, `saving` and `watch`. Rule: with one process all of this does nothing.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

FSDP_FILE = Path(__file__).parent / "fsdp.yaml"


def is_first() -> bool:
    """Whether this process is the one that writes and tells."""
    return int(os.environ.get("RANK", "0")) == 0


def wait_for_all() -> None:
    """Returns when every process of the run has come here."""
    import torch

    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.barrier()


def own_piece(tensor: Any) -> Any:
    """What this process holds of a tensor: its shard under FSDP, else the tensor."""
    return tensor.to_local() if hasattr(tensor, "to_local") else tensor


def is_sharded(model: Any) -> bool:
    """Whether any weight is spread over processes."""
    return any(hasattr(weight, "to_local") for weight in model.parameters())
