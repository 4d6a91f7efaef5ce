"""Compares a plan with what its sentence states, in words: `you asked for 4 inputs, the plan has 6`.

Used by `draw` and notebook 07. Rule: where the sentence is understood it is verified, where not that is said; the
check never sees how a plan came about. Networks here, flowcharts in `step_order`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from diaglib.check.invented import ALWAYS_IMPLIED, BRANCHING, compare_links, compare_numbers, compare_unmentioned
from diaglib.check.verdict import Notes, Verdict, layer_name, layer_with_article
from diaglib.diagram.kinds import DEFAULT_KERNEL, SPATIAL_KINDS
from diaglib.diagram.plan import Plan, PlanNode
from diaglib.reading.stated import Layer, Stated, read_sentence

SIZED = {"input", "output", "dense", "rnn", "lstm", "gru", "embedding"}


def check(prompt: str, plan: Plan) -> Verdict:
    """Reads `prompt` (with or without the published wrapper) and compares it with `plan`."""
    stated = read_sentence(prompt)
    notes = Notes()
    if stated.family == "flowchart" or (stated.family == "unknown" and plan.family == "flowchart"):
        if plan.family == "network":
            if stated.family == "flowchart":
                notes.contradictions.append("the sentence tells the steps of a flowchart, the plan draws network layers")
            return notes.verdict()
        from diaglib.check.step_order import compare_steps

        compare_steps(stated.sentence, plan, notes.contradictions, notes.verified, notes.unverified)
        return notes.verdict()
    if plan.family == "flowchart":
        notes.contradictions.append("the sentence tells the layers of a network, the plan draws flowchart steps")
        return notes.verdict()
    return _compare_network(stated, plan, notes)


def _compare_network(stated: Stated, plan: Plan, notes: Notes) -> Verdict:
    notes.contradictions += stated.conflicts
    layers = _as_in_plan(stated, plan)
    if stated.chain:
        _compare_chain(stated, plan, notes)
        layers = [layer for layer in layers if layer.kind not in SIZED]
    ends = [layer for layer in layers if layer.kind in {"input", "output"}]
    doubtful = [layer for layer in ends if any(words in layer.words for words in stated.doubts)]
    _compare_ends(stated, doubtful, plan, notes)
    _compare_body(stated, [layer for layer in layers if layer.kind not in {"input", "output"}], plan, notes)
    if stated.depth is not None:
        hidden = sum(node.kind not in ALWAYS_IMPLIED for node in plan.nodes)
        notes.compare(
            stated.depth in {hidden, hidden + 1, hidden + 2},
            f"{stated.depth} layers",
            f"{stated.depth} layers",
            f"{len(plan.nodes)}",
        )
    if notes.contradictions and stated.doubts:
        from diaglib.check.cover import explains

        if explains(stated, plan):  # every number has its place, so it is the reading that is in doubt, not the plan
            notes.unverified += notes.contradictions
            notes.contradictions = []
    _compare_ends(stated, [layer for layer in ends if layer not in doubtful], plan, notes)
    compare_unmentioned(stated, layers, plan, notes)
    compare_numbers(stated, plan, notes)
    compare_links(stated, plan, notes)
    if not stated.layers and not stated.chain:
        notes.unverified.append("no layer of the sentence could be read")
    notes.unverified += [f"'{words}' was not understood" for words in stated.unread]
    notes.unverified += [f"how many {layer_name(kind, 2)} is not said" for kind in sorted(stated.inexact)]
    return notes.verdict()


def _as_in_plan(stated: Stated, plan: Plan) -> list[Layer]:
    """Stated layers in the plan's vocabulary: encoder stages, and a last dense layer that the plan calls the output."""
    kinds = Counter(node.kind for node in plan.nodes)
    layers = list(stated.layers)
    for word, stage in (("encoder", "down"), ("decoder", "up")):
        if kinds[stage] and not kinds[word]:
            layers = [replace(layer, kind=stage) if layer.kind == word else layer for layer in layers]
        if kinds[word] and not kinds[stage]:
            layers = [replace(layer, kind=word) if layer.kind == stage else layer for layer in layers]
    for kind in ("rnn", "lstm", "gru"):  # `an RNN with 2 hidden layers of 30`: the hidden layers are the recurrent ones
        told = [layer for layer in layers if layer.kind == kind]
        hidden = [layer for layer in layers if layer.kind == "dense"]
        if kinds[kind] == len(hidden) > 0 and not kinds["dense"] and all(layer.size is None for layer in told):
            layers = [replace(layer, kind=kind) if layer.kind == "dense" else layer for layer in layers if layer not in told]
    dense = [layer for layer in layers if layer.kind == "dense"]
    has_output = any(layer.kind == "output" and layer.size is not None for layer in layers)
    outputs = [node for node in plan.nodes if node.kind == "output"]
    if dense and not has_output and kinds["dense"] == len(dense) - 1 and outputs and outputs[-1].size == dense[-1].size:
        layers = [layer for layer in layers if layer.kind != "output" and layer is not dense[-1]]
        layers.append(replace(dense[-1], kind="output"))
    return layers


def _listed(values: list[int | None]) -> str:
    told = ["?" if value is None else str(value) for value in values]
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}" if told else "none"


