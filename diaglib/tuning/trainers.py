"""TRL's SFT trainer with the parts that cost time and memory done once: logits only where an answer is, batches by length,
whole checkpoints, and a loss that is not finite named with its rows.

Used by `sft` and, for its parts, by `pair_trainer`. Rule: what the loss means is as TRL defines it, over the answer's tokens.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch.nn import functional
from trl import SFTTrainer

from diaglib.tuning.checkpoints import CheckpointFolder
from diaglib.tuning.encoded import NOT_LEARNT, LengthGroups
from diaglib.tuning.errors import TuningError


def answer_logits(model: Any, ids: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits (rows, positions, vocabulary) at the positions that predict an answer token of any row, and the tokens there.

    The head is the largest matrix of a small model and the prompt the longer part of a row: leaving the prompt's logits out
    saves both time and the largest tensor of a step.
    """
    targets = labels[:, 1:]
    positions = (targets != NOT_LEARNT).any(0).nonzero()[:, 0]
    logits = model(input_ids=ids, use_cache=False, logits_to_keep=positions).logits
    return logits.float(), targets[:, positions]


def answer_log_probabilities(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Log-probability of every target (rows, positions), 0 where there is none."""
    flat = functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=NOT_LEARNT, reduction="none")
    return -flat.view(targets.shape)


class Careful:
    """What this trainer and those of preference tuning share."""

    checkpoint_folder: CheckpointFolder

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        rows = self.train_dataset if train_dataset is None else train_dataset  # type: ignore[attr-defined]
        args = self.args  # type: ignore[attr-defined]
        rows_a_step = args.train_batch_size * args.gradient_accumulation_steps * args.world_size
        return LengthGroups(rows["length"], rows_a_step, args.seed)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        step = self.state.global_step  # type: ignore[attr-defined]
        with self.checkpoint_folder.writing(step):
            super()._save_checkpoint(model, trial)  # type: ignore[misc]

    def _require_finite(self, loss: torch.Tensor, rows: list[int]) -> None:
        value = float(loss.detach())
        if not math.isfinite(value):
            step = self.state.global_step  # type: ignore[attr-defined]
            raise TuningError(
                "loss",
                f"the loss is {value} in step {step + 1}, in the batch of rows {', '.join(map(str, rows))}: "
                f"{self.checkpoint_folder.safe()}. Look at these rows, or lower the learning rate",
            )


class AnswerTrainer(Careful, SFTTrainer):
    """Supervised fine-tuning: the mean negative log-likelihood of the answers' tokens."""

    def compute_loss(self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None) -> Any:
        rows = inputs.pop("row", [])
        log_probabilities = answer_log_probabilities(*answer_logits(model, inputs["input_ids"], inputs["labels"]))
        tokens = (inputs["labels"][:, 1:] != NOT_LEARNT).sum() if num_items_in_batch is None else num_items_in_batch
        loss = -log_probabilities.sum() / torch.as_tensor(tokens, device=log_probabilities.device).clamp(min=1)
        if self.args.average_tokens_across_devices and num_items_in_batch is not None:
            loss = loss * self.accelerator.num_processes
        self._require_finite(loss, rows)
        return (loss, None) if return_outputs else loss
