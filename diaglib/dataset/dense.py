"""Fully connected networks and the many ways people state their sizes.

Used by notebook 02. Conventions: input, hidden layers and output are always there; a size that is not stated is None;
activations, optimisers, tasks and data set names are said and ignored.
"""

from __future__ import annotations

import random

from diaglib.dataset.phrases import article, ways
from diaglib.dataset.published_networks import published_dense
from diaglib.dataset.words import OPENERS, layer_size, plural, say_list, say_number, spell
from diaglib.diagram.plan import Plan, PlanNode

FAMILY = "dense"

NAMES = (
    "model", "DL model", "ML model", "NN", "NN model", "neural net", "neural network", "network", "deep learning model",
    "machine learning model", "MLP", "multilayer perceptron", "multi-layer perceptron", "feedforward network",
    "feed-forward neural network", "dense network", "fully connected network", "fully-connected net", "FC network", "DNN",
    "deep neural network", "perceptron", "net", "ANN", "artificial neural network", "classifier", "regressor",
    "regression network", "feed forward net", "dense neural net", "simple network", "small MLP", "tiny neural net",
    "basic neural network", "vanilla neural network",
)  # fmt: skip
LINKERS = (
    " with ", " with ", " of ", " consist of ", " consists of ", " consisting of ", " has ", " that has ", " having ", ": ",
    " which has ", " composed of ", " made of ", " made up of ", " containing ", " that contains ", " including ", ", ", " - ",
    " using ", " built from ",
)  # fmt: skip
UNITS = ("nodes", "nodes", "nodes", "units", "neurons", "elements", "cells", "perceptrons", "features", "values")
HIDDEN = (
    "hidden",
    "hidden",
    "hidden",
    "intermediate",
    "mid",
    "middle",
    "inner",
    "fully connected",
    "dense",
    "FC",
    "fully-connected",
    "linear",
)
NOISE = (
    " with ReLU activations", " using relu", ", trained with Adam", " for MNIST", " for digit classification",
    " to predict house prices", " for regression", ", ReLU in between", " with sigmoid activation", " and softmax at the end",
    ", learning rate 0.001", " for 20 epochs", " for tabular data", " to classify flowers", " (tanh)", ", cross entropy loss",
    " with batch size 64", " for a beginner tutorial", " for my lecture", " in a clean style", ", left to right",
    " as a diagram", " please", ", thanks", " trained for 100 epochs with a learning rate of 0.01", " for credit scoring",
    " for the iris data set", " using He initialization", " for the XOR problem", ", no bias", " as simple as possible",
)  # fmt: skip


_WOVEN = ways(
    "{middle} connect {first} to {last} | {middle} between {first} and {last} | from {first} to {last} through {middle} |"
    "{first} go through {middle} to reach {last} | {last} computed from {first} by {middle} | {middle}, {first}, {last} |"
    "{last}. {first}. between them {middle} | {first}. {middle}. {last} | map {first} to {last} with {middle} |"
    "{first} feed {middle}, and these feed {last} | {middle} take {first} and give {last} |"
    "{first} at the bottom, {last} at the top, {middle} in the middle | take {first}, apply {middle}, and output {last} |"
    "{last} on top of {middle} on top of {first} | a network from {first} to {last} using {middle} |"
    "{middle} sit between {first} and {last} | {last}, {middle}, {first}"
)
_MORE = ("another", "one more", "then one", "one", "then")


