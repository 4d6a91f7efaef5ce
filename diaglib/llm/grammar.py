"""Grammars that leave a model only tokens of a valid plan: one over text for hub models, one over the embedded vocabulary.

Used by notebook 07 with `grammar=True`, through llguidance's matcher. Both rule out: unknown kinds, layers mixed with steps,
lines out of order, links to lines that are not there, sizes of 0, labels too long, and an answer without its end.
What a grammar cannot see is left to `Plan.from_text`: a map that shrinks to nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from diaglib.diagram.plan import MAX_LABEL_CHARACTERS, MAX_LAYER_SIZE
from diaglib.diagram.plan_text import END_MARK
from diaglib.llm.grammar_rules import plan_grammar, slots, tiny_plan_grammar
from diaglib.llm.tokenizer import Context, TinyTokenizer

CLOSING_TOKENS = 32  # enough to finish a line, the plan and the answer with one character a token
Array = np.ndarray


def _llguidance() -> Any:
    try:
        import llguidance
    except ImportError:
        raise ImportError("grammar=True needs the package llguidance: pip install llguidance, or leave the grammar out") from None
    return llguidance


# matchers -----------------------------------------------------------------------------------------------------------------


class _Vocabulary:
    """Tokens as bytes, in the shape that llguidance asks for."""

    def __init__(self, tokens: Sequence[bytes], eos_id: int) -> None:
        self.tokens, self.eos_token_id, self.bos_token_id, self.special_token_ids = list(tokens), eos_id, None, [eos_id]
        self._index = {token: i for i, token in enumerate(tokens)}
        self._longest = max(map(len, tokens))

    def __call__(self, text: bytes) -> list[int]:
        """Ids of a text, the longest token first (the matcher asks where a grammar leaves one way only)."""
        ids, start = [], 0
        while start < len(text):
            ends = range(min(len(text), start + self._longest), start, -1)
            end = next((end for end in ends if text[start:end] in self._index), None)
            if end is not None:
                ids.append(self._index[text[start:end]])
            start = end or start + 1
        return ids


def matcher_for_tokens(tokens: Sequence[bytes], eos_id: int, grammar_lark: str) -> Any:
    """An llguidance matcher over a vocabulary given as the bytes of each token. Raises ValueError for a wrong grammar."""
    library = _llguidance()
    return _matcher(library.LLTokenizer(library.TokenizerWrapper(_Vocabulary(tokens, eos_id))), grammar_lark)


def _matcher(tokenizer: Any, grammar_lark: str) -> Any:
    library = _llguidance()
    matcher = library.LLMatcher(tokenizer, library.LLMatcher.grammar_from_lark(grammar_lark), log_level=0)
    if matcher.is_error():
        raise ValueError(f"the grammar is wrong: {matcher.get_error()}")
    return matcher


def allowed(matcher: Any) -> Array:
    """Which tokens may come next, (vocabulary,) of bool. Raises RuntimeError where the matcher has failed."""
    if matcher.is_error():
        raise RuntimeError(f"the grammar's matcher failed: {matcher.get_error()[:500]}")
    return np.frombuffer(matcher.compute_logit_bias(), np.uint8) != 0


@dataclass
class _Following:
    """One answer so far: its matcher, the tokens it may still have (None: no limit), and whether its end has come."""

    matcher: Any
    tokens_left: int | None = None
    finished: bool = False

    @property
    def closing(self) -> bool:
        return self.tokens_left is not None and self.tokens_left <= CLOSING_TOKENS

    def consume(self, token_id: int, ends: Sequence[int]) -> None:
        """Reads one token. Raises ValueError where the grammar does not allow it."""
        if self.tokens_left is not None:
            self.tokens_left -= 1
        if token_id in ends and self.matcher.is_accepting():
            self.finished = True
        elif self.finished or not self.matcher.consume_token(token_id):
            raise ValueError(f"token {token_id} is not allowed here")


# hub models ---------------------------------------------------------------------------------------------------------------


@dataclass
class PlanState(_Following):
    line: bytes = b""
    lines: int = 0


class PlanGrammar:
    """Token masks for a Hugging Face fast tokenizer; `ends` are the ids that close an answer."""

    def __init__(self, tokenizer: Any, ends: Sequence[int] = ()) -> None:
        _llguidance()
        from llguidance.hf import from_tokenizer

        if not getattr(tokenizer, "is_fast", False):
            raise ValueError(f"grammar=True needs a fast tokenizer, {type(tokenizer).__name__} is not one: leave the grammar out")
        self.ends = list(ends) or [tokenizer.eos_token_id]
        if None in self.ends:
            raise ValueError("grammar=True needs a tokenizer with an end token: leave the grammar out")
        self._tokenizer = from_tokenizer(tokenizer, n_vocab=max(len(tokenizer), max(self.ends) + 1), eos_token=self.ends)
        self._first = _matcher(self._tokenizer, plan_grammar())

    def start(self, max_new_tokens: int | None = None) -> PlanState:
        """The state before the first token; with a limit, the answer is led to its end in time."""
        return PlanState(self._first.deep_copy(), max_new_tokens)

    def mask(self, state: PlanState) -> Array:
        """Tokens that may come next, (vocabulary,) of bool; where the plan is finished, the end alone."""
        mask = allowed(state.matcher)
        if state.finished or state.matcher.is_stopped():
            return self._ends_mask
        shortest = self._closing_mask(state) & mask if state.closing else mask
        return shortest if shortest.any() else mask

    def advance(self, state: PlanState, token_id: int) -> None:
        """Reads one token into `state`. Raises ValueError where the mask does not allow it."""
        state.consume(token_id, self.ends)
        if not state.finished:
            rest, *later = self._tokenizer.decode_bytes([token_id]).split(b"\n")
            state.line, state.lines = later[-1] if later else state.line + rest, state.lines + len(later)

    def _closing_mask(self, state: PlanState) -> Array:
        """Tokens that shorten the way to the end: they close the label, the line, the plan."""
        parts_of_end = [END_MARK[:n] for n in range(1, len(END_MARK) + 1)]
        if not state.line.strip():
            wanted = parts_of_end if state.lines else []
        else:
            wanted = ['"', '"\n'] if state.line.count(b'"') % 2 else ["\n", *(f"\n{part}" for part in parts_of_end)]
        mask = np.zeros(self._tokenizer.vocab_size, bool)
        mask[[i for text in wanted for i in self._ids_by_bytes.get(text.encode(), ())]] = True
        return mask

    @cached_property
    def _ends_mask(self) -> Array:
        return np.isin(np.arange(self._tokenizer.vocab_size), self.ends)

    @cached_property
    def _ids_by_bytes(self) -> dict[bytes, list[int]]:
        ids: dict[bytes, list[int]] = {}
        for i in range(self._tokenizer.vocab_size):
            ids.setdefault(self._tokenizer.decode_bytes([i]), []).append(i)
        return ids


class PlanLogits:
    """A logits processor for `generate`: every row follows the grammar with a matcher of its own. Made anew for each call."""

    def __init__(self, grammar: PlanGrammar, max_new_tokens: int) -> None:
        self.grammar, self.max_new_tokens = grammar, max_new_tokens
        self.states: list[PlanState] = []

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """input_ids (rows, tokens so far), scores (rows, vocabulary); forbidden tokens get minus infinity."""
        import torch

        if not self.states:
            self.states = [self.grammar.start(self.max_new_tokens) for _ in range(len(input_ids))]
        else:
            for state, token in zip(self.states, input_ids[:, -1].tolist(), strict=True):
                if not state.finished and not (state.matcher.is_stopped() and token not in self.grammar.ends):
                    self.grammar.advance(state, token)
        mask = np.zeros(scores.shape, bool)
        for row, state in enumerate(self.states):
            one = self.grammar.mask(state)[: scores.shape[1]]
            mask[row, : len(one)] = one
        return scores.masked_fill(~torch.from_numpy(mask).to(scores.device), float("-inf"))


# the embedded model -------------------------------------------------------------------------------------------------------


@dataclass
class TinyPlanState(_Following):
    usable: Array | None = None  # (2, vocabulary): outside a label, in a label
    lengths: Array | None = None  # characters of each token in a label
    label_characters: int | None = None  # None outside a label


class TinyPlanGrammar:
    """Token masks for the embedded model."""

    def __init__(self, tokenizer: TinyTokenizer) -> None:
        self.tokenizer = tokenizer
        self._ends = (tokenizer.end_id,)
        tokens = [token.encode() for token in tokenizer.tokens]
        self._first = matcher_for_tokens(tokens, tokenizer.end_id, tiny_plan_grammar(tokenizer))
        self._end_mask = np.arange(len(tokenizer)) == tokenizer.end_id
        self._closes_label = np.array([len(token) > 1 and token[0] in "[@" for token in tokenizer.tokens])
        shown = [token.strip("<vd>") if token[:2] in ("<v", "<d") else token for token in tokenizer.tokens]
        self._lengths = np.array([len(text) for text in shown])
        self._slots = slots(tokenizer, "<n") + slots(tokenizer, "<w")

    def start(self, context: Context | None = None, max_new_tokens: int | None = None) -> TinyPlanState:
        """The state before the first token. With the sentence's context, slots that stand for nothing in it, or for a size
        that cannot be, are closed; with a limit, the answer is led to its end in time."""
        state = TinyPlanState(self._first.deep_copy(), max_new_tokens, lengths=self._lengths)
        if context is None:
            return state
        meant = {f"<n{slot}>": str(value) for slot, value in enumerate(context.numbers)}
        meant |= {f"<w{slot}>": word for word, slot in context.words.items()}
        state.usable, state.lengths = np.ones((2, len(self.tokenizer)), bool), self._lengths.copy()
        for token in self._slots:
            i, text = self.tokenizer.index[token], meant.get(token, "")
            is_size = token[1] == "w" or (text != "" and 1 <= int(text) <= MAX_LAYER_SIZE)
            state.usable[:, i] = is_size, text != ""
            state.lengths[i] = len(text)
        return state

    def mask(self, state: TinyPlanState) -> Array:
        """Tokens that may come next, (vocabulary,) of bool; the end alone where nothing else may."""
        mask = allowed(state.matcher)
        if state.finished or state.matcher.is_stopped() or (state.closing and state.matcher.is_accepting()):
            return self._end_mask
        if state.usable is not None:
            mask = mask & state.usable[int(state.label_characters is not None)]
        if state.label_characters is not None and state.lengths is not None:
            room = MAX_LABEL_CHARACTERS - state.label_characters
            mask = mask & (self._closes_label | self._end_mask | (state.lengths + 1 <= room + (state.label_characters == 0)))
        return mask

    def advance(self, state: TinyPlanState, token_id: int) -> None:
        """Reads one token into `state`. Raises ValueError where the mask does not allow it."""
        state.consume(token_id, self._ends)
        if self.tokenizer.tokens[token_id] == '["]':
            state.label_characters = 0
        elif self._closes_label[token_id]:
            state.label_characters = None
        elif state.label_characters is not None and state.lengths is not None:
            state.label_characters += int(state.lengths[token_id]) + (state.label_characters > 0)
