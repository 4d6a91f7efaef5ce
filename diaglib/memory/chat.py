"""The persona with a memory: the one remembered fact that fits goes in front of a message, new facts are read in the answer.

Used by notebook 06 and `diaglib chat`. Rules: rude and desperate messages are answered from the persona's rules, never by a
model; what a model writes is read, checked and bounded, never believed; every turn tells what was attached and why.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Protocol

from diaglib.dataset.chat import END_MARK, chat_completion, chat_prompt, persona_answer, persona_rule
from diaglib.memory.items import Memory, Reading, clean_text, one_line, read_memories
from diaglib.memory.store import NAMESPACE, Item, Store, StoreError
from diaglib.memory.store_search import Match

MAX_MESSAGE_CHARACTERS = 500  # of a message, as far as a model reads it
EMBEDDED = "tiny-chat"
HUB_HISTORY_TURNS = 3
MAX_NOTES = 3  # of one answer
MAX_ANSWER_TOKENS = 80
KEPT_TURNS = 50
STUCK_LETTERS, STUCK_SHARE = 20, 0.5  # of so many letters, the least share of pairs that are new: in speech nearly all are
_LAUGHTER = re.compile(r"[ㄱ-ㅣ]")  # ㅋㅋㅋ and ㅠㅠ may go on
_SAYS_NOTED = re.compile(r"적어|기억할|기억해 ?[둘뒀]|메모")
NO_WORDS = "적어 뒀어요."
NO_ANSWER = "무슨 말을 해야 할지 모르겠어요. 다르게 한 번만 더 말해 주실래요?"


class ChatModel(Protocol):
    """What writes answers: the embedded chat model and every hub model do."""

    def answers(
        self,
        texts: Sequence[str],
        count: int = 1,
        temperature: float = 0.0,
        seed: int = 0,
        max_new_tokens: int = 256,
        stop_strings: Sequence[str] = (),
    ) -> Sequence[Sequence[Answer]]: ...


class Answer(Protocol):
    """A text that a model wrote, without the mark that ended it."""

    @property
    def text(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Turn:
    """A message, the answer shown, and all that happened between.

    `best` is what fitted best, `attached` whether it was put in front of the message; `prompt` is what the model read, empty
    where a rule (`rule`) answered; `notes` are the items that were remembered, `problems` what was not, in words.
    """

    message: str
    answer: str
    best: Match | None
    attached: bool
    threshold: float
    prompt: str
    rule: str
    notes: tuple[Item, ...]
    problems: tuple[str, ...]

    @property
    def why(self) -> str:
        """In words, what was put in front of the message and why, or why nothing was."""
        if self.rule:
            return f"answered by the persona's rule '{self.rule}', without the model and its memory"
        if self.best is None:
            return "nothing is remembered yet"
        fit = f"{self.best.memory} fits with {self.best.score:.2f}"
        source = f", from '{self.best.item.message}' on {self.best.item.said_at:%Y-%m-%d}" if self.best.item.message else ""
        if self.attached:
            return f"{fit}, at least {self.threshold:.2f}{source}"
        return f"silent: {fit} at best, below {self.threshold:.2f}"


class Chat:
    """A conversation. `turns` holds the last 50; `threshold` is the encoder's own where it is not given.

    `history_turns` of them are put in front of a prompt: 0 for a model that was tuned on single messages. With `check_notes` a
    note is kept only where the message says some of its value, since a small model notes what nobody said.
    """

    def __init__(
        self,
        store: Store,
        model: ChatModel,
        threshold: float | None = None,
        namespace: str = NAMESPACE,
        history_turns: int = 0,
        check_notes: bool = True,
    ) -> None:
        self.store, self.model, self.namespace = store, model, namespace
        self.threshold = store.searcher.encoder.threshold if threshold is None else threshold
        self.history_turns, self.check_notes = history_turns, check_notes
        self.turns: deque[Turn] = deque(maxlen=KEPT_TURNS)

    def say(self, message: str, at: datetime | None = None) -> Turn:
        """Answers a message and remembers what is new in it; `at` is the time it was said, now where not given.

        Raises ValueError for a message without words.
        """
        at = at or datetime.now()
        whole = one_line(message)
        message = whole[:MAX_MESSAGE_CHARACTERS]
        if not message:
            raise ValueError("the message is empty: write a sentence")
        if rule := persona_rule(whole):  # despair may come at the end of a long message
            turn = Turn(message, persona_answer(whole) or "", None, False, self.threshold, "", rule.name, (), ())
        else:
            turn = self._answer(message, at)
        self.turns.append(turn)
        return turn

    def _answer(self, message: str, at: datetime) -> Turn:
        said = read_memories(message)  # a person may write a memory as well; it replaces the older one before that is brought up
        written, refused = self._remember(said.memories, message, at)
        found = self.store.search(said.text or message, 1, self.namespace, at)
        best = found[0] if found else None
        attached = best is not None and best.score >= self.threshold
        prompt = self._prompt(f"{best.memory} {said.text}" if best and attached else said.text or message)
        raw = self.model.answers([prompt], max_new_tokens=MAX_ANSWER_TOKENS, stop_strings=[END_MARK])[0][0].text
        reading = read_memories(clean_text(raw).split(END_MARK)[0])
        if goes_round(reading.text):  # its notes are no better
            words = f"the answer goes round in circles and was not shown: '{reading.text[:24]}…'"
            reading = Reading("", (), (words,))
        known = [*said.memories, *([best.memory] if best and attached else [])]
        notes = [note for note in reading.memories if note not in known]
        problems = [*said.problems, *refused, *reading.problems]
        if len(notes) > MAX_NOTES:
            problems.append(f"the answer held {len(notes)} memories, the first {MAX_NOTES} are read")
        kept = []
        for note in notes[:MAX_NOTES]:
            if self.check_notes and not is_said(note, message):
                problems.append(f"{note} was not kept: the message does not say it")
            else:
                kept.append(note)
        noted, told = self._remember(kept, message, at)
        items = (*written, *noted)
        shown = reading.text or (NO_WORDS if items else NO_ANSWER)
        if notes and not items and _SAYS_NOTED.search(shown):
            problems.append(f"'{shown}' was not shown: nothing was noted")
            shown = NO_ANSWER
        return Turn(message, shown, best, attached, self.threshold, prompt, "", items, (*problems, *told))

    def _prompt(self, message: str) -> str:
        """The message as the model was tuned to read it, after the turns before it."""
        before = [turn for turn in self.turns if turn.prompt][-self.history_turns :] if self.history_turns else []
        return "".join(f"{chat_prompt(turn.message)}{chat_completion(turn.answer)}\n" for turn in before) + chat_prompt(message)

    def _remember(self, memories: Sequence[Memory], message: str, at: datetime) -> tuple[tuple[Item, ...], tuple[str, ...]]:
        """Keeps memories; a store that cannot be written is told, the conversation goes on."""
        items, problems = [], []
        for memory in memories:
            try:
                items.append(self.store.add(memory.key, memory.value, message, self.namespace, at))
            except StoreError as error:
                problems.append(f"{memory} was not kept: {error}")
        return tuple(items), tuple(problems)


def open_chat(store: Store, model: str = EMBEDDED, precision: str | None = None, namespace: str = NAMESPACE) -> Chat:
    """A conversation with the embedded chat model (`tiny-chat`), a folder or a hub id.

    The embedded one was tuned on single messages and is small: it reads no history, and its notes are checked.
    Raises FileNotFoundError or ModelLoadError where the model cannot be loaded.
    """
    from diaglib.llm import load

    embedded = model == EMBEDDED
    writer = load(model, precision)
    return Chat(store, writer, None, namespace, 0 if embedded else HUB_HISTORY_TURNS, check_notes=embedded)


def goes_round(text: str) -> bool:
    """Whether a text of some length says the same pairs of letters again and again, as a small model that is lost."""
    letters = [letter for letter in _LAUGHTER.sub("", text) if letter.isalnum()]
    return len(letters) >= STUCK_LETTERS and len(set(pairwise(letters))) < STUCK_SHARE * (len(letters) - 1)


def is_said(note: Memory, message: str) -> bool:
    """Whether a message holds two neighbouring letters of a note's value, or all of a value of one letter."""
    letters = "".join(letter for letter in note.value.casefold() if letter.isalnum())
    spoken = "".join(letter for letter in message.casefold() if letter.isalnum())
    pairs = [letters[start : start + 2] for start in range(len(letters) - 1)] or [letters]
    return any(pair in spoken for pair in pairs if pair)