def sample(rng: random.Random) -> tuple[str, Plan]:
    """A sentence and its chain of layers."""
    narrow = rng.random() < 0.5
    high = 16 if narrow else 4096
    inputs, outputs = layer_size(rng, 1, high), layer_size(rng, 1, 12 if rng.random() < 0.7 else high)
    count = rng.choice((0, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 6)) if rng.random() < 0.97 else rng.randint(7, 12)
    hidden = [layer_size(rng, 1, high) for _ in range(count)]
    if count > 1 and (rng.random() < 0.15 or count > 6):
        hidden = [hidden[0]] * count
    roll = rng.random()
    known_input = True
    if roll < 0.25 and count:
        sentence = published_dense(rng, inputs, hidden, outputs)
    elif roll < 0.38:
        sentence = _terse(rng, inputs, hidden, outputs)
    else:
        known_input = rng.random() < 0.96
        sentence = _free(rng, inputs if known_input else None, hidden, outputs)
    layers = [PlanNode(0, "input", size=inputs if known_input else None)]
    layers += [PlanNode(0, "dense", size=size) for size in hidden]
    return sentence, Plan.chain([*layers, PlanNode(0, "output", size=outputs)])


def _terse(rng: random.Random, inputs: int, hidden: list[int], outputs: int) -> str:
    sizes = list(map(str, [inputs, *hidden, outputs]))
    mark = rng.choice(("-", "-", " - ", " -> ", "->", " → ", "/", "x", ", ", " > ", " : ", " → ", " to "))
    body = mark.join(sizes)
    if mark in ("x", ", ", "/") or rng.random() < 0.3:
        body = rng.choice(
            ("[{}]", "({})", "layers {}", "layer sizes {}", "sizes: {}", "layers: [{}]", "{} units", "with {} nodes")
        ).format(body)
    name = rng.choice(NAMES)
    order = rng.choice(
        ("{n} {b}", "{b} {n}", "a {b} {n}", "{n} with layers {b}", "{n}: {b}", "{n} {b}", "{n} with {b} nodes", "{n} of {b}")
    )
    return rng.choice(OPENERS) + order.format(n=name, b=body) + (rng.choice(NOISE) if rng.random() < 0.15 else "")


def input_phrase(rng: random.Random, size: int | None) -> str:
    if size is None:
        return rng.choice(("an input layer", "an input", "some inputs"))
    n, unit = say_number(rng, size), _unit(rng, size)
    return rng.choice((
        f"{n} {plural('input', size)}", f"{n} {plural('input', size)}", f"{n} input {unit}", f"{n} input {unit}",
        f"{n} input {unit}", f"an input layer of {n}", f"an input layer of {n} {unit}", f"an input layer with {n} {unit}",
        f"input layer with {n} {unit}", f"input layer of size {n}", f"an input of size {n}", f"input size {n}",
        f"input dimension {n}", f"{article(n)}-dimensional input", f"{n} {unit} in the input layer",
        f"{n} {unit} at the input", f"inputs: {n}", f"input: {n}", f"{n} input features", f"{n} features as input", f"{n} in",
        f"{n} {unit} as input", f"input has {n} {unit}", f"the input layer has {n} {unit}", f"input ({n})",
        f"{n} input variables", f"the first layer has {n} {unit}", f"{n} incoming {unit}", f"{n} entry {unit}",
        f"input of {n}", f"inputs of {n}", f"an input of {n} {unit}", f"the input is {n}-dimensional", f"{n} input values",
        f"given {n} {unit}", f"reads {n} values", f"input dimension is {n}", f"starts with {n} {unit}",
        f"starting from {n} {plural('input', size)}", f"{n} measured values", f"{n} predictors", f"input layer ({n})",
        f"Inputs: {n}", f"inputs ({n})", f"{n} sensor readings as input", f"{n} measurements in",
        f"input vector of length {n}", f"in={n}", f"takes {n} {unit}", f"takes {n} inputs",
    ))  # fmt: skip


