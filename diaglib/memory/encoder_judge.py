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
from diaglib.memory.evaluation import Judged

if TYPE_CHECKING:
    import torch

STORES_A_STEP = 16
_NEVER = -30.0


def cross_judged(encoder: LocalEncoder, folds: Sequence[Sequence[HeldOut]], settings: TrainingSettings) -> list[Judged]:
    """Every held-out store as a judge sees it that was fitted on the other folds: what the threshold is calibrated on."""
    judged: list[Judged] = []
    for number, fold in enumerate(folds):
        others = [store for place, other in enumerate(folds) if place != number for store in other]
        judge = fit_judge(encoder, others, settings)
        for store in fold:
            predicted, known = judge.judge(store.features), store.truth.shape[1] - store.chats
            judged.append((predicted[:, :known], store.truth[:, :known], predicted[:, known:]))
    return judged


def fit_judge(encoder: LocalEncoder, stores: Sequence[HeldOut], settings: TrainingSettings) -> LocalEncoder:
    """The encoder with a judge: a layer of tanh and a sigmoid that give the expected target of features.

    Its loss is the cross-entropy of every pair, and a little of how unlikely a right memory is to come first in its store.
    """
    import numpy as np
    import torch
    import torch.nn.functional as F

    torch.manual_seed(settings.seed)
    rng = random.Random(settings.seed)
    rows = np.concatenate([store.features.reshape(-1, store.features.shape[-1]) for store in stores])
    mean, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-3
    inputs = [torch.tensor((store.features - mean) / scale, dtype=torch.float32) for store in stores]
    wanted = [torch.tensor(store.truth, dtype=torch.float32) for store in stores]
    layer = torch.nn.Linear(rows.shape[1], settings.judge_width)
    out = torch.nn.Linear(settings.judge_width, 1)
    rate = 1e-2
    optimizer = torch.optim.AdamW([*layer.parameters(), *out.parameters()], rate, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=settings.judge_steps)
    for _ in range(settings.judge_steps):
        losses = []
        for place in rng.sample(range(len(stores)), min(STORES_A_STEP, len(stores))):
            scores = out(torch.tanh(layer(inputs[place])))[:, :, 0]
            known = scores.shape[1] - stores[place].chats
            first = _first_is_right(scores[:, :known], wanted[place][:, :known] == 1)
            losses.append(F.binary_cross_entropy_with_logits(scores, wanted[place]) + settings.first_weight * first)
        optimizer.zero_grad()
        torch.stack(losses).mean().backward()
        optimizer.step()
        schedule.step()
    judge = {
        "judge_mean": mean,
        "judge_scale": scale,
        "judge_in": layer.weight.detach().numpy().T,
        "judge_bias": layer.bias.detach().numpy(),
        "judge_out": out.weight.detach().numpy()[0],
        "judge_out_bias": out.bias.detach().numpy(),
    }
    return LocalEncoder(encoder.arrays | judge, encoder.keys, encoder.words, encoder.threshold)


def _first_is_right(scores: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Mean over messages of minus the log of the share that right memories have of all, by softmax over the store."""
    shares = scores.log_softmax(dim=0)
    return -shares.masked_fill(~right, _NEVER).logsumexp(dim=0).mean()
