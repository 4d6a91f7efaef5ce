"""Trains the readability CNN on damaged diagrams: to find their shapes, and to tell their geometry as a whole.

Used by `diaglib train-readability`. Rule: targets are known because we drew the pictures; the same seed gives the same weights.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from diaglib.diagram.model import Diagram
from diaglib.environment import training_autocast
from diaglib.scoring.damage import CLEAN_SCORE, Specimen, specimens
from diaglib.scoring.geometry import features
from diaglib.scoring.node_boxes import SAME_SHAPE_IOU, box_agreement, find_nodes
from diaglib.scoring.node_maps import CIRCLE, NODE, SIDES, NodeMaps, node_maps
from diaglib.scoring.pictures import draw_ink
from diaglib.scoring.readability_network import TARGETS, as_input, build_network
from diaglib.scoring.visibility import as_seen

if TYPE_CHECKING:
    import torch

MEASURED = 200  # held-out pictures whose shapes are compared after every epoch


@dataclass(frozen=True)
class ReadabilitySettings:
    """Sizes and schedule; the defaults are what the shipped network was made with."""

    pictures: int = 7_000
    held_out: int = 1_500
    epochs: int = 6
    batch: int = 16
    peak_learning_rate: float = 3e-3
    weight_decay: float = 0.05
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Examples:
    """`diagrams`, their `ink` uint8 (n, 240, 400, 3), `geometry` (n, features) and `score` of the damage, 0..5."""

    diagrams: list[Diagram]
    ink: np.ndarray
    geometry: np.ndarray
    score: np.ndarray

    @property
    def targets(self) -> np.ndarray:
        """(n, len(TARGETS)), all 0..1."""
        return np.column_stack([self.geometry, self.score / CLEAN_SCORE, self.score == CLEAN_SCORE]).astype(np.float32)


def make_examples(count: int, seed: int, progress: bool = False) -> Examples:
    """Specimens of `diaglib.scoring.damage`, drawn and measured. About 14 ms and 0.3 MB each."""
    found: list[Specimen] = list(
        tqdm(specimens(count, seed), total=count, unit="diagram", desc="damage", disable=None if progress else True)
    )
    diagrams = [one.diagram for one in found]
    return Examples(diagrams, draw_ink(diagrams), features(diagrams), np.array([one.score for one in found], np.float32))


def train_network(
    examples: Examples, held_out: Examples, settings: ReadabilitySettings
) -> tuple[dict[str, torch.Tensor], list[dict[str, Any]]]:
    """The network's tensors with the scale of its targets, and one record an epoch: losses, R2 of held-out targets, shapes
    found and wrongly found in held-out pictures.

    Loss: `node_loss` and half the mean squared error of standardised targets. AdamW, one cycle. On a CPU that has it,
    bfloat16 halves the time.
    """
    import torch

    torch.manual_seed(settings.seed)
    mean, spread = examples.targets.mean(axis=0), np.maximum(examples.targets.std(axis=0), 0.02)
    targets, unseen = (torch.from_numpy((part.targets - mean) / spread) for part in (examples, held_out))
    network = build_network().to(memory_format=torch.channels_last)
    steps = settings.epochs * (len(targets) // settings.batch)
    optimiser = torch.optim.AdamW(network.parameters(), settings.peak_learning_rate, weight_decay=settings.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, settings.peak_learning_rate, max(steps, 1), pct_start=0.15)
    curve: list[dict[str, Any]] = []
    began = time.process_time()
    bar = tqdm(total=steps, unit="step", desc="network", disable=None)
    for epoch in range(settings.epochs):
        network.train()
        losses = []
        for chosen in _batches(len(targets), settings.batch, settings.seed + epoch):
            with training_autocast("cpu"):
                answers, whole, _ = network(as_input(examples.ink[chosen]))
            loss = _loss(answers, whole, [examples.diagrams[i] for i in chosen], targets[chosen])
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimiser.step()
            schedule.step()
            losses.append(loss.item())
            bar.update()
        record = {"epoch": epoch + 1, "train_loss": float(np.mean(losses)), **_measure(network, held_out, unseen, settings.batch)}
        curve.append(record | {"cpu_seconds": time.process_time() - began})
        bar.set_postfix(train=curve[-1]["train_loss"], held_out=curve[-1]["held_out_loss"], found=curve[-1]["found"])
    bar.close()
    scale = {"target_mean": torch.from_numpy(mean), "target_spread": torch.from_numpy(spread)}
    tensors = {name: value.detach().contiguous() for name, value in network.state_dict().items()}
    return tensors | scale, curve


def node_loss(answers: torch.Tensor, maps: NodeMaps) -> torch.Tensor:
    """Penalty-reduced focal loss of where nodes are, mean absolute error of their sides, and cross-entropy of their
    roundness. Source: Zhou, Wang & Krähenbühl, Objects as Points (2019), equation 1.
    """
    import torch

    node, sides, circle = (torch.from_numpy(one) for one in (maps.node, maps.sides, maps.circle))
    probability = torch.sigmoid(answers[:, NODE]).clamp(1e-5, 1 - 1e-5)
    here = node >= 1
    missed = (1 - probability) ** 2 * torch.log(probability)
    invented = (1 - node) ** 4 * probability**2 * torch.log(1 - probability)
    focal = -torch.where(here, missed, invented).sum() / here.sum().clamp_min(1)
    weight = node.sum().clamp_min(1)
    far = ((answers[:, SIDES].permute(0, 2, 3, 1) - sides).abs().sum(-1) * node).sum() / weight
    round_ = torch.nn.functional.binary_cross_entropy_with_logits(answers[:, CIRCLE], circle, reduction="none")
    return focal + far + (round_ * node).sum() / weight / 2


def _loss(answers: torch.Tensor, whole: torch.Tensor, diagrams: Sequence[Diagram], targets: torch.Tensor) -> torch.Tensor:
    import torch

    return node_loss(answers.float(), node_maps(diagrams)) + torch.nn.functional.mse_loss(whole.float(), targets) / 2


def _batches(count: int, size: int, seed: int) -> Iterator[np.ndarray]:
    order = np.random.default_rng(seed).permutation(count)
    yield from (order[start : start + size] for start in range(0, count - size + 1, size))


def _measure(network: torch.nn.Module, held_out: Examples, targets: torch.Tensor, batch: int) -> dict[str, Any]:
    """Loss, R2 of the targets, and the shares of visible shapes found and of found ones that are none."""
    import torch

    network.eval()
    losses, guesses, shapes = [], [], []
    with torch.inference_mode():
        for start in range(0, len(targets), batch):
            part = slice(start, start + batch)
            answers, whole, _ = network(as_input(held_out.ink[part]))
            losses.append(float(_loss(answers, whole, held_out.diagrams[part], targets[part])) * len(answers))
            guesses.append(whole)
            if start < MEASURED:
                shapes += [find_nodes(answer, ink) for answer, ink in zip(answers.numpy(), held_out.ink[part], strict=True)]
    residual = ((torch.cat(guesses) - targets) ** 2).mean(0)
    r2 = 1 - residual / targets.var(0, unbiased=False).clamp_min(1e-6)
    return {
        "held_out_loss": sum(losses) / len(targets),
        "held_out_r2": {name: float(value) for name, value in zip(TARGETS, r2, strict=True)},
        **shapes_found(held_out.diagrams[: len(shapes)], shapes),
    }


def shapes_found(diagrams: Sequence[Diagram], found: Sequence[Diagram]) -> dict[str, float]:
    """Shares of the shapes that can be seen in `diagrams` that were `found`, and of those found that are none."""
    drawn = [as_seen(diagram) for diagram in diagrams]
    agreements = [box_agreement(one, other) for one, other in zip(drawn, found, strict=True)]
    matched = sum(int((one.max(axis=1, initial=0.0) > SAME_SHAPE_IOU).sum()) for one in agreements)
    count = sum(len(one.nodes) for one in found)
    return {"found": matched / max(sum(len(one.nodes) for one in drawn), 1), "false": max(1 - matched / max(count, 1), 0.0)}
