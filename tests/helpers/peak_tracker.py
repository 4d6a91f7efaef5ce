"""Counts the tensors that are alive in a training step of a model of true widths, without the memory or the time for it.

The step runs on tensors that have shapes and no content, so every operation of the libraries is the real one.
"""

from __future__ import annotations

import weakref
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakIdKeyDictionary

MIB = 2**20


class _Alive(TorchDispatchMode):
    """Bytes of all storages now, and their peak."""

    def __init__(self) -> None:
        super().__init__()
        self.seen, self.now, self.peak = WeakIdKeyDictionary(), 0, 0

    def add(self, tensor: torch.Tensor) -> None:
        storage = tensor.untyped_storage()
        if storage not in self.seen:
            self.seen[storage] = storage.nbytes()
            self.now += storage.nbytes()
            self.peak = max(self.peak, self.now)
            weakref.finalize(storage, self._drop, storage.nbytes())

    def _drop(self, size: int) -> None:
        self.now -= size

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        for one in tree_leaves(out):
            if isinstance(one, torch.Tensor):
                self.add(one)
        return out


def training_peak_mib(config: dict[str, Any], rank: int, rows: int, tokens: int, checkpointing: bool) -> float:
    """The peak over two steps of AdamW, in bfloat16 with an fp32 adapter."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoConfig, AutoModelForCausalLM

    from diaglib.llm.adapters import lora_target_modules

    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**config), dtype=torch.bfloat16)
    model.config.use_cache = False
    model = get_peft_model(model, LoraConfig(r=rank, target_modules=lora_target_modules(model)), low_cpu_mem_usage=True)
    with FakeTensorMode():
        alive = _Alive()
        for module in model.modules():
            for name, old in list(module._parameters.items()):
                if old is not None:
                    dtype = torch.float32 if old.requires_grad else old.dtype
                    new = torch.nn.Parameter(torch.empty(old.shape, dtype=dtype), requires_grad=old.requires_grad)
                    module._parameters[name] = new
                    alive.add(new.data)
            for name, buffer in list(module._buffers.items()):
                if buffer is not None:
                    module._buffers[name] = torch.empty(buffer.shape, dtype=buffer.dtype)
        if checkpointing:
            model.activation_checkpointing_enable({"use_reentrant": False})
            model.enable_input_require_grads()
        model.train()
        optimizer = torch.optim.AdamW([one for one in model.parameters() if one.requires_grad], foreach=False)
        ids = torch.zeros((rows, tokens), dtype=torch.long)
        with alive:
            for _ in range(2):
                model(input_ids=ids, labels=ids).loss.backward()
                optimizer.step()
                optimizer.zero_grad()
    return alive.peak / MIB
