"""TRL's ORPO trainer for a card of 15 GB: batches by length, logits only where an answer is, the same careful checkpoints.

Used by `preference`. Rule: what the loss means is as TRL and the paper define it, over the answer's tokens.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional
from trl.experimental.orpo import ORPOTrainer

from diaglib.tuning.encoded import NOT_LEARNT
from diaglib.tuning.trainers import Careful, answer_log_probabilities, answer_logits


class PairTrainer(Careful, ORPOTrainer):
    """ORPO (Hong, Lee and Thorne 2024): the likelihood of the chosen answers, and the odds of chosen against rejected ones.

    Two things differ from TRL's: the likelihood is of the answer without the prompt, as in our SFT, and no logits are computed
    for prompts, which is most of what did not fit on a small card.
    """

    def tokenize_row(self, feature: Any, model: Any = None) -> dict[str, Any]:
        """The rows come as ids."""
        return {}

    def concatenated_forward(self, model: Any, batch: dict[str, Any]) -> tuple:
        ids, labels = (
            _side_by_side(batch[f"chosen_{name}"], batch[f"rejected_{name}"], fill)
            for name, fill in (("input_ids", self.processing_class.pad_token_id), ("labels", NOT_LEARNT))
        )
        logits, targets = answer_logits(model, ids, labels)
        log_probabilities = answer_log_probabilities(logits, targets)
        counts = (targets != NOT_LEARNT).sum(1)
        means = log_probabilities.sum(1) / counts.clamp(min=1)
        chosen = len(batch["chosen_labels"])
        likelihood = -log_probabilities[:chosen].sum() / counts[:chosen].sum()
        return means[:chosen], means[chosen:], logits[:chosen], logits[chosen:], likelihood

    def compute_loss(self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None) -> Any:
        rows = inputs.pop("row", [])
        result = super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        self._require_finite(result[0] if return_outputs else result, rows)
        return result


def _side_by_side(one: torch.Tensor, other: torch.Tensor, fill: int) -> torch.Tensor:
    """Two batches of rows as one, padded on the right."""
    longest = max(one.shape[1], other.shape[1])
    return torch.cat([functional.pad(part, (0, longest - part.shape[1]), value=fill) for part in (one, other)])
