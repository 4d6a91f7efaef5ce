"""Any causal language model of the hub, or of a folder, as a writer of plans: loading, answers in batches, grammar.

Used by notebooks 01, 03, 04 and 07. Rules: weights come from safetensors only; code from a repository runs only where its
revision is pinned; a prompt is read once however many answers are sampled; a load that fails is one `ModelLoadError`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from diaglib.llm.hub_loading import ModelLoadError, load_parts
from diaglib.llm.instructions import plan_instruction, plan_part

__all__ = ["Answer", "HubModel", "ModelLoadError", "load_hub"]

ROWS_AT_ONCE = 16
PLAN_STOP = "\nend"
MAX_PLAN_TOKENS = 512
LEAST_ANSWER_TOKENS = 48


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: its text, the ids it was written with, and whether it ended by itself rather than at the limit."""

    text: str
    tokens: tuple[int, ...]
    stopped: bool


class HubModel:
    """A causal language model with its tokenizer. Make one with `load_hub`, or wrap a model that training just made."""

    def __init__(self, model: Any, tokenizer: Any, name: str = "model", dtype: str = "", dtype_reason: str = "") -> None:
        from transformers import GenerationConfig

        self.model, self.tokenizer, self.name = model.eval(), tokenizer, name
        self.dtype, self.dtype_reason = dtype or str(model.dtype).removeprefix("torch."), dtype_reason or "as the model came"
        tokenizer.padding_side = "left"  # answers start side by side
        if tokenizer.pad_token_id is None:  # masked out, so any token will do
            tokenizer.pad_token = tokenizer.eos_token or tokenizer.convert_ids_to_tokens(0)
        ends = getattr(model.generation_config, "eos_token_id", None)
        ends = [ends] if isinstance(ends, int) else list(ends or [])
        self.ends = tuple(dict.fromkeys([*ends, *([tokenizer.eos_token_id] if tokenizer.eos_token_id is not None else [])]))
        # a repository's own sampling habits (top_p, repetition penalty) would make candidates incomparable
        model.generation_config = GenerationConfig(eos_token_id=list(self.ends) or None, pad_token_id=tokenizer.pad_token_id)
        self._grammar: Any = None

    @property
    def device(self) -> str:
        return str(self.model.device)

    @property
    def window_tokens(self) -> int:
        """Tokens that prompt and answer may have together."""
        config = self.model.config.get_text_config()
        return int(getattr(config, "max_position_embeddings", None) or 1_000_000)

    def plan_texts(
        self, prompts: Sequence[str], count: int = 1, temperature: float = 0.0, seed: int = 0, grammar: bool = False
    ) -> list[list[str]]:
        """`count` plan texts for every prompt; with temperature 0 all of them are the same greedy answer.

        An answer that did not end by itself, or holds no line of a plan, gives no text. `grammar` allows only tokens that
        can still become a valid plan. Raises ImportError or ValueError where the grammar cannot be used.
        """
        texts = [plan_instruction(prompt, self.tokenizer) for prompt in prompts]
        answers = self.answers(texts, count, temperature, seed, MAX_PLAN_TOKENS, [PLAN_STOP], grammar)
        plans = [[plan_part(answer.text) for answer in row if answer.stopped] for row in answers]
        return [[plan for plan in row if plan] for row in plans]

    def answers(
        self,
        texts: Sequence[str],
        count: int = 1,
        temperature: float = 0.0,
        seed: int = 0,
        max_new_tokens: int = 256,
        stop_strings: Sequence[str] = (),
        grammar: bool = False,
    ) -> list[list[Answer]]:
        """`count` continuations of every text, in order; an answer's text ends with the stop string that ended it.

        Temperature 0 is greedy, above it samples the whole vocabulary from `seed`, the same again on the same machine and
        batch. A text that leaves no room in the model's window gives empty answers. Texts of similar length go together;
        where memory runs out, in smaller batches. Raises torch.OutOfMemoryError where one row is too much.
        """
        ids = [self._prompt_ids(text) for text in texts]
        samples = 1 if temperature <= 0 else count
        room = self.window_tokens - min(max_new_tokens, LEAST_ANSWER_TOKENS)
        results = [[Answer("", (), False)] * count for _ in texts]
        order = sorted((i for i in range(len(ids)) if 0 < len(ids[i]) <= room), key=lambda i: -len(ids[i]))
        at_once = max(1, ROWS_AT_ONCE // samples)
        start = 0
        while start < len(order):
            part = order[start : start + at_once]
            try:
                rows = self._generate(
                    [ids[i] for i in part], samples, temperature, seed + start, max_new_tokens, stop_strings, grammar
                )
            except (MemoryError, RuntimeError) as error:
                if len(part) == 1 or not _is_out_of_memory(error):
                    raise
                at_once = len(part) // 2
                continue
            for place, i in enumerate(part):
                found = [self._answer(row, stop_strings) for row in rows[place * samples : (place + 1) * samples]]
                results[i] = found * count if samples < count else found
            start += len(part)
        return results

    def _prompt_ids(self, text: str) -> list[int]:
        """Ids of a text; a chat template has written its own first token, and a last one would end the prompt."""
        bos = self.tokenizer.bos_token
        ids = self.tokenizer(text, add_special_tokens=not (bos and text.startswith(bos)))["input_ids"]
        while ids and ids[-1] in self.ends:
            ids = ids[:-1]
        return ids

    def _generate(
        self,
        prompts: Sequence[Sequence[int]],
        samples: int,
        temperature: float,
        seed: int,
        max_new_tokens: int,
        stop_strings: Sequence[str] = (),
        grammar: bool = False,
        share_prefill: bool = True,
    ) -> list[list[int]]:
        """New ids of every row, `samples` rows a prompt, without the padding after their end."""
        import torch

        longest = max(map(len, prompts))
        limit = min(max_new_tokens, self.window_tokens - longest)
        pad = self.tokenizer.pad_token_id
        ids = torch.tensor([[pad] * (longest - len(prompt)) + list(prompt) for prompt in prompts])
        mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
        ids, mask = ids.to(self.model.device), mask.to(self.model.device)
        options: dict[str, Any] = {"do_sample": False}
        if temperature > 0:
            options = {"do_sample": True, "temperature": float(temperature), "top_k": 0, "top_p": 1.0}
        if pad not in self.ends:
            options["suppress_tokens"] = [pad]
        if stop_strings:
            options |= {"stop_strings": list(stop_strings), "tokenizer": self.tokenizer}
        if grammar:
            options["logits_processor"] = [self._grammar_logits(limit)]
        devices = [self.model.device] if self.model.device.type == "cuda" else []
        with torch.inference_mode(), torch.random.fork_rng(devices=devices):
            torch.manual_seed(seed)
            if samples > 1:
                if share_prefill and (cache := self._read_once(ids, mask)) is not None:
                    cache.batch_repeat_interleave(samples)
                    options["past_key_values"] = cache
                ids, mask = ids.repeat_interleave(samples, 0), mask.repeat_interleave(samples, 0)
            output = self.model.generate(input_ids=ids, attention_mask=mask, max_new_tokens=limit, **options)
        return [self._until_end(row) for row in output[:, longest:].tolist()]

    def _read_once(self, ids: Any, mask: Any) -> Any:
        """Keys and values of all prompt tokens but the last; None for a model whose memory cannot be repeated by rows."""
        import inspect

        from transformers import DynamicCache

        if ids.shape[1] < 2 or getattr(self.model, "_is_stateful", False):
            return None
        cache = DynamicCache(config=self.model.config)
        given: dict[str, Any] = {
            "input_ids": ids[:, :-1],
            "attention_mask": mask[:, :-1],
            "past_key_values": cache,
            "use_cache": True,
        }
        names = inspect.signature(self.model.forward).parameters
        if "position_ids" in names or hasattr(self.model, "peft_config"):
            given["position_ids"] = (mask.cumsum(-1) - 1).clamp(min=0)[:, :-1]
        if "logits_to_keep" in names or hasattr(self.model, "peft_config"):
            given["logits_to_keep"] = 1  # logits of a long prompt are larger than the rest
        self.model(**given)
        return cache

    def _grammar_logits(self, max_new_tokens: int) -> Any:
        from diaglib.llm.grammar import PlanGrammar, PlanLogits

        if self._grammar is None:
            self._grammar = PlanGrammar(self.tokenizer, self.ends)
        return PlanLogits(self._grammar, max_new_tokens)

    def _until_end(self, row: list[int]) -> list[int]:
        """The ids up to the first end token, it included, or without the padding after a stop string."""
        for place, token in enumerate(row):
            if token in self.ends:
                return row[: place + 1]
        while row and row[-1] == self.tokenizer.pad_token_id:
            row = row[:-1]
        return row

    def _answer(self, row: list[int], stop_strings: Sequence[str]) -> Answer:
        text = self.tokenizer.decode(row, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        places = [(place + len(stop), stop) for stop in stop_strings if (place := text.find(stop)) >= 0]
        stopped = bool(places) or (bool(row) and row[-1] in self.ends)
        return Answer(text[: min(places)[0]] if places else text, tuple(row), stopped)


def load_hub(
    name_or_path: str,
    precision: str | None = None,
    revision: str | None = None,
    trust_remote_code: bool = False,
    adapter: str | None = None,
) -> HubModel:
    """Loads a model by hub id or from a folder, on the GPU where there is one.

    `precision` is fp32, fp16, bf16, int8 or nf4 (or the long names of the profiles); None takes what the device computes
    best, and `dtype_reason` says why. `adapter` is a PEFT adapter (folder or id) put on the model; where `name_or_path` is
    itself one, its base model is loaded first. What is in the local cache is used without asking the network. Code of
    a repository runs only with `trust_remote_code` and a full commit as `revision`. Raises ModelLoadError with one reason.
    """
    parts = load_parts(name_or_path, precision, revision, trust_remote_code, adapter)
    return HubModel(parts.model, parts.tokenizer, name_or_path, parts.dtype, parts.dtype_reason)


def _is_out_of_memory(error: BaseException) -> bool:
    from diaglib.llm.hub_loading import is_out_of_memory

    return is_out_of_memory(error)
