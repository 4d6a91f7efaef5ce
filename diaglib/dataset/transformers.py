"""Transformer sentences and their plans: encoder stacks, GPT style decoders, encoder-decoders, ViT (one block: see
`transformer_blocks`).

Used by notebook 02. What a plan holds, beyond what is said:
- stack: input (size = sequence length or context, if said), embedding (size = model dimension), position (when
  mentioned), one encoder or decoder node per layer (a count that is not said is one; heads on each), norm (when a final
  norm is mentioned), output (size = classes or vocabulary). `decoder`, GPT, language model -> decoder; else encoder.
- encoder-decoder: encoders then decoders in one chain; the last encoder points to every decoder.
- ViT: input image (size = side), embedding `patch embedding` (kernel = patch side), position when mentioned, encoders.
- not drawn: feed-forward width of a stack, activations, dropout, training remarks.
"""

from __future__ import annotations

import random

from diaglib.dataset.phrases import (
    Layer,
    article,
    chain_plan,
    counted,
    describe,
    finish,
    integer,
    layer_count,
    remark,
    say,
    sequence,
    show,
    ways,
)
from diaglib.dataset.transformer_blocks import sample_block
from diaglib.diagram import Plan, PlanNode

FAMILY = "transformer"
DEFAULT_LABELS = frozenset(
    "input,input image,output,embedding,patch embedding,positional encoding,encoder block,decoder block,norm,add & norm,add,"
    "multi-head attention,masked multi-head attention,cross attention,feed forward".split(",")
)
_POSITION = ways(
    "positional encoding | positional encodings | sinusoidal positional encoding | position embeddings | a positional "
    "encoding |learned positional embeddings | position encoding | learned position embeddings | a position embedding | "
    "positional embedding"
)
_TASKS = ways(
    "for sentiment analysis | for text classification | for machine translation | for named entity recognition | for code | "
    "for chat |for time series | for summarisation | for question answering | for protein sequences | for speech | for NLP"
)
_VISION = ways(
    "for image classification | for ImageNet | on CIFAR | for X-ray images | for satellite images | for plant diseases"
)
# {n} in digits or words, {d} in digits, {s} an s where it is more than one
_HEADS = ways(
    "{n} head{s}{e} | {n} head{s} | {n} attention head{s}{e} | {n}-head attention | multi-head attention with {n} head{s} | "
    "num_heads={d} |heads: {d} | h={d} | {d} head{s} | attention ({d} head{s}) | {n} self-attention head{s}{e} | nhead {d} | "
    "{n}-headed self-attention |{d} attention head{s} in each layer | n_head = {d} | {n} attention head{s}"
)
_DIMENSION = ways(
    "model dimension {n} | a model dimension of {n} | d_model={d} | d_model {d} | hidden size {n} | a hidden size of {n} | d = "
    "{d} |{d}-dimensional embeddings | an embedding size of {n} | embedding dim {d} | width {n} | {d} dims | token embeddings "
    "of dimension {n} |an embedding of {n} | embed_dim {d} | embeddings of size {n} | a hidden dimension of {n} | embedding "
    "({d}) | dim: {d} | model size {n} |a {d}-dim embedding | {n} hidden units | an embedding layer of {n} | n_embd={d} | {d} "
    "hidden | hidden {d} | an embedding dimension of {n}"
)
_LENGTH = ways(
    "context length {n} | a sequence length of {n} | sequences of {n} tokens | max length {d} | {n} input tokens | input "
    "length {d} |a context window of {n} tokens | {d}-token context | seq_len={d} | an input of {n} tokens | a context of "
    "{n} | block size {d}"
)
_CLASSES = ways(
    "{n} output class{es} | {n} class{es} | {d} class{es} | a softmax over {n} class{es} | a classification head with {n} "
    "output{s} |{n} label{s} | {n} output{s} | an output layer of size {n} | output {d} | an output layer with {n} unit{s} | a "
    "{n}-class head |num_classes={d} | a head that predicts {n} class{es} | a linear output of {n} | {n}-way softmax"
)
_VOCABULARY = ways(
    "a vocabulary of {n} | vocab size {d} | vocabulary size {n} | {n} vocabulary words | vocab_size={d} | a softmax over {n} "
    "tokens |an output vocabulary of {n} words | a vocab of {n} tokens | vocab: {d} | an lm head over {n} tokens | a {d} word "
    "vocabulary |{n} output tokens | an output over {n} words"
)
_FEEDFORWARD = ways(
    "a feed-forward size of {n} | feedforward {d} | d_ff={d} | ffn dimension {n} | an MLP of {n} | feed-forward layers of {n} "
    "units |an inner feed-forward dimension of {n} | intermediate size {d}"
)
_NAMED = {
    "encoder": ways(
        "BERT-like encoder | BERT-style encoder | BERT base | transformer encoder | encoder-only model (BERT style) | BERT |"
        "encoder-only transformer | transformer | Transformer encoder | transformer encoder"
    ),
    "decoder": ways(
        "GPT | GPT-style model | GPT-2 style model | decoder-only transformer | decoder-only model (GPT style) | "
        "transformer decoder |"
        "causal transformer | GPT-like language model | language model | autoregressive transformer | decoder-only LLM "
        "| small GPT |"
        "Llama-style decoder | GPT-2"
    ),
}
_STACKS = ways(
    "a {n}-layer {name} | {d}-layer {name} | a {name} with {stack} | {name} with {stack} | a stack of {blocks} | a {n}-block "
    "{name} |{blocks} | {d} x {what} block | {d}x transformer {what} | a {name} ({d} layer{s}) | a {name} of {stack} | {name} "
    "of depth {n} |a {name}, {d} layer{s} deep | {name}, num_layers={d} | {name} {d} layer{s} | a {name} made of {stack} | "
    "{blocks} stacked on top"
)
_BOTH = ways(
    "{n} encoder and {n} decoder {unit}s | {d} {unit}s in both encoder and decoder | {n} {unit}s each in the encoder and the "
    "decoder |{d}+{d} {unit}s in encoder and decoder | encoder and decoder of {n} {unit}s each | {n} {unit}s on each side "
    "(encoder and decoder)"
)
_ENCODER_DECODERS = ways(
    "an encoder-decoder transformer | encoder-decoder transformer | a seq2seq transformer | a transformer | the original "
    "transformer |a T5-style model | a full transformer | transformer encoder-decoder | a translation transformer | an encoder "
    "decoder transformer"
)
_PATCHES = ways(
    "{p}{x}{p} patches | patch size {p} | patches of {p}{x}{p} pixels | {p} pixel patches | a patch size of {p} |"
    "patch embedding ({p}{x}{p}) | patches of size {p}"
)
_IMAGES = ways(
    "{p}{x}{p} images | {p}{x}{p} input | an image of {p}{x}{p} | image size {p} | input images of {p} pixels | {p}px images |"
    "a {p}{x}{p} RGB image"
)


