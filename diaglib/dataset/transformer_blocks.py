"""One transformer block in detail: the sub-layers in the order they are told, between input and output.

Used by notebook 02 through `transformers`. Rule: each add has a link from where its sub-layer began; heads go to the
attention and a size to the feed-forward that they are told with.
"""

from __future__ import annotations

import random

from diaglib.dataset.phrases import Layer, chain_plan, counted, describe, integer, listing, say, sequence, ways
from diaglib.diagram import Plan, PlanNode

_ATTENTION = ways(
    "multi-head attention | self-attention | multi-head self-attention | an attention layer | attention | MHA | a "
    "self-attention layer"
)
_MASKED = ways(
    "masked multi-head attention | masked self-attention | causal self-attention | masked attention | causal attention"
)
_CROSS = ways("cross attention | cross-attention | encoder-decoder attention | attention over the encoder output")
_FORWARD = ways(
    "feed-forward | a feed-forward network | feed forward | an MLP | a feedforward layer | FFN | position-wise feed-forward | MLP"
)
_ADD_NORM = ways(
    "add & norm | add and norm | add & norm | Add & Norm | add+norm | a residual add and layer norm | an add & norm layer"
)
_ADD = ways("add | residual add | a residual connection | a skip connection | residual addition | a residual add | residual")
_NORM = ways("layer norm | norm | LayerNorm | a layer normalisation | layer normalization | RMSNorm | a norm layer")
_SIZED = ways("{} of size {} | {} ({}) | {} with {} units | {} {} | {} with {} hidden units | {} of {}")
_HEADS = {
    False: ways("{p} with {c} | {p} ({d} heads) | {n}-head attention | {p} with {c} | {p}, {d} heads"),
    True: ways("{p} with {c} | {p} ({d} heads) | {n}-head masked attention | {p} with {c} | {p}, {d} heads"),
}
_NAMES = ways(
    "a transformer{r} {b} | one transformer{r} {b} | transformer{r} {b} | a single transformer{r} {b} | a single{r} {b} of a "
    "transformer |the inside of a transformer{r} {b} | a {g} {b} in detail"
)


def sample_block(rng: random.Random) -> tuple[str, Plan]:
    """A sentence and plan of one block: after-norm (add & norm), before-norm (norm, …, add), or bare."""
    style = rng.random()
    decoder = rng.random() < 0.3
    heads = rng.choice((1, 2, 4, 6, 8, 8, 12, 16)) if rng.random() < 0.5 else None
    size = integer(rng, 16, 8192) if rng.random() < 0.45 else None
    masked = decoder and rng.random() < 0.85
    label = "masked multi-head attention" if masked else "multi-head attention"
    subs: list[tuple[str, str, tuple[str, ...]]] = [("attention", label, _MASKED if masked else _ATTENTION)]
    if decoder and rng.random() < 0.5:
        subs.append(("attention", "cross attention", _CROSS))
    subs.append(("feedforward", "feed forward", _FORWARD))
    if rng.random() < 0.08:
        subs.reverse()
    adds, add_label = (_ADD_NORM, "add & norm") if style < 0.6 else (_ADD, "add")
    add_words, norm_words = rng.choice(adds), rng.choice(_NORM)
    layers: list[PlanNode | Layer] = [("input", "input", None)]
    said: list[str] = []
    skips: list[tuple[int, int]] = []
    for kind, label, words in subs:
        start = len(layers) - 1
        if 0.6 <= style < 0.9:
            layers.append(("norm", "norm", None))
            said.append(norm_words if rng.random() < 0.8 else rng.choice(_NORM))
        phrase = rng.choice(words)
        if kind == "attention" and label != "cross attention":
            layers.append(PlanNode(0, kind, label, heads=heads))
            if heads:
                count = counted(rng, heads, "head")
                phrase = rng.choice(_HEADS[masked]).format(p=phrase, c=count, d=heads, n=say(rng, heads))
        elif kind == "attention":
            layers.append((kind, label, None))
        else:
            layers.append((kind, label, size))
            phrase = rng.choice(_SIZED).format(phrase, size) if size else phrase
        said.append(phrase)
        if style < 0.9:
            layers.append(("add", add_label, None))
            skips.append((start, len(layers) - 1))
            said.append(add_words if rng.random() < 0.75 else rng.choice(adds))
    layers.append(("output", "output", None))
    role = " decoder" if decoder else rng.choice(("", " encoder", ""))
    head = rng.choice(_NAMES).format(r=role, b=rng.choice(("block", "layer", "block")), g="GPT" if decoder else "BERT")
    plan = chain_plan(layers, skips)
    way = rng.random()
    if way < 0.1 and style < 0.6 and len(subs) == 2 and subs[0][0] == "attention":
        text = describe(rng, head, [said[0], said[2]]).rstrip(".?")
        return text + rng.choice((", each followed by ", ", both followed by ", ", each with ")) + add_words, plan
    if way < 0.45:
        shape = rng.choice(("{}: {}", "{} -- {}", "{}, {}", "draw {}: {}", "Draw {}. {}", "{} in order: {}"))
        return shape.format(head, sequence(rng, said)), plan
    if way < 0.55:
        return sequence(rng, said), plan
    joint = rng.choice(
        (" with ", " consisting of ", " made of ", " that has ", ": ", " containing ", " with the sublayers ", " composed of ")
    )
    shape = rng.choice(("draw {}", "{}", "Please draw {}.", "show {}", "I need {}", "{}."))
    return shape.format(head + joint + listing(rng, said)), plan
