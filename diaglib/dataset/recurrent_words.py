"""How recurrent, dense and output layers are named and sized in words.

Used by notebook 02 through `recurrent`. Rule: a size that is told stands in the phrase in digits or words.
"""

from __future__ import annotations

import random

from diaglib.dataset.phrases import article, counted, integer, numbers, say, show, ways

TYPES = {"rnn": "RNN", "lstm": "LSTM", "gru": "GRU"}
_BOTH_WAYS = ways("bidirectional {0} | bidirectional {0} | Bi{0} | bi-directional {0} | Bi-{0} | bi{1}")
# {n} in digits or words, {d} in digits, {u} a unit, {l} the layers; {s} and {es} for more than one
_ONE = ways(
    "a {l} layer with {n} {u} | a {l} with {n} {u} | {l}({d}) | {l} {d} | {l} ({d}) | a {d}-unit {l} | one {l} layer of size "
    "{d} |a {l} of {n} {u} | {n} {u} of {l} | a {l} layer ({d}) | {l} with hidden size {d} | a single {l} layer with {n} {u} | "
    "{d}-unit {l} |{l} layer with {n} {u} | a {l} layer of {n} {u} | {l}, {n} {u} | {l} ({n} {u}) | {l} layer {d} | a {l} "
    "layer that has {n} {u} |{l} layer: {d} | {d} {l} units | a {l} of size {n} | a {l} with hidden size {n}"
)
_SAME = ways(
    "{l} of {n} {u} | {l} with {n} {u} each | {l} of {n} {u} each | {l} with {n} {u} | {l} of size {n} | <count>x <name>({d}) |"
    "<count> x <name> {d} | {l} ({d}) | {l} with hidden size {n} | {l}, each with {n} {u} | {l}, {n} {u} each | <count> times "
    "<name>({d}) |{l} (hidden size {d}) | {l}, hidden_size={d} | {l} having {n} {u} in each"
)
_DIFFERENT = ways(
    "{l} with {r} {u} | {l} of {r} {u} | {l} of {r} | {t} layers with {r} {u} | {l} ({r}) | {l} of sizes {r} | {l}: {r} | {t} "
    "{r} |{t} layers of {r} {u} | {l} with {r} {u} respectively | {l}, sizes {r} | {t} layers {r}"
)
_OUTPUT = ways(
    "an output layer with {n} unit{s} | {n} output{s} | {n} output node{s} | output {d} | output({d}) | an output of {n} | {n} "
    "class{es} |a softmax over {n} class{es} | an output layer of {n} | an output of size {d} | a dense output layer of {d} | "
    "{n} output unit{s} |{n} output class{es} | {n} output neuron{s} | a softmax output with {n} unit{s}"
)
_DENSE = ways(
    "<a> layer of {n} | {l} {d} | {l}({d}) | {l} layer with {n} {u} | <a> layer with {n} {u} | {l} layer ({d}) | {d}-unit {l} "
    "layer |<a> layer with {n} neuron{s} | {l} layer of size {d}"
)


def type_name(rng: random.Random, kind: str, both_ways: bool) -> str:
    """The name of one layer without the word layer."""
    name = TYPES[kind]
    if both_ways:
        return rng.choice(_BOTH_WAYS).format(name, name.lower())
    return name if kind != "rnn" or rng.random() < 0.6 else rng.choice(("simple RNN", "vanilla RNN", "recurrent"))


def told(rng: random.Random, wordings: tuple[str, ...], size: int, name: str = "") -> str:
    """One of the wordings with its size (and layer name); a leading `a` becomes `an` where it must."""
    words = say(rng, size) if size <= 20 else show(rng, size)
    one = size == 1
    if one and words == "one" and rng.random() < 0.4:
        words = "a single"
    unit = rng.choice(("unit", "unit", "unit", "cell", "hidden unit", "neuron", "node")) + ("" if one else "s")
    text = rng.choice(wordings).format(n=words, d=size, u=unit, l=name, s="" if one else "s", es="" if one else "es")
    return (
        article(text[2:]) if text.startswith("a ") and not text.startswith("a single") else text.replace("of a single", "of one")
    )


def one_layer(rng: random.Random, name: str, size: int | None) -> str:
    """One layer, with its size where it is given."""
    if size is not None:
        return told(rng, _ONE, size, name)
    return rng.choice((article(f"{name} layer"), name, f"one {name} layer", article(name), f"a single {name}", f"{name} layer"))


def layer_group(rng: random.Random, name: str, sizes: list[int | None]) -> list[str]:
    """Layers of one type as one phrase, or as a phrase each."""
    count, size = len(sizes), sizes[0]
    if count == 1:
        return [one_layer(rng, name, size)]
    stacked = rng.choice(("", "", "stacked "))
    layers = counted(rng, count, f"{stacked}{name} layer" if rng.random() < 0.75 or name == "recurrent" else f"{stacked}{name}")
    if rng.random() < 0.2:
        number = say(rng, count)
        layers = rng.choice(
            (f"a stack of {layers}", f"{count}-layer {name}", article(f"{number}-layer {name}"), f"{count} x {name}")
        )
    if size is None:
        return [layers]
    if len(set(sizes)) == 1 and rng.random() < 0.85:
        return [told(rng, _SAME, size, layers).replace("<name>", name).replace("<count>", str(count))]
    if rng.random() < 0.62:
        row = numbers(rng, [size or 1 for size in sizes])
        return [
            rng.choice(_DIFFERENT).format(
                r=row, l=layers, t=name, u=rng.choice(("units", "units", "cells", "hidden units", "neurons"))
            )
        ]
    if rng.random() < 0.5:
        return [f"{name} {size}" for size in sizes]
    return [
        one_layer(rng, name, size) if i == 0 or rng.random() < 0.7 else f"another {name} of {size}"
        for i, size in enumerate(sizes)
    ]


def output_words(rng: random.Random, size: int | None) -> str:
    if size is None:
        return rng.choice(
            ("an output layer", "output", "the output", "a softmax", "an output", "the prediction", "a softmax output")
        )
    return told(rng, _OUTPUT, size)


def dense_words(rng: random.Random, size: int | None) -> str:
    word = rng.choice(("dense", "dense", "fully connected", "FC", "linear", "fully-connected"))
    a_word = "an FC" if word == "FC" else f"a {word}"
    if size is None:
        return rng.choice((f"{a_word} layer", f"{word} layer"))
    return told(rng, _DENSE, size, word).replace("<a>", a_word)


DROPOUT = (
    "dropout",
    "a dropout layer",
    "dropout 0.5",
    "dropout(0.2)",
    "dropout of 0.3",
    "a dropout layer with rate 0.5",
    "dropout (0.4)",
)
ATTENTION = (
    "attention",
    "an attention layer",
    "attention layer",
    "a self-attention layer",
    "an attention mechanism",
    "attention pooling",
)


def recurrent_layers(rng: random.Random, most: int, sized: float = 0.85) -> tuple[str, bool, list[int | None]]:
    kind = rng.choice(("lstm", "lstm", "lstm", "gru", "gru", "rnn"))
    count = min(most, rng.choice((1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 6)))
    if rng.random() > sized:
        return kind, rng.random() < 0.35, [None] * count
    sizes: list[int | None] = [integer(rng, 2, 2048) for _ in range(count)]
    if rng.random() < 0.45:
        sizes = [sizes[0]] * count
    elif rng.random() < 0.5:
        sizes.sort(key=lambda size: -(size or 0))
    return kind, rng.random() < 0.35, sizes
