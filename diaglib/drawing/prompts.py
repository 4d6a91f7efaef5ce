"""Which prompts can be drawn: length, script, and whether layers or steps are told at all.

Used by `draw` and `write_plans`. Rule: a refusal says what could not be read and shows prompts that work.
"""

from __future__ import annotations

import re

from diaglib.diagram.kinds import SPATIAL_KINDS, side_after
from diaglib.diagram.plan import MAX_LAYER_SIZE, MAX_PLAN_NODES
from diaglib.reading.stated import Stated, read_sentence, unwrap
from diaglib.reading.steps import read_steps
from diaglib.reading.words import FLOW_WORDS

MAX_PROMPT_CHARACTERS = 4_000
MAX_DRAWN_NODES = 9_999  # of a layer; vocabularies (outputs, embeddings) may be larger, they are one number in one shape
MIN_LATIN_SHARE = 0.5
EXAMPLES = (
    "A network with 4 inputs, hidden layers of 6 and 3 nodes and 1 output",
    "A CNN with 32 x 32 input, two 3x3 conv layers, a 2x2 max pooling layer, a hidden layer of 64 nodes and 10 outputs",
    "question -> embedding model -> retriever -> top documents -> LLM -> answer",
)
_LAYER_NOUN = r"\s*-?(?:inputs?|outputs?|nodes?|neurons?|units?|hidden|layers?|conv\w*|filters?|heads?)\b"
_NEGATIVE = re.compile(r"(?:^|[\s(])(-\d+)" + _LAYER_NOUN, re.IGNORECASE)
_BROKEN = re.compile(r"(?<![\d.])(\d+\.\d+)" + _LAYER_NOUN, re.IGNORECASE)
_TELLS_A_PERSON = re.compile(r"\b(i|me|my|thee|thou|thy|art|shall|love)\b", re.IGNORECASE)
_ORDER_WORDS = re.compile(r"\b(then|next|finally|otherwise|afterwards|after that|followed by|step \d|first)\b", re.IGNORECASE)


class PromptError(ValueError):
    """A prompt that cannot be drawn. `reason` says why; `examples` are prompts that work."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        self.examples = EXAMPLES
        shown = "\n".join(f"  - {example}" for example in EXAMPLES)
        super().__init__(f"cannot draw this prompt: {reason}\nPrompts that work:\n{shown}")


def read_prompt(prompt: str) -> Stated:
    """What the prompt states. Raises PromptError where it cannot be drawn."""
    if not isinstance(prompt, str):
        raise PromptError(f"it is a {type(prompt).__name__}, not text")
    if len(prompt) > MAX_PROMPT_CHARACTERS:
        limit = f"at most {MAX_PROMPT_CHARACTERS:,} are read: tell one diagram at a time"
        raise PromptError(f"it has {len(prompt):,} characters, {limit}")
    sentence = unwrap(prompt)
    if not sentence:
        raise PromptError("it is empty: say which layers or steps to draw")
    _refuse_script(sentence)
    for pattern in (_NEGATIVE, _BROKEN):
        if match := pattern.search(sentence):
            raise PromptError(f"'{match.group().strip()}': {match.group(1)} is not a number of nodes or layers")
    stated = read_sentence(sentence)
    if not _tells_layers(stated) and not _tells_steps(sentence):
        raise PromptError(f"no layers or steps were found in '{_short(sentence)}'")
    _refuse_sizes(stated)
    return stated


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:57] + "…"


def _refuse_script(sentence: str) -> None:
    letters = [character for character in sentence if character.isalpha()]
    latin = sum(character.isascii() or "À" <= character <= "ɏ" for character in letters)
    if not letters and not re.search(r"\d+(\s*(-|->|→)\s*\d+){2,}", sentence):
        raise PromptError(f"there are no words in '{_short(sentence)}'")
    if letters and latin < MIN_LATIN_SHARE * len(letters):
        raise PromptError(f"'{_short(sentence)}' is not in Latin letters, and only English is understood")


def _tells_layers(stated: Stated) -> bool:
    numbers = ("size", "kernel", "filters", "heads", "side")
    numbered = any(getattr(layer, name) is not None for layer in stated.layers for name in numbers)
    inner = {layer.kind for layer in stated.layers} - {"input", "output"}
    named = (stated.mentioned & {"unet", "transformer", "encoder", "decoder"}) or len(inner) > 1
    return bool(numbered or stated.chain or stated.depth or named or (inner and len(stated.layers) > 1))


def _tells_steps(sentence: str) -> bool:
    steps = read_steps(sentence)
    found = re.findall(r"[a-z]+", sentence.lower())
    if len(steps.bullets) > 1 or (steps.arrows and len(steps.named) > 1):
        return True
    if _TELLS_A_PERSON.search(sentence) and not (FLOW_WORDS & set(found) and _ORDER_WORDS.search(sentence)):
        return False
    return len(steps.named) >= 4 or (len(steps.named) > 1 and bool(FLOW_WORDS & set(found) or _ORDER_WORDS.search(sentence)))


def _refuse_sizes(stated: Stated) -> None:
    if stated.family == "flowchart":
        return
    for words in stated.conflicts:
        if "asks for 0" in words:
            raise PromptError(f"{words}: a diagram needs at least 1 of what it names")
    for layer in stated.layers:
        for name in ("size", "filters", "heads", "kernel", "side"):
            value = getattr(layer, name)
            if value == 0:
                raise PromptError(f"'{layer.words}' asks for 0: a layer has at least 1 node")
            limit = MAX_LAYER_SIZE if layer.kind in {"output", "embedding"} else MAX_DRAWN_NODES
            if value is not None and value > limit:
                raise PromptError(f"'{layer.words}' is too large to draw: a layer has 1 to {limit} nodes")
    if any(value == 0 for value in stated.chain):
        raise PromptError(f"the sizes {stated.chain} hold a 0: a layer has at least 1 node")
    if stated.asked_layers > MAX_PLAN_NODES:
        raise PromptError(f"{stated.asked_layers:,} layers are asked for, a diagram has at most {MAX_PLAN_NODES}")
    _refuse_shrinking(stated)


def _refuse_shrinking(stated: Stated) -> None:
    """A map that unpadded convolutions and poolings bring below 1 px cannot be drawn."""
    side = next((layer.side for layer in stated.layers if layer.kind == "input"), None)
    if (
        side is None
        or not stated.ordered
        or stated.inexact & SPATIAL_KINDS
        or re.search(r"\b(padd|same)", stated.sentence.lower())
    ):
        return
    start = side
    for layer in stated.layers:
        if layer.kind in SPATIAL_KINDS:
            side = layer.side or side_after(layer.kind, side, layer.kernel)
            if side < 1:
                what = f"the {start}×{start} input shrinks to nothing at '{layer.words}'"
                raise PromptError(f"{what}: start larger or take fewer layers")
