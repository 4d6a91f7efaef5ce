"""The judge of `local`: how much of each piece of evidence to believe.

Used by the training of `local`. Rule: it learns only from stores its embedding was not trained on.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING

from diaglib.memory.encoder_held_out import HeldOut
from diaglib.memory.encoder_local import LocalEncoder
from diaglib.memory.encoder_training import TrainingSettings

if TYPE_CHECKING:
    import torch

STORES_A_STEP = 16
_NEVER = -30.0


def fit_judge(encoder: LocalEncoder, stores: Sequence[HeldOut], settings: TrainingSettings) -> LocalEncoder:
    """The encoder with a judge: a layer of tanh and a sigmoid that give the expected target of features.

    It is the mean of `judges` that were fitted from other seeds, before the sigmoid. The loss of each is the cross-entropy of
    every pair, and a little of how unlikely a right memory is to come first in its store.
    """
    import numpy as np
    import torch

    rows = np.concatenate([store.features.reshape(-1, store.features.shape[-1]) for store in stores])
    mean, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-3
    inputs = [torch.tensor((store.features - mean) / scale, dtype=torch.float32) for store in stores]
    wanted = [torch.tensor(store.truth, dtype=torch.float32) for store in stores]
    parts = [_fit_one(inputs, wanted, [store.chats for store in stores], settings, seed) for seed in range(settings.judges)]
    judge = {
        "judge_mean": mean,
        "judge_scale": scale,
        "judge_in": np.concatenate([layer.weight.detach().numpy().T for layer, _ in parts], axis=1),
        "judge_bias": np.concatenate([layer.bias.detach().numpy() for layer, _ in parts]),
        "judge_out": np.concatenate([out.weight.detach().numpy()[0] for _, out in parts]) / len(parts),
        "judge_out_bias": np.mean([out.bias.detach().numpy() for _, out in parts], axis=0),
    }
    return LocalEncoder(encoder.arrays | judge, encoder.keys, encoder.words, encoder.threshold)


def _fit_one(
    inputs: Sequence[torch.Tensor], wanted: Sequence[torch.Tensor], chats: Sequence[int], settings: TrainingSettings, seed: int
) -> tuple[torch.nn.Linear, torch.nn.Linear]:
    """One judge's two layers, fitted from a seed."""
    import torch
    import torch.nn.functional as F

    torch.manual_seed(settings.seed + seed)
    rng = random.Random(settings.seed + seed)
    layer = torch.nn.Linear(inputs[0].shape[-1], settings.judge_width)
    out = torch.nn.Linear(settings.judge_width, 1)
    rate = 1e-2
    optimizer = torch.optim.AdamW([*layer.parameters(), *out.parameters()], rate, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=settings.judge_steps)
    for _ in range(settings.judge_steps):
        losses = []
        for place in rng.sample(range(len(inputs)), min(STORES_A_STEP, len(inputs))):
            scores = out(torch.tanh(layer(inputs[place])))[:, :, 0]
            known = scores.shape[1] - chats[place]
            first = _first_is_right(scores[:, :known], wanted[place][:, :known] == 1)
            losses.append(F.binary_cross_entropy_with_logits(scores, wanted[place]) + settings.first_weight * first)
        optimizer.zero_grad()
        torch.stack(losses).mean().backward()
        optimizer.step()
        schedule.step()
    return layer, out


def _first_is_right(scores: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Mean over messages of minus the log of the share that right memories have of all, by softmax over the store."""
    shares = scores.log_softmax(dim=0)
    return -shares.masked_fill(~right, _NEVER).logsumexp(dim=0).mean()
