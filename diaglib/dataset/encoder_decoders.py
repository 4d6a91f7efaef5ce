"""Sentences and plans of nets that shrink and grow again: U-Net, autoencoders; and residual blocks.

Used by notebook 02. What a plan holds, beyond what is said:
- U-Net or an encoder-decoder of stages: input image (size = side, if said), one `down` per level (its filters),
  a bottleneck (its filters), the `up` stages with the filters mirrored, output (size = classes or channels). A number of
  levels that is not said is the number of filters told, else 4. Links down[i] -> up[L-1-i] where U-Net or skip links are said.
- autoencoder: input (size = features), dense layers, bottleneck `latent` (size = units), the dense layers mirrored unless
  the decoder is told, output (size = the input's). Convolutional: conv and pool per stage, latent, upconv mirrored
  (filters in reverse), output.
- residual: per block conv, conv, `add` with a link from where the block began; maps keep the side of the image.
"""

from __future__ import annotations

import random

from diaglib.dataset.autoencoders import sample_convolutional_autoencoder, sample_dense_autoencoder
from diaglib.dataset.phrases import (
    chain_plan,
    describe,
    finish,
    integer,
    numbers,
    remark,
    say,
    ways,
)
from diaglib.dataset.residual import SIDES, sample_residual
from diaglib.diagram import Plan, PlanNode

FAMILY = "encoder-decoder"
DEFAULT_LABELS = frozenset(
    "input,input image,output,encoder stage,decoder stage,bottleneck,latent,dense,conv,max pool,up-conv,add".split(",")
)

_SEGMENT = ways(
    "for segmentation | for medical image segmentation | for cell images | for image denoising | for tumour segmentation | for "
    "road maps |for satellite images | for depth estimation | for inpainting | with batch norm | with ReLU | for super "
    "resolution | for lung scans"
)
_UNET = ways(
    "a U-Net | U-Net | a UNet | unet | a u-net | a U-shaped network | a U-Net style network | a U-Net model | the U-Net "
    "architecture |an encoder-decoder with skip connections | a convolutional encoder-decoder with skip links | an "
    "encoder-decoder network with skip connections"
)
_PLAIN_NET = ways(
    "an encoder-decoder CNN without skip connections | a SegNet style network | a convolutional encoder-decoder | an "
    "encoder-decoder network |an encoder-decoder for segmentation | a fully convolutional encoder-decoder | an hourglass "
    "network without skips"
)
_LEVELS = ways(
    "{n} levels | {n} stages | a depth of {n} | depth {n} | {n} downsampling steps | {n} down and {n} up stages | {n} encoder "
    "and {n} decoder stages |{n} levels deep | {n} downsampling and {n} upsampling blocks | {n} resolution levels | {n} "
    "encoder stages | {n} down blocks and {n} up blocks |{n} scales | {n} encoder blocks | a {n}-level encoder | {n} steps "
    "down and {n} up | {n} stages on each side"
)
_FILTERS = ways(
    "{f} filters | filters {f} | {f} channels | feature channels {f} | filters of {f} | encoder filters {f} | encoder stages "
    "of {f} filters |down blocks with {f} channels | an encoder with {f} channels | channels: {f} | stages of {f} | {f} "
    "feature maps | widths {f} |{f} filters in the encoder | encoder {f} | down path {f} | contracting path of {f} filters"
)
_BOTTLENECK = ways(
    "a bottleneck of {b} | bottleneck {b} | a bottleneck with {b} filters | {b} in the bottleneck | {b} filters at the "
    "bottom | bottom {b} |a {b}-channel bottleneck | a bottleneck layer of {b} | {b} channels in the bottleneck | bottleneck: "
    "{b}"
)
_MASK = ways(
    "{c} output classes | {c} classes | an output mask with {c} classes | {c} output channels | an output of {c} channels | "
    "output {c} |{c} segmentation classes | a {c}-class mask | an output with {c} channels | a softmax over {c} classes"
)


def sample(rng: random.Random) -> tuple[str, Plan]:
    """A sentence about a U-Net, an autoencoder or a residual network and its plan."""
    kind = rng.random()
    make = (
        _unet
        if kind < 0.4
        else sample_dense_autoencoder
        if kind < 0.7
        else sample_convolutional_autoencoder
        if kind < 0.82
        else sample_residual
    )
    text, plan = make(rng)
    return finish(rng, text), plan


