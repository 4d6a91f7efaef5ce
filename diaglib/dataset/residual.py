"""Residual networks: blocks of two convolutions and an `add` that the block's input skips to.

Used by notebook 02 through `encoder_decoders`. Rule: maps keep the side of the image; kernels are 3 where none is told.
"""

from __future__ import annotations

import random

from diaglib.dataset.phrases import (
    Layer,
    article,
    ask,
    chain_plan,
    counted,
    describe,
    integer,
    listing,
    numbers,
    remark,
    say,
    sequence,
    ways,
)
from diaglib.diagram import Plan, PlanNode

_CLASSIFY = ways(
    "for CIFAR | for image classification | with batch norm | with ReLU | for MNIST digit classification | ResNet style"
)
SIDES = ways(
    "{s}x{s} input | a {s} x {s} image | input {s}x{s} | images of {s}x{s} | {s}×{s} images | input size {s} | an input image "
    "of {s} by {s} |an input of {s}x{s} | {s} pixel images | {s}*{s} inputs | a {s}x{s} grayscale image | {s}px input"
)


def sample_residual(rng: random.Random) -> tuple[str, Plan]:
    blocks = rng.choice((1, 1, 1, 2, 2, 3, 3, 4, 5, 6, 8))
    kernel = rng.choice((None, 3, 3, 3, 5, 7))
    filters = integer(rng, 2, 1024) if rng.random() < 0.6 else None
    different = blocks > 1 and filters and rng.random() < 0.35
    row: list[int | None] = [integer(rng, 2, 1024) if different else filters for _ in range(blocks)]
    side = rng.choice((28, 32, 48, 56, 64, 96, 112, 128, 224)) if rng.random() < 0.3 else None
    classes = integer(rng, 1, 1000) if rng.random() < 0.35 else None
    times = rng.choice(("x", " x ", "×", "*"))
    window = f"{kernel}{times}{kernel} " if kernel else ""
    conv = rng.choice((f"{window}conv", f"{window}convolution", f"{window}conv layer", f"{window}convolutional layer"))
    amount = rng.choice(("{} filters", "{} channels", "{} filters")).format(filters) if filters and not different else ""
    extra = [rng.choice(SIDES).format(s=side)] if side else []
    if classes:
        extra.append(
            rng.choice(
                ("{} classes", "{} outputs", "{} output classes", "an output layer of {}", "a softmax over {} classes")
            ).format(say(rng, classes))
            if classes > 1
            else rng.choice(("one output", "a single output"))
        )
    skip = rng.choice(
        (
            "a skip connection",
            "a shortcut",
            "a residual connection",
            "add with skip",
            "a skip connection around them",
            "an identity shortcut",
        )
    )
    task = remark(rng, _CLASSIFY, 0.2)
    if blocks == 1:
        head = rng.choice(
            (
                "a residual block",
                "one residual block",
                "a ResNet block",
                "a single residual block",
                "residual block",
                "a basic ResNet block",
            )
        )
        convs = rng.choice((f"two {conv}s", f"2 {conv}s", f"two {conv}s"))
        if amount:
            convs += rng.choice((" with {} each", " of {}", " ({})", " with {}")).format(amount)
        if rng.random() < 0.35:
            one = f"{conv}{' with ' + amount if amount else ''}"
            steps = [one, one, rng.choice(("add", "add with skip connection", "add the input", "addition of the shortcut"))]
            return ask(
                rng,
                head
                + task
                + rng.choice((": ", " with ", " made of "))
                + sequence(rng, extra[:1] * bool(side) + steps + extra[bool(side) :]),
            ), _blocks(side, kernel, row, classes)
        parts = [convs, skip]
    else:
        unit = rng.choice(("residual block", "ResNet block", "residual block", "res block", "residual unit"))
        stack = counted(rng, blocks, unit)
        head = rng.choice(
            (
                f"a ResNet with {stack}",
                f"{stack}",
                f"a residual network of {stack}",
                f"a stack of {stack}",
                f"a small ResNet, {stack}",
                article(f"{say(rng, blocks)}-block ResNet"),
                f"a CNN with {stack}",
            )
        )
        parts = []
        if different:
            parts.append(
                rng.choice(("{} filters", "filters {}", "{} channels", "widths {}")).format(
                    numbers(rng, [size or 1 for size in row])
                )
            )
        elif amount:
            parts.append(rng.choice((f"{amount} each", f"{amount}", f"{amount} in every conv", f"{amount} per block")))
        if rng.random() < 0.6 or window:
            parts.append(rng.choice(("two {}s each", "two {}s per block", "2 {}s in each block")).format(conv))
        if rng.random() < 0.3:
            parts.append(rng.choice(("skip connections", "a skip connection around each block", "shortcuts")))
    parts = extra + parts if rng.random() < 0.3 else parts + extra
    if not parts:
        return ask(rng, head + task), _blocks(side, kernel, row, classes)
    if rng.random() < 0.2:
        return ask(rng, head + task + " with " + listing(rng, parts)), _blocks(side, kernel, row, classes)
    return describe(rng, head, parts, task), _blocks(side, kernel, row, classes)


def _blocks(side: int | None, kernel: int | None, row: list[int | None], classes: int | None) -> Plan:
    layers: list[PlanNode | Layer] = [PlanNode(0, "input", "input image", side)]
    skips: list[tuple[int, int]] = []
    for filters in row:
        layers += [PlanNode(0, "conv", "conv", side, kernel=kernel or 3, filters=filters)] * 2
        skips.append((len(layers) - 3, len(layers)))
        layers.append(PlanNode(0, "add", "add"))
    layers.append(PlanNode(0, "output", "output", classes))
    return chain_plan(layers, skips)
