"""Recurrent network sentences and their plans: RNN, LSTM and GRU stacks, bidirectional, seq2seq, CNN + LSTM.

Used by notebook 02. What a plan holds, beyond what is said:
- always an input (size = features, time steps or sequence length, if said) and an output (size = outputs or classes);
  a `dense` layer that is told last stays dense and the output follows it. One node per layer, size = its units.
- embedding (size = dimension), attention, dense and flatten when mentioned; dropout only where it is told as a layer in
  the order of layers, not as a remark about training. A vocabulary size is not drawn.
- bidirectional layers are labelled `bidirectional LSTM` (GRU, RNN) however it is said.
- seq2seq: layers labelled `encoder LSTM`, attention when mentioned, then `decoder LSTM` layers.
- CNN + LSTM: input image, conv (kernel, filters) and pool as told, then the recurrent layers.
"""

from __future__ import annotations

import random

from diaglib.dataset.phrases import Layer, article, ask, chain_plan, describe, finish, integer, remark, sequence, show, ways
from diaglib.dataset.recurrent_words import (
    ATTENTION,
    DROPOUT,
    TYPES,
    dense_words,
    layer_group,
    one_layer,
    output_words,
    recurrent_layers,
    told,
    type_name,
)
from diaglib.diagram import Plan, PlanNode

FAMILY = "recurrent"
DEFAULT_LABELS = frozenset(
    [f"{before}{name}" for before in ("", "bidirectional ", "encoder ", "decoder ") for name in TYPES.values()]
    + [f"{side} bidirectional {name}" for side in ("encoder", "decoder") for name in TYPES.values()]
    + "input,input image,output,embedding,dropout,multi-head attention,attention,dense,conv,max pool,flatten".split(",")
)
_TASKS = ways(
    "for time series forecasting | for sentiment analysis | for text classification | for stock prices | for speech "
    "recognition |for language modelling | for weather data | for sensor data | for machine translation | for music "
    "generation | for ECG signals |for named entity recognition | for anomaly detection | for handwriting | for video | for "
    "energy demand | for chatbots"
)
_INPUT = ways(
    "{n} input feature{s} | an input of {n} | {n} input{s} | input size {d} | input {d} | {n} feature{s} | a sequence of {n} "
    "time step{s} |sequence length {d} | an input with {n} feature{s} | an input sequence of length {n} | input({d}) | {n} "
    "time step{s} |an input layer of {n} | input dim {d} | a window of {n} step{s}"
)
_EMBEDDING = ways(
    "an embedding of {n} | an embedding layer of {n} | embedding {d} | a {d}-dimensional embedding | an embedding layer with "
    "{n} dimensions |embedding({d}) | word embeddings of size {n} | an embedding of size {n} | an embedding layer with {n} "
    "units | embedding layer ({d})"
)
_SIDES = (
    *(("an encoder with {}", "a decoder with {}"), ("{} as encoder", "{} as decoder"), ("encoder: {}", "decoder: {}")),
    *(("{} in the encoder", "{} in the decoder"), ("an encoder of {}", "a decoder of {}"), ("encoder {}", "decoder {}")),
)
_SHARED = ways(
    "{} in both encoder and decoder | {} in the encoder and the same in the decoder | encoder and decoder of {} each |"
    "an encoder and a decoder with {} each | {} on both sides, encoder and decoder"
)
_SEQ2SEQ = ways(
    "a seq2seq model | seq2seq | a sequence-to-sequence network | an encoder-decoder | sequence to sequence model | a seq2seq "
    "network |an encoder-decoder {0} | a recurrent encoder-decoder | seq2seq with {0}s"
)
_MODELS = ways(
    "a recurrent network | an RNN | a network | a model | recurrent neural network | a sequence model | a neural net | model |"
    "a deep learning model | a classifier | a forecaster | a recurrent model"
)
_MIXED = ways("a CNN-{0} | a CNN {0} | a CNN plus {0} | a convolutional recurrent network | a network | CRNN")
_BETWEEN = ways("attention | an attention layer | an attention mechanism | attention between them | Bahdanau attention")
_POOLING = ways("max pooling | pooling | a max pooling layer | max pool | 2x2 max pooling | a pooling layer")
_VOCABULARY = ways("an output vocabulary of {n} | {n} outputs | an output layer of {n} | a softmax over {n} words")


