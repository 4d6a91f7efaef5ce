"""The kinds of plan nodes: layers of a network, and data or work in a flowchart, with the name each is drawn with."""

from __future__ import annotations

# kind -> name drawn where the plan gives no label
LAYER_NAMES: dict[str, str] = {
    "input": "input",
    "dense": "dense",
    "conv": "conv",
    "pool": "max pool",
    "upconv": "up-conv",
    "flatten": "flatten",
    "dropout": "dropout",
    "norm": "norm",
    "embedding": "embedding",
    "position": "positional encoding",
    "attention": "multi-head attention",
    "feedforward": "feed forward",
    "add": "add & norm",
    "concat": "concat",
    "encoder": "encoder block",
    "decoder": "decoder block",
    "down": "encoder stage",
    "bottleneck": "bottleneck",
    "up": "decoder stage",
    "rnn": "RNN",
    "lstm": "LSTM",
    "gru": "GRU",
    "output": "output",
}
DATA_NAMES: dict[str, str] = {
    "numeric": "data",
    "str": "text",
    "picture": "picture",
    "db": "database",
    "chart": "chart",
}
WORK_NAMES: dict[str, str] = {
    "func": "function",
    "process": "process",
    "model": "model",
    "decision": "decision",
}
LAYER_KINDS = frozenset(LAYER_NAMES)
DATA_KINDS = frozenset(DATA_NAMES)
WORK_KINDS = frozenset(WORK_NAMES)
NAMES: dict[str, str] = LAYER_NAMES | DATA_NAMES | WORK_NAMES

# layers whose map side follows from the layer before: (kind, side before, kernel) -> side after
DEFAULT_KERNEL = {"conv": 3, "pool": 2, "upconv": 2}
SPATIAL_KINDS = frozenset(DEFAULT_KERNEL)
IMAGE_KINDS = SPATIAL_KINDS | {"down", "up"}  # a network with one of these reads an image


def side_after(kind: str, side: int, kernel: int | None) -> int:
    """Map side after a layer: an unpadded convolution shrinks by kernel - 1, a pooling divides, an up-conv multiplies.

    Source: the published generator (3x3 convolutions shrink by 2, 2x2 poolings halve, rounding down).
    """
    size = kernel or DEFAULT_KERNEL[kind]
    if kind == "conv":
        return side - (size - 1)
    return side // size if kind == "pool" else side * size
