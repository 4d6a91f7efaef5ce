"""The model to tune: an embedded one or any of the hub, with LoRA, QLoRA or all weights, and the writer that goes with it.

Used by notebooks 03 and 04. Rules: safetensors only, no code of a repository; adapters learn in fp32 whatever the base is in.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diaglib.environment import read_environment
from diaglib.llm.adapters import lora_target_modules
from diaglib.llm.tiny import TINY_FOLDER
from diaglib.llm.tiny_chat import TINY_CHAT, TINY_CHAT_FOLDER
from diaglib.llm.tokenizer import TinyTokenizer
from diaglib.tuning.errors import TuningError
from diaglib.tuning.quiet import quiet_libraries
from diaglib.tuning.settings import TuningSettings, compute_precision
from diaglib.tuning.writers import HubWriter, TinyWriter, Writer

MODEL_FOLDER = "model"  # of a run


@dataclass(frozen=True)
class Base:
    """A model ready to be tuned. `precision` is what is computed in, and `precision_reason` why."""

    name: str
    model: Any
    writer: Writer
    precision: str
    precision_reason: str
    embedded: bool

    @property
    def title(self) -> str:
        """The name without this machine's folders; a run keeps its model in one that says no more."""
        folder = Path(self.name)
        if not folder.is_dir():
            return self.name
        return "a tuned model" if folder.name == MODEL_FOLDER else folder.name

    @property
    def trainable_parameters(self) -> int:
        return sum(p.numel() for p in self.model.parameters() if p.requires_grad)

    @property
    def checkpoint_megabytes(self) -> float:
        """Room for one checkpoint: the trained weights and Adam's two moments, with a margin."""
        return 1.2 * 12 * self.trainable_parameters / 1e6 + 5


def load_base(name: str, settings: TuningSettings, adapter: str | Path | None = None) -> Base:
    """Loads `name` (`tiny`, the folder of an embedded or saved model, or a hub id) for a run with these settings.

    `adapter` is the folder of an earlier run of the same base, which goes on being trained. Raises TuningError where base
    and adapter do not match, FileNotFoundError or ModelLoadError where the model cannot be loaded.
    """
    with quiet_libraries():
        return _load_base(name, settings, adapter)


def _load_base(name: str, settings: TuningSettings, adapter: str | Path | None) -> Base:
    precision, reason = compute_precision(settings, read_environment())
    embedded = embedded_folder(name)
    if adapter is not None:
        require_matching(name, Path(adapter))
    if embedded is not None:
        if settings.method == "qlora":
            raise TuningError("base", f"{name} is an embedded model of a few million weights: tune it with method lora or full")
        model = _embedded_model(embedded)
        writer: Writer = TinyWriter(TinyTokenizer.load(embedded))
    else:
        model, writer = _load_hub(name, settings, precision)
    model.config.use_cache = False
    if settings.method == "full":
        model.requires_grad_(True)
    else:
        model = _with_adapter(name, model, settings, adapter)
    if settings.activation_checkpointing:
        model.enable_input_require_grads()  # else the first recomputed block has nothing that needs a gradient
    return Base(name, model, writer, precision, reason, embedded is not None)


def loaded_again(base: Base) -> Any:
    """The base once more as it was, whole and not in 4 bits."""
    from diaglib.llm.hub_loading import load_parts

    folder = embedded_folder(base.name)
    if folder is not None:
        return _embedded_model(folder)
    return load_parts(str(TINY_CHAT_FOLDER) if base.name == TINY_CHAT else base.name, base.precision, None, False, None).model


def _embedded_model(folder: Path) -> Any:
    import torch
    from transformers import LlamaForCausalLM

    return LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32, use_safetensors=True)


def embedded_folder(name: str) -> Path | None:
    """The folder of an embedded model; None where `name` is something else."""
    folder = TINY_FOLDER if name == "tiny" else Path(name)
    return folder if (folder / "vocabulary.json").is_file() and (folder / "model.safetensors").is_file() else None


def _load_hub(name: str, settings: TuningSettings, precision: str) -> tuple[Any, Writer]:
    from diaglib.llm.hub_loading import load_parts

    # all weights are tuned in fp32: an update is too small a change for a half-precision weight
    held = {"qlora": "nf4", "full": "fp32"}.get(settings.method, precision)
    parts = load_parts(str(TINY_CHAT_FOLDER) if name == TINY_CHAT else name, held, None, False, None)
    for module in parts.model.modules():
        # on such CPUs bitsandbytes repacks 4-bit weights in an evaluation, after which gradients are silently zero
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False
    return parts.model, HubWriter(parts.tokenizer, settings.answer_format)


def _with_adapter(name: str, model: Any, settings: TuningSettings, adapter: str | Path | None) -> Any:
    import torch
    from peft import LoraConfig, PeftModel, get_peft_model

    if adapter is not None:
        try:
            return PeftModel.from_pretrained(model, str(adapter), is_trainable=True)
        except (RuntimeError, ValueError) as error:
            words = str(error).strip().splitlines()[0][:200]
            raise TuningError("base", f"the adapter {adapter} does not fit {name}: {words}") from error
    torch.manual_seed(settings.seed)  # a run that is killed before its first checkpoint starts again with the same adapter
    config = LoraConfig(
        r=settings.lora_rank,
        lora_alpha=settings.lora_alpha,
        lora_dropout=settings.lora_dropout,
        target_modules=lora_target_modules(model),
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, config)


def require_matching(base: str, adapter: Path) -> None:
    """Raises TuningError where `adapter` is no adapter, or one of another base."""
    file = adapter / "adapter_config.json"
    if not file.is_file():
        raise TuningError("base", f"{adapter} holds no adapter_config.json: name the adapter folder of a finished run")
    made_for = str(json.loads(file.read_text(encoding="utf-8")).get("base_model_name_or_path"))
    if made_for != base and Path(made_for).resolve() != Path(base).resolve():
        raise TuningError(
            "base", f"the adapter {adapter} was made for {made_for}, not for {base}: tune that one, or leave it out"
        )
