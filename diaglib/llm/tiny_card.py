"""Measures a trained embedded model on rows it has not seen, and writes its model card. Used by `diaglib train`.

Rule: every number of the card comes from the training record or is measured here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from diaglib.dataset.rows import FAMILIES, told_rows
from diaglib.diagram.plan import Plan
from diaglib.llm.tiny import TinyModel

HELD_OUT_SEED = 987_654  # rows of training come from other seeds (texts, not numbers), so none of these was trained on


def exact_shares(model: TinyModel, rows_per_family: int = 60) -> dict[str, float]:
    """Share of held-out sentences whose greedy answer is exactly their plan, by family; labels in any case."""
    shares = {}
    for family in FAMILIES:
        told = list(told_rows(HELD_OUT_SEED, rows_per_family, {family: 1.0}))
        answers = model.plan_texts([row.sentence for row in told])
        right = [bool(texts) and _same(texts[0], row.plan) for texts, row in zip(answers, told, strict=True)]
        shares[family] = sum(right) / len(right)
    return shares


def _same(text: str, plan: Plan) -> bool:
    try:
        answer = Plan.from_text(text)
    except ValueError:
        return False
    return [_parts(node) for node in answer.nodes] == [_parts(node) for node in plan.nodes]


def _parts(node: Any) -> tuple:
    return (node.kind, node.label.lower(), node.size, node.kernel, node.filters, node.heads, node.links)


def write_card(folder: Path, record: dict[str, Any], shares: dict[str, float], rows_per_family: int) -> Path:
    """README.md of a model folder."""
    settings = record["settings"]
    lines = [
        f"# The embedded model `{folder.name}`",
        "",
        "Turns an English sentence into a compact plan of a diagram. A LlamaForCausalLM from scratch, MIT like the project.",
        "",
        "| what | figure |",
        "|---|---|",
        f"| parameters | {record['parameters'] / 1e6:.2f} million, fp16 safetensors |",
        f"| shape | width {settings['width']}, {settings['layers']} layers, {settings['heads']} heads, "
        f"feed-forward {settings['feed_forward']}, tied embeddings |",
        f"| vocabulary | {record['vocabulary']} tokens: words, slots for numbers and unknown words, kinds, node numbers |",
        f"| data | {record['rows']:,} fresh rows of `diaglib.dataset`, none seen twice |",
        f"| training | {record['step']:,} steps, {record['answer_tokens']:,} answer tokens, "
        f"{record['seconds'] / 60:.0f} minutes |",
        f"| machine | {record['machine']}, torch {record['torch']} |",
        "",
        f"Exact plans, greedy, of {rows_per_family} held-out generated sentences a family:",
        "",
        "| family | exact |",
        "|---|---|",
        *(f"| {family} | {share:.2f} |" for family, share in shares.items()),
        "",
        f"Made by `{_command(settings)}`. The learning rate follows the clock,",
        "so a second run gives a similar model, not the same one.",
        *([f"\n{record['note']}"] if record.get("note") else []),
        "",
        "Limits: English; it knows what its generator says and is confidently wrong beyond it, which is why `draw` checks every",
        "plan against the sentence and tells what contradicts it.",
    ]
    path = folder / "README.md"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _command(settings: dict[str, Any]) -> str:
    """What makes a model of these settings, as typed."""
    words = f"python -m diaglib train --minutes {settings['minutes']:g}"
    if settings.get("families"):
        words += f" --learning-rate {settings['learning_rate']:g} --width {settings['width']} --layers {settings['layers']}"
        words += f" --families {','.join(settings['families'])} --vocabulary diaglib/llm/tiny"
    return f"{words} --out FOLDER"