def output_phrase(rng: random.Random, size: int) -> str:
    n, unit = say_number(rng, size), _unit(rng, size)
    if size == 1 and rng.random() < 0.4:
        n = rng.choice(("a single", "one", "a", "just one", "only one", "1"))
    bare = n.removeprefix("a ")
    return rng.choice((
        f"{n} {plural('output', size)}", f"{n} {plural('output', size)}", f"{n} output {unit}", f"{n} output {unit}",
        f"{n} output {unit}", f"an output layer of {bare}", f"an output layer of {bare} {unit}",
        f"an output layer with {n} {unit}", f"output layer with {n} {unit}", f"output layer of size {bare}",
        f"an output of size {bare}", f"output size {bare}", f"output dimension {bare}", f"{n} {unit} in the output layer",
        f"{n} {unit} at the output", f"outputs: {bare}", f"output: {bare}", f"{n} output {plural('class', size)}",
        f"{n} {plural('class', size)}", f"{n} {unit} as output", f"output has {n} {unit}", f"the output layer has {n} {unit}",
        f"output ({bare})", f"{n} out", f"a softmax over {bare} {plural('class', size)}", f"{n} target {unit}",
        f"a final layer of {bare}", f"{n} {unit} at the end", f"the last layer has {n} {unit}",
        f"{n} {plural('prediction', size)}", f"{n} output {plural('label', size)}", f"output of {bare}",
        f"predicts {n} {plural('class', size)}", f"one of {bare} classes", f"{n} categories", f"{n} probabilities",
        f"output layer ({bare})", f"ends with {n} {unit}", f"output dimension is {bare}",
        f"produces {n} {plural('value', size)}", f"finish with {n} {plural('output', size)}", f"Outputs: {bare}",
        f"outputs ({bare})", f"{n} {plural('target', size)}", f"predicting {n} {plural('value', size)}",
        f"{n} output {plural('element', size)}", f"out={bare}", f"ending in {n} {unit}", f"finally {n} {unit}",
        f"{n} final {unit}",
    ))  # fmt: skip


