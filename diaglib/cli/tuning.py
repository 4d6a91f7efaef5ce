"""`diaglib tune`: supervised fine-tuning, pairs for preference tuning, and preference tuning, from a CSV of rows.

Rule: a stopped command, typed again, goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from diaglib.cli.common import print_json, reasons, stop, tell

if TYPE_CHECKING:
    from diaglib.tuning.run import Tuned
    from diaglib.tuning.settings import TuningSettings

app = typer.Typer(help="Fine-tunes a model on rows of your own.", no_args_is_help=True, rich_markup_mode=None)

Rows = Annotated[Path, typer.Option(help="CSV with the columns prompt and plan (nodes, answer: see --format)")]
Format = Annotated[str, typer.Option("--format", help="what is answered: plan, nodes or chat")]
Pairs = Annotated[Path, typer.Option(help="file that `tune pairs` wrote")]
Weight = Annotated[float, typer.Option(min=0, help="of the preference: ORPO's lambda, DPO's beta; 0 takes the method's own")]


@dataclass(frozen=True)
class RunOptions:
    """What every tuning run can be told; `with_run_options` makes them options of a command."""

    out: Annotated[Path, typer.Option(help="folder of the run; a stopped run in it goes on")]
    base: Annotated[str, typer.Option(help="tiny, a folder, or a hub id; empty takes the profile's")] = ""
    profile: Annotated[str, typer.Option(help="local, t4 or a100: decides method, model and sizes")] = "local"
    steps: Annotated[int, typer.Option(min=0, help="0 takes the profile's")] = 0
    batch_rows: Annotated[int, typer.Option(min=0, help="rows at once; 0 takes the profile's")] = 0
    method: Annotated[str, typer.Option(help="lora, qlora or full; empty takes the profile's")] = ""
    rank: Annotated[int, typer.Option(min=0, help="of LoRA; 0 takes the profile's")] = 0
    learning_rate: Annotated[float, typer.Option(min=0, help="0 takes the profile's")] = 0
    adapter: Annotated[Path | None, typer.Option(help="folder of an adapter of the same base to go on from")] = None
    push: Annotated[str, typer.Option(help="hub repository (owner/name) to upload to; the token is read from HF_TOKEN")] = ""

    def settings(self, answer_format: str = "plan", **changes: Any) -> tuple[TuningSettings, str]:
        """The profile's settings with what was typed laid over, and the model."""
        from diaglib.profiles import load_profile
        from diaglib.tuning.settings import settings_for

        chosen = load_profile(self.profile)
        typed = {"steps": self.steps, "batch_rows": self.batch_rows, "method": self.method, "lora_rank": self.rank}
        model = self.base or (chosen.chat_model if answer_format == "chat" else chosen.diagram_model)
        return settings_for(chosen, answer_format, **typed, learning_rate=self.learning_rate, **changes), model


def with_run_options(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose parameter `run` is filled from the options of `RunOptions`."""
    names = {field.name for field in fields(RunOptions)}

    @wraps(command)
    def filled(**given: Any) -> None:
        run = RunOptions(**{name: given.pop(name) for name in names})
        with reasons(), model_reasons():
            command(run=run, **given)

    own = [parameter for parameter in signature(command, eval_str=True).parameters.values() if parameter.name != "run"]
    shared = signature(RunOptions, eval_str=True).parameters.values()
    merged = [parameter.replace(kind=Parameter.KEYWORD_ONLY) for parameter in (*own, *shared)]
    filled.__signature__ = Signature(merged)  # type: ignore[attr-defined]
    filled.__annotations__ = {parameter.name: parameter.annotation for parameter in merged}
    return filled


@app.command("sft")
@with_run_options
def tune_sft(run: RunOptions, rows: Rows, answer_format: Format = "plan") -> None:
    """Supervised fine-tuning; a tenth of the prompts is held back for validation."""
    from diaglib.tuning.rows import read_rows, split_rows
    from diaglib.tuning.sft import sft

    settings, model = run.settings(answer_format)
    training, validation = split_rows(read_rows(rows, answer_format))
    _finish(sft(model, training, validation, run.out, settings, run.adapter), run.push)


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

    with reasons(), model_reasons():
        pairs = build_pairs(model, read_rows(rows), out, samples, temperature, seed)
    tell(f"{len(pairs)} pairs; the rejected answers score {sum(pair.score for pair in pairs) / len(pairs):.2f} in the mean")
    print(out)


@app.command("orpo")
@with_run_options
def tune_orpo(run: RunOptions, pairs: Pairs, weight: Weight = 0) -> None:
    """Preference tuning by ORPO, which needs no reference model; a tenth of the prompts is held back for validation."""
    _prefer("orpo", run, pairs, weight)


@app.command("dpo")
@with_run_options
def tune_dpo(run: RunOptions, pairs: Pairs, weight: Weight = 0) -> None:
    """Preference tuning by DPO on the same pairs; its reference model must fit by prediction, or it is refused."""
    _prefer("dpo", run, pairs, weight)


def _prefer(method: Literal["orpo", "dpo"], run: RunOptions, pairs: Path, weight: float) -> None:
    from diaglib.tuning.pairs import read_pairs
    from diaglib.tuning.preference import prefer
    from diaglib.tuning.rows import split_rows

    settings, model = run.settings(preference_weight=weight)
    training, validation = split_rows(read_pairs(pairs))
    _finish(prefer(method, model, training, validation, run.out, settings, run.adapter), run.push)


def _finish(tuned: Tuned, repository: str) -> None:
    from diaglib.tuning.processes import is_first
    from diaglib.tuning.saving import push

    if not is_first():
        return
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
def model_reasons() -> Iterator[None]:
    """Errors of loading a model as one sentence."""
    from diaglib.llm.hub_loading import ModelLoadError

    try:
        yield
    except ModelLoadError as error:
        stop(str(error))
