"""Rows as people use them: dictionaries, a CSV file, a `datasets.Dataset`, and the data card that goes with them.

Used by notebooks 02, 03 and 04. Rule: rows stream, so any number fits into memory; the card's numbers are counted, not typed.
"""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from diaglib.dataset.rows import FAMILIES, Told, told_rows

if TYPE_CHECKING:
    import datasets

COLUMNS = ("prompt", "plan", "nodes", "family", "structure")


def rows(seed: int = 0, count: int | None = None, families: Mapping[str, float] | None = None) -> Iterator[dict[str, str]]:
    """Training rows, one after another; endless where `count` is None.

    `prompt` is the sentence, `plan` the compact plan text, `nodes` the published node lines, `family` one of `FAMILIES`,
    `structure` what the plan is made of (`network: 5 layers` or `flowchart: 9 nodes, 8 links`). The same seed gives
    the same rows.
    Raises ValueError for an unknown family.
    """
    for told in told_rows(seed, count, families):
        yield as_row(told)


def as_row(told: Told) -> dict[str, str]:
    """The columns of one sentence and its plan."""
    plan = told.plan
    links = sum(len(node.links) for node in plan.nodes)
    what = f"network: {len(plan.nodes)} layers" if plan.family == "network" else f"flowchart: {len(plan.nodes)} nodes"
    return {
        "prompt": told.sentence,
        "plan": plan.to_text(),
        "nodes": plan.layout().to_text(),
        "family": told.family,
        "structure": f"{what}, {links} links",
    }


def write_csv(path: str | Path, rows_to_write: Iterable[Mapping[str, str]], total: int | None = None) -> Path:
    """Writes rows to a CSV file, whole or not at all. Raises FileExistsError where the file is there already."""
    path = Path(path)
    if path.exists():
        raise FileExistsError(f"{path} is there already: name another file or remove it")
    part = path.with_name(path.name + ".part")
    try:
        with part.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(tqdm(rows_to_write, total=total, unit="row", desc=path.name, disable=None))
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)  # what Ctrl-C leaves
    return path


def build_dataset(count: int, seed: int = 0, families: Mapping[str, float] | None = None) -> datasets.Dataset:
    """The same rows as a `datasets.Dataset` with the columns of `COLUMNS`."""
    import datasets

    return datasets.Dataset.from_list(list(rows(seed, count, families)))


def data_card(sample: Iterable[Mapping[str, str]], seed: int) -> str:
    """A Markdown card: what the rows are, how they were made, what they lack, with counts of `sample`."""
    sample = list(sample)
    counts = Counter(row["family"] for row in sample)
    words = [len(row["prompt"].split()) for row in sample]
    lines = [
        "# Data card: sentences and diagrams",
        "",
        f"{len(sample)} generated rows, seed {seed}. Every row is made by a grammar of this project:",
        "no text of a person, no scraped data, MIT.",
        "",
        "| family | rows | words a sentence | example |",
        "|---|---|---|---|",
    ]
    for family in FAMILIES:
        chosen = [row for row in sample if row["family"] == family]
        if chosen:
            mean = sum(len(row["prompt"].split()) for row in chosen) / len(chosen)
            example = " ".join(min((row["prompt"] for row in chosen), key=len).split())[:90].replace("|", "\\|")
            lines.append(f"| {family} | {counts[family]} | {mean:.1f} | {example} |")
    lines += [
        "",
        f"Columns: {', '.join(COLUMNS)}. Sentences have {min(words)} to {max(words)} words." if sample else "No rows.",
        "",
        "Limits: English only; the wordings are a grammar's, wider than a person's in form and narrower in meaning;",
        "sizes are drawn log-uniformly and many networks are of no practical use; names of steps are often made up,",
        "so that a model learns to copy them.",
    ]
    return "\n".join(lines) + "\n"
