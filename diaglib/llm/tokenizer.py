"""The embedded model's vocabulary: numbers and unknown words of a sentence become slots that an answer can point to.

Used by notebooks 02, 03 and 07. The numbers of a sentence are slots `<n0>`, `<n1>` … in the order they stand there, each followed
by its value; a square such as `3 x 3` is one number. A word outside the vocabulary is a slot `<w0>`, the same wherever it stands.
A plan that names a number or word writes its slot: copying is the same for every one of them, seen in training or not, and the
sizes of a list are simply the next slots.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from diaglib.diagram.kinds import DEFAULT_KERNEL, IMAGE_KINDS, LAYER_KINDS, LAYER_NAMES, NAMES, SPATIAL_KINDS
from diaglib.diagram.plan import MAX_LABEL_CHARACTERS, MAX_PLAN_NODES, Plan
from diaglib.llm.pieces import Piece, cut

NUMBER_SLOTS = 40
WORD_SLOTS = 48
EXACT_VALUES = 32
NODE_IDS = 64
_SPECIAL = ("<pad>", "<plan>", "<end>", "<unknown>")
_BY = ("x", "*", "by")
_MARKS = ('"', "<", "-", ">", "k", "f", "h")


def _answer_tokens() -> list[str]:
    """Everything an answer is made of, apart from words."""
    numbers = [f"<n{i}>" for i in range(NUMBER_SLOTS)] + [f"<v{i}>" for i in range(EXACT_VALUES + 1)]
    numbers += [f"<v^{i}>" for i in range(5, 24)] + [f"<d{i}>" for i in range(10)]
    slots = [f"<w{i}>" for i in range(WORD_SLOTS)]
    nodes = [f"@{i}" for i in range(NODE_IDS)] + [f"#{i}" for i in range(NODE_IDS)]
    return [*_SPECIAL, *(f"[{mark}]" for mark in _MARKS), *(f"[{kind}]" for kind in NAMES), *numbers, *slots, *nodes]


@dataclass
class Context:
    """What the slots of one sentence stand for."""

    sentence: str
    pieces: list[Piece]
    tokens: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    words: dict[str, int] = field(default_factory=dict)


class TinyTokenizer:
    """Sentence and plan to token ids and back. `words` are the known words, most frequent first."""

    def __init__(self, words: Collection[str]) -> None:
        self.words = tuple(words)
        self.tokens = [*_answer_tokens(), *self.words]
        self.index = {token: i for i, token in enumerate(self.tokens)}
        if len(self.index) != len(self.tokens):
            raise ValueError("a word of the vocabulary is there twice or has the form of a mark")
        self.pad_id, self.plan_id, self.end_id, self.unknown_id = (self.index[token] for token in _SPECIAL)
        self._known = frozenset(self.words)

    def __len__(self) -> int:
        return len(self.tokens)

    def save(self, folder: Path) -> None:
        (folder / "vocabulary.json").write_text(json.dumps(self.words, ensure_ascii=False, indent=0), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> TinyTokenizer:
        return cls(json.loads((folder / "vocabulary.json").read_text(encoding="utf-8")))

    # sentence ----------------------------------------------------------------------------------------------------------

    def context(self, sentence: str, hidden_words: Collection[str] = ()) -> Context:
        """Slots of a sentence; `hidden_words` are treated as unknown (in training, to make slots common)."""
        context = Context(sentence, cut(sentence))
        pieces = context.pieces
        for i, piece in enumerate(pieces):
            if piece.value is not None:
                if i > 1 and pieces[i - 1].text in _BY and pieces[i - 2].value == piece.value:
                    continue  # the other side of a square
                slot = len(context.numbers)
                context.numbers.append(piece.value)
                context.tokens += [f"<n{slot}>" if slot < NUMBER_SLOTS else "<unknown>", _value_token(piece.value)]
            elif piece.text in self._known and piece.text not in hidden_words:
                context.tokens.append(piece.text)
            elif piece.text[0].isalnum() or piece.text in hidden_words:
                slot = context.words.setdefault(piece.text, len(context.words))
                context.tokens.append(f"<w{slot}>" if slot < WORD_SLOTS else "<unknown>")
            else:
                context.tokens.append("<unknown>")
        return context

    def prompt_ids(self, context: Context) -> list[int]:
        """Ids of the sentence, closed by the mark that asks for a plan."""
        return [*(self.index[token] for token in context.tokens), self.plan_id]

    # plan --------------------------------------------------------------------------------------------------------------

    def plan_ids(self, plan: Plan, context: Context, stated_sizes: Collection[int] = ()) -> list[int] | None:
        """Ids of a plan, closed by the end mark; None where a name in it cannot be written for this sentence.

        Map sides of convolutions and poolings are written only for the nodes in `stated_sizes`: the rest follow.
        """
        position = {node.id: i for i, node in enumerate(plan.nodes)}
        sources: list[list[int]] = [[] for _ in plan.nodes]
        for node in plan.nodes:
            for target in node.links:
                if position[target] > position[node.id]:
                    sources[position[target]].append(position[node.id])
        if len(plan.nodes) > NODE_IDS:
            return None
        default_input = "input image" if any(node.kind in IMAGE_KINDS for node in plan.nodes) else LAYER_NAMES["input"]
        out: list[str] = []
        last_slot = [-1]
        for i, node in enumerate(plan.nodes):
            default_label = default_input if node.kind == "input" else NAMES[node.kind]
            out += [f"@{i}", f"[{node.kind}]"]
            derived = node.kind in SPATIAL_KINDS and node.id not in stated_sizes
            if node.size is not None and not derived:
                out += self._number_tokens(node.size, context, last_slot)
            for mark, value in (("k", node.kernel), ("f", node.filters), ("h", node.heads)):
                if value is not None and (mark, value) != ("k", DEFAULT_KERNEL.get(node.kind)):
                    out += [f"[{mark}]", *self._number_tokens(value, context, last_slot)]
            if node.kind not in LAYER_KINDS or node.label != default_label:
                words = self._label_tokens(node.label, context, last_slot)
                if words is None:
                    return None
                out += ['["]', *words]
            if i and sources[i] != [i - 1]:
                out += ["[<]", *(f"#{source}" for source in sources[i])] if sources[i] else ["[<]", "[-]"]
            back = [position[target] for target in node.links if position[target] < i]
            if back:
                out += ["[>]", *(f"#{target}" for target in back)]
        return [*(self.index[token] for token in out), self.end_id]

    def _number_tokens(self, value: int, context: Context, last_slot: list[int]) -> list[str]:
        """The slot of a value: the next one after the slot written last, else that one again, else the first."""
        slots = [slot for slot, number in enumerate(context.numbers[:NUMBER_SLOTS]) if number == value]
        if slots:
            later = [slot for slot in slots if slot > last_slot[0]]
            last_slot[0] = later[0] if later else last_slot[0] if last_slot[0] in slots else slots[0]
            return [f"<n{last_slot[0]}>"]
        return [f"<v{value}>"] if value <= EXACT_VALUES else [f"<d{digit}>" for digit in str(value)]

    def _label_tokens(self, label: str, context: Context, last_slot: list[int]) -> list[str] | None:
        tokens = []
        for piece in cut(label):
            if piece.value is not None:
                tokens += self._number_tokens(piece.value, context, last_slot)
            elif piece.text in context.words:
                if context.words[piece.text] >= WORD_SLOTS:
                    return None
                tokens.append(f"<w{context.words[piece.text]}>")
            elif piece.text in self._known:
                tokens.append(piece.text)
            else:
                return None
        return tokens

    def plan_text(self, ids: Collection[int], context: Context) -> str:
        """The plan text that answer ids spell out for this sentence; whatever they are, this does not fail."""
        numbers = dict(enumerate(context.numbers))
        words = {slot: word for word, slot in context.words.items()}
        lines: list[str] = []
        label: list[str] | None = None
        digits = ""
        for token in [*(self.tokens[i] for i in ids if i != self.end_id), "@end"]:
            if digits and not token.startswith("<d"):
                (lines if label is None else label).append(digits)
                digits = ""
            if label is not None and token[0] in "[@" and len(token) > 1:
                lines.append(f'"{_surface(label, context)}"')
                label = None
            if token.startswith("<d") and token[2:-1].isdigit():
                digits += token[2:-1]
                continue
            if token.startswith("<n"):
                text = str(numbers.get(int(token[2:-1]), 0))
            elif token.startswith("<v"):
                text = token[2:-1].replace("^", "")
            elif token.startswith("<w"):
                text = words.get(int(token[2:-1]), "")
            elif token == '["]':
                label = []
                continue
            elif token.startswith("@") and len(token) > 1:
                text = "\n" + token[1:]
            else:
                text = token.strip("[]#") if len(token) > 1 and token[0] in "[#" else token
            if label is not None:
                label.append(text)
            elif text in ("k", "f", "h"):
                lines.append(text + "\0")  # glued to the number that follows
            else:
                lines.append(text)
        text = " ".join(lines).replace("\0 ", "").replace(" \n", "\n").strip()
        return text.removesuffix("end").strip() + "\nend"

    def complete(self, ids: Collection[int]) -> bool:
        """Whether the answer was closed by its end mark."""
        return self.end_id in ids


def _value_token(value: int) -> str:
    return f"<v{value}>" if value <= EXACT_VALUES else f"<v^{value.bit_length() - 1}>"


def _surface(words: list[str], context: Context) -> str:
    """The words as the sentence writes them, where they stand in it side by side; else joined by spaces."""
    for start in range(len(context.pieces) - len(words) + 1 if words else 0):
        run = context.pieces[start : start + len(words)]
        if all(piece.text == word or str(piece.value) == word for piece, word in zip(run, words, strict=True)):
            written = " ".join(context.sentence[run[0].start : run[-1].end].replace('"', "'").split())
            return written[:MAX_LABEL_CHARACTERS]
    return " ".join(words).replace(" - ", "-").replace('"', "'")[:MAX_LABEL_CHARACTERS]


assert NODE_IDS <= MAX_PLAN_NODES
