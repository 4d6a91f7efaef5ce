"""The readability CNN: a small picture in, its geometry out, and the pooled numbers behind it.

Used by notebook 05. Rule: weights are safetensors; ink is signal and paper is zero; the network never sees a person's label.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from diaglib.scoring.geometry import FEATURES

if TYPE_CHECKING:
    import torch

WIDTHS = (24, 48, 96)
# beside the geometry the network learns what was done to the picture, which no single feature says
TARGETS = (*FEATURES, "score", "clean")
POOLED_SIZE = 3 * WIDTHS[-1]
READABILITY_FOLDER = Path(__file__).parent / "readability"
NETWORK_FILE = "model.safetensors"
_AT_ONCE = 64


def build_network() -> torch.nn.Module:
    """7 x 7 stride-4 stem of 24, residual blocks of 24, 48 and 96 with BatchNorm, pooled as mean, maximum and standard
    deviation over the picture (how much, how strong, how varied), then one linear layer to the standardised targets.
    """
    import torch
    from torch import nn

    class Block(nn.Module):
        """Two 3 x 3 convolutions around a shortcut; a stride of 2 where the width grows."""

        def __init__(self, before: int, after: int) -> None:
            super().__init__()
            stride = 1 if before == after else 2
            self.first = nn.Conv2d(before, after, 3, stride, 1, bias=False)
            self.first_norm = nn.BatchNorm2d(after)
            self.second = nn.Conv2d(after, after, 3, 1, 1, bias=False)
            self.second_norm = nn.BatchNorm2d(after)
            self.shortcut = nn.Identity() if before == after else nn.Conv2d(before, after, 1, stride, bias=False)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            inner = torch.relu(self.first_norm(self.first(x)))
            return torch.relu(self.second_norm(self.second(inner)) + self.shortcut(x))

    class ReadabilityNetwork(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Conv2d(3, WIDTHS[0], 7, 4, 3, bias=False)
            self.stem_norm = nn.BatchNorm2d(WIDTHS[0])
            self.blocks = nn.Sequential(*(Block(a, b) for a, b in zip((WIDTHS[0], *WIDTHS), WIDTHS, strict=False)))
            self.geometry = nn.Linear(POOLED_SIZE, len(TARGETS))

        def pool(self, ink: torch.Tensor) -> torch.Tensor:
            x = self.blocks(torch.relu(self.stem_norm(self.stem(ink))))
            return torch.cat([x.mean((2, 3)), x.amax((2, 3)), x.std((2, 3))], dim=1)

        def forward(self, ink: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            pooled = self.pool(ink)
            return self.geometry(pooled), pooled

    return ReadabilityNetwork()


@dataclass(frozen=True, slots=True)
class Seen:
    """What the CNN makes of n pictures: `targets` (n, len(TARGETS)), each 0..1, and `pooled` (n, 288) behind them."""

    targets: np.ndarray
    pooled: np.ndarray

    @property
    def geometry(self) -> np.ndarray:
        """The targets that `features` measures in the text, (n, len(FEATURES))."""
        return self.targets[:, : len(FEATURES)]


@dataclass(frozen=True, slots=True)
class Network:
    """Weights in eval mode, and the scale of the targets it was trained on."""

    module: torch.nn.Module
    mean: np.ndarray
    spread: np.ndarray


def load_network(folder: Path = READABILITY_FOLDER) -> Network:
    """The network of a folder made by `diaglib train-readability`. Raises OSError where it is not there, ValueError for
    another kind of file.
    """
    path = Path(folder) / NETWORK_FILE
    return _load(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _load(path: Path, _modified_ns: int) -> Network:
    from safetensors.torch import load_file

    tensors = load_file(path)
    network = build_network()
    try:
        mean, spread = tensors.pop("target_mean").numpy(), tensors.pop("target_spread").numpy()
        network.load_state_dict(tensors)
    except (KeyError, RuntimeError) as error:
        raise ValueError(f"{path} holds no readability network: make one with `diaglib train-readability` ({error})") from None
    return Network(network.eval(), mean, spread)


def see(ink: np.ndarray, network: Network | None = None) -> Seen:
    """Targets and pooled numbers of ink pictures, uint8 (n, 120, 200, 3). About 2 ms each on one core."""
    import torch

    network = network or load_network()
    targets, pooled = [np.zeros((0, len(TARGETS)), np.float32)], [np.zeros((0, POOLED_SIZE), np.float32)]
    with torch.inference_mode():
        for start in range(0, len(ink), _AT_ONCE):
            predicted, inner = network.module(as_input(ink[start : start + _AT_ONCE]))
            targets.append(predicted.numpy() * network.spread + network.mean)
            pooled.append(inner.numpy())
    return Seen(np.clip(np.concatenate(targets), 0.0, 1.0), np.concatenate(pooled))


def as_input(ink: np.ndarray) -> torch.Tensor:
    """Ink, uint8 (n, height, width, 3), as the network's float (n, 3, height, width), 0..1."""
    import torch

    return (
        torch.from_numpy(np.ascontiguousarray(ink))
        .permute(0, 3, 1, 2)
        .float()
        .div_(255)
        .contiguous(memory_format=torch.channels_last)
    )
