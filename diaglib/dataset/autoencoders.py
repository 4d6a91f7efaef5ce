"""Autoencoders, dense and convolutional: an encoder, a latent layer, the encoder mirrored.

Used by notebook 02 through `encoder_decoders`, where the conventions stand.
"""

from __future__ import annotations

import random

from diaglib.dataset.phrases import (
    ask,
    chain_plan,
    counted,
    describe,
    integer,
    numbers,
    remark,
    say,
    sequence,
    ways,
)
from diaglib.dataset.residual import SIDES
from diaglib.diagram import Plan, PlanNode

_ENCODE = ways(
    "for MNIST | for anomaly detection | for compression | for denoising | for MNIST digits | for fraud detection | for gene "
    "data |for dimensionality reduction | with ReLU | trained with MSE loss | with tanh activations | for representation "
    "learning"
)
_LATENT = ways(
    "a latent space of {n} | a bottleneck of {n} | latent dimension {n} | a {n}-dimensional latent space | latent {n} | "
    "bottleneck {n} |a code of {n} | {n} latent units | a bottleneck of {n} units | a latent layer of {n} | a latent vector of "
    "size {n} | code size {n} |a {n}-dim latent | {n} units in the bottleneck | latent dim {n} | a bottleneck layer with {n} "
    "neurons | a latent code of {n} | a {n}-unit bottleneck"
)
_HIDDEN = ways(
    "encoder layers of {f} | an encoder of {f} | encoder {f} | encoder layers {f} | hidden layers of {f} | an encoder with {f} "
    "units |dense layers of {f} | encoder sizes {f} | an encoder with layers of {f} units | {f} encoder units | dense encoder "
    "layers of {f} nodes |encoder: {f} | hidden layers {f} in the encoder"
)
_FEATURES = ways(
    "{n} inputs | an input of {n} | input {n} | {n} input nodes | {n} input features | input size {n} | input dim {n} | an "
    "input layer of {n} units |{n} input units | {n} features | an input vector of {n}"
)
_MIRROR = ways(
    "a mirrored decoder | a symmetric decoder | the decoder mirrors the encoder | decoder mirrored | the same layers reversed "
    "in the decoder |a decoder that mirrors the encoder | symmetric"
)
_AUTO = ways(
    "an autoencoder | autoencoder | a dense autoencoder | a simple autoencoder | a fully connected autoencoder | an "
    "auto-encoder | AE |a deep autoencoder | a denoising autoencoder | a variational autoencoder | a VAE | a sparse "
    "autoencoder | an MLP autoencoder"
)
_CONV = ways(
    "conv layers with {f} filters | conv stages of {f} filters | convolutions of {f} filters | {f} filters | encoder filters "
    "{f} | conv layers of {f}"
)
_CONV_HEAD = ways(
    "a convolutional autoencoder | convolutional autoencoder | a conv autoencoder | a CNN autoencoder | conv AE | a "
    "convolutional auto-encoder"
)


