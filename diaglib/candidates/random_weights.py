"""A candidate's true architecture with random weights, nothing downloaded: its memory and times are real, its words are not.

Used by notebook 01 with WEIGHTS = "random". Rule: a 4- or 8-bit model is packed layer by layer, so that it never stands whole
in 16 bits on the device.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from diaglib.candidates.subject import AS_SAVED, Subject

_DTYPES = {"fp32": "float32", "fp16": "float16", "bf16": "bfloat16"}
_SPREAD = 0.02
_ROW_TOKENS = 256


class RandomWriter:
    """Measured like a model, asked nothing: prompts and rows are ids of the length that real ones have."""

    dtype_reason = "as asked for; the weights are random"

    def __init__(self, model: Any, precision: str, parameters: int) -> None:
        self.model, self.dtype, self.parameters = model, precision, parameters

    def prompt_ids(self, text: str) -> list[int]:
        return [3 + place % 100 for place in range(max(len(text) // 3, 1))]

    def training_ids(self, prompt: str, answer: str) -> tuple[list[int], int]:
        ids = self.prompt_ids(f"{prompt}{answer}")[:_ROW_TOKENS]
        return ids, min(len(ids) - 1, len(prompt) // 3)


def open_random(subject: Subject) -> RandomWriter:
    """Makes the model on the device. Raises ModelLoadError where the architecture is not known."""
    from diaglib.candidates.registry import find_candidate

    candidate = find_candidate(subject.model)
    precision = (candidate.quantised or "fp32") if subject.precision in (None, AS_SAVED) else subject.precision
    return make_random(subject.model, dict(candidate.config), precision)


def make_random(name: str, numbers: dict[str, Any], precision: str) -> RandomWriter:
    """A model of the numbers of a config.json. Raises ModelLoadError."""
    import torch
    from accelerate import init_empty_weights
    from transformers import AutoConfig, AutoModelForCausalLM, GenerationConfig

    from diaglib.llm.hub_loading import ModelLoadError

    if precision not in (*_DTYPES, "int8", "nf4"):
        raise ModelLoadError(name, "precision", f"random weights cannot be packed as {precision}: take int8 or nf4")
    try:
        config = AutoConfig.for_model(**numbers)
    except (ValueError, TypeError) as error:
        words = f"this version of transformers does not carry its architecture ({numbers.get('model_type', 'not known')})"
        raise ModelLoadError(name, "architecture", words) from error
    device = "cuda" if torch.cuda.is_available() else "cpu"
    half = torch.float16 if device == "cuda" else torch.float32
    dtype = getattr(torch, _DTYPES[precision]) if precision in _DTYPES else half
    with init_empty_weights(include_buffers=False):
        model = AutoModelForCausalLM.from_config(config, dtype=dtype)
    parameters = model.num_parameters()
    model.tie_weights()
    generator = torch.Generator(device).manual_seed(0)
    head = model.get_output_embeddings()
    for parent, child_name, child in list(_linear_layers(model)):
        if precision in ("int8", "nf4") and child is not head:
            setattr(parent, child_name, _packed(child, precision, dtype, device, generator))
    _fill(model, dtype, device, generator)
    model.generation_config = GenerationConfig(pad_token_id=0)
    if precision in ("int8", "nf4"):
        model.is_quantized, model.is_loaded_in_4bit, model.is_loaded_in_8bit = True, precision == "nf4", precision == "int8"
    return RandomWriter(model.eval(), precision, parameters)


def _linear_layers(model: Any) -> Iterator[tuple[Any, str, Any]]:
    """(parent, name, layer) of every linear layer."""
    import torch

    for parent in model.modules():
        for name, child in parent.named_children():
            if type(child) is torch.nn.Linear:
                yield parent, name, child


def _packed(layer: Any, precision: str, dtype: Any, device: str, generator: Any) -> Any:
    """The layer with random weights in 4 or 8 bits."""
    import bitsandbytes
    import torch

    weight = torch.empty(layer.weight.shape, dtype=dtype, device=device).normal_(0, _SPREAD, generator=generator)
    has_bias = layer.bias is not None
    if precision == "nf4":
        new = bitsandbytes.nn.Linear4bit(layer.in_features, layer.out_features, has_bias, compute_dtype=dtype, quant_type="nf4")
        new.weight = bitsandbytes.nn.Params4bit(weight.cpu(), requires_grad=False, quant_type="nf4")
    else:
        new = bitsandbytes.nn.Linear8bitLt(layer.in_features, layer.out_features, has_bias, has_fp16_weights=False, threshold=6.0)
        new.weight = bitsandbytes.nn.Int8Params(weight.cpu(), requires_grad=False, has_fp16_weights=False)
    return new.to(device)


def _fill(model: Any, dtype: Any, device: str, generator: Any) -> None:
    """Random numbers for every parameter that has none yet; norms are 1; tied ones stay tied."""
    import torch

    made: dict[int, Any] = {}
    for module in model.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            if parameter.device.type == "meta":
                if id(parameter) not in made:
                    value = torch.empty(parameter.shape, dtype=dtype, device=device)
                    value = value.normal_(0, _SPREAD, generator=generator) if parameter.dim() > 1 else value.fill_(1.0)
                    made[id(parameter)] = torch.nn.Parameter(value, requires_grad=parameter.requires_grad)
                setattr(module, name, made[id(parameter)])
        for name, buffer in list(module.named_buffers(recurse=False)):
            module._buffers[name] = buffer.to(device)