def sample(rng: random.Random) -> tuple[str, Plan]:
    """A sentence about a recurrent network and its plan."""
    kind = rng.random()
    if kind < 0.72:
        text, plan = _stack(rng)
    elif kind < 0.86:
        text, plan = _seq2seq(rng)
    else:
        text, plan = _convolutional(rng)
    return finish(rng, text), plan


def _layer_nodes(kind: str, both_ways: bool, sizes: list[int | None], before: str = "") -> list[Layer]:
    label = before + ("bidirectional " if both_ways else "") + TYPES[kind]
    return [(kind, label, size) for size in sizes]


def _stack(rng: random.Random) -> tuple[str, Plan]:
    kind, both_ways, sizes = recurrent_layers(rng, 8)
    name = type_name(rng, kind, both_ways)
    features = integer(rng, 1, 2000) if rng.random() < 0.35 else None
    embedding = integer(rng, 4, 1024) if rng.random() < 0.3 else None
    output = integer(rng, 1, 1000) if rng.random() < 0.6 else None
    if output is not None and rng.random() < 0.35:
        output = rng.randint(1, 10)
    layers: list = [("input", "input", features)]
    steps = [told(rng, _INPUT, features)] if features else []
    if not features and rng.random() < 0.15:
        steps = [rng.choice(("an input sequence", "input", "tokens", "the input"))]
    body: list[str] = []
    if embedding:
        layers.append(("embedding", "embedding", embedding))
        body.append(told(rng, _EMBEDDING, embedding))
    layers += _layer_nodes(kind, both_ways, sizes)
    body += layer_group(rng, name, sizes)
    if rng.random() < 0.15:  # a second type on top
        kind, both_ways, sizes = recurrent_layers(rng, 2, 1.0)
        layers += _layer_nodes(kind, both_ways, sizes)
        body += layer_group(rng, type_name(rng, kind, both_ways), sizes)
    if rng.random() < 0.12:
        layers.append(("attention", "attention", None))
        body.append(rng.choice(ATTENTION))
    if rng.random() < 0.15:
        layers.append(("dropout", "dropout", None))
        body.append(rng.choice(DROPOUT))
    dense = [integer(rng, 1, 1024) for _ in range(rng.choice((0, 0, 0, 1, 1, 1, 2)))]
    for size in dense:
        layers.append(("dense", "dense", size))
        body.append(dense_words(rng, size))
    if not dense and rng.random() < 0.06:
        layers.append(("dense", "dense", None))
        body.append(dense_words(rng, None))
    layers.append(("output", "output", output))
    plan = chain_plan(layers)
    end = [output_words(rng, output)] if output else [output_words(rng, None)] if rng.random() < 0.2 else []
    task = remark(rng, _TASKS, 0.2)
    if len(body) == 1 and rng.random() < 0.4:
        parts = steps + end
        rng.shuffle(parts)
        return describe(rng, body[0], parts, task), plan
    model = rng.choice(_MODELS)
    if end and rng.random() < 0.12:  # the output first
        text = rng.choice(
            ("{out} predicted by {net} with {body}", "{net} with {out} and before it {body}", "to get {out}, use {body}")
        )
        return ask(rng, text.format(out=end[0], net=model, body=sequence(rng, steps + body)) + task), plan
    text = sequence(rng, steps + body + end)
    if rng.random() < 0.45:
        return text + task, plan
    joint = rng.choice((" with ", ": ", " made of ", " consisting of ", " that has ", ", ", " with layers ", ". It has "))
    return ask(rng, model + task + joint + text), plan


