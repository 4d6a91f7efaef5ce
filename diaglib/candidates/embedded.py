"""The embedded model in torch, at any precision and with or without its grammar, or an untrained twin of it.

Used by notebook 01's local profile. Rule: it writes plans of English sentences and nothing else; asked in Korean it answers as it
would, and its row says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from diaglib.candidates.subject import UNTRAINED, Subject
from diaglib.llm.hub import Answer
from diaglib.llm.instructions import bare_sentence
from diaglib.llm.tiny import MAX_PROMPT_TOKENS, TINY_FOLDER
from diaglib.llm.tokenizer import Context, TinyTokenizer

_DTYPES = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}


class EmbeddedWriter:
    """LlamaForCausalLM with the embedded weights and the embedded tokenizer."""

    dtype_reason = "as asked for"

    def __init__(self, subject: Subject) -> None:
        import torch
        from transformers import AutoConfig, LlamaForCausalLM

        self.dtype = subject.precision or "fp32"
        self.grammar = subject.grammar
        self.tokenizer = TinyTokenizer.load(TINY_FOLDER)
        if subject.model == UNTRAINED:
            torch.manual_seed(0)
            self.model: Any = LlamaForCausalLM(AutoConfig.from_pretrained(TINY_FOLDER)).float().eval()
            self.dtype = "fp32"
            return
        options: dict[str, Any] = {"dtype": getattr(torch, _DTYPES.get(self.dtype, "float32"))}
        if self.dtype in ("int8", "nf4"):
            from transformers import BitsAndBytesConfig

            in_4_bit = {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_compute_dtype": torch.float32}
            options["quantization_config"] = BitsAndBytesConfig(**(in_4_bit if self.dtype == "nf4" else {"load_in_8bit": True}))
        self.model = LlamaForCausalLM.from_pretrained(TINY_FOLDER, **options).eval()

    # answers -----------------------------------------------------------------------------------------------------------

    def prompt_ids(self, text: str) -> list[int]:
        return self._prompt(text)[1]

    def _prompt(self, text: str) -> tuple[Context, list[int]]:
        context = self.tokenizer.context(bare_sentence(text))
        return context, self.tokenizer.prompt_ids(context)[-MAX_PROMPT_TOKENS:]

    def answers(
        self,
        texts: Sequence[str],
        count: int = 1,
        temperature: float = 0.0,
        seed: int = 0,
        max_new_tokens: int = 256,
        stop_strings: Sequence[str] = (),
    ) -> list[list[Answer]]:
        """What it writes after any text: always something like a plan."""
        read = [self._prompt(text) for text in texts]
        rows = self._generate([ids for _, ids in read], [one for one, _ in read], count, temperature, seed, max_new_tokens)
        return [
            [self._answer(row, read[place][0]) for row in rows[place * count : (place + 1) * count]]
            for place in range(len(texts))
        ]

    plan_answers = answers

    def chat_answers(self, texts: Sequence[str], seed: int, max_new_tokens: int) -> list[Answer]:
        return [row[0] for row in self.answers(texts, 1, 0.0, seed, max_new_tokens)]

    def _answer(self, row: list[int], context: Context) -> Answer:
        end = self.tokenizer.end_id
        row = row[: row.index(end) + 1] if end in row else row
        return Answer(self.tokenizer.plan_text(row, context), tuple(row), self.tokenizer.complete(row))

    def _generate(
        self,
        prompts: Sequence[Sequence[int]],
        contexts: Sequence[Context],
        count: int,
        temperature: float,
        seed: int,
        limit: int,
    ) -> list[list[int]]:
        import torch

        longest = max(map(len, prompts))
        pad, end = self.tokenizer.pad_id, self.tokenizer.end_id
        ids = torch.tensor([[pad] * (longest - len(prompt)) + list(prompt) for prompt in prompts]).repeat_interleave(count, 0)
        mask = (ids != pad).long()
        options: dict[str, Any] = {"do_sample": False}
        if temperature > 0:
            options = {"do_sample": True, "temperature": temperature, "top_k": 0, "top_p": 1.0}
        if self.grammar:
            options["logits_processor"] = [
                _Grammar(self.tokenizer, [one for one in contexts for _ in range(count)], limit, longest)
            ]
        torch.manual_seed(seed)
        with torch.inference_mode():
            output = self.model.generate(
                input_ids=ids, attention_mask=mask, max_new_tokens=limit, pad_token_id=pad, eos_token_id=end, **options
            )
        return output[:, longest:].tolist()

    # questions and training --------------------------------------------------------------------------------------------

    def choice_ids(self, prompt: str, choices: Sequence[str]) -> tuple[list[int], list[list[int]]]:
        """Ids of a prompt and of each choice, which are the numbers from 1."""
        return self.prompt_ids(prompt), [[self.tokenizer.index[f"<v{choice}>"]] for choice in choices]

    def training_ids(self, prompt: str, answer: str) -> tuple[list[int], int]:
        """Ids of prompt and answer with the end mark, and how many are the prompt's. An answer that is a plan is written as
        the model writes plans, any other by its words."""
        from diaglib.diagram.plan import Plan

        context, ids = self._prompt(prompt)
        try:
            answer_ids = self.tokenizer.plan_ids(Plan.from_text(answer), context)
        except ValueError:
            answer_ids = None
        if answer_ids is None:
            answer_ids = [*self.tokenizer.prompt_ids(self.tokenizer.context(answer))[:-1], self.tokenizer.end_id]
        return [*ids, *answer_ids][:1000], len(ids)


class _Grammar:
    """Closes every token that cannot become a valid plan; a matcher a row."""

    def __init__(self, tokenizer: TinyTokenizer, contexts: Sequence[Context], limit: int, prompt_tokens: int) -> None:
        from diaglib.llm.grammar import TinyPlanGrammar

        self._grammar = TinyPlanGrammar(tokenizer)
        self._states = [self._grammar.start(context, limit) for context in contexts]
        self._read = prompt_tokens

    def __call__(self, ids: Any, scores: Any) -> Any:
        import numpy
        import torch

        for token_ids in ids[:, self._read :].T.tolist():
            for state, token in zip(self._states, token_ids, strict=True):
                if not state.finished:
                    self._grammar.advance(state, token)
        self._read = ids.shape[1]
        mask = numpy.stack([self._grammar.mask(state) for state in self._states])
        return scores.masked_fill(~torch.from_numpy(mask), float("-inf"))
