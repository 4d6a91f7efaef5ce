"""What needs no language model: the floor every candidate is seen against. Makers of writers, one a baseline.

Used by notebook 01. Rule: a baseline is labelled as one, answers through the same methods as a model, and is judged the same.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from diaglib.candidates.subject import Subject
from diaglib.candidates.tasks.questions import Question
from diaglib.diagram.plan import MAX_LAYER_SIZE, Plan, PlanNode
from diaglib.llm.hub import Answer

_NUMBER = re.compile(r"[0-9]{1,6}")
_NEIGHBOURS = 400
_NEIGHBOUR_SEED = 770_003


class RuleWriter:
    """Answers by a function of the prompt."""

    def __init__(
        self, answer: Callable[[str], str] | None = None, score: Callable[[Question], list[float]] | None = None
    ) -> None:
        self._answer, self.score = answer, score

    def plan_answers(
        self, sentences: Sequence[str], count: int, temperature: float, seed: int, max_new_tokens: int
    ) -> list[list[Answer]]:
        assert self._answer is not None
        return [[Answer(self._answer(sentence), (), True)] * count for sentence in sentences]

    def chat_answers(self, texts: Sequence[str], seed: int, max_new_tokens: int) -> list[Answer]:
        assert self._answer is not None
        return [Answer(self._answer(text), (), True) for text in texts]


# diagrams -----------------------------------------------------------------------------------------------------------------


def numbers_in_order(subject: Subject) -> RuleWriter:
    """A fully connected network of the numbers a sentence holds, in their order."""

    def answer(sentence: str) -> str:
        sizes = [int(number) for number in _NUMBER.findall(sentence)]
        sizes = [size for size in sizes if 1 <= size <= MAX_LAYER_SIZE][:20]
        kinds = ["input", *["dense"] * (len(sizes) - 2), "output"]
        layers = [PlanNode(i, kind, size=size) for i, (kind, size) in enumerate(zip(kinds, sizes, strict=False))]
        return Plan.chain(layers).to_text() if len(layers) > 1 else ""

    return RuleWriter(answer)


def nearest_sentence(subject: Subject) -> RuleWriter:
    """The plan of the generated sentence that shares most words with this one."""
    from diaglib.dataset.rows import told_rows

    known = [(set(_words(told.sentence)), told.plan.to_text()) for told in told_rows(_NEIGHBOUR_SEED, _NEIGHBOURS)]

    def answer(sentence: str) -> str:
        words = set(_words(sentence))
        return max(known, key=lambda row: len(words & row[0]) / len(words | row[0]))[1]

    return RuleWriter(answer)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


# chat ---------------------------------------------------------------------------------------------------------------------


def nearest_message(subject: Subject) -> RuleWriter:
    """The answer of the tuning row whose message shares most pairs of characters with this one."""
    from diaglib.candidates.tasks.chat import pairs

    known = [(_bigrams(question), reply) for question, reply in pairs()]

    def answer(text: str) -> str:
        own = _bigrams(text)
        return max(known, key=lambda row: (own & row[0]).total() / max((own | row[0]).total(), 1))[1]

    return RuleWriter(answer)


def character_chain(subject: Subject) -> RuleWriter:
    """Characters drawn one after another, each as it follows the two before it in the tuning rows."""
    from diaglib.candidates.tasks.chat import pairs

    following: dict[str, list[str]] = defaultdict(list)
    for _, reply in pairs():
        text = f"\0\0{reply}\0"
        for i in range(2, len(text)):
            following[text[i - 2 : i]].append(text[i])

    def answer(text: str) -> str:
        rng = random.Random(_seed(text))
        written = "\0\0"
        while len(written) < 120 and (last := rng.choice(following[written[-2:]])) != "\0":
            written += last
        return written[2:]

    return RuleWriter(answer)


def echo(subject: Subject) -> RuleWriter:
    """The message itself."""
    return RuleWriter(lambda text: text)


# multiple choice ----------------------------------------------------------------------------------------------------------


def chance(subject: Subject) -> RuleWriter:
    """A choice drawn by the question's text."""

    def score(question: Question) -> list[float]:
        rng = random.Random(_seed(question.id))
        return [rng.random() for _ in question.choices]

    return RuleWriter(score=score)


def longest_choice(subject: Subject) -> RuleWriter:
    """The longest choice."""
    return RuleWriter(score=lambda question: [float(len(choice)) for choice in question.choices])


def word_overlap(subject: Subject) -> RuleWriter:
    """The choice whose pairs of characters stand most often in the passage, rare ones counting more."""

    def score(question: Question) -> list[float]:
        choices = question.choices
        shared = Counter(pair for choice in choices for pair in set(_bigrams(choice)))
        stands = _bigrams(question.passage)
        found = []
        for choice in choices:
            pairs_of_choice = [pair for pair in _bigrams(choice) if shared[pair] < len(choices)]
            weight = sum(1 / shared[pair] for pair in pairs_of_choice)
            found.append(sum(1 / shared[pair] for pair in pairs_of_choice if pair in stands) / weight if weight else 0.0)
        return found

    return RuleWriter(score=score)


def _bigrams(text: str) -> Counter[str]:
    letters = re.sub(r"[^\w]", "", text.lower())
    return Counter(letters[i : i + 2] for i in range(len(letters) - 1))


def _seed(text: str) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16)
