"""`diaglib fit`: what every candidate is predicted to need, and whether it fits a card."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from diaglib.cli.common import print_json, reasons, stop


def fit(
    gpu: Annotated[str, typer.Option(help="t4, v100, l4, a100, or memory in GiB such as 24")] = "t4",
    task: Annotated[str | None, typer.Option(help="diagram, chat or mcqa; all of them by default")] = None,
    candidates: Annotated[Path | None, typer.Option(help="a file of candidates; candidates.toml is read by default")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on standard output")] = False,
) -> None:
    """Predicted memory of every candidate, in MiB, and the precision in which it fits; nothing is downloaded."""
    with reasons(as_json):
        from diaglib.candidates.fit import fit_rows
        from diaglib.candidates.registry import load_candidates
        from diaglib.footprint import read_gpu

        card = read_gpu(gpu)
        rows = fit_rows(load_candidates(task, candidates), card)
    if not rows:
        stop("there is no candidate for this task", as_json=as_json)
    if as_json:
        print_json({"gpu": card.name, "memory_mib": card.memory_mib, "room_mib": round(card.room_mib), "candidates": rows})
        return
    print(f"MiB in 16 bits (or as saved), and the first precision that fits {card.name} (room for {card.room_mib:,.0f} MiB)")
    for line in _table(rows):
        print(line)


def _table(rows: list[dict[str, Any]]) -> list[str]:
    """Aligned lines: name, weights, and for each stage MiB with the precision that fits."""
    shown = {"generate": "one answer", "lora_r16": "LoRA r16", "lora_r64": "LoRA r64", "orpo": "ORPO r16"}
    width = max(len(row["model"]) for row in rows)
    lines = [f"{'model':{width}}  {'weights':>7}  " + "  ".join(f"{title:>13}" for title in shown.values())]
    for row in rows:
        cells = [
            f"{_number(row[f'{stage}_mib']):>7} {row[f'{stage}_fits_in'] or '?':>5}" if row["weights_mib"] else f"{'?':>13}"
            for stage in shown
        ]
        lines.append(f"{row['model']:{width}}  {_number(row['weights_mib']):>7}  " + "  ".join(cells))
    return lines


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:,.0f}"
