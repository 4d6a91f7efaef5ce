"""Notebooks of a few cells, written and run on the spot."""

from __future__ import annotations

import json
from pathlib import Path

from diaglib.profiles import load_profile
from diaglib.runs.batch import Options, run_series
from diaglib.runs.records import Result
from diaglib.runs.series import Entry

PARAMETERS = 'PROFILE = "local"\nFACTOR = 2'
PICTURE = 'from IPython.display import SVG\nSVG(\'<svg xmlns="http://www.w3.org/2000/svg"><circle r="9"/></svg>\')'


def write_notebook(folder: Path, name: str, *sources: str, needs: tuple[str, ...] = ()) -> Entry:
    """A notebook with a title, parameters and the given code cells, and its entry of a series."""
    cells = [{"cell_type": "markdown", "source": f"# {name}\n[![b](https://x.invalid/b.svg)](https://x.invalid/n)"}]
    cells += [
        {"cell_type": "code", "source": source, "outputs": [], "execution_count": None} for source in (PARAMETERS, *sources)
    ]
    for number, cell in enumerate(cells):
        cell |= {"id": f"c{number}", "metadata": {"tags": ["parameters"]} if cell["source"] == PARAMETERS else {}}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    book = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    (folder / f"{name}.ipynb").write_text(json.dumps(book), encoding="utf-8")
    return Entry(name[:2], f"{name}.ipynb", f"What is {name}?", needs=needs)


def run(place: Path, said: list[str], *entries: Entry, overrides: tuple[str, ...] = (), **options) -> list[Result]:
    """The entries as a series in the profile `local`; every line told is added to `said`."""

    def show(line: str, last: bool) -> None:
        said.append(line)

    return run_series(entries, place, load_profile("local"), overrides, show, Options(**options))
