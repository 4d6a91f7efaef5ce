"""`diaglib tune`: supervised fine-tuning, pairs for preference tuning, and preference tuning, from a CSV of rows.

Rule: a stopped command, typed again, goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from diaglib.cli.common import print_json, reasons, stop, tell

if TYPE_CHECKING:
    from diaglib.tuning.run import Tuned

app = typer.Typer(help="Fine-tunes a model on rows of your own.", no_args_is_help=True, rich_markup_mode=None)

Rows = Annotated[Path, typer.Option(help="CSV with the columns prompt and plan (nodes, answer: see --format)")]
Base = Annotated[str, typer.Option(help="tiny, a folder, or a hub id; empty takes the profile's")]
ProfileName = Annotated[str, typer.Option("--profile", help="local, t4 or a100: decides method, model and sizes")]
Out = Annotated[Path, typer.Option(help="folder of the run; a stopped run in it goes on")]
Format = Annotated[str, typer.Option("--format", help="what is answered: plan, nodes or chat")]
Steps = Annotated[int, typer.Option(min=0, help="0 takes the profile's")]
BatchRows = Annotated[int, typer.Option(min=0, help="rows at once; 0 takes the profile's")]
Method = Annotated[str, typer.Option(help="lora, qlora or full; empty takes the profile's")]
Rank = Annotated[int, typer.Option(min=0, help="of LoRA; 0 takes the profile's")]
Rate = Annotated[float, typer.Option("--learning-rate", min=0, help="0 takes the profile's")]
Adapter = Annotated[Path | None, typer.Option(help="folder of an adapter of the same base to go on from")]
Push = Annotated[str, typer.Option(help="hub repository (owner/name) to upload to; the token is read from HF_TOKEN")]


@app.command("sft")
def tune_sft(
    rows: Rows,
    out: Out,
    base: Base = "",
    profile: ProfileName = "local",
    answer_format: Format = "plan",
    steps: Steps = 0,
    batch_rows: BatchRows = 0,
    method: Method = "",
    rank: Rank = 0,
    learning_rate: Rate = 0,
    adapter: Adapter = None,
    push: Push = "",
) -> None:
    """Supervised fine-tuning; a tenth of the prompts is held back for validation."""
    from diaglib.tuning.rows import read_rows, split_rows
    from diaglib.tuning.sft import sft

    with _sentences():
        settings, name = _settings(profile, base, answer_format, steps, batch_rows, method, rank, learning_rate)
        training, validation = split_rows(read_rows(rows, answer_format))
        _finish(sft(name, training, validation, out, settings, adapter), push)


@app.command("pairs")
def tune_pairs(
    rows: Rows,
    out: Annotated[Path, typer.Option(help="file of the pairs, JSON lines; a stopped one goes on")],
    model: Annotated[str, typer.Option(help="the model after SFT: tiny, a folder, or a hub id")] = "tiny",
    samples: Annotated[int, typer.Option(min=1, help="answers drawn for every row")] = 4,
    temperature: Annotated[float, typer.Option(min=0.01, help="of drawing")] = 1.0,
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Pairs for preference tuning: the row's plan, and the model's own worst imperfect answer."""
    from diaglib.tuning.pairs import build_pairs
    from diaglib.tuning.rows import read_rows

    with _sentences():
        pairs = build_pairs(model, read_rows(rows), out, samples, temperature, seed)
    tell(f"{len(pairs)} pairs; the rejected answers score {sum(pair.score for pair in pairs) / len(pairs):.2f} in the mean")
    print(out)


@app.command("orpo")
def tune_orpo(
    pairs: Annotated[Path, typer.Option(help="file that `tune pairs` wrote")],
    out: Out,
    base: Base = "",
    profile: ProfileName = "local",
    steps: Steps = 0,
    batch_rows: BatchRows = 0,
    method: Method = "",
    rank: Rank = 0,
    learning_rate: Rate = 0,
    adapter: Adapter = None,
    push: Push = "",
) -> None:
    """Preference tuning by ORPO, which needs no reference model; a tenth of the prompts is held back for validation."""
    from diaglib.tuning.pairs import read_pairs
    from diaglib.tuning.preference import orpo
    from diaglib.tuning.rows import split_rows

    with _sentences():
        settings, name = _settings(profile, base, "plan", steps, batch_rows, method, rank, learning_rate)
        training, validation = split_rows(read_pairs(pairs))
        _finish(orpo(name, training, validation, out, settings, adapter), push)


def _settings(
    profile: str, base: str, answer_format: str, steps: int, batch_rows: int, method: str, rank: int, learning_rate: float
) -> tuple[Any, str]:
    """The profile's settings with what was typed laid over, and the model."""
    from diaglib.profiles import load_profile
    from diaglib.tuning.settings import settings_for

    chosen = load_profile(profile)
    changes = {"steps": steps, "batch_rows": batch_rows, "method": method, "lora_rank": rank, "learning_rate": learning_rate}
    name = base or (chosen.chat_model if answer_format == "chat" else chosen.diagram_model)
    return settings_for(chosen, answer_format, **changes), name


def _finish(tuned: Tuned, repository: str) -> None:
    from diaglib.tuning.saving import push

    record = tuned.record
    if record["rows"]["told"]:
        tell(f"left out: {record['rows']['told']}")
    if record["best_validation_loss"] is not None:
        tell(f"validation loss {record['best_validation_loss']:.4f} at step {record['best_step']} of {record['steps']}")
    if repository:
        tell(f"uploaded to {push(tuned, repository)}")
    print_json(
        {"model": str(tuned.model_folder), "adapter": str(tuned.adapter_folder) if tuned.adapter_folder else None, **record}
    )


@contextmanager
def _sentences() -> Iterator[None]:
    """`reasons`, and the errors of loading a model."""
    from diaglib.llm.hub_loading import ModelLoadError

    with reasons():
        try:
            yield
        except ModelLoadError as error:
            stop(str(error))
