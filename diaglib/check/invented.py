"""The part of the check for what a plan has and its sentence lacks: layers, numbers, links."""

from __future__ import annotations

from collections import Counter

from diaglib.check.verdict import Notes, layer_name
from diaglib.diagram.kinds import LAYER_KINDS, SPATIAL_KINDS
from diaglib.diagram.plan import Plan
from diaglib.reading.stated import Layer, Stated

# layers a plan may draw although the sentence leaves them unsaid
ALWAYS_IMPLIED = {"input", "output", "flatten"}
IMPLIED_BY_TRANSFORMER = {
    "embedding",
    "position",
    "add",
    "norm",
    "feedforward",
    "attention",
    "encoder",
    "decoder",
    "concat",
    "dense",
}
IMPLIED_BY_UNET = {"bottleneck", "concat", "conv", "up", "down", "upconv", "pool"}
BRANCHING = {"unet", "encoder", "decoder", "down", "up", "attention", "transformer", "concat", "add", "bottleneck"}
_COUNTABLE = {"dense", "conv", "pool", "lstm", "gru", "rnn", "dropout"}


def compare_unmentioned(stated: Stated, layers: list[Layer], plan: Plan, notes: Notes) -> None:
    """Layers the plan has and the sentence never names."""
    drawn = Counter(node.kind for node in plan.nodes)
    implied = set(ALWAYS_IMPLIED) | stated.mentioned | {layer.kind for layer in layers}
    if stated.mentioned & {"transformer", "encoder", "decoder", "attention"}:
        implied |= IMPLIED_BY_TRANSFORMER
    if stated.mentioned & {"unet", "down", "up", "encoder", "decoder", "bottleneck"} or stated.skips:
        implied |= IMPLIED_BY_UNET | {"add"}
    if stated.chain or stated.depth is not None or ("total" in stated.mentioned and not layers):
        implied.add("dense")
    if stated.mentioned & {"lstm", "gru", "rnn"}:
        implied.add("embedding")
    named = {layer.kind for layer in layers} | stated.inexact
    for kind, count in drawn.items():
        if kind in LAYER_KINDS and kind not in implied:
            notes.contradictions.append(f"the plan has {count} {layer_name(kind, count)}, the sentence names none")
        elif (
            kind not in named and kind in _COUNTABLE & stated.mentioned and not stated.chain and not stated.mentioned & BRANCHING
        ):
            notes.unverified.append(f"the {count} {layer_name(kind, count)} of the plan")


def compare_numbers(stated: Stated, plan: Plan, notes: Notes) -> None:
    """Numbers of the plan that the sentence never says, and unread numbers of the sentence that the plan does not hold."""
    kinds = Counter(node.kind for node in plan.nodes)
    held = {value for node in plan.nodes for value in (node.size, node.kernel, node.filters, node.heads) if value is not None}
    held |= set(kinds.values()) | {len(plan.nodes), len(plan.nodes) - 1, len(plan.nodes) - 2, 1}
    for number, words in stated.numbers:
        if words in stated.unread and number not in held and (number > 2 or words.isdigit()):
            notes.contradictions.append(f"the sentence says '{words}', the plan holds {number} nowhere")
    for node in plan.nodes:
        for name in ("size", "filters", "heads"):
            value = getattr(node, name)
            if value is None or value in stated.every_number or (name == "size" and node.kind in SPATIAL_KINDS) or value == 1:
                continue
            if (node.kind == "output" and value == 2 and "binary" in stated.sentence.lower()) or (
                node.kind == "input" and name == "filters" and value == 3
            ):
                continue
            told = f"{value} {name}" if name != "size" else f"the size {value}"
            mirrored = stated.mirrored and any(value in {n << k, n >> k} for n in stated.every_number if n for k in range(1, 9))
            if mirrored or (name == "size" and node.kind in {"down", "up", "bottleneck", "concat", "flatten"}):
                notes.unverified.append(f"{told} of '{node.label or node.kind}'")
            else:
                notes.contradictions.append(f"the plan gives '{node.label or node.kind}' {told}, the sentence never says {value}")


def compare_links(stated: Stated, plan: Plan, notes: Notes) -> None:
    inner = any(node.kind in {"encoder", "decoder"} for node in plan.nodes)  # residual links inside a block are not drawn
    if stated.skips and plan.is_chain and not inner:
        notes.contradictions.append("you asked for skip connections, the plan has none")
    elif stated.skips:
        notes.verified.append("skip connections")
    elif not plan.is_chain and not stated.mentioned & BRANCHING:
        branches = {
            "two",
            "both",
            "parallel",
            "branch",
            "branches",
            "merge",
            "merged",
            "separate",
            "siamese",
            "also",
            "joint",
            "heads",
        }
        if not branches & set(stated.sentence.lower().replace(",", " ").split()):
            notes.contradictions.append("the plan has links beside the chain of layers, the sentence names none")