def _unet(rng: random.Random) -> tuple[str, Plan]:
    skips = rng.random() < 0.85
    levels = rng.choice((1, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 6, 7))
    style = rng.random()
    filters: list[int | None] = [None] * levels
    bottom = None
    parts: list[str] = []
    if style < 0.06:  # the one computed row: doubling is said
        first = rng.choice((8, 16, 32, 64))
        filters = [first * 2**i for i in range(levels)]
        number = say(rng, levels)
        parts = [
            number + " levels",
            rng.choice(
                (
                    f"{first} filters doubling at each level",
                    f"filters doubling from {first}",
                    f"{first} filters, doubled each time",
                )
            ),
        ]
    elif style < 0.62:
        if rng.random() < 0.6:
            first = rng.choice((4, 8, 10, 12, 16, 20, 24, 32, 48, 64))
            filters = [first * 2**i for i in range(levels)]
        else:
            filters = [integer(rng, 2, 1024) for _ in range(levels)]
        if levels > 1:
            row = numbers(rng, [size or 1 for size in filters])
            parts = [rng.choice(_FILTERS).format(f=row)]
        else:
            parts = [
                rng.choice(("one level with {} filters", "a single stage of {} filters", "1 level of {} channels")).format(
                    filters[0]
                )
            ]
        if levels > 1 and rng.random() < 0.35:
            parts.insert(rng.randint(0, 1), _levels(rng, levels))
        if rng.random() < 0.15:
            decoder = numbers(rng, [size or 1 for size in reversed(filters)]) if levels > 1 else str(filters[0])
            parts.append(
                rng.choice(
                    ("a decoder of {}", "decoder {}", "up path {}", "an expanding path of {}", "decoder filters {}")
                ).format(decoder)
            )
    elif style < 0.97:
        parts = [_levels(rng, levels)]
    else:
        levels, filters = 4, [None] * 4
    if 0.06 <= style < 0.97 and rng.random() < (0.4 if style < 0.62 else 0.15):
        bottom = integer(rng, 4, 2048)
        parts.append(rng.choice(_BOTTLENECK).format(b=bottom))
    elif parts and rng.random() < 0.15:
        parts.append(rng.choice(("a bottleneck", "a bottleneck in the middle", "bottleneck")))
    side = (
        rng.choice((32, 48, 64, 96, 128, 160, 192, 224, 256, 256, 320, 388, 400, 512, 572, 640)) if rng.random() < 0.4 else None
    )
    classes = integer(rng, 1, 40) if rng.random() < 0.3 else None
    extra = [rng.choice(SIDES).format(s=side)] if side else []
    if classes:
        extra.append(
            rng.choice(_MASK).format(c=say(rng, classes))
            if classes > 1
            else rng.choice(("one output channel", "a single output channel"))
        )
    rng.shuffle(extra)
    head = rng.choice(_UNET if skips else _PLAIN_NET)
    if skips and "skip" not in head and rng.random() < 0.3:
        extra.append(
            rng.choice(("skip connections", "skip links", "skips between encoder and decoder", "skip connections at every level"))
        )
    if rng.random() < 0.6:
        parts = extra[: len(extra) // 2] + parts + extra[len(extra) // 2 :]
    else:
        parts = parts + extra
        rng.shuffle(parts)
    if style >= 0.62 and style < 0.97 and rng.random() < 0.25 and skips:
        number = say(rng, levels)
        parts = list(extra) + ([rng.choice(_BOTTLENECK).format(b=bottom)] if bottom else [])
        head = rng.choice(
            (
                f"a {number}-level U-Net",
                f"a U-Net with {number} levels",
                f"{number}-level unet",
                f"a U-Net of depth {number}",
                f"U-Net, {number} levels",
                f"a {number} stage U-Net",
                f"a U-Net ({number} levels)",
            )
        )
    layers: list = [("input", "input image", side)]
    layers += [PlanNode(0, "down", "encoder stage", filters=size) for size in filters]
    layers.append(PlanNode(0, "bottleneck", "bottleneck", filters=bottom))
    layers += [PlanNode(0, "up", "decoder stage", filters=size) for size in reversed(filters)]
    layers.append(("output", "output", classes))
    links = [(1 + i, 2 * levels + 1 - i) for i in range(levels)] if skips else []
    return describe(rng, head, parts, remark(rng, _SEGMENT)), chain_plan(layers, links)


def _levels(rng: random.Random, levels: int) -> str:
    if levels == 1:
        return rng.choice(
            ("one level", "a single level", "depth 1", "1 stage", "one downsampling step", "one down and one up stage")
        )
    return rng.choice(_LEVELS).format(n=say(rng, levels))
