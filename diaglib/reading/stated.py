"""What a sentence states about a network: layers in order, sizes, windows, filters, heads, each with its words.

Used by the check of notebook 07. Rule: plain code that knows nothing of how training sentences were made; what it
cannot read it lists in `unread`, and never guesses.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from diaglib.reading import words
from diaglib.reading.items import read_items
from diaglib.reading.mention import Mention, Reading
from diaglib.reading.mentions import attach_numbers

_OPENING = re.compile(r"\A\s*represent below as a python list\.?\s*", re.IGNORECASE)
_CLOSING = re.compile(r"[\s.,]*\bin the following format\b.*\Z", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer the sentence asks for; None is "not said". `side` is the map side in px, `words` where it was said."""

    kind: str
    size: int | None = None
    kernel: int | None = None
    filters: int | None = None
    heads: int | None = None
    side: int | None = None
    words: str = ""
    span: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Stated:
    """What was read. `layers` in the order told (input first, output last); `numbers` all that could be sizes, with their words.

    `inexact` are kinds named in the plural without a number; `chain` the sizes of `784-128-10`; `depth` the N of an
    "N-layer network"; `skips` whether skip links are asked for; `told` how often each kind is named; `doubts` numbers that
    may belong elsewhere; `unread` those that belong nowhere; `conflicts` where the sentence contradicts itself;
    `asked_layers` the number of layers, also where they are too many to list.
    """

    sentence: str
    family: str
    layers: tuple[Layer, ...] = ()
    inexact: frozenset[str] = frozenset()
    mentioned: frozenset[str] = frozenset()
    chain: tuple[int, ...] = ()
    depth: int | None = None
    skips: bool = False
    ordered: bool = True
    lists_ordered: bool = True
    mirrored: bool = False
    numbers: tuple[tuple[int, str], ...] = ()
    every_number: frozenset[int] = frozenset()
    unread: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    asked_layers: int = 0
    told: Counter[str] = field(default_factory=Counter)


def unwrap(prompt: str) -> str:
    """The user's sentence inside the published prompt, or the prompt itself."""
    return _CLOSING.sub("", _OPENING.sub("", prompt)).strip()


def read_sentence(prompt: str) -> Stated:
    """Reads a prompt in any form. Never raises for text; linear in its length but for the slips it mends."""
    sentence = unwrap(prompt)
    items = read_items(sentence)
    reading = attach_numbers(items, sentence)
    lowered = " ".join(sentence.lower().replace("-", " ").split())
    layers: list[Layer] = []
    conflicts: list[str] = []
    inexact: set[str] = set()
    groups = _interleave(reading.mentions)
    for group in groups:
        expanded = [_layers_of(mention, sentence, conflicts, inexact) for mention in group.mentions]
        if len(expanded) == 1:
            layers += expanded[0]
            continue
        for turn in range(group.times):
            for column in expanded:
                layers += [column[min(turn, len(column) - 1)]] if column and group.by_turn else column
    layers = _roles_apart(layers, conflicts, lowered)
    structural = [item for item in items if item.type in "ND" and item not in reading.aside]
    mentioned = frozenset(item.value for i, item in enumerate(items) if item.type == "K" and not (i and items[i - 1].type == "!"))
    family = _family(lowered, layers, reading, sentence, mentioned)
    return Stated(
        sentence=sentence,
        family=family,
        layers=tuple(layers),
        inexact=frozenset(inexact),
        mentioned=mentioned,
        chain=reading.chain,
        depth=reading.depth,
        skips=any(re.search(rf"\b{word}\b", lowered) for word in words.SKIP_WORDS)
        and not re.search(r"\b(no|without( any)?) (skip|residual|shortcut)", lowered),
        ordered=not re.search(f"{words.REVERSED}|{words.LISTS_REVERSED}", lowered),
        lists_ordered=not re.search(words.LISTS_REVERSED, lowered),
        mirrored=bool(words.MIRROR_WORDS & set(re.findall(r"[a-z]+", lowered))),
        numbers=tuple((n, sentence[item.start : item.end]) for item in structural for n in item.numbers),
        every_number=frozenset(n for item in items for n in item.numbers) | _glued_numbers(sentence),
        unread=tuple(dict.fromkeys(sentence[item.start : item.end] for item in reading.unread)),
        asked_layers=sum(mention.total or 1 for mention in reading.mentions),
        doubts=tuple(dict.fromkeys(reading.doubts)),
        told=Counter(item.value for item in items if item.type == "K" and not item.describes),
        conflicts=tuple(dict.fromkeys(conflicts)),
    )


def _glued_numbers(sentence: str) -> frozenset[int]:
    return frozenset(int(digits[:9]) for digits in re.findall(r"\d+", sentence))


@dataclass(slots=True)
class _Group:
    mentions: list[Mention] = field(default_factory=list)
    times: int = 1
    by_turn: bool = False  # one layer of each mention a turn, rather than all of them


