"""`diaglib score`, `train-autoencoder`: how good pictures and diagrams are, and the auto-encoder made again from a seed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from diaglib.cli.common import ANSWER_IS_NO, MAX_INPUT_BYTES, print_json, reasons, tell

if TYPE_CHECKING:
    from diaglib.diagram import Diagram
    from diaglib.scoring.rank import Ranked, Ranking


def score(
    files: Annotated[list[Path], typer.Argument(help="pictures, or texts with node lines or a plan (.txt)")],
    ratings: Annotated[Path | None, typer.Option(help="CSV with img_path,score, or a folder with folders 0 to 5")] = None,
    weights: Annotated[str, typer.Option(help="of readability and taste")] = "0.5,0.5",
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON document")] = False,
) -> None:
    """Scores pictures and diagrams, 0 to 5, best first: readability, taste where ratings are given, and the total."""
    from diaglib.scoring.rank import rank
    from diaglib.scoring.weights import read_weights

    with reasons(as_json):
        shares = read_weights(weights)
        taste = None
        if ratings is not None:
            from diaglib.scoring.taste import load_taste

            taste = load_taste(ratings)
        items, problems = _read(files)
        ranking = rank([item for _, item in items], taste, shares)
    names = [str(items[place][0]) for place in ranking.places]
    rows = [_row(name, row) for name, row in zip(names, ranking.rows, strict=True)]
    rows += [{"file": str(file), "place": None, "problem": words} for file, words in problems]
    if as_json:
        print_json({"scores": rows, "notes": list(ranking.notes)})
    else:
        _print_rows(rows, ranking)
    if not any(row["place"] for row in rows):
        raise typer.Exit(ANSWER_IS_NO)


def train_autoencoder(
    out: Annotated[Path, typer.Option(help="folder of the new auto-encoder")],
    seed: Annotated[int, typer.Option(min=0, help="of the weights")] = 0,
) -> None:
    """Makes the auto-encoder of taste from scratch (about two CPU-minutes) and measures it against PCA."""
    from diaglib.scoring.autoencoder_training import AutoencoderSettings
    from diaglib.scoring.autoencoder_training import train_autoencoder as train

    with reasons():
        record = train(out, AutoencoderSettings(seed=seed), tell)
    print_json(record)


def _read(files: list[Path]) -> tuple[list[tuple[Path, Path | Diagram]], list[tuple[Path, str]]]:
    """What can be ranked, with its file: a picture as its path, a text as its diagram; and texts without one, with reasons."""
    from diaglib.cli.diagrams import read_diagram

    items: list[tuple[Path, Path | Diagram]] = []
    problems = []
    for file in files:
        if file.suffix.lower() != ".txt":
            items.append((file, file))
            continue
        try:
            if file.stat().st_size > MAX_INPUT_BYTES:
                raise ValueError(f"is larger than {MAX_INPUT_BYTES // 1_000_000} MB: that is not the text of a diagram")
            items.append((file, read_diagram(file.read_text(encoding="utf-8-sig"))))
        except OSError as error:
            problems.append((file, error.strerror or str(error)))
        except ValueError as error:  # no diagram in it, or not text at all
            problems.append((file, str(error)))
    return items, problems


def _row(name: str, row: Ranked) -> dict[str, Any]:
    if row.place is None:
        return {"file": name, "place": None, "problem": row.problem}
    values = {"total": row.total, "readability": row.readability, "taste": row.taste}
    rounded = {key: None if value is None else round(value, 3) for key, value in values.items()}
    return {"file": name, "place": row.place, **rounded, "reasons": list(row.reasons)}


def _print_rows(rows: list[dict[str, Any]], ranking: Ranking) -> None:
    tasted = any(row.taste is not None for row in ranking.rows)
    print("place  total  readable" + ("  taste" if tasted else "") + "  file")
    for row in rows:
        if row["place"] is None:
            print(f"    -      -         -{'      -' * tasted}  {row['file']}: {row['problem']}")
            continue
        taste = f"  {row['taste']:5.2f}" if tasted else ""
        why = ", ".join(row["reasons"])
        print(f"{row['place']:5d}  {row['total']:5.2f}  {row['readability']:8.2f}{taste}  {row['file']}: {why}")
    for note in ranking.notes:
        tell(note)
