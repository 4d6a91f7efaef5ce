"""The embedded chat model: a message in the published form in, the persona's answer out. Needs neither torch nor network.

Used by notebooks 03 and 06 as `load("tiny-chat")`. Rule: it answers through the same call as a model of the hub.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from diaglib.dataset.chat import ANSWER_MARK, END_MARK
from diaglib.llm.chat_tokenizer import EOS, PAD, load_tokenizer, token_id
from diaglib.llm.hub import Answer
from diaglib.llm.tiny_decoder import MAX_POSITIONS, TinyDecoder, load_decoder

TINY_CHAT = "tiny-chat"
TINY_CHAT_FOLDER = Path(__file__).parent / "tiny_chat"
ROWS_AT_ONCE = 48
MAX_ANSWER_TOKENS = 96
MADE_BY = "diaglib_model"  # a setting in config.json by which a folder is known


class TinyChatModel:
    """A folder with config.json, model.safetensors and tokenizer.json, made by `diaglib train-chat` or tuned from such a one."""

    def __init__(self, folder: Path = TINY_CHAT_FOLDER) -> None:
        self.folder = Path(folder)
        self.name = TINY_CHAT if self.folder == TINY_CHAT_FOLDER else str(folder)
        self.decoder: TinyDecoder = load_decoder(self.folder, "tokenizer.json", "train-chat")
        self.tokenizer = load_tokenizer(self.folder)
        self.end_id = token_id(self.tokenizer, END_MARK)
        self._allowed = np.ones(self.tokenizer.get_vocab_size(), bool)
        self._allowed[[token_id(self.tokenizer, token) for token in (PAD, EOS, ANSWER_MARK)]] = False  # no part of an answer

    def answers(
        self,
        texts: Sequence[str],
        count: int = 1,
        temperature: float = 0.0,
        seed: int = 0,
        max_new_tokens: int = MAX_ANSWER_TOKENS,
        stop_strings: Sequence[str] = (END_MARK,),
    ) -> list[list[Answer]]:
        """`count` continuations of every text, in order, each ending with its end mark where it was written.

        The texts come from `chat_prompt`; a text without room for an answer gives empty ones. Temperature 0 is greedy. Of
        `stop_strings` this model knows the end mark alone: ValueError for others.
        """
        if set(stop_strings) - {END_MARK}:
            raise ValueError(f"{self.name} stops at {END_MARK} alone, not at {', '.join(stop_strings)}")
        ids = [self.tokenizer.encode(text).ids for text in texts]
        samples = 1 if temperature <= 0 else count
        results = [[Answer("", (), False)] * count for _ in texts]
        room = MAX_POSITIONS - max_new_tokens
        order = sorted((i for i in range(len(ids)) if 0 < len(ids[i]) <= room), key=lambda i: len(ids[i]))
        at_once = max(1, ROWS_AT_ONCE // samples)
        for start in range(0, len(order), at_once):
            part = order[start : start + at_once]
            rows = self.decoder.answer(
                [ids[i] for i in part], self.end_id, samples, temperature, seed + start, max_new_tokens, self._mask
            )
            for place, i in enumerate(part):
                found = [self._answer(row) for row in rows[place * samples : (place + 1) * samples]]
                results[i] = found * count if samples < count else found
        return results

    def _mask(self, row: int, so_far: list[int]) -> np.ndarray:
        """The tokens an answer may have, everywhere the same."""
        return self._allowed

    def _answer(self, row: list[int]) -> Answer:
        return Answer(self.tokenizer.decode(row, skip_special_tokens=True), tuple(row), self.end_id in row)


def is_tiny_chat(folder: Path) -> bool:
    """Whether a folder holds an embedded chat model."""
    try:
        return json.loads((folder / "config.json").read_text(encoding="utf-8")).get(MADE_BY) == TINY_CHAT
    except (OSError, ValueError):
        return False
