"""Networks in the wording of the published data: sizes in a list, then `nodes in each of the 3 hidden layers`, then the output.

Used by notebook 02 through `dense` and `convolution`. Rule: sizes and wordings cover what is known of the published generator.
"""

from __future__ import annotations

import random

from diaglib.dataset.phrases import article
from diaglib.dataset.words import layer_size, plural
from diaglib.diagram.plan import PlanNode

SIDES = (
    28,
    32,
    48,
    56,
    64,
    96,
    100,
    112,
    128,
    160,
    192,
    200,
    224,
    227,
    240,
    256,
    299,
    300,
    320,
    384,
    416,
    448,
    512,
    600,
    640,
    768,
    1024,
)


# a network without convolutions is called a CNN too, as people do: only its layers tell what it is
NETWORK_NAMES = (
    *("model", "DL model", "ML model", "NN", "NN model", "neural net", "neural network", "deep learning model", "network"),
    *("CNN", "CNN model", "convolutional neural network", "Conv neural network", "Convolutional neural network"),
)


def head_sizes(rng: random.Random, most: int = 3) -> list[int]:
    """Sizes of the hidden layers behind the convolutions."""
    if rng.random() < 0.5:
        return sorted((2 ** rng.randint(4, 10) for _ in range(rng.randint(1, most))), reverse=True)
    return [layer_size(rng, 4, 4096) for _ in range(rng.randint(0 if most < 3 else 1, most))]


def published_dense(rng: random.Random, inputs: int, hidden: list[int], outputs: int) -> str:
    """A fully connected network."""
    name = rng.choice(NETWORK_NAMES)
    start = (
        rng.choice(("", "A ", "a "))
        + name
        + rng.choice((" with ", " of ", " consist of ", " consists of ", " that consists of "))
    )
    first = f"{inputs} input {rng.choice(('size', 'nodes', 'node', 'elements', 'layer nodes', 'neurons', 'units'))}"
    return start + first + ", " + published_head(rng, hidden, outputs)


def published_head(rng: random.Random, hidden: list[int], outputs: int) -> str:
    """Hidden layers and output in the published wording; networks with convolutions end the same way."""
    count = len(hidden)
    many = rng.choice((", ", ", ", " "))
    sizes = many.join(map(str, hidden[:-1])) + (rng.choice((many, " and ", ", and ")) if count > 1 else "") + str(hidden[-1])
    place = rng.choice(("hidden", "hidden", "intermediate", "mid", "fully connected", "dense"))
    layers = rng.choice((f"in each of the {count} {place} layers", f"in {place} layers", f"in the {place} layers",
                         f"in {count} {place} layer{rng.choice(('', 's'))}", f"in the {count} {place} layers"))  # fmt: skip
    if rng.random() < 0.08:
        layers = rng.choice((f"in the {place}s", f"in {place}s"))
    elif count == 1:
        layers = rng.choice(
            (f"in the {place} layer", f"in {place} layer", f"in 1 {place} layer", f"in each of the 1 {place} layers")
        )
    what = rng.choice(("output", "output layer")) + " " + rng.choice(("nodes", "elements", "size", "node", "units", "neurons"))
    end = rng.choice((f"{outputs} {what}", f"{outputs} {what}", f"{outputs} {plural('node', outputs)} in the output layer"))
    return f"{sizes} nodes {layers}, and {end} "


def published_cnn(rng: random.Random) -> tuple[str, list[PlanNode], set[int]]:
    """A network with convolutions: sentence, layers, and the places of layers whose map side is stated."""
    side = rng.choice(SIDES)
    layers, stated, groups = [PlanNode(0, "input", size=side)], set(), []
    at = side
    for _ in range(rng.randint(2, 7)):
        convolutions = 1 if rng.random() < 0.7 else 2
        if (at - 2 * convolutions) // 2 < 1:
            break
        group = []
        for _ in range(convolutions):
            at -= 2
            text = rng.choice(("", "", "3 x 3 ", "3x3 ", "3*3 ", "3 * 3 ")) + rng.choice(
                ("conv layer", "convolutional layer", "convolution layer")
            )
            if rng.random() < 0.2:
                text += rng.choice(
                    (f" (output is {at} x {at})", f" (output: {at} x {at} feature map)", f" (output size {at}x{at})")
                )
                stated.add(len(layers))
            layers.append(PlanNode(0, "conv", kernel=3, size=at))
            group.append(text)
        at //= 2
        average = rng.random() < 0.15
        text = rng.choice(("", "2 x 2 ", "2x2 ", "2*2 ", "2 * 2 ")) + (
            "average " if average else rng.choice(("", "", "max ", "maximum "))
        )
        text += rng.choice(("pooling layer", "pooling layer", "pooling"))
        if rng.random() < 0.05:
            text += f" (output is {at} x {at})"
            stated.add(len(layers))
        layers.append(PlanNode(0, "pool", "average pool" if average else "", kernel=2, size=at))
        groups.append([*group, text])
    if len(groups) < 2:
        return published_cnn(rng)
    pieces = []
    for i, group in enumerate(groups):
        together = rng.random() < 0.3
        link = [
            rng.choice((" and ", ", and ")) if together else rng.choice((", ", ", then ", ", and ", ", and then "))
            for _ in group[1:]
        ]
        plain = [part for part in group if "(" not in part]
        if len(group) == 3 and len(plain) == 3 and rng.random() < 0.35:  # both convolutions in one phrase
            group = [f"{rng.choice(('2', '2', 'two'))} {group[0]}s", group[2]]
            link = [rng.choice((" and a ", " and ", ", and a "))]
            together = False
        told = [(article(part) if together and rng.random() < 0.7 else part) for part in group]
        text = told[0] + "".join(mark + part for mark, part in zip(link, told[1:], strict=True))
        pieces.append((rng.choice((", ", ", then ")) if i else "") + text)
    hidden, outputs = head_sizes(rng) or [64], rng.choice((1, 2, 2, 10, layer_size(rng, 1, 1000)))
    name = rng.choice(NETWORK_NAMES)
    start = rng.choice(("", "A ")) + name + rng.choice((" with ", " of ", " consist of ", " consists of ", " that consists of "))
    first = f"{side} {rng.choice('x*')} {side} input" + rng.choice(("", " image", " image", " size", " layer"))
    text = start + first + ", " + "".join(pieces) + rng.choice((", ", ", then ")) + published_head(rng, hidden, outputs)
    layers += [PlanNode(0, "dense", size=size) for size in hidden] + [PlanNode(0, "output", size=outputs)]
    return text, layers, stated
