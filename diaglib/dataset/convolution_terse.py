"""Convolutional networks as people write them in haste: layer after layer as in code, or as orders (`pool it, flatten it`).

Used by notebook 02 through `convolution`. Conventions are those of `convolution`; a last `dense 10 softmax` is the output.
"""

from __future__ import annotations

import random

from diaglib.dataset.phrases import article, listing, ways
from diaglib.dataset.published_networks import SIDES
from diaglib.dataset.words import layer_size, say_number
from diaglib.diagram.plan import PlanNode

_NAMES = ways(
    "CNN | cnn | ConvNet | convnet | conv net | convolutional network | image classifier | small CNN | MNIST CNN | net |"
    "model | LeNet style"
)
_WHOLE = ways("{1} | {0}: {1} | {0}: {1} | {0}, {1} | {0} with {1} | a {0} of {1} | draw {0}: {1} | for {0}: {1}")
_INPUT = ways("{0} input | input {0} | {0} images | {0} in | {0} input images | {0} image | {0}")
_INPUT_LAST = (", on {}", ", input {}", " for {}", ", {} input", ", applied to {}", ", with {}")
_OUTPUT = ways(
    "{n} outputs | {n} out | output {n} | softmax {n} | dense {n} softmax | Dense {n} softmax | {n} classes | {n} output nodes |"
    "output with {n} nodes | softmax over {n} classes | {n}-way softmax | {n} outputs | fc {n} output"
)
_SQUARE = ways("{0}x{0} | {0}x{0} | {0} x {0} | {0} by {0}")
_CONV = ways("conv {k} | {k} conv | conv | conv ({k})")
_NUMBERED_CONV = ways("conv{i} {k} | conv{i} ({k})")
_CONV_WITH_FILTERS = ways(
    "conv {k} with {n} filters | conv {k} ({n} filters) | Conv2D {n} filters {k} | Conv2D({n}, {k}) | a {n}-filter {k} conv |"
    "{n} filters {k} | {n} {k} filters | conv with {n} {k} filters | {k} conv, {n} filters | {k} conv x {n} filters | conv({n}) |"
    "{n} filters of {k}"
)
_NUMBERED_CONV_WITH_FILTERS = ways("conv{i} {k} with {n} filters | conv{i} {k} ({n} filters) | conv{i} with {n} {k} filters")
_POOL = ways(
    "pool | pool 2x2 | pool (2x2) | max pool | max pool 2x2 | maxpool | maxpool 2x2 | pooling | pooling 2x2 | MaxPooling2D 2x2 |"
    "MaxPool2D | 2x2 max pool | 2x2 max pooling | max pooling | 2x2 pool"
)
_NUMBERED_POOL = ways("pool{i} | pool{i} 2x2 | pool{i} 2x2 | pool{i} (2x2)")
_DENSE = ways(
    "dense {n} | fc {n} | Dense {n} | fc{i} {n} | dense({n}) | {n} hidden units | fc{i} with {n} nodes | hidden layer of {n} |"
    "dense layer {n} | FC ({n})"
)
_TIMES = ways("({0}) x {1} | ({0}) x{1} | {1} x ({0}) | [{0}] x {1} | {1} times ({0})")


def terse_cnn(rng: random.Random) -> tuple[str, list[PlanNode], set[int]]:
    """A sentence, its layers, and no stated map sides."""
    side, outputs = rng.choice(SIDES), layer_size(rng, 1, 1000)
    orders = rng.random() < 0.25
    told, layers = _orders(rng) if orders else _listed(rng)
    first = rng.choice(_INPUT).format(rng.choice(_SQUARE).format(side))
    last = rng.choice(_OUTPUT).format(n=say_number(rng, outputs, 0.1))
    joint = rng.choice((", ", ", ", " -> ", " → ", " | ", ", then ", " > "))
    if orders:
        text = f"take {article(first)}, {listing(rng, [*told, f'classify it into {outputs} classes'])}"
    elif rng.random() < 0.4:
        text = joint.join([*told, last]) + rng.choice(_INPUT_LAST).format(first)
    else:
        text = joint.join([first, *told, last])
    text = rng.choice(_WHOLE).format(rng.choice(_NAMES), text)
    return text, [PlanNode(0, "input", size=side), *layers, PlanNode(0, "output", size=outputs)], set()


