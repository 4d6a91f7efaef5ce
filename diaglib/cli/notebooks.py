"""`diaglib run`: the series of notebooks; `diaglib dataset`: the rows of notebook 02 as a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from diaglib.cli.common import ANSWER_IS_NO, reasons, refuse_overwriting, stop, tell, whole_file


def run(
    profile: Annotated[str, typer.Option(help="local, t4 or a100: decides models and sizes")] = "local",
    only: Annotated[str, typer.Option(help="numbers of notebooks, with commas between: 02,07")] = "",
    parameter: Annotated[list[str] | None, typer.Option("-p", metavar="NAME=VALUE", help="a parameter of the notebooks")] = None,
    force: Annotated[bool, typer.Option("--force", help="run finished notebooks again")] = False,
    jobs: Annotated[int, typer.Option(min=1, help="notebooks at a time, where one does not need another")] = 1,
    scheduler: Annotated[str, typer.Option(help="address of a Dask scheduler whose workers run the notebooks")] = "",
    cell_timeout: Annotated[int, typer.Option(min=0, help="longest seconds a cell may take; 0: no limit")] = 0,
    notebooks: Annotated[str, typer.Option(help="folder of the notebooks")] = "",
) -> None:
    """Runs the notebooks, keeps what is finished, and writes reports and an index page."""
    from diaglib.profiles import load_profile
    from diaglib.runs.batch import Options, run_series
    from diaglib.runs.series import find_notebooks, load_series, output_root, select

    with reasons():
        chosen = select(load_series(), only)
        options = Options(force, jobs, scheduler, cell_timeout)
        results = run_series(chosen, find_notebooks(notebooks), load_profile(profile), parameter or (), show_progress, options)
    folder = output_root() / profile
    print(folder / "index.html")
    for result in results:
        if result.leaves:
            print(folder / result.name / result.leaves)
    if failed := [result for result in results if result.status != "done"]:
        reports = ", ".join(f"{result.name} ({folder / result.name / 'report.html'})" for result in failed)
        stop(f"failed, with what was reached so far in its report: {reports}", ANSWER_IS_NO)


def show_progress(line: str, last: bool) -> None:
    """One line a notebook on standard error: rewritten in place on a terminal, only its last state elsewhere."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{line}", end="\n" if last else "", file=sys.stderr, flush=True)
    elif last:
        tell(line)


def dataset(
    out: Annotated[Path, typer.Option(help="the CSV file to write")],
    rows: Annotated[int, typer.Option(min=1, help="how many")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="the same seed gives the same rows")] = 0,
    families: Annotated[str, typer.Option(help="only these families, with commas between; all where empty")] = "",
    force: Annotated[bool, typer.Option("--force", help="overwrite an existing file")] = False,
) -> None:
    """Writes generated training rows: prompt, plan, node lines, family, structure."""
    from diaglib.dataset import FAMILIES, write_csv
    from diaglib.dataset import rows as generate

    refuse_overwriting(out, force)
    names = [name.strip() for name in families.split(",") if name.strip()] or list(FAMILIES)
    if unknown := [name for name in names if name not in FAMILIES]:
        stop(f"there is no family '{unknown[0]}'; known: {', '.join(FAMILIES)}")
    with reasons(), whole_file(out) as part:
        write_csv(part, generate(seed, rows, {name: FAMILIES[name][1] for name in names}), total=rows)
    print(out)