def hidden_phrase(rng: random.Random, sizes: list[int], words: float = 0.25) -> str:
    count = len(sizes)
    place = rng.choice(HIDDEN)
    said = [say_number(rng, size, words) for size in sizes]
    listed = say_list(rng, said)
    unit = _unit(rng, 2)
    how_many = say_number(rng, count, 0.5)
    if count == 1:
        n, one = said[0], _unit(rng, sizes[0])
        a = rng.choice(("a", "one", "1", "a single"))
        return rng.choice((
            f"{a} {place} layer of {n}", f"{a} {place} layer of {n} {one}", f"{a} {place} layer with {n} {one}",
            f"{n} {place} {one}", f"{n} {one} in the {place} layer", f"{a} {place} layer ({n} {one})", f"{place} layer: {n}",
            f"{place} layer of size {n}", f"{place} layer has {n} {one}", f"{n} {one} in {a} {place} layer",
            f"{a} layer of {n} {place} {one}", f"{n} {place} {one} in one layer", f"{article(n)}-unit {place} layer",
            f"{article(n)}-node {place} layer", f"{n} {one} in between", f"{n} {one} in the middle", f"{place}({n})",
            f"{place}: one layer with {n} {one}", f"one {place} layer and it has {n} {one}", f"h1={n}", f"{place} layer ({n})",
            f"there is one {place} layer with {n} {one}", f"{place} layer 1 ({n})", f"{place} size {n}", f"{place} {n}",
            f"the {place} layer has {n} {one}", f"{n} {place}",
        ))  # fmt: skip
    if len(set(sizes)) == 1 and rng.random() < 0.75:
        n = said[0]
        return rng.choice((
            f"{how_many} {place} layers of {n} {unit}", f"{how_many} {place} layers of {n}",
            f"{how_many} {place} layers with {n} {unit} each", f"{how_many} {place} layers, each with {n} {unit}",
            f"{how_many} {place} layers each of size {n}", f"{how_many} {place} layers ({n} {unit} each)",
            f"{n} {unit} in each of {how_many} {place} layers", f"{n} {unit} in each of the {how_many} {place} layers",
            f"{how_many} times {n} {place} {unit}", f"{how_many} {place} layers having {n} {unit}",
            f"{how_many} layers of {n} {place} {unit}", f"{how_many} x {place} layer of {n} {unit}",
            f"{how_many} equal {place} layers of {n}", f"{how_many} identical {place} layers with {n} {unit}",
            f"{how_many} {n}-unit {place} layers", f"{how_many} {n}-node {place} layers",
            f"{place} layers of {n} {unit}, {how_many} of them", f"{place} layers: {how_many} (each {n} wide)",
            f"{how_many} {place} layers, {n} wide", f"{place}: {how_many} layers with {n} {unit} each", f"{place} {n} x {count}",
            f"{how_many} {place} layers that have {n} {unit} each", f"{how_many} {place} layers with {n} {unit} apiece",
            ", ".join(f"h{i + 1}={n}" for i in range(count)), f"{place} layers: " + ", ".join([n] * count),
            f"{place} layers of " + say_list(rng, [n] * count), ", ".join(f"{place} layer {i + 1} ({n})" for i in range(count)),
        ))  # fmt: skip
    ordinals = ("first", "second", "third", "fourth", "fifth", "sixth")
    options = [
        f"{place} layers of {listed}", f"{place} layers of {listed} {unit}", f"{place} layers with {listed} {unit}",
        f"{listed} {place} {unit}", f"{listed} {unit} in the {place} layers", f"{how_many} {place} layers of {listed} {unit}",
        f"{how_many} {place} layers of {listed}", f"{how_many} {place} layers with {listed} {unit}",
        f"{how_many} {place} layers ({listed})", f"{place} layers: {listed}", f"{place} layers ({listed} {unit})",
        f"{listed} {unit} in each of the {how_many} {place} layers", f"{place} layer sizes {listed}",
        f"{how_many} {place} layers, {listed}", f"{how_many} {place} layers having {listed} {unit}", f"{place} sizes {listed}",
        f"{listed} {unit} in {how_many} {place} layers", f"{how_many} {place} layers sized {listed}",
        f"{listed} in the {place} layers", f"{how_many} {place} layers: {listed}", f"{place} layers of sizes {listed}",
        f"{place}: {listed}", f"{place}: {how_many} layers with {listed} {unit}", f"layers of {listed} {unit}",
        ", ".join(f"h{i + 1}={n}" for i, n in enumerate(said)), f"layers of {listed} {place} {unit}",
        ", ".join(f"{place} layer {i + 1} ({n})" for i, n in enumerate(said)), say_list(rng, [f"a layer of {n}" for n in said]),
        f"first a layer of {said[0]} {unit}, then " + ", then ".join(f"one of {n}" for n in said[1:]),
        f"{how_many} {place} layers, {listed} {unit} wide", f"{place} layers that have {listed} {unit}",
        f"layers of {listed} {unit} that shrink step by step", f"{place} layers narrowing down through {listed} {unit}",
        f"{place} layer of " + f", {place} layer of ".join(said),
        f"{place} layers containing {listed} {unit} respectively",
        say_list(rng, [f"{article(place)} layer of {n}" for n in said]), say_list(rng, [f"{n} {place} {unit}" for n in said]),
        f"a {place} layer of {said[0]} {unit}, " + ", ".join(f"{rng.choice(_MORE)} of {n}" for n in said[1:]),
        rng.choice((" then ", ", then ", " followed by ", ", ")).join(f"{n} {unit}" for n in said) + f" in the {place} layers",
        rng.choice((" followed by ", ", then ", " plus ")).join(f"{article(place)} layer with {n} {unit}" for n in said),
    ]  # fmt: skip
    if count <= len(ordinals):
        options += [
            say_list(rng, [f"{n} {unit} in the {ordinals[i]} {place} layer" for i, n in enumerate(said)]),
            ", ".join(f"the {ordinals[i]} {place} layer has {n} {unit}" for i, n in enumerate(said)),
            say_list(rng, [f"{n} {unit} in {place} layer {i + 1}" for i, n in enumerate(said)]),
        ]
    return rng.choice(options)


def _unit(rng: random.Random, size: int) -> str:
    unit = rng.choice(UNITS)
    return unit[:-1] if size == 1 and rng.random() < 0.85 else unit