def sample(rng: random.Random) -> tuple[str, Plan]:
    """A sentence about a transformer and its plan."""
    kind = rng.random()
    if kind < 0.52:
        text, plan = _stack(rng, "encoder" if kind < 0.3 else "decoder")
    elif kind < 0.68:
        text, plan = _encoder_decoder(rng)
    elif kind < 0.8:
        text, plan = _vision(rng)
    else:
        text, plan = sample_block(rng)
    return finish(rng, text), plan


def _told(rng: random.Random, wordings: tuple[str, ...], number: int) -> str:
    """One of the wordings with its number."""
    said = say(rng, number) if number <= 20 else show(rng, number)
    each = rng.choice(("", " each", " per layer", " per block"))
    one = number == 1
    return rng.choice(wordings).format(n=said, d=number, s="" if one else "s", es="" if one else "es", e=each)


def _head(rng: random.Random, count: int | None, what: str) -> str:
    """A noun phrase for a stack of `count` encoder or decoder blocks."""
    if count is None:
        return rng.choice((f"a transformer {what}", f"transformer {what}", article(f"{what}-only transformer")))
    unit = rng.choice(
        ("layer", "block", "layer", "block", "transformer block", f"{what} layer", f"{what} block", f"{what} layer")
    )
    name = rng.choice(_NAMED[what])
    if name == "transformer" and what not in unit:
        name = f"transformer {what}"
    blocks = counted(rng, count, f"{rng.choice(('transformer ', ''))}{what} {rng.choice(('block', 'layer'))}")
    text = rng.choice(_STACKS).format(
        n=say(rng, count),
        d=count,
        s="" if count == 1 else "s",
        name=name,
        stack=counted(rng, count, unit),
        blocks=blocks,
        what=what,
    )
    return article(text[2:]) if text.startswith("a ") else text


