"""Convolutional networks: the published wording, and the ways people say convolutions, poolings and what follows.

Used by notebook 02. Conventions: convolutions are 3x3 and unpadded, poolings 2x2 and maximum, unless said otherwise; map sides
follow from the input and are part of the plan only where the sentence states them; activations and tasks are ignored.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from diaglib.dataset import dense
from diaglib.dataset.convolution_terse import terse_cnn
from diaglib.dataset.phrases import article
from diaglib.dataset.published_networks import SIDES, head_sizes, published_cnn
from diaglib.dataset.words import OPENERS, layer_size, log_uniform, plural, say_list, say_number, spell
from diaglib.diagram.plan import Plan, PlanNode

FAMILY = "cnn"

_NAMES = (
    "CNN", "CNN", "convnet", "convolutional neural network", "convolutional network", "conv net", "CNN model", "ConvNet",
    "image classifier", "model", "DL model", "NN model", "neural net", "deep learning model", "network", "LeNet-like network",
    "VGG-style network", "small CNN", "vision model", "2D CNN",
)  # fmt: skip
_KEEPS = {
    "flatten": ("flatten", "flattening", "a flatten layer", "flatten layer", "flattened"),
    "dropout": ("dropout", "a dropout layer", "dropout layer", "then dropout"),
    "norm": ("batch norm", "batch normalization", "a batch normalization layer", "batchnorm", "BN", "a batch norm layer"),
}  # fmt: skip


def sample(rng: random.Random) -> tuple[str, Plan, frozenset[int]]:
    """A sentence, its chain of layers, and the ids of the layers whose map side the sentence states."""
    for _ in range(50):
        sentence, layers, stated = rng.choices((published_cnn, terse_cnn, _free), (0.35, 0.2, 0.45))[0](rng)
        plan = Plan.chain(layers)
        if not plan.problems():
            return sentence, plan, frozenset(stated)
    raise RuntimeError("no network with maps of at least one pixel in 50 tries")


def _by(rng: random.Random, side: int | str) -> str:
    return rng.choice((
        f"{side}x{side}", f"{side}x{side}", f"{side} x {side}", f"{side} x {side}", f"{side}*{side}", f"{side} * {side}",
        f"{side}×{side}", f"{side} by {side}", f"{side} × {side}", f"{side}X{side}",
    ))  # fmt: skip


def _free(rng: random.Random) -> tuple[str, list[PlanNode], set[int]]:
    side = rng.choice(SIDES) if rng.random() < 0.8 else log_uniform(rng, 16, 1000)
    known = rng.random() < 0.9
    body_text, body, stated = _body(rng, side if known else None)
    hidden, outputs = head_sizes(rng, 2), layer_size(rng, 1, 1000)
    tail: list[tuple[str, list[PlanNode]]] = []
    if rng.random() < 0.12:
        pool = rng.choice(("global average pooling", "a global average pooling layer", "global avg pooling"))
        tail.append((pool, [PlanNode(0, "pool", "global average pool")]))
        hidden = hidden[:1] if rng.random() < 0.4 else []
    for kind, chance in (("flatten", 0.22), ("dropout", 0.06)):
        if rng.random() < chance:
            tail.append((rng.choice(_KEEPS[kind]), [PlanNode(0, kind)]))
    if hidden:
        tail.append((dense.hidden_phrase(rng, hidden, 0.12), [PlanNode(0, "dense", size=size) for size in hidden]))
        if rng.random() < 0.08:
            tail.append((rng.choice(_KEEPS["dropout"]), [PlanNode(0, "dropout")]))
    first, last = _input(rng, side if known else None), dense.output_phrase(rng, outputs)
    layers = [PlanNode(0, "input", size=side if known else None), *body]
    stated = {i + 1 for i in stated}
    layers += [node for _, nodes in tail for node in nodes] + [PlanNode(0, "output", size=outputs)]
    name = rng.choice(_NAMES)
    roll = rng.random()
    parts = [body_text, *(text for text, _ in tail)]
    subject = rng.choice(OPENERS) + rng.choice((article(name), article(name), name, f"the {name}")) + rng.choice(dense.LINKERS)
    if roll < 0.62:
        text = subject + _join(rng, [first, *parts, last])
    elif roll < 0.7:
        takes = rng.choice(("for", "on", "that takes", "taking", "working on", "over"))
        text = f"{rng.choice(OPENERS)}{article(name)} {takes} {first}: {_join(rng, [*parts, last])}"
    elif roll < 0.78:
        text = (
            subject
            + _join(rng, [*parts, last])
            + rng.choice((", the input is ", ", on ", ", for ", ". input: ", ", applied to ", " for "))
            + first
        )
    elif roll < 0.86:
        text = (
            subject
            + last
            + rng.choice((" and ", ", ", "; "))
            + first
            + rng.choice((", with ", ", in between ", "; it uses ", ". it has "))
            + _join(rng, parts)
        )
    elif roll < 0.93:
        steps = [first, *parts, last]
        mark = rng.choice(("\n- ", "\n* ", "\n"))
        text = subject.rstrip(" ,:-") + ":" + "".join(mark + step for step in steps)
    else:
        text = rng.choice(OPENERS) + rng.choice((" -> ", "->", " → ", " | ", " > ", " => ")).join([first, *parts, last])
    noise = rng.choice(dense.NOISE) if rng.random() < 0.2 else ""
    return (
        text
        + noise
        + rng.choice(
            ("", "", "."),
        ),
        layers,
        stated,
    )


def _input(rng: random.Random, side: int | None) -> str:
    if side is None:
        return rng.choice(("an input image", "an image", "input image", "images", "the input"))
    s = _by(rng, say_number(rng, side, 0.06))
    n = rng.choice((" RGB", " grayscale", " grey", " color", " colour", "", "", "", "", ""))
    return rng.choice((
        f"{s} input", f"{s} input", f"{s}{n} input image", f"{s}{n} image", f"{s}{n} images", f"a {s} input",
        f"a {s}{n} image", f"an input of {s}", f"an input image of {s}", f"an input of size {s}", f"input size {s}",
        f"input {s}", f"{s} pixel input", f"{s} pixels", f"an input image of size {s} pixels", f"{s}{n} images as input",
        f"{s} input layer", f"input of {s}", f"input: {s}", f"input image {s}", f"a {side} pixel square input",
        f"a square input of {side} pixels", f"{side}px square images", f"takes {s}{n} images",
        f"input shape {side}x{side}x{rng.choice((1, 3))}", f"{side}x{side}x{rng.choice((1, 3))} input",
    ))  # fmt: skip


def _body(rng: random.Random, side: int | None) -> tuple[str, list[PlanNode], set[int]]:
    """The convolutional part: words, layers, and which of them have a stated map side."""
    roll = rng.random()
    if roll < 0.14:
        return (*_repeated(rng), set())
    if roll < 0.22:
        return (*_each_followed(rng), set())
    pieces, layers, stated = [], [], set()
    at = side
    largest = side if side is not None and rng.random() < 0.15 else 0  # 0: the sentence states no map sides
    for _ in range(rng.choice((1, 1, 2, 2, 2, 3, 3, 4, 5))):
        count = rng.choice((1, 1, 1, 2, 2, 3))
        text, convs = _conv(rng, count)
        for node in convs:
            at = None if at is None else at - (node.kernel or 3) + 1
        pieces.append(text)
        layers += convs
        if largest and count == 1 and at is not None and at > 2 and rng.random() < 0.6:
            if rng.random() < 0.4:
                at = rng.choice((at, largest, log_uniform(rng, 4, largest)))
            layers[-1] = replace(layers[-1], size=at)
            stated.add(len(layers) - 1)
            pieces[-1] += rng.choice((
                f" (output is {_by(rng, at)})", f" (output {_by(rng, at)})", f" giving {_by(rng, at)} maps",
                f" to {_by(rng, at)}", f" with {_by(rng, at)} output", f" with {_by(rng, at)} feature maps",
                f" ({_by(rng, at)} feature map)",
            ))  # fmt: skip
        if rng.random() < 0.06:
            pieces.append(rng.choice(_KEEPS["norm"]))
            layers.append(PlanNode(0, "norm"))
        if rng.random() < 0.75:
            text, pool = _pool(rng)
            at = None if at is None else at // (pool.kernel or 2)
            pieces.append(text)
            layers.append(pool)
    return _join(rng, pieces), layers, stated


def _conv(rng: random.Random, count: int) -> tuple[str, list[PlanNode]]:
    """`count` convolutions in one phrase, kernel and filters where they are said."""
    kernel = rng.choice((3, 3, 3, 3, 3, 5, 5, 7, 1, 9, 11)) if rng.random() < 0.75 else None
    filters = [layer_size(rng, 1, 2048) for _ in range(count)] if rng.random() < 0.35 else None
    if filters and rng.random() < 0.5:
        filters = [filters[0]] * count
    name = rng.choice(
        ("conv layer", "convolutional layer", "convolution layer", "convolution", "conv", "conv2d", "conv2d layer", "CONV layer")
    )
    n = rng.choice((f"{count}", spell(count), spell(count))) if count > 1 else rng.choice(("a", "a", "one", "1", "a single", ""))
    n = "a pair of" if count == 2 and rng.random() < 0.1 else "a couple of" if count == 2 and rng.random() < 0.05 else n
    k = _by(rng, kernel) if kernel else ""
    name = plural(name, count) if not name.endswith(("conv", "2d")) or rng.random() < 0.5 else name
    text = f"{n} {k} {name}".replace("  ", " ").strip()
    if kernel and rng.random() < 0.25:
        text = f"{n} {name}".strip() + rng.choice((
            f" with {k} {plural('kernel', 2)}", f" of {k}", f" ({k})", f" with kernel size {kernel}",
            f" with {article(k)} kernel", f" using {k} filters", f" with {k} filters", f" (kernel {kernel})", f" {k}",
            f" of size {k}", f", {k}",
        ))  # fmt: skip
    if filters:
        listed = say_list(rng, [say_number(rng, value, 0.1) for value in (filters[:1] if len(set(filters)) == 1 else filters)])
        many = plural(rng.choice(("filter", "channel", "kernel", "feature map", "output channel")), 1 if filters == [1] else 2)
        each = rng.choice(("", " each")) if count > 1 and len(set(filters)) == 1 else ""
        text += rng.choice((
            f" with {listed} {many}{each}", f" with {listed} {many}{each}", f" of {listed} {many}{each}",
            f" ({listed} {many}{each})", f", {listed} {many}{each}", f" having {listed} {many}{each}",
        ))  # fmt: skip
    nodes = [PlanNode(0, "conv", kernel=kernel or 3, filters=filters[i] if filters else None) for i in range(count)]
    return text, nodes


def _pool(rng: random.Random) -> tuple[str, PlanNode]:
    window = rng.choice((2, 2, 2, 2, 3, 4)) if rng.random() < 0.65 else None
    average = rng.random() < 0.2
    name = (
        rng.choice(("average ", "avg ", "mean ")) if average else rng.choice(("", "", "max ", "max ", "max-", "maximum ", "max"))
    )
    name += (
        rng.choice(("pooling", "pooling layer", "pooling layer", "pool", "pool layer"))
        if name != "max"
        else rng.choice(("pooling", "pool", "pooling layer"))
    )
    k = _by(rng, window) if window else ""
    text = f"{rng.choice(('a', 'a', '', '', 'one', '1'))} {k} {name}".replace("  ", " ").strip()
    if window and rng.random() < 0.2:
        text = name + rng.choice(
            (f" {k}", f" ({k})", f" of {k}", f" with {article(k)} window", f" with window {window}", f" of size {window}")
        )
    elif rng.random() < 0.06:
        text = rng.choice(("subsampling", "downsampling", "a pooling step"))
        return text, PlanNode(0, "pool", kernel=2)
    return text, PlanNode(0, "pool", "average pool" if average else "", kernel=window or 2)


def _repeated(rng: random.Random) -> tuple[str, list[PlanNode]]:
    """Blocks of the same layers: `three blocks of two 3x3 convs and a max pooling`."""
    count = rng.choice((2, 2, 3, 3, 3, 4, 5))
    text, convs = _conv(rng, rng.choice((1, 1, 2)))
    pool_text, pool = _pool(rng)
    n = rng.choice((str(count), spell(count)))
    inner = text + rng.choice((" and ", " followed by ", " then ", " plus ", ", ", "-", " + ")) + pool_text
    told = rng.choice((
        f"{n} blocks of {inner}", f"{n} blocks, each with {inner}", f"{n} times {inner}", f"{inner}, repeated {n} times",
        f"({inner}) x {count}", f"({inner}) x{count}", f"{n} stages of {inner}", f"{n} blocks each consisting of {inner}",
        f"{n} x ({inner})", f"{n} repetitions of {inner}", f"{inner}, {n} times", f"{n} blocks ({inner})",
        f"{n} groups of {inner}", f"alternating {inner}, {n} times", f"{inner} alternating {n} times",
        f"{n} ({inner}) blocks", f"{n} layers of {inner}",
    ))  # fmt: skip
    return told, [*convs, pool] * count


def _each_followed(rng: random.Random) -> tuple[str, list[PlanNode]]:
    """`three 3x3 conv layers, each followed by 2x2 max pooling`."""
    text, convs = _conv(rng, rng.choice((2, 2, 3, 3, 4, 5)))
    pool_text, pool = _pool(rng)
    link = rng.choice((", each followed by ", " each followed by ", ", each with ", " with ", ", every one followed by "))
    if link == " with ":
        pool_text += " after each"
    return text + link + pool_text, [node for conv in convs for node in (conv, pool)]


def _join(rng: random.Random, parts: Sequence[str]) -> str:
    comma = rng.choice(
        (", ", ", ", ", then ", " then ", " followed by ", ", followed by ", ", and then ", " -> ", " and ", "; ", " + ")
    )
    text = parts[0]
    for i, part in enumerate(parts[1:], 2):
        mark = comma if rng.random() < 0.75 else rng.choice((", ", " and ", " then ", ", and then ", " followed by ", ", next "))
        text += (rng.choice((mark, ", and ", " and ")) if i == len(parts) else mark) + part
    return text
