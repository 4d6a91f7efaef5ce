"""The part of the check for transformers and U-Nets, whose sentences count blocks or levels rather than layers."""

from __future__ import annotations

from collections import Counter

from diaglib.diagram.plan import Plan
from diaglib.reading.stated import Layer, Stated


def compare_stacks(
    stated: Stated, layers: list[Layer], plan: Plan, contradictions: list[str], verified: list[str], unverified: list[str]
) -> list[Layer]:
    """Compares block and level counts; returns the layers that are still to be compared one by one."""
    kinds = Counter(node.kind for node in plan.nodes)
    rest = [layer for layer in layers if layer.kind not in {"transformer", "unet"}]
    blocks = [layer for layer in layers if layer.kind == "transformer"]
    if blocks:
        uneven = 0 < kinds["encoder"] != kinds["decoder"] > 0
        found = kinds["encoder"] + kinds["decoder"] or kinds["attention"]
        _tell(
            len(blocks) in {kinds["encoder"], kinds["decoder"]} or (len(blocks) == found and not uneven),
            f"{len(blocks)} transformer blocks", str(found), contradictions, verified,
        )  # fmt: skip
        rest = _heads(blocks, plan, rest, contradictions, verified)
    levels = [layer for layer in layers if layer.kind == "unet"]
    if levels:
        # some count the bottleneck as a level, some do not
        allowed = {kinds["down"], kinds["down"] + min(kinds["bottleneck"], 1)}
        _tell(len(levels) in allowed, f"{len(levels)} levels", f"{kinds['down']} down", contradictions, verified)
    if kinds["down"] and "up" not in {layer.kind for layer in rest} and kinds["up"] not in {kinds["down"], 0}:
        contradictions.append(f"a U-Net goes up as often as down, the plan has {kinds['down']} down and {kinds['up']} up")
    _filters(levels, plan, contradictions, verified)
    if kinds["encoder"] or kinds["decoder"]:  # attention and feed-forward parts are told as what a block is made of
        for part in ("attention", "feedforward", "norm", "add"):
            if not kinds[part] and any(layer.kind == part for layer in rest):
                rest = _heads([layer for layer in rest if layer.kind == part], plan, rest, contradictions, verified)
                rest = [layer for layer in rest if layer.kind != part]
    for word in ("encoder", "decoder"):
        # `an encoder and a decoder` of LSTMs or dense layers: the words name halves, not blocks
        if not kinds[word] and not kinds["down"] and not kinds["up"]:
            named = [layer for layer in rest if layer.kind == word]
            if named and any(kinds[kind] for kind in ("lstm", "gru", "rnn", "dense", "conv")) and len(named) == 1:
                rest = [layer for layer in rest if layer.kind != word]
                unverified.append(f"which layers are the {word}")
    if kinds["down"] and kinds["pool"] == 0 and kinds["conv"] == 0:
        rest = [layer for layer in rest if layer.kind not in {"conv", "pool", "upconv"}]
    return rest


def _tell(same: bool, asked: str, found: str, contradictions: list[str], verified: list[str]) -> None:
    if same:
        verified.append(asked)
    else:
        contradictions.append(f"you asked for {asked}, the plan has {found}")


def _heads(told: list[Layer], plan: Plan, rest: list[Layer], contradictions: list[str], verified: list[str]) -> list[Layer]:
    """Attention heads told for the whole stack, compared with every block that has some."""
    heads = {layer.heads for layer in told if layer.heads is not None}
    drawn = {node.heads for node in plan.nodes if node.kind in {"encoder", "decoder", "attention"}}
    if len(heads) == 1:
        asked = heads.pop()
        shown = ", ".join(str(value) for value in sorted(value for value in drawn if value is not None)) or "none"
        _tell(drawn == {asked} or drawn == {asked, None}, f"{asked} attention heads", shown, contradictions, verified)
    return rest


def _filters(levels: list[Layer], plan: Plan, contradictions: list[str], verified: list[str]) -> None:
    told = [layer.filters for layer in levels if layer.filters is not None]
    drawn = [node.filters for node in plan.nodes if node.kind in {"down", "bottleneck"}]
    if told and len(set(told)) > 1:
        _tell(
            drawn[: len(told)] == told,
            f"filters {', '.join(map(str, told))}",
            ", ".join(map(str, drawn)),
            contradictions,
            verified,
        )
    elif told and any(drawn):  # `starting with 64 filters and doubling`
        _tell(drawn[0] == told[0], f"{told[0]} filters at first", str(drawn[0]), contradictions, verified)