def _stack(rng: random.Random, what: str) -> tuple[str, Plan]:
    count = None if rng.random() < 0.04 else 24 if rng.random() < 0.02 else layer_count(rng)
    heads = rng.choice((1, 2, 3, 4, 6, 8, 8, 10, 12, 12, 16, 20)) if rng.random() < 0.65 else None
    width = integer(rng, 8, 4096) if rng.random() < 0.6 else None
    length = integer(rng, 4, 8192) if rng.random() < 0.2 else None
    position, final_norm = rng.random() < 0.3, rng.random() < 0.1
    words = rng.random() < (0.5 if what == "decoder" else 0.15)
    output = integer(rng, 50, 200_000) if words else integer(rng, 1, 1000) if what == "encoder" and rng.random() < 0.45 else None
    norm = rng.choice(("a final layer norm", "a final norm", "a layer norm at the end"))
    layers: list[PlanNode | Layer] = [("input", "input", length), ("embedding", "embedding", width)]
    layers += [("position", "positional encoding", None)] if position else []
    layers += [PlanNode(0, what, f"{what} block", heads=heads)] * (count or 1)
    layers += [("norm", "norm", None)] if final_norm else []
    layers.append(("output", "output", output))
    plan = chain_plan(layers)
    said = _VOCABULARY if words else _CLASSES
    if rng.random() < 0.24:  # told along the flow
        steps = [_told(rng, _LENGTH, length)] if length else []
        if not length and rng.random() < 0.6:
            steps = [rng.choice(("tokens", "input tokens", "the input", "input ids"))]
        if width:
            steps.append(_told(rng, _DIMENSION, width))
        elif rng.random() < 0.4:
            steps.append(rng.choice(("an embedding layer", "embedding", "token embeddings")))
        steps += [rng.choice(_POSITION)] if position else []
        block = counted(rng, count or 1, f"{rng.choice(('transformer ', '', ''))}{what} {rng.choice(('block', 'layer'))}")
        steps.append(
            block + (rng.choice((" with {}", " ({})", ", {}", " using {}")).format(_told(rng, _HEADS, heads)) if heads else "")
        )
        steps += [norm] if final_norm else []
        ending = rng.choice(("an output layer", "output", "softmax", "a linear head", "the output"))
        steps.append(_told(rng, said, output) if output else ending)
        start = rng.choice(("", "", "", "transformer: ", "Draw ", "please draw: ", "A model of ", "Sketch a network: "))
        return start + sequence(rng, steps) + remark(rng, _TASKS, 0.15), plan
    parts = [_told(rng, _HEADS, heads)] if heads else []
    parts += [_told(rng, _DIMENSION, width)] if width else []
    parts += [_told(rng, _LENGTH, length)] if length else []
    parts += [rng.choice(_POSITION)] if position else []
    parts += [norm] if final_norm else []
    parts += [_told(rng, said, output)] if output else []
    if rng.random() < 0.15:
        parts.append(_told(rng, _FEEDFORWARD, integer(rng, 64, 8192)))
    rng.shuffle(parts)
    return describe(rng, _head(rng, count, what), parts, remark(rng, _TASKS)), plan


