"""What a language model is told: the compact plan form with two examples, or the published node-line wrapper.

Used by notebooks 01, 03 and 07. Rule: `bare_sentence` undoes every wrapper; the examples are written by `Plan.to_text`,
so that they can never differ from what `Plan.from_text` reads.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from diaglib.diagram.kinds import DATA_NAMES, LAYER_NAMES, NAMES, WORK_NAMES
from diaglib.diagram.model import CANVAS_HEIGHT_PX, CANVAS_WIDTH_PX, SHAPES
from diaglib.diagram.plan import Plan, PlanNode
from diaglib.diagram.plan_text import END_MARK

WRAPPER_START = "Represent below as a Python list."
WRAPPER_MIDDLE = "in the following format."
PROMPT_SETTING, SHORT_PROMPT = "diaglib_prompt", "short"  # kept in a tokenizer's own settings: a model tuned on plans
_START = re.compile(r"\s*" + WRAPPER_START.replace(" ", r"\s+").replace(".", r"\."), re.IGNORECASE)
_MIDDLE = re.compile(r"(?<!\S)" + WRAPPER_MIDDLE.replace(" ", r"\s+").replace(".", r"\."), re.IGNORECASE)
_PLAN_LINE = re.compile(rf"[0-9]{{1,7}} (?:{'|'.join(NAMES)})(?![a-z])")


def bare_sentence(prompt: str) -> str:
    """The user's own words of a prompt, which may stand in the published wrapper; spaces around them are dropped.

    Without the wrapper's first paragraph the rest is the user's own and stays, whatever it says. Linear in the length.
    """
    start = _START.match(prompt)
    if start is None:
        return prompt.strip()
    body = prompt[start.end() :]
    middle = _MIDDLE.search(body)
    return (body[: middle.start()] if middle else body).strip()


def node_lines_prompt(sentence: str, fields: int = 10, lines: Sequence[str] = ("solid", "dashed")) -> str:
    """The published wrapper that asks for node lines.

    `fields` is 8 as in round 1 of the published candidate test (no width and height) or 10 as in round 2; `lines` are
    the line shapes named in the ten-field form: two in the test, `model.LINES` in the published fine-tuning.
    """
    if fields not in (8, 10):
        raise ValueError(f"node lines have 8 fields (round 1) or 10 (round 2), not {fields}")
    links = "list of pointed-to node numbers"
    if fields == 8:
        names = ["node No.", "X position", "Y position", "shape", "connection line shape"]
        colours = "tuple (R, G, B), in range 0-255"
    else:
        shapes, kinds = _either(SHAPES), _either(lines)
        names = ["node No.", "X position (px)", "Y position (px)", f"shape ({shapes})", "width (px)", "height (px)"]
        names += [f"connection line shape ({kinds})"]
        colours = "tuple (R, G, B), between 0 and 255"
    names += ["background color", "connection line color", links]
    return "\n\n".join(
        [
            WRAPPER_START,
            f"{bare_sentence(sentence)} {WRAPPER_MIDDLE}",
            f'Each node is a Python list "[{", ".join(names)}]".',
            f"Each color is a {colours}; X position range is 0-{CANVAS_WIDTH_PX} and Y position range is 0-{CANVAS_HEIGHT_PX}.",
            "It is important to draw a representation of high readability.",
        ]
    )


def _either(words: Sequence[str]) -> str:
    return " or ".join([*([", ".join(words[:-1])] if len(words) > 1 else []), words[-1]])


def plan_examples() -> list[tuple[str, str]]:
    """Two sentences with their plan texts: a network of sizes, and a flowchart with own names and a link back."""
    layers = [
        PlanNode(0, "input", size=32),
        PlanNode(1, "conv", filters=16),
        PlanNode(2, "pool"),
        PlanNode(3, "dense", size=64),
        PlanNode(4, "output", size=10),
    ]
    steps = [
        PlanNode(0, "str", "question", links=(2,)),
        PlanNode(1, "db", "manuals", links=(2,)),
        PlanNode(2, "func", "search", links=(3,)),
        PlanNode(3, "model", "LLM", links=(4,)),
        PlanNode(4, "decision", "good answer?", links=(2, 5)),
        PlanNode(5, "str", "answer"),
    ]
    return [
        (
            "CNN with 32 x 32 input, a conv layer of 16 filters, max pooling, 64 hidden nodes and 10 outputs",
            Plan.chain(layers).to_text(),
        ),
        (
            "A question and a database of manuals go into a search, an LLM reads them; if the answer is not good, search again",
            Plan.of(steps).to_text(),
        ),
    ]


def plan_rules() -> str:
    """The compact plan form in words."""
    steps = [kind if kind == name else f"{kind} ({name})" for kind, name in (DATA_NAMES | WORK_NAMES).items()]
    return "\n".join(
        [
            "Write the structure of a diagram as a plan: one layer or step a line, numbered from 0, and last the line `end`.",
            "A line is its number and its kind, then, where it is told, the size; k and the side of the window; f and the",
            'filters; h and the attention heads; a name of its own in "quotes". A line comes after the one before it; where it',
            "does not, < and the numbers of the lines it comes from follow, or < - where it comes from none. > and a number",
            "goes back to an earlier line.",
            f"Layers of a network: {', '.join(LAYER_NAMES)}.",
            f"Steps of a flowchart: {', '.join(steps)}.",
            "Layers and steps are not mixed. Answer with the plan and nothing else.",
        ]
    )


def plan_instruction(prompt: str, tokenizer: Any = None) -> str:
    """The text that a causal language model continues with the plan of a sentence, closed by the line `end`.

    With a tokenizer that has a chat template, the rules and the examples are turns of a chat and the text ends where the
    assistant answers; otherwise it is plain text that ends in `Plan:` and a line break. A model that was tuned on plans
    (its tokenizer's settings say so) needs neither.
    """
    sentence = bare_sentence(prompt)
    if getattr(tokenizer, "init_kwargs", {}).get(PROMPT_SETTING) == SHORT_PROMPT:
        return f"Sentence: {sentence}\nPlan:\n"
    examples = plan_examples()
    if getattr(tokenizer, "chat_template", None):
        turns = []
        for number, (said, plan) in enumerate([*examples, (sentence, "")]):
            turns.append({"role": "user", "content": said if number else f"{plan_rules()}\n\n{said}"})
            if plan:
                turns.append({"role": "assistant", "content": plan})
        return tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    shown = [f"Sentence: {said}\nPlan:\n{plan}" for said, plan in examples]
    return "\n\n".join([plan_rules(), *shown, f"Sentence: {sentence}\nPlan:\n"])


def plan_part(answer: str) -> str:
    """The plan lines of an answer, from the first line that can be one to the line `end`, which is added where it lacks.

    Prose and Markdown fences around them are dropped; an answer without such a line gives an empty text.
    """
    kept: list[str] = []
    for line in answer.splitlines():
        line = line.strip()
        if line == END_MARK or (kept and line.startswith("```")):
            break
        if kept or _PLAN_LINE.match(line):
            kept.append(line)
    return "\n".join([*kept, END_MARK]) if kept else ""