def _compare_chain(stated: Stated, plan: Plan, notes: Notes) -> None:
    sizes = [node.size for node in plan.nodes if node.kind in SIZED]
    asked = list(stated.chain)
    same = sizes == asked or [size for size in sizes if size is not None] == asked
    notes.compare(same, f"layers of {_listed(asked)}", f"layers of {_listed(asked)}", _listed(sizes))  # type: ignore[arg-type]


def _compare_ends(stated: Stated, ends: list[Layer], plan: Plan, notes: Notes) -> None:
    """Input and output nodes, and the side of an input picture."""
    for kind in ("input", "output"):
        asked = [layer for layer in ends if layer.kind == kind]
        found: list[PlanNode] = [node for node in plan.nodes if node.kind == kind]
        if kind == "output" and not found and not (stated.mentioned & BRANCHING):
            found = [node for node in plan.nodes if node.kind == "dense"][-1:]
        for layer in asked:
            value = layer.size if layer.size is not None else layer.side
            if value is None:
                continue
            side = layer.size is None
            said = f"a {value}×{value} {kind}" if side else f"{value} {layer_name(kind, value)}"
            sizes = [node.size for node in found]
            if side and kind == "output" and not any(sizes):
                notes.unverified.append(said)
                continue
            shown = _listed(sizes) if any(sizes) else "no number for it" if found else f"no {kind}"
            notes.compare(value in sizes, said, said, shown)


def _compare_body(stated: Stated, layers: list[Layer], plan: Plan, notes: Notes) -> None:
    """Kinds, counts, sizes, windows, filters, heads and order of everything between input and output."""
    from diaglib.check.stacks import compare_stacks

    layers = compare_stacks(stated, layers, plan, notes.contradictions, notes.verified, notes.unverified)
    asked_kinds = Counter(layer.kind for layer in layers)
    counts_agree = True
    for kind, count in asked_kinds.items():
        nodes = [node for node in plan.nodes if node.kind == kind]
        asked = [layer for layer in layers if layer.kind == kind]
        sizes = [layer.size for layer in asked]
        plain = f"{count} {layer_name(kind, count)}"
        if any(size is not None for size in sizes):
            plain = f"{layer_name(kind, count)} of {_listed(sizes)}"
        if len(nodes) != count and (kind not in stated.inexact or len(nodes) < count):
            counts_agree = False
            shown = _listed([n.size for n in nodes]) if any(n.size for n in nodes) and "of" in plain else str(len(nodes))
            notes.contradictions.append(f"you asked for {plain}, the plan has {shown}")
            continue
        if len(nodes) != count:
            counts_agree = False
            continue
        _compare_fields(stated, asked, nodes, plain, notes)
    if not counts_agree:
        return
    order = [layer.kind for layer in layers]
    drawn = [node.kind for node in plan.nodes if node.kind in asked_kinds]
    if order != drawn and stated.ordered:
        notes.contradictions.append(f"the sentence tells the order {' → '.join(order)}, the plan has {' → '.join(drawn)}")
    elif order != drawn:
        notes.unverified.append("the order of the layers")
    elif len(order) > 1:
        notes.verified.append("the order of the layers")


def _compare_fields(stated: Stated, asked: list[Layer], nodes: list[PlanNode], plain: str, notes: Notes) -> None:
    """The numbers of the layers of one kind, in order (or as a set where the sentence runs backwards)."""
    kind = asked[0].kind
    for name, words in (("size", "{0}"), ("kernel", "{0}×{0}"), ("filters", "{0} filters"), ("heads", "{0} heads")):
        told = [getattr(layer, name) for layer in asked]
        drawn = [getattr(node, name) for node in nodes]
        if name == "size" and kind in SPATIAL_KINDS:
            told = [layer.side for layer in asked]
        if name == "kernel" and kind in SPATIAL_KINDS and not any(told) and set(drawn) - {DEFAULT_KERNEL[kind]}:
            other = max(set(drawn) - {DEFAULT_KERNEL[kind]}, key=str)
            if len(nodes) and other is not None:
                notes.contradictions.append(
                    f"the plan gives {layer_with_article(kind)} a {other}×{other} window, the sentence gives none"
                )
            continue
        if all(value is None for value in told):
            continue
        if name == "size" and kind not in SIZED | SPATIAL_KINDS and not any(drawn):
            notes.unverified.append(f"{plain}: the plan has no place for this size")
            continue
        pairs = list(zip(told, drawn, strict=True))
        wrong = [(a, b) for a, b in pairs if a is not None and a != b]
        if wrong and not (stated.lists_ordered if kind == "dense" else stated.ordered) and Counter(told) == Counter(drawn):
            wrong = []
        if not wrong:
            notes.verified.append(plain if name == "size" else f"{layer_name(kind)}: {words.format(told[0])}")
        elif name == "size" and kind not in SPATIAL_KINDS:
            notes.contradictions.append(f"you asked for {plain}, the plan has {_listed(drawn)}")
        else:
            asked_words = words.format(wrong[0][0]) if name != "size" else f"{wrong[0][0]}×{wrong[0][0]}"
            shown = "none" if wrong[0][1] is None else words.format(wrong[0][1])
            notes.contradictions.append(f"you asked for {asked_words} in {layer_with_article(kind)}, the plan has {shown}")