def _interleave(mentions: list[Mention]) -> list[_Group]:
    """`two convs each followed by pooling` is conv, pool, conv, pool; `three blocks of conv and pool` likewise."""
    groups: list[_Group] = []
    for mention in mentions:
        before = groups[-1] if groups else None
        if before and mention.joined == "each":
            count = max(m.total or 1 for m in before.mentions)
            mention.count = mention.count if mention.listed else count
            before.mentions.append(mention)
            before.times, before.by_turn = count, True
        elif before and mention.joined == "block":
            if len(before.mentions) == 1:
                before.times = before.mentions[0].block_times or 1
            before.mentions.append(mention)
            before.by_turn = any(m.listed for m in before.mentions)
        else:
            groups.append(_Group([mention]))
    for i, mention in enumerate(mentions):
        if mention.repeat_run > 1:
            _repeat_run(groups, mentions[: i + 1], mention.repeat_run)
    return groups


def _repeat_run(groups: list[_Group], told: list[Mention], times: int) -> None:
    """`a conv and a pooling layer, repeated twice`: the run of convolutions and poolings up to here, that often."""
    run: list[Mention] = []
    for mention in reversed(told):
        if mention.kind not in {"conv", "pool", "norm", "dropout"} or (run and mention.kind == run[0].kind):
            break
        run.insert(0, mention)
    if len(run) < 2:
        told[-1].count = (told[-1].count or 1) * times
        return
    at = next(i for i, group in enumerate(groups) if group.mentions == [run[0]])
    groups[at : at + len(run)] = [_Group(run, times)]


def _layers_of(mention: Mention, sentence: str, conflicts: list[str], inexact: set[str]) -> list[Layer]:
    """The layers of one mention: count and lists brought together, contradictions between them noted."""
    listed = mention.listed
    count = mention.count
    said = sentence[mention.start : mention.end]
    name = f"{mention.kind if mention.kind != 'dense' else 'hidden'} layers"
    if count is not None and listed > 1 and count != listed:
        conflicts.append(f"the sentence says {count} {name} but gives {listed} sizes ('{said}')")
    total = listed if listed > 1 else count if count is not None else 1
    if count is None and listed <= 1 and mention.plural and mention.kind not in {"input", "output", "embedding"}:
        inexact.add(mention.kind)
    if count == 0:
        conflicts.append(f"the sentence asks for 0 {name} ('{said}')")
    layers = []
    for i in range(min(total, 200)):

        def pick(values: list[int], index: int = i) -> int | None:
            return values[min(index, len(values) - 1)] if values else None

        layers.append(
            Layer(
                mention.kind,
                pick(mention.sizes),
                pick(mention.kernels),
                pick(mention.filters),
                pick(mention.heads),
                pick(mention.sides),
                said,
                (mention.start, mention.end),
            )
        )
    return layers


def _roles_apart(layers: list[Layer], conflicts: list[str], lowered: str) -> list[Layer]:
    """Input first, output last; of several mentions of a role the one with a number counts, two numbers are a conflict."""
    roles: dict[str, list[Layer]] = {"input": [], "output": []}
    body = [layer for layer in layers if layer.kind not in roles]
    for kind, found in roles.items():
        for layer in (layer for layer in layers if layer.kind == kind):
            value = layer.size if layer.size is not None else layer.side
            if value is None and any(o for o in layers if o.kind == kind and o is not layer):
                continue
            if all((other.size, other.side) != (layer.size, layer.side) for other in found):
                found.append(layer)
        values = [layer.size for layer in found if layer.size is not None]
        several = re.search(r"\b(two|second|both|other|another|three|multi|auxiliary)\b", lowered) or len(body) == 0
        if len(values) > 1 and not several and "from" not in lowered:
            conflicts.append(f"the sentence gives the {kind} as both {values[0]} and {values[1]}")
    return roles["input"] + body + roles["output"]


def _family(lowered: str, layers: list[Layer], reading: Reading, sentence: str, mentioned: frozenset[str]) -> str:
    """`network`, `flowchart`, or `unknown` where the sentence could be either."""
    strong = sum(layer.kind not in {"input", "output", "embedding", "encoder", "decoder"} for layer in layers)
    sized = sum(any((layer.size, layer.side, layer.kernel, layer.filters, layer.heads)) for layer in layers)
    flow = sum(word in words.FLOW_WORDS for word in re.findall(r"[a-z]+", lowered))
    lines = re.findall(r"^\s*[-*•]\s+\S", sentence, re.MULTILINE)
    if reading.chain or "unet" in mentioned:
        return "network"
    if len(lines) >= 2 and sized == 0:
        return "flowchart"
    if sized >= 1 and (strong + sized >= 2) and flow <= 1 + sized:
        return "network"
    if strong >= 2 and flow <= 1:
        return "network"
    return "flowchart" if flow >= 1 and not sized else "unknown" if (strong or layers) else "flowchart"
