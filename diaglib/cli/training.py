"""`diaglib train`, `train-chat`, `train-readability`: make the embedded models and the readability network again from a seed."""

from __future__ import annotations

from dataclasses import replace
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
    families: Annotated[str, typer.Option(help="only these families of rows, with commas between; all where empty")] = "",
    width: Annotated[int, typer.Option(min=8, help="of the hidden state")] = 192,
    layers: Annotated[int, typer.Option(min=1, help="of the model")] = 6,
    vocabulary: Annotated[Path | None, typer.Option(help="folder of a model whose words are taken over")] = None,
) -> None:
    """Trains the embedded model from scratch on generated rows and writes it to a folder for `--model`."""
    from diaglib.dataset import FAMILIES
    from diaglib.llm.small_training import is_finished
    from diaglib.llm.tiny import TinyModel
    from diaglib.llm.tiny_card import exact_shares, write_card
    from diaglib.llm.tiny_training import TINY_SETTINGS, TinySources
    from diaglib.llm.tiny_training import train as train_tiny

    if is_finished(out):
        stop(f"{out} holds a finished model: choose another folder")
    names = [name.strip() for name in families.split(",") if name.strip()]
    if unknown := [name for name in names if name not in FAMILIES]:
        stop(f"there is no family '{unknown[0]}'; known: {', '.join(FAMILIES)}")
    settings = replace(
        TINY_SETTINGS,
        width=width,
        layers=layers,
        heads=max(1, width // 32),  # every head as wide as those of the shipped model
        feed_forward=width * 8 // 3 // 32 * 32,
        minutes=minutes,
        seed=seed,
        learning_rate=learning_rate,
    )
    sources = TinySources(
        start_from=str(start) if start else None,
        vocabulary_from=str(vocabulary) if vocabulary else None,
        families=tuple(names) or None,
    )
    with reasons():
        record = train_tiny(out, settings, sources)
        rows_per_family = 60
        record["exact"] = exact_shares(TinyModel(out), rows_per_family)
        write_card(out, record, record["exact"], rows_per_family)
    print_json(record)


def train_readability(
    out: Annotated[Path, typer.Option(help="folder of the new weights; a run stopped after the network goes on")],
    pictures: Annotated[int, typer.Option(min=64, help="damaged and clean diagrams to learn from")] = 7_000,
    held_out: Annotated[int, typer.Option(min=60, help="further ones, for the curves and the heads")] = 1_500,
    epochs: Annotated[int, typer.Option(min=1, help="times every picture is seen")] = 6,
    seed: Annotated[int, typer.Option(min=0, help="of diagrams and weights")] = 0,
) -> None:
    """Makes the readability network and its heads from scratch (about ten CPU-minutes, 4 GB of memory), with their card."""
    from diaglib.scoring.readability_network_training import ReadabilitySettings
    from diaglib.scoring.readability_training import train as train_network

    with reasons():
        record = train_network(out, ReadabilitySettings(pictures, held_out, epochs, seed=seed))
    print_json(record["zero_shot"])


def train_chat(
    out: Annotated[Path, typer.Option(help="folder of the new model; a stopped run in it goes on")],
    steps: Annotated[int, typer.Option(min=0, help="of training; 0 takes as many as the shipped model had")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="of rows and weights")] = 0,
) -> None:
    """Trains the embedded Korean chat model from scratch on the persona's pairs, and measures it for its card."""
    from diaglib.llm.small_training import is_finished
    from diaglib.llm.tiny_chat_card import write_chat_card
    from diaglib.llm.tiny_chat_training import CHAT_SETTINGS
    from diaglib.llm.tiny_chat_training import train_chat as train_tiny_chat

    if is_finished(out):
        stop(f"{out} holds a finished model: choose another folder")
    with reasons():
        train_tiny_chat(out, replace(CHAT_SETTINGS, steps=steps or CHAT_SETTINGS.steps, seed=seed))
        record = write_chat_card(out)
    print_json(record)