def sample_dense_autoencoder(rng: random.Random) -> tuple[str, Plan]:
    count = rng.choice((0, 1, 1, 2, 2, 2, 3, 3, 4))
    sizes = [integer(rng, 4, 2048) for _ in range(count)]
    if rng.random() < 0.7:
        sizes.sort(reverse=True)
    latent = integer(rng, 1, 256) if rng.random() < 0.9 else None
    features = integer(rng, 4, 4096) if rng.random() < 0.6 else None
    decoder = sizes[::-1]
    head = rng.choice(_AUTO)
    row_only = features and latent and rng.random() < 0.25
    if row_only:
        row = [features, *sizes, latent, *decoder, features]
        mark = rng.choice(("-", " -> ", "->", ", ", " - ", " → ", " "))
        text = mark.join(map(str, row))
        text = rng.choice(
            ("{h} {r}", "{h} with layers {r}", "{h}: {r}", "{h} with sizes {r}", "{h} ({r})", "{h} of {r} units")
        ).format(h=head, r=text)
        text = ask(rng, text + remark(rng, _ENCODE, 0.2))
    else:
        parts = [rng.choice(_FEATURES).format(n=say(rng, features))] if features else []
        if sizes:
            said = numbers(rng, sizes)
            prefix = counted(rng, count, "encoder layer") + " of {f}" if rng.random() < 0.2 else rng.choice(_HIDDEN)
            parts.append(prefix.format(f=said))
        parts.append(
            rng.choice(_LATENT).format(n=say(rng, latent))
            if latent
            else rng.choice(("a bottleneck", "a latent layer", "a latent space"))
        )
        roll = rng.random()
        if sizes and roll < 0.3:
            parts.append(rng.choice(_MIRROR))
        elif sizes and roll < 0.55:
            if rng.random() < 0.3:
                decoder = [integer(rng, 4, 2048) for _ in range(rng.choice((1, 2, 3)))]
            parts.append(
                rng.choice(
                    ("a decoder of {}", "decoder {}", "decoder layers of {}", "a decoder with {} units", "decoder: {}")
                ).format(numbers(rng, decoder))
            )
        if features and rng.random() < 0.25:
            parts.append(
                rng.choice(
                    ("{n} outputs", "an output of {n}", "output {n}", "{n} output nodes", "an output layer of {n}")
                ).format(n=features)
            )
        if rng.random() < 0.15 and roll >= 0.3:
            rng.shuffle(parts)
        way = rng.random()
        task = remark(rng, _ENCODE)
        if way < 0.25:
            text = ask(rng, head + task + rng.choice((": ", " with ", ", ")) + sequence(rng, parts))
        else:
            text = describe(rng, head, parts, task)
    layers: list = [("input", "input", features), *(("dense", "dense", size) for size in sizes), ("bottleneck", "latent", latent)]
    layers += [*(("dense", "dense", size) for size in decoder), ("output", "output", features)]
    return text, chain_plan(layers)


def sample_convolutional_autoencoder(rng: random.Random) -> tuple[str, Plan]:
    stages = rng.choice((1, 2, 2, 3, 3, 4))
    filters: list[int | None] = [integer(rng, 2, 512) for _ in range(stages)] if rng.random() < 0.65 else [None] * stages
    side = rng.choice((28, 32, 48, 64, 96, 100, 128, 224, 256)) if rng.random() < 0.45 else None
    if side and side < 64:
        filters = filters[:3]
        stages = len(filters)
    latent = integer(rng, 2, 1024) if rng.random() < 0.55 else None
    parts = [rng.choice(SIDES).format(s=side)] if side else []
    if filters[0]:
        row = numbers(rng, [size or 1 for size in filters])
        parts.append(rng.choice(_CONV).format(f=row))
    else:
        stage = counted(
            rng,
            stages,
            rng.choice(
                ("conv and pooling stage", "conv stage", "convolution and pooling stage", "conv + pool stage", "encoder stage")
            ),
        )
        parts.append(stage)
    if latent:
        parts.append(rng.choice(_LATENT).format(n=say(rng, latent)))
    if rng.random() < 0.4:
        parts.append(
            rng.choice(
                (
                    "a mirrored decoder",
                    "an upsampling decoder",
                    "a decoder with up-convolutions",
                    "transposed convolutions",
                    "a symmetric decoder",
                )
            )
        )
    nodes = [PlanNode(0, "input", "input image", side)]
    for size in filters:
        nodes += [PlanNode(0, "conv", filters=size), PlanNode(0, "pool")]
    nodes.append(PlanNode(0, "bottleneck", "latent", latent))
    nodes += [PlanNode(0, "upconv", filters=size) for size in reversed(filters)]
    nodes.append(PlanNode(0, "output"))
    return describe(rng, rng.choice(_CONV_HEAD), parts, remark(rng, _ENCODE)), Plan.chain(nodes)
