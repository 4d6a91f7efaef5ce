"""Memory of weights, generation and training in MiB, in closed form.

Used by notebooks 01, 03 and 04, `diaglib fit` and the out-of-memory advice of tuning. Rule: every term is a count of tensors that
are alive at the peak; nothing is fitted to a machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from diaglib.footprint.architecture import Architecture, Matrix
from diaglib.llm.gptq import GPTQ_GROUP

MIB = 2**20
PRECISIONS = ("fp32", "fp16", "bf16", "int8", "nf4", "gptq")
_QUANTISED = ("int8", "nf4", "gptq")
NF4_BLOCK = 64  # weights that share one fp32 scale (bitsandbytes without nested quantisation)
# an adapter's weight in fp32 with the two moments of AdamW, and its gradient
ADAPTER_BYTES, GRADIENT_BYTES, FROZEN_BYTES = 12, 4, 4
# a logit when the backward pass starts: its log-softmax, the gradient of that and of the logit, all in fp32
LOGIT_BYTES = 3 * 4
# ORPO keeps the logits beside them: both the likelihood of the chosen answers and the odds are taken from the same
ORPO_LOGIT_BYTES = LOGIT_BYTES + 4


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """How a model is trained, as far as it decides memory.

    `rank` is the LoRA rank, 0 for tuning all weights. A step holds `rows` rows of at most `tokens` tokens, prompt and
    answer; for ORPO and DPO a row is a pair, twice that. DPO holds a reference too: a copy of the adapter, or of all weights
    where those are tuned. With `checkpointing` only the input of each layer is kept.
    """

    precision: str = "fp16"
    rank: int = 16
    rows: int = 4
    tokens: int = 512
    method: Literal["sft", "orpo", "dpo"] = "sft"
    checkpointing: bool = True

    @property
    def tokens_a_step(self) -> int:
        return self.rows * self.tokens * (1 if self.method == "sft" else 2)


@dataclass(frozen=True, slots=True)
class Footprint:
    """Predicted peak of allocated memory, by what it is for, in MiB.

    `cache_mib` is the key-value cache; `trained_mib` trained weights and optimizer states (without the weights where all of
    them are trained); `reference_mib` the frozen start of DPO; `kept_mib` what the forward pass keeps for the backward pass;
    `logits_mib` the output over the vocabulary; `layer_mib` the inner tensors of one layer while they are computed again;
    `gradients_mib` those of what is trained; `workspace_mib` the largest passing tensor.
    """

    weights_mib: float
    cache_mib: float = 0.0
    trained_mib: float = 0.0
    reference_mib: float = 0.0
    kept_mib: float = 0.0
    logits_mib: float = 0.0
    layer_mib: float = 0.0
    gradients_mib: float = 0.0
    workspace_mib: float = 0.0

    @property
    def total_mib(self) -> float:
        """The peak: when the backward pass starts (the logits), in its first layer, or in its last (all gradients)."""
        always = self.weights_mib + self.cache_mib + self.trained_mib + self.reference_mib + self.workspace_mib
        return always + max(self.kept_mib + max(self.logits_mib, self.layer_mib), self.gradients_mib + self.layer_mib)


def predict_weights_mib(architecture: Architecture, precision: str = "bf16") -> float:
    """MiB of the loaded weights. Quantisation packs linear layers only: embeddings, output head, norms and packed experts stay
    in 16 bits. Raises ValueError for an unknown precision.
    """
    _check(precision)
    plain = 4 if precision == "fp32" else 2
    packed = precision in _QUANTISED
    held: float = plain * architecture.vector_parameters
    for matrix in architecture.matrices():
        if packed and matrix.kind == "linear":
            held += matrix.count * (_packed_bytes(matrix, precision) + plain * matrix.outputs * matrix.bias)
        else:
            held += plain * matrix.parameters
    return held / MIB


def predict_generation(
    architecture: Architecture, precision: str = "bf16", rows: int = 1, prompt_tokens: int = 256, new_tokens: int = 512
) -> Footprint:
    """The peak while `rows` answers of `new_tokens` tokens are written side by side, prompts of `prompt_tokens` before them.

    Windows of sliding attention are not taken off, so long answers are an upper bound for Gemma 2 and Mistral.
    Raises ValueError for an unknown precision.
    """
    number = 4 if precision == "fp32" else 2
    cached = rows * (prompt_tokens + new_tokens) * architecture.cache_numbers_per_token
    cache = cached * number + 4 * rows * architecture.state_numbers
    # one layer's cache is copied when a token is added to it; latents are expanded to all heads there
    copy = cached * number / architecture.num_hidden_layers
    if architecture.kv_lora_rank:
        heads = architecture.num_attention_heads * (
            2 * architecture.qk_nope_head_dim + architecture.qk_rope_head_dim + 2 * architecture.v_head_dim
        )
        copy += rows * (prompt_tokens + new_tokens) * heads * number
    reading = rows * prompt_tokens * number * (4 * architecture.hidden_size + 3 * _widest(architecture))
    return Footprint(
        weights_mib=predict_weights_mib(architecture, precision),
        cache_mib=cache / MIB,
        logits_mib=rows * architecture.vocab_size * (number + 2 * 4) / MIB,
        workspace_mib=(max(copy, reading) + _unpacked_bytes(architecture, precision)) / MIB,
    )


def predict_training(architecture: Architecture, plan: TrainingPlan = TrainingPlan()) -> Footprint:
    """The peak of one training step: base weights, what is trained, activations and logits.

    Low-rank adapters are fp32 with AdamW's two moments. The forward pass keeps the input of every layer (all inner tensors
    without checkpointing); the backward pass starts with the logits of all tokens and then takes layer by layer. Raises
    ValueError for an unknown precision, or quantised weights with rank 0.
    """
    _check(plan.precision)
    number = 4 if plan.precision == "fp32" else 2
    layers = architecture.num_hidden_layers
    tokens = plan.tokens_a_step
    if plan.rank == 0:
        if plan.precision in _QUANTISED:
            raise ValueError(f"weights in {plan.precision} cannot be trained: give a LoRA rank, or an unquantised precision")
        # the weights themselves are counted as weights; AdamW's moments have their dtype
        trained, gradients = architecture.parameters * 2 * number, architecture.parameters * number
        reference = architecture.parameters * number
    else:
        adapter = adapter_parameters(architecture, plan.rank)
        trained, gradients, reference = ADAPTER_BYTES * adapter, GRADIENT_BYTES * adapter, FROZEN_BYTES * adapter
    layer = tokens * _layer_bytes_a_token(architecture, number, plan.rank)
    inputs = tokens * architecture.hidden_size * number * layers
    logit = ORPO_LOGIT_BYTES if plan.method == "orpo" else LOGIT_BYTES
    return Footprint(
        weights_mib=predict_weights_mib(architecture, plan.precision),
        trained_mib=trained / MIB,
        reference_mib=reference / MIB if plan.method == "dpo" else 0.0,
        kept_mib=(inputs if plan.checkpointing else inputs + layer * layers) / MIB,
        logits_mib=tokens * architecture.vocab_size * logit / MIB,
        layer_mib=layer / MIB,
        gradients_mib=gradients / MIB,
        workspace_mib=_unpacked_bytes(architecture, plan.precision) / MIB,
    )


def adapter_parameters(architecture: Architecture, rank: int) -> int:
    """Parameters of a LoRA adapter of that rank on every layer that takes one: rank x (inputs + outputs) (Hu et al. 2021)."""
    return sum(
        rank * (matrix.inputs + matrix.outputs) * matrix.count for matrix in architecture.matrices() if matrix.takes_adapter
    )


def _layer_bytes_a_token(architecture: Architecture, number: int, rank: int) -> float:
    """What one layer keeps for its backward pass, averaged over the layers: the outputs of each matrix, two norms with their
    inputs in fp32, and where weights are trained the inputs of their matrices (an adapter takes them in fp32).
    """
    total = 0
    for matrix in architecture.matrices():
        if matrix.kind == "linear" and not matrix.name.startswith("routed"):
            inputs = (4 * (matrix.inputs + rank) if matrix.takes_adapter else 0) if rank else number * matrix.inputs
            total += matrix.count * (number * matrix.outputs + inputs)
    met = architecture.num_experts_per_tok * architecture.num_hidden_layers  # of the routed experts a token meets a few
    total += met * 3 * number * (architecture.hidden_size + architecture.moe_intermediate_size)
    return total / architecture.num_hidden_layers + 2 * (4 + number) * architecture.hidden_size


def _packed_bytes(matrix: Matrix, precision: str) -> float:
    weights = matrix.inputs * matrix.outputs
    if precision == "int8":
        return weights + 4 * matrix.outputs  # a scale for every output
    if precision == "nf4":
        return weights / 2 + 4 * weights / NF4_BLOCK
    # fp16 scales and 4-bit zero points for every group, and the group of every input
    return weights / 2 + weights / GPTQ_GROUP * 2.5 + 4 * matrix.inputs


def _unpacked_bytes(architecture: Architecture, precision: str) -> float:
    """The largest quantised matrix once more in 16 bits: it is unpacked to be multiplied."""
    if precision not in _QUANTISED:
        return 0.0
    return 2.0 * max(matrix.inputs * matrix.outputs for matrix in architecture.matrices() if matrix.kind == "linear")


def _widest(architecture: Architecture) -> int:
    """Numbers a token has at the widest place of a layer."""
    return max(matrix.outputs for matrix in architecture.matrices() if matrix.kind == "linear")


def _check(precision: str) -> None:
    if precision not in PRECISIONS:
        raise ValueError(f"precision '{precision}' is not known; known: {', '.join(PRECISIONS)}")
