"""The embedded model as a writer of plans: sentence in, compact plan texts out. Needs neither torch nor network.

Used by notebook 07 and everywhere `model="tiny"`. Rule: sentences are answered in batches of similar length.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from diaglib.llm.instructions import bare_sentence
from diaglib.llm.tiny_decoder import MAX_POSITIONS, TinyDecoder, load_decoder
from diaglib.llm.tokenizer import Context, TinyTokenizer

TINY_FOLDER = Path(__file__).parent / "tiny"
ROWS_AT_ONCE = 48
MAX_PROMPT_TOKENS = 600
MAX_ANSWER_TOKENS = MAX_POSITIONS - MAX_PROMPT_TOKENS


class TinyAnswer(NamedTuple):
    """One closed answer: its text, and the tokens of the model's own vocabulary with the end mark."""

    text: str
    tokens: tuple[str, ...]


class TinyModel:
    """A folder with config.json, model.safetensors and vocabulary.json, made by `python -m diaglib train`."""

    def __init__(self, folder: Path = TINY_FOLDER) -> None:
        self.folder = Path(folder)
        self.decoder: TinyDecoder = load_decoder(self.folder)
        self.tokenizer = TinyTokenizer.load(self.folder)

    def plan_texts(
        self, prompts: Sequence[str], count: int = 1, temperature: float = 0.0, seed: int = 0, grammar: bool = False
    ) -> list[list[str]]:
        """`count` plan texts for every prompt; with temperature 0 all of them are the same greedy answer.

        A prompt longer than 600 tokens, or an answer that was not closed, gives no text. `grammar` allows only tokens that
        can still become a valid plan.
        """
        answers = self.plan_answers(prompts, count, temperature, seed, grammar)
        return [[answer.text for answer in found] for found in answers]

    def plan_answers(
        self, prompts: Sequence[str], count: int = 1, temperature: float = 0.0, seed: int = 0, grammar: bool = False
    ) -> list[list[TinyAnswer]]:
        """As `plan_texts`, with the tokens that were written: a text that is no plan cannot be turned back into them."""
        contexts = [self.tokenizer.context(bare_sentence(prompt)) for prompt in prompts]
        ids = [self.tokenizer.prompt_ids(context) for context in contexts]
        results: list[list[TinyAnswer]] = [[] for _ in prompts]
        order = sorted((i for i in range(len(ids)) if len(ids[i]) <= MAX_PROMPT_TOKENS), key=lambda i: len(ids[i]))
        samples = 1 if temperature <= 0 else count
        at_once = max(1, ROWS_AT_ONCE // samples)
        for start in range(0, len(order), at_once):
            part = order[start : start + at_once]
            answers = self.decoder.answer(
                [ids[i] for i in part], self.tokenizer.end_id, samples, temperature, seed + start, MAX_ANSWER_TOKENS,
                self._grammar_masks([contexts[i] for i in part for _ in range(samples)]) if grammar else None,
            )  # fmt: skip
            for place, i in enumerate(part):
                closed = [
                    answer for answer in answers[place * samples : (place + 1) * samples] if self.tokenizer.complete(answer)
                ]
                found = [
                    TinyAnswer(self.tokenizer.plan_text(answer, contexts[i]), tuple(self.tokenizer.tokens[t] for t in answer))
                    for answer in closed
                ]
                results[i] = found * count if samples < count else found
        return results

    @cached_property
    def _grammar(self) -> Any:
        from diaglib.llm.grammar import TinyPlanGrammar

        return TinyPlanGrammar(self.tokenizer)

    def _grammar_masks(self, contexts: Sequence[Context]) -> Callable[[int, list[int]], Any]:
        """Allowed tokens of each row of a batch, each row followed by a matcher of its own."""
        grammar = self._grammar
        states: dict[int, tuple[int, Any]] = {}

        def mask_of(row: int, so_far: list[int]) -> Any:
            done, state = states.get(row) or (0, grammar.start(contexts[row], MAX_ANSWER_TOKENS))
            for token in so_far[done:]:
                grammar.advance(state, token)
            states[row] = (len(so_far), state)
            return grammar.mask(state)

        return mask_of