def _listed(rng: random.Random) -> tuple[list[str], list[PlanNode]]:
    """`conv-conv-pool`, `(conv, pool) x 3`, or each layer with its numbers; then what follows the maps."""
    style = rng.random()
    if style < 0.15:
        names = ["conv", *(rng.choice(("conv", "conv", "pool")) for _ in range(rng.randint(1, 6)))]
        told, layers = [rng.choice(("-", "-", " - ", "+", "/")).join(names)], [PlanNode(0, name) for name in names]
    elif style < 0.27:
        count, names = rng.randint(2, 4), rng.choice((["conv", "pool"], ["conv", "conv", "pool"]))
        told = [rng.choice(_TIMES).format(rng.choice((", ", " + ", "-", " ")).join(names), count)]
        layers = [PlanNode(0, name) for name in names] * count
    else:
        told, layers = _maps(rng, numbered=rng.random() < 0.25, with_filters=rng.random() < 0.6)
    if rng.random() < 0.4:
        told.append(rng.choice(("flatten", "Flatten", "flatten layer")))
        layers.append(PlanNode(0, "flatten"))
    for number in range(1, rng.choice((0, 1, 1, 2)) + 1):
        size = layer_size(rng, 4, 4096)
        told.append(rng.choice(_DENSE).format(n=size, i=number))
        layers.append(PlanNode(0, "dense", size=size))
    return told, layers


def _maps(rng: random.Random, numbered: bool, with_filters: bool) -> tuple[list[str], list[PlanNode]]:
    """Convolutions and poolings one by one; `numbered` as conv1, pool1, conv2."""
    told: list[str] = []
    layers: list[PlanNode] = []
    convolutions = poolings = 0
    for _ in range(rng.randint(1, 4)):
        for _ in range(rng.choice((1, 1, 1, 2))):
            convolutions += 1
            kernel, filters = rng.choice((3, 3, 3, 5, 5, 7, 1)), layer_size(rng, 1, 512)
            dressed = _NUMBERED_CONV_WITH_FILTERS if numbered else _CONV_WITH_FILTERS
            form = rng.choice(dressed if with_filters else _NUMBERED_CONV if numbered else _CONV)
            window = rng.choice(_SQUARE).format(kernel)
            told.append(form.format(k=window, n=say_number(rng, filters, 0.1), i=convolutions))
            layers.append(
                PlanNode(0, "conv", kernel=kernel if "{k}" in form else None, filters=filters if with_filters else None)
            )
        if rng.random() < 0.75:
            poolings += 1
            told.append(rng.choice(_NUMBERED_POOL if numbered else _POOL).format(i=poolings))
            layers.append(PlanNode(0, "pool"))
    return told, layers


def _orders(rng: random.Random) -> tuple[list[str], list[PlanNode]]:
    """`convolve it with sixteen 3x3 filters, pool it, flatten it`."""
    told: list[str] = []
    layers: list[PlanNode] = []
    for _ in range(rng.randint(1, 3)):
        kernel, filters = rng.choice((3, 3, 5, 7)), layer_size(rng, 1, 256)
        told.append(f"convolve it with {say_number(rng, filters, 0.4)} {kernel}x{kernel} filters")
        layers.append(PlanNode(0, "conv", kernel=kernel, filters=filters))
        if rng.random() < 0.8:
            told.append(rng.choice(("pool it", "max-pool it", "pool once", "pool the result")))
            layers.append(PlanNode(0, "pool"))
    if rng.random() < 0.5:
        told.append(rng.choice(("flatten it", "flatten the result")))
        layers.append(PlanNode(0, "flatten"))
    if rng.random() < 0.4:
        size = layer_size(rng, 4, 1024)
        told.append(f"put it through a dense layer of {size}")
        layers.append(PlanNode(0, "dense", size=size))
    return told, layers
