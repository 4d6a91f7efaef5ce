"""The readability CNN: a picture in, its shapes and its geometry out, and the pooled numbers behind them.

Used by notebook 05. Rule: weights are safetensors; ink is signal and paper is zero; the network never sees a person's label.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from diaglib.diagram.model import Diagram
from diaglib.scoring.geometry import BOX_FEATURES, FEATURES, features
from diaglib.scoring.node_boxes import find_nodes
from diaglib.scoring.node_maps import CELL_PX, CHANNELS, NODE
from diaglib.scoring.pictures import Picture, stack_ink

if TYPE_CHECKING:
    import torch

WIDTHS = (24, 48, 64, 96)
# beside the shapes the network learns the geometry as a whole, and what was done to the picture, which no feature says
TARGETS = (*FEATURES, "score", "clean")
POOLED_SIZE = 3 * (WIDTHS[1] + WIDTHS[3])
READABILITY_FOLDER = Path(__file__).parent / "readability"
NETWORK_FILE = "model.safetensors"
_AT_ONCE = 32
_RARE = -4.0  # a cell without a node is the rule: training starts from there


def build_network() -> torch.nn.Module:
    """A 6 x 6 stride-4 stem, residual blocks at a half, a quarter and an eighth of its size, and the way back up to it with
    what each size knows added (a feature pyramid, Lin et al. 2017). Its answer has six channels a cell (`node_maps`);
    the geometry is one linear layer on the mean, maximum and standard deviation over the picture of two of the sizes.
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
            self.stem = nn.Conv2d(3, WIDTHS[0], CELL_PX + 2, CELL_PX, 1, bias=False)
            self.stem_norm = nn.BatchNorm2d(WIDTHS[0])
            pairs = list(itertools.pairwise(WIDTHS))
            self.down = nn.ModuleList(nn.Sequential(Block(a, b), Block(b, b)) for a, b in pairs)
            self.across = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in pairs)
            self.up = nn.ModuleList(Block(width, width) for width in WIDTHS[1:-1])
            self.last = nn.Conv2d(WIDTHS[0], WIDTHS[0], 3, 1, 1, bias=False)
            self.last_norm = nn.BatchNorm2d(WIDTHS[0])
            self.nodes = nn.Conv2d(WIDTHS[0], CHANNELS, 1)
            self.geometry = nn.Linear(POOLED_SIZE, len(TARGETS))
            with torch.no_grad():
                self.nodes.bias[NODE] = _RARE

        def forward(self, ink: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
            sizes = [torch.relu(self.stem_norm(self.stem(ink)))]
            for down in self.down:
                sizes.append(down(sizes[-1]))
            quarter = self.up[1](self._joined(sizes[2], sizes[3], 2))
            half = self.up[0](self._joined(sizes[1], quarter, 1))
            whole = torch.relu(self.last_norm(self.last(self._joined(sizes[0], half, 0))))
            pooled = torch.cat([f(x) for x in (half, sizes[3]) for f in (_mean, _maximum, _spread)], dim=1)
            return self.nodes(whole), self.geometry(pooled), pooled

        def _joined(self, fine: torch.Tensor, coarse: torch.Tensor, level: int) -> torch.Tensor:
            return fine + nn.functional.interpolate(self.across[level](coarse), size=fine.shape[2:], mode="nearest")

    def _mean(x: torch.Tensor) -> torch.Tensor:
        return x.mean((2, 3))

    def _maximum(x: torch.Tensor) -> torch.Tensor:
        return x.amax((2, 3))

    def _spread(x: torch.Tensor) -> torch.Tensor:
        return x.std((2, 3))

    return ReadabilityNetwork()


@dataclass(frozen=True, slots=True)
class Seen:
    """What is made of n pictures: the `shapes` found, their `geometry` (n, len(FEATURES)), `targets` (n,
    len(TARGETS)) read off the picture as a whole, each 0..1, and `pooled` (n, POOLED_SIZE) behind them.

    Boxes are measured on the shapes; links and captions, of which no shape tells, are taken from the whole.
    """

    shapes: list[Diagram]
    geometry: np.ndarray
    targets: np.ndarray
    pooled: np.ndarray

    @property
    def boxes(self) -> np.ndarray:
        """The part of the geometry that was measured on the shapes, (n, len(BOX_FEATURES))."""
        return self.geometry[:, : len(BOX_FEATURES)]


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


def see(pictures: Sequence[Picture], network: Network | None = None) -> Seen:
    """Pictures as the CNN and their outlines show them. About 12 ms each on one core."""
    import torch

    network = network or load_network()
    shapes: list[Diagram] = []
    targets, pooled = [np.zeros((0, len(TARGETS)), np.float32)], [np.zeros((0, POOLED_SIZE), np.float32)]
    with torch.inference_mode():
        for start in range(0, len(pictures), _AT_ONCE):
            part = pictures[start : start + _AT_ONCE]
            answers, predicted, inner = network.module(as_input(stack_ink(part)))
            shapes += [find_nodes(answer, one.ink, one.outlines) for answer, one in zip(answers.numpy(), part, strict=True)]
            targets.append(predicted.numpy() * network.spread + network.mean)
            pooled.append(inner.numpy())
    whole = np.clip(np.concatenate(targets), 0.0, 1.0)
    boxes = len(BOX_FEATURES)
    geometry = np.hstack([features(shapes)[:, :boxes], whole[:, boxes : len(FEATURES)]])
    return Seen(shapes, geometry, whole, np.concatenate(pooled))


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