def _free(rng: random.Random, inputs: int | None, hidden: list[int], outputs: int) -> str:
    first, last = input_phrase(rng, inputs), output_phrase(rng, outputs)
    name = rng.choice(NAMES)
    if len(hidden) > 1 and rng.random() < 0.08:
        name = (
            f"{rng.choice((str(len(hidden) + 1), spell(len(hidden) + 1)))}-layer {name}" if rng.random() < 0.5 else f"deep {name}"
        )
    subject = (
        rng.choice(OPENERS)
        + rng.choice((article(name), article(name), name, f"the {name}", f"this {name}", f"my {name}"))
        + rng.choice(LINKERS)
    )
    noise = rng.choice(NOISE) if rng.random() < 0.25 else ""
    if not hidden:
        middle = rng.choice(("no hidden layers", "no hidden layer", "nothing in between", ""))
    else:
        middle = hidden_phrase(rng, hidden)
    parts = [part for part in (first, middle, last) if part]
    roll = rng.random()
    if roll < 0.5 or not hidden:
        text = subject + _join(rng, parts)
    elif roll < 0.6:
        text = subject + _list(rng, [first, last, middle])
    elif roll < 0.68:
        text = subject + _list(rng, [middle, first, last])
    elif roll < 0.74:
        text = subject + _list(rng, [last, middle, first])
    elif roll < 0.8:
        text = subject + _list(rng, [last, first, middle])
    elif roll < 0.86:
        fed = rng.choice((" fed by ", ", fed by ", " connected to ", ", which come from ", " coming from ", " on top of "))
        text = (
            subject
            + last
            + fed
            + middle
            + rng.choice((", from ", ", fed by ", ", reading from ", " fed from ", " and ", " with "))
            + first
        )
    elif roll < 0.9:
        text = subject + _backwards(rng, first, hidden, last)
    elif roll < 0.92:
        text = rng.choice(OPENERS) + _woven(rng, first, middle, last)
    elif roll < 0.95:
        end = rng.choice((". ", "; ", ". then ", ". next, "))
        text = subject + first + end + rng.choice(("it has ", "there are ", "", "we use ", "use ", "add ")) + middle + end + last
    else:
        text = rng.choice(OPENERS) + _join(rng, parts) + rng.choice((f" in {article(name)}", f" ({name})", f", {name}", ""))
    text += noise
    return text if rng.random() < 0.6 else text + rng.choice((".", "!", " .", ""))


def _woven(rng: random.Random, first: str, middle: str, last: str) -> str:
    """One sentence in which the hidden layers stand between the two ends, wherever they are told."""
    form = rng.choice(_WOVEN)
    return form.format(first=first, middle=middle, last=last)


def _backwards(rng: random.Random, first: str, hidden: list[int], last: str) -> str:
    """From the output down to the input, one layer at a time."""
    before = rng.choice((", preceded by ", " preceded by ", ", which comes after ", ", before that ", " after "))
    layers = [f"{article(rng.choice(HIDDEN))} layer of {say_number(rng, size)}" for size in reversed(hidden)]
    return before.join([last, *layers, first])


def _list(rng: random.Random, parts: list[str]) -> str:
    """Parts in any order, joined by words that claim no order."""
    comma = rng.choice((", ", ", ", "; ", " and ", " + ", " with "))
    return comma.join(parts[:-1]) + rng.choice((comma, ", and ", " and ", ", plus ")) + parts[-1]


def _join(rng: random.Random, parts: list[str]) -> str:
    comma = rng.choice(
        (", ", ", ", ", then ", " then ", " followed by ", " -> ", ", and then ", " into ", " feeding ", "; ", " and ", " + ")
    )
    last = rng.choice((comma, ", and ", " and ", " and ", " going to ", " leading to "))
    return comma.join(parts[:-1]) + (last if len(parts) > 1 else "") + parts[-1]