def _encoder_decoder(rng: random.Random) -> tuple[str, Plan]:
    encoders = layer_count(rng, 8)
    decoders = encoders if rng.random() < 0.6 else layer_count(rng, 8)
    heads = rng.choice((2, 4, 6, 8, 8, 12, 16)) if rng.random() < 0.55 else None
    width = integer(rng, 8, 2048) if rng.random() < 0.5 else None
    output = integer(rng, 50, 100_000) if rng.random() < 0.3 else None
    position = rng.random() < 0.25
    layers: list[PlanNode | Layer] = [("input", "input", None), ("embedding", "embedding", width)]
    layers += [("position", "positional encoding", None)] if position else []
    last = len(layers) + encoders - 1
    layers += [PlanNode(0, "encoder", "encoder block", heads=heads)] * encoders
    layers += [PlanNode(0, "decoder", "decoder block", heads=heads)] * decoders
    layers.append(("output", "output", output))
    unit = rng.choice(("layer", "block"))
    if encoders == decoders > 1 and rng.random() < 0.55:
        parts = [rng.choice(_BOTH).format(n=say(rng, encoders), d=encoders, unit=unit)]
    else:
        one, two = counted(rng, encoders, f"encoder {unit}"), counted(rng, decoders, f"decoder {unit}")
        if rng.random() < 0.4:
            one = rng.choice(("an encoder of {}", "{} in the encoder", "an encoder with {}")).format(counted(rng, encoders, unit))
            two = rng.choice(("a decoder of {}", "{} in the decoder", "a decoder with {}")).format(counted(rng, decoders, unit))
        parts = [two, one] if rng.random() < 0.15 else [one, two]
    extra = [_told(rng, _HEADS, heads)] if heads else []
    extra += [_told(rng, _DIMENSION, width)] if width else []
    extra += [_told(rng, _VOCABULARY, output)] if output else []
    extra += [rng.choice(_POSITION)] if position else []
    extra += [rng.choice(("cross attention", "cross-attention to the last encoder layer"))] if rng.random() < 0.15 else []
    extra += [_told(rng, _FEEDFORWARD, integer(rng, 64, 8192))] if rng.random() < 0.1 else []
    rng.shuffle(extra)
    parts = extra + parts if rng.random() < 0.15 else parts + extra
    plan = chain_plan(layers, [(last, last + 1 + i) for i in range(decoders)])
    return describe(rng, rng.choice(_ENCODER_DECODERS), parts, remark(rng, _TASKS)), plan


def _vision(rng: random.Random) -> tuple[str, Plan]:
    count = layer_count(rng)
    heads = rng.choice((1, 2, 3, 4, 6, 8, 12, 16)) if rng.random() < 0.55 else None
    patch = rng.choice((2, 4, 7, 8, 14, 16, 16, 32)) if rng.random() < 0.55 else None
    side = rng.choice((28, 32, 48, 64, 96, 128, 160, 224, 224, 256, 384, 512)) if rng.random() < 0.55 else None
    width = integer(rng, 16, 2048) if rng.random() < 0.4 else None
    output = integer(rng, 2, 1000) if rng.random() < 0.6 else None
    position = rng.random() < 0.2
    layers: list[PlanNode | Layer] = [
        ("input", "input image", side),
        PlanNode(0, "embedding", "patch embedding", width, kernel=patch),
    ]
    layers += [("position", "positional encoding", None)] if position else []
    layers += [PlanNode(0, "encoder", "encoder block", heads=heads)] * count
    layers.append(("output", "output", output))
    times = rng.choice(("x", " x ", "×", " by ", "*"))
    parts = [rng.choice(_IMAGES).format(p=side, x=times)] if side else []
    parts += [rng.choice(_PATCHES).format(p=patch, x=times)] if patch else []
    parts += [_told(rng, _DIMENSION, width)] if width else []
    parts += [rng.choice(_POSITION)] if position else []
    name = rng.choice(
        ("ViT", "vision transformer", "Vision Transformer", "vision transformer (ViT)", "ViT classifier", "image transformer")
    )
    stack = counted(
        rng, count, rng.choice(("layer", "block", "encoder block", "transformer block", "encoder layer", "transformer layer"))
    )
    plan = chain_plan(layers)
    if rng.random() < 0.25:
        steps = [*parts, stack + (f" with {_told(rng, _HEADS, heads)}" if heads else "")]
        steps.append(
            _told(rng, _CLASSES, output)
            if output
            else rng.choice(("a classification head", "an MLP head", "output", "class label"))
        )
        return rng.choice(("ViT: ", "vision transformer: ", "Draw a ViT: ", "a vision transformer. ")) + sequence(
            rng, steps
        ), plan
    parts += [_told(rng, _HEADS, heads)] if heads else []
    parts += [_told(rng, _CLASSES, output)] if output else []
    if rng.random() < 0.4:
        number = say(rng, count)
        head = rng.choice(
            (article(f"{number}-layer {name}"), f"{name} with {stack}", f"a {name} of {stack}", f"{name}, depth {count}")
        )
    else:
        head = rng.choice((f"a {name}", name))
        parts.append(stack)
    rng.shuffle(parts)
    return describe(rng, head, parts, remark(rng, _VISION)), plan
