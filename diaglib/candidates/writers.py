"""Makes of a subject something that writes: answers to prompts, ids of choices, ids of training rows.

Used by the child processes of notebook 01. Rule: a task asks through these methods only, so that any model
or function can answer.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

from diaglib.candidates.subject import AS_SAVED, Subject
from diaglib.llm.hub import Answer, HubModel

CHAT_STOPS = ("\n질문:", "(답변 종료)")
PLAN_STOP = "\nend"
_TRAINING_TOKENS = 1024  # rows are cut there: a longer one would measure the data


def open_writer(subject: Subject) -> Any:
    """The writer of a subject. Raises whatever keeps it from loading."""
    if subject.is_factory:
        module, _, name = subject.model.partition(":")
        return getattr(importlib.import_module(module), name)(subject)
    if subject.is_embedded:
        from diaglib.candidates.embedded import EmbeddedWriter

        return EmbeddedWriter(subject)
    if subject.weights == "random":
        from diaglib.candidates.random_weights import open_random

        return open_random(subject)
    from diaglib.llm.hub import load_hub

    precision = None if subject.precision == AS_SAVED else subject.precision
    hub = load_hub(subject.model, precision, subject.revision, subject.trust_remote_code)
    return HubWriter(hub, subject.grammar)


class HubWriter:
    """A hub model with its tokenizer, asked the way each task needs."""

    def __init__(self, hub: HubModel, grammar: bool = False) -> None:
        self.hub, self.model, self.tokenizer, self.grammar = hub, hub.model, hub.tokenizer, grammar
        self.dtype, self.dtype_reason = hub.dtype, hub.dtype_reason

    def prompt_ids(self, text: str) -> list[int]:
        return list(self.tokenizer(text)["input_ids"])

    def answers(
        self,
        texts: Sequence[str],
        count: int = 1,
        temperature: float = 0.0,
        seed: int = 0,
        max_new_tokens: int = 256,
        stop_strings: Sequence[str] = (),
    ) -> list[list[Answer]]:
        """Continuations of texts that are one user's turn where the model has a chat template."""
        return self.hub.answers([self.user_turn(text) for text in texts], count, temperature, seed, max_new_tokens, stop_strings)

    def plan_answers(
        self, sentences: Sequence[str], count: int, temperature: float, seed: int, max_new_tokens: int
    ) -> list[list[Answer]]:
        """Answers in the short plan format, under the grammar where the subject asks for it."""
        from diaglib.llm.instructions import plan_instruction

        texts = [plan_instruction(sentence, self.tokenizer) for sentence in sentences]
        return self.hub.answers(texts, count, temperature, seed, max_new_tokens, [PLAN_STOP], self.grammar)

    def chat_answers(self, texts: Sequence[str], seed: int, max_new_tokens: int) -> list[Answer]:
        """One greedy answer a message; a model without a chat template continues `질문: … 답변:`."""
        rows = self.hub.answers([self.chat_prompt(text) for text in texts], 1, 0.0, seed, max_new_tokens, CHAT_STOPS)
        return [row[0] for row in rows]

    def chat_prompt(self, text: str) -> str:
        return self.user_turn(text) if self.tokenizer.chat_template else f"질문: {text}\n답변:"

    def user_turn(self, text: str) -> str:
        if not self.tokenizer.chat_template:
            return text
        turns = [{"role": "user", "content": text}]
        return self.tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)

    def choice_ids(self, prompt: str, choices: Sequence[str]) -> tuple[list[int], list[list[int]]]:
        """Ids of a prompt and of each choice behind it; where a tokenizer joins the two, the joined part is the choice's."""
        text = self.user_turn(prompt)
        # a template has written its own first token
        special = not (self.tokenizer.bos_token and text.startswith(self.tokenizer.bos_token))
        gap = "" if text[-1:].isspace() or self.tokenizer.chat_template else " "
        whole = [self._ids(f"{text}{gap}{choice}", special) for choice in choices]
        shared = 0
        while all(len(ids) > shared + 1 and ids[shared] == whole[0][shared] for ids in whole):
            shared += 1
        return whole[0][:shared], [ids[shared:] for ids in whole]

    def _ids(self, text: str, special: bool) -> list[int]:
        ids = list(self.tokenizer(text, add_special_tokens=special)["input_ids"])
        while ids and ids[-1] in self.hub.ends:
            ids.pop()
        return ids

    def training_ids(self, prompt: str, answer: str) -> tuple[list[int], int]:
        """Ids of prompt and answer with an end token, and how many are the prompt's."""
        start = self._ids(self.user_turn(prompt), True)
        rest = self.tokenizer(f" {answer}", add_special_tokens=False)["input_ids"] + list(self.hub.ends[:1])
        room = max(_TRAINING_TOKENS - len(rest), 1)
        start = start[-room:]
        return [*start, *rest][:_TRAINING_TOKENS], len(start)
