"""`diaglib train`, `train-readability`: make the embedded model and the readability network again, from nothing but a seed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from diaglib.cli.common import print_json, reasons, stop


def train(
    out: Annotated[Path, typer.Option(help="folder of the new model; a stopped run in it goes on")],
    minutes: Annotated[float, typer.Option(min=0.1, help="time budget; the learning rate falls to zero over it")] = 90.0,
    seed: Annotated[int, typer.Option(min=0, help="of rows and weights")] = 0,
    start: Annotated[Path | None, typer.Option(help="folder of a finished model to go on from; take another seed then")] = None,
    learning_rate: Annotated[float, typer.Option(min=0, help="at the start; it falls to zero")] = 2e-3,
) -> None:
    """Trains the embedded model from scratch on generated rows and writes it to a folder for `--model`."""
    from diaglib.llm.tiny import TinyModel
    from diaglib.llm.tiny_card import exact_shares, write_card
    from diaglib.llm.tiny_training import TinySettings
    from diaglib.llm.tiny_training import train as train_tiny

    if (out / "model.safetensors").exists():
        stop(f"{out} holds a finished model: choose another folder")
    settings = TinySettings(minutes=minutes, seed=seed, start_from=str(start) if start else None, learning_rate=learning_rate)
    with reasons():
        record = train_tiny(out, settings)
        rows_per_family = 60
        record["exact"] = exact_shares(TinyModel(out), rows_per_family)
        write_card(out, record, record["exact"], rows_per_family)
    print_json(record)


def train_readability(
    out: Annotated[Path, typer.Option(help="folder of the new weights; a run stopped after the network goes on")],
    pictures: Annotated[int, typer.Option(min=64, help="damaged and clean diagrams to learn from")] = 4_000,
    held_out: Annotated[int, typer.Option(min=60, help="further ones, for the curves and the heads")] = 900,
    epochs: Annotated[int, typer.Option(min=1, help="times every picture is seen")] = 7,
    seed: Annotated[int, typer.Option(min=0, help="of diagrams and weights")] = 0,
) -> None:
    """Makes the readability network and its heads from scratch (about four CPU-minutes), with their card."""
    from diaglib.scoring.readability_training import ReadabilitySettings
    from diaglib.scoring.readability_training import train as train_network

    with reasons():
        record = train_network(out, ReadabilitySettings(pictures, held_out, epochs, seed=seed))
    print_json(record["zero_shot"])