def _seq2seq(rng: random.Random) -> tuple[str, Plan]:
    kind, both_ways, sizes = recurrent_layers(rng, 4, 0.7)
    decoder = sizes if rng.random() < 0.6 else recurrent_layers(rng, 4, 0.7)[2]
    attention = rng.random() < 0.4
    embedding = integer(rng, 8, 1024) if rng.random() < 0.25 else None
    output = integer(rng, 2, 50_000) if rng.random() < 0.35 else None
    layers: list = [("input", "input", None)] + ([("embedding", "embedding", embedding)] if embedding else [])
    layers += _layer_nodes(kind, both_ways, sizes, "encoder ")
    layers += [("attention", "attention", None)] if attention else []
    layers += _layer_nodes(kind, False, decoder, "decoder ")
    layers.append(("output", "output", output))
    plain = TYPES[kind]
    name = type_name(rng, kind, both_ways)
    head = rng.choice(_SEQ2SEQ).format(plain)
    first = layer_group(rng, name, sizes)
    second = layer_group(rng, plain, decoder)
    same = decoder == sizes and len(first) == 1 and not both_ways
    parts = []
    if same and rng.random() < 0.4:
        parts.append(rng.choice(_SHARED).format(first[0]))
    else:
        if len(sizes) == len(decoder) == 1 and rng.random() < 0.35:  # `an LSTM encoder with 64 units`
            first, second = [one_layer(rng, f"{name} encoder", sizes[0])], [one_layer(rng, f"{plain} decoder", decoder[0])]
            sides = ("{}", "{}")
        else:
            sides = rng.choice(_SIDES)
        if attention and rng.random() < 0.3:
            sides = (sides[0], rng.choice(("attention and {}", "attention, {}")).format(sides[1]))
            attention = False
        parts += [sides[0].format(" and ".join(first)), sides[1].format(" and ".join(second))]
        if rng.random() < 0.12:
            parts.reverse()
    if attention:
        parts.insert(rng.randint(1, len(parts)), rng.choice(_BETWEEN))
    if embedding:
        words = rng.choice((f"embeddings of size {embedding}", f"an embedding of {embedding}", f"embedding size {embedding}"))
        parts.insert(rng.choice((0, len(parts))), words)
    if output:
        parts.insert(rng.choice((0, len(parts), len(parts))), rng.choice(_VOCABULARY).format(n=show(rng, output)))
    return describe(rng, head, parts, remark(rng, _TASKS)), chain_plan(layers)


def _convolutional(rng: random.Random) -> tuple[str, Plan]:
    """Convolutions first, then recurrent layers."""
    groups = rng.choice((1, 1, 2, 3))
    pools = rng.random() < 0.6
    side = rng.choice((None, None, 28, 32, 40, 48, 64, 80, 96, 100, 128, 224))
    same_kernel = rng.choice((None, 3, 3, 5))
    layers: list[PlanNode] = [PlanNode(0, "input", "input image", side)]
    times = rng.choice(("x", " x ", "×"))
    steps = [rng.choice(("{0}{1}{0} input", "an image of {0}{1}{0}", "{0}{1}{0} frames")).format(side, times)] if side else []
    for _ in range(groups):
        filters = integer(rng, 4, 512) if rng.random() < 0.7 else None
        layers.append(PlanNode(0, "conv", kernel=same_kernel, filters=filters))
        window = f"{same_kernel}{times}{same_kernel} " if same_kernel else ""
        conv = rng.choice((f"{window}conv", f"{window}convolution", f"{window}conv layer", f"{window}convolutional layer"))
        if filters:
            conv += rng.choice((" with {} filters", " ({} filters)", " of {} filters", ", {} filters")).format(filters)
        steps.append(conv if conv[0].isdigit() and rng.random() < 0.5 else article(conv))
        if pools:
            layers.append(PlanNode(0, "pool"))
            steps.append(rng.choice(_POOLING))
    if rng.random() < 0.2:
        layers.append(PlanNode(0, "flatten"))
        steps.append(rng.choice(("flatten", "a flatten layer")))
    kind, both_ways, sizes = recurrent_layers(rng, 3)
    layers += [PlanNode(0, *layer) for layer in _layer_nodes(kind, both_ways, sizes)]
    steps += layer_group(rng, type_name(rng, kind, both_ways), sizes)
    if rng.random() < 0.35:
        size = integer(rng, 2, 512)
        layers.append(PlanNode(0, "dense", size=size))
        steps.append(dense_words(rng, size))
    output = integer(rng, 1, 200) if rng.random() < 0.6 else None
    layers.append(PlanNode(0, "output", size=output))
    if output:
        steps.append(output_words(rng, output))
    plan = Plan.chain(layers)
    if any(node.size is not None and node.size < 1 for node in plan.nodes):
        return _convolutional(rng)
    name = rng.choice(_MIXED).format(TYPES[kind])
    text = sequence(rng, steps)
    if rng.random() < 0.4:
        return text + remark(rng, _TASKS, 0.15), plan
    joint = rng.choice((" with ", ": ", " made of ", ", ", " consisting of "))
    return ask(rng, name + remark(rng, _TASKS, 0.15) + joint + text), plan
