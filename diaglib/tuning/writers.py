"""How a model reads a prompt and writes an answer, as token ids: hub tokenizers with the three answer formats, and the
embedded model with its own vocabulary.

Used by notebooks 03 and 04. Rule: the end mark is part of every answer, so that it is learnt and generation stops at it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from diaglib.dataset.chat import END_MARK as CHAT_END_MARK
from diaglib.dataset.chat import chat_completion, chat_prompt
from diaglib.diagram import Plan
from diaglib.diagram.model import LINES
from diaglib.diagram.plan_text import END_MARK
from diaglib.llm.instructions import PROMPT_SETTING, SHORT_PROMPT, node_lines_prompt, plan_instruction
from diaglib.llm.tokenizer import TinyTokenizer


class Writer(Protocol):
    """Prompt and answer to ids; `tokenizer` is a transformers tokenizer with the same ids, `end_id` closes an answer."""

    tokenizer: Any
    end_id: int

    def encode(self, prompt: str, answer: str) -> tuple[list[int], list[int]] | None:
        """Ids of prompt and answer, the answer closed; None where this model has no way to write it."""

    def save(self, folder: Path) -> None:
        """Writes what the model needs besides its weights."""


@dataclass
class HubWriter:
    """A tokenizer of the hub. After tuning the model needs neither rules nor examples: plans are asked for by a short prompt."""

    tokenizer: Any
    answer_format: str = "plan"

    def __post_init__(self) -> None:
        if self.tokenizer.eos_token_id is None:
            raise ValueError("the tokenizer has no end token, so an answer could not be closed: choose another model")
        if self.tokenizer.pad_token_id is None:  # masked out, so any token will do
            self.tokenizer.pad_token = self.tokenizer.eos_token
        if self.answer_format == "plan":
            self.tokenizer.init_kwargs[PROMPT_SETTING] = SHORT_PROMPT  # saved with it, so that notebook 07 asks the same way
        self.end_id = int(self.tokenizer.eos_token_id)

    def prompt_text(self, prompt: str) -> str:
        """The text that the model continues."""
        if self.answer_format == "plan":
            return plan_instruction(prompt, self.tokenizer)
        if self.answer_format == "nodes":
            return node_lines_prompt(prompt, 10, LINES) + "\n\n"
        return chat_prompt(prompt)

    def answer_text(self, answer: str) -> str:
        """The answer with its end mark."""
        if self.answer_format == "chat":
            return chat_completion(answer)
        return answer if answer.rstrip().endswith(f"\n{END_MARK}") else f"{answer.rstrip()}\n{END_MARK}"

    @property
    def stop(self) -> str:
        """The text at which generation stops."""
        return CHAT_END_MARK if self.answer_format == "chat" else f"\n{END_MARK}"

    def encode(self, prompt: str, answer: str) -> tuple[list[int], list[int]]:
        text = self.prompt_text(prompt)
        bos = self.tokenizer.bos_token
        prompt_ids = self.tokenizer(text, add_special_tokens=not (bos and text.startswith(bos)))["input_ids"]
        while prompt_ids and prompt_ids[-1] == self.end_id:
            prompt_ids = prompt_ids[:-1]
        # apart from the prompt, as it is when the model writes it
        answer_ids = self.tokenizer(self.answer_text(answer), add_special_tokens=False)["input_ids"]
        return prompt_ids, [*answer_ids, self.end_id]

    def save(self, folder: Path) -> None:
        self.tokenizer.save_pretrained(folder)


@dataclass
class TinyWriter:
    """The embedded model's vocabulary: numbers and unknown words of the sentence are slots that the plan points to."""

    vocabulary: TinyTokenizer

    def __post_init__(self) -> None:
        from tokenizers import Tokenizer, models, pre_tokenizers
        from transformers import PreTrainedTokenizerFast

        words = Tokenizer(models.WordLevel(dict(self.vocabulary.index), unk_token="<unknown>"))
        words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
        self.tokenizer = PreTrainedTokenizerFast(
            tokenizer_object=words, pad_token="<pad>", eos_token="<end>", unk_token="<unknown>"
        )
        self.end_id = self.vocabulary.end_id

    def encode(self, prompt: str, answer: str) -> tuple[list[int], list[int]] | None:
        try:
            plan = Plan.from_text(answer)
        except ValueError:
            return None
        context = self.vocabulary.context(prompt)
        ids = self.vocabulary.plan_ids(plan, context)
        return None if ids is None else (self.vocabulary.prompt_ids(context), ids)

    def encode_tokens(self, prompt: str, tokens: Sequence[str]) -> tuple[list[int], list[int]] | None:
        """Ids of a prompt and of an answer that was written in these tokens; None where a token is not of this vocabulary."""
        if any(token not in self.vocabulary.index for token in tokens):
            return None
        prompt_ids = self.vocabulary.prompt_ids(self.vocabulary.context(prompt))
        return prompt_ids, [self.vocabulary.index[token] for token in tokens]

    def save(self, folder: Path) -> None:
        self.vocabulary.save(folder)
