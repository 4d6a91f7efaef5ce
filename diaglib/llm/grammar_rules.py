"""The rules of the plan form in Lark, over text and over the embedded model's token ids; `grammar` runs them.

Rule: lines are numbered 0, 1, 2 … and point to earlier lines only, so that a number is never wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from diaglib.diagram.kinds import DATA_NAMES, LAYER_NAMES, WORK_NAMES
from diaglib.diagram.plan import MAX_LABEL_CHARACTERS, MAX_LAYER_SIZE
from diaglib.diagram.plan_text import END_MARK
from diaglib.llm.tokenizer import EXACT_VALUES, NODE_IDS, TinyTokenizer

MAX_LINKS = 16
FAMILIES = {"layer": tuple(LAYER_NAMES), "step": tuple(DATA_NAMES | WORK_NAMES)}
_MORE_DIGITS = len(str(MAX_LAYER_SIZE)) - 2  # sizes up to 999,999, and the largest by itself


def _line_rules(
    node: Callable[[int], str], earlier: Callable[[int], str], sources: str, none: str, back: str, line_end: str
) -> list[str]:
    """One rule a line of each family: its number, its body, links to earlier lines alone, and perhaps the next line."""
    rules = []
    for family in FAMILIES:
        for i in range(NODE_IDS):
            links = f"({earlier(i)}){{1,{MAX_LINKS}}}" if i else ""
            arrows = f"({sources} ({none} | {links}))? ({back} {links})?" if i else ""
            following = f"{family}{i + 1}?" if i + 1 < NODE_IDS else ""
            rules.append(f"{family}{i}: {node(i)} {family}_body {arrows} {line_end} {following}")
    return rules


def plan_grammar() -> str:
    """The plan text form, up to 64 lines. Steps of a flowchart carry a label and no size."""
    return "\n".join(
        [
            f'start: / ?/ (layer0 | step0) "{END_MARK}"',  # some tokenizers begin every text with a space
            *_line_rules(lambda i: f'"{i} "', lambda i: f'" " before{i}', '" <"', '" -"', '" >"', r'"\n"'),
            *(f"before{i}: /{'|'.join(map(str, range(i)))}/" for i in range(1, NODE_IDS)),
            *(f"{family}_kind: " + " | ".join(f'"{kind}"' for kind in kinds) for family, kinds in FAMILIES.items()),
            'layer_body: layer_kind (" " SIZE)? (" k" WINDOW)? (" f" SIZE)? (" h" SIZE)? (" " LABEL)?',
            'step_body: step_kind (" " LABEL)?',
            f"SIZE: /[1-9][0-9]{{0,{_MORE_DIGITS}}}|{MAX_LAYER_SIZE}/",
            "WINDOW: /[1-9][0-9]?/",
            # control characters and Unicode line breaks would end the line for the reader
            rf'LABEL: /"[^"\x00-\x1F\x7F-\x9F\u2028\u2029]{{0,{MAX_LABEL_CHARACTERS}}}"/',
        ]
    )


def tiny_plan_grammar(tokenizer: TinyTokenizer) -> str:
    """The same for the embedded model's answers: `<[5-7]>` is one token with the id 5, 6 or 7."""

    def one_of(*names: str) -> str:
        return f"<[{_ranges(tokenizer.index[name] for name in names)}]>"

    number_slots, word_slots = slots(tokenizer, "<n"), slots(tokenizer, "<w")
    values = [f"<v{i}>" for i in range(1, EXACT_VALUES + 1)]
    digits = [f"<d{i}>" for i in range(10)]
    label_words = [word for word in tokenizer.words if word.isprintable()]
    label_words += [*number_slots, *word_slots, "<v0>", *values, *digits]
    number = f"{one_of(*number_slots, *values)} | {one_of(*digits[1:])} {one_of(*digits)}"
    sources, none, back, label_mark = one_of("[<]"), one_of("[-]"), one_of("[>]"), one_of('["]')
    return "\n".join(
        [
            "start: layer0 | step0",
            *_line_rules(lambda i: one_of(f"@{i}"), lambda i: one_of(*(f"#{j}" for j in range(i))), sources, none, back, ""),
            *(f"{family}_kind: {one_of(*(f'[{kind}]' for kind in kinds))}" for family, kinds in FAMILIES.items()),
            f"layer_body: layer_kind size? ({one_of('[k]')} window)? ({one_of('[f]')} size)? ({one_of('[h]')} size)? label?",
            "step_body: step_kind label?",
            f"size: {number}{{0,{_MORE_DIGITS}}}",
            f"window: {number}?",
            f"label: {label_mark} {one_of(*label_words)}{{1,{MAX_LABEL_CHARACTERS // 2}}}",
        ]
    )


def slots(tokenizer: TinyTokenizer, start: str) -> list[str]:
    """The tokens `<n0>`, `<n1>` … (start `<n`) or `<w0>`, `<w1>` … of a vocabulary."""
    return [token for token in tokenizer.tokens if token[:2] == start and token[2:-1].isdigit()]


def _ranges(ids: Iterable[int]) -> str:
    """`3-5,9` for 3, 4, 5, 9."""
    runs: list[list[int]] = []
    for i in sorted(set(ids)):
        if runs and runs[-1][1] == i - 1:
            runs[-1][1] = i
        else:
            runs.append([i, i])
    return ",".join(f"{first}-{last}" if last > first else str(first) for first, last in runs)
