"""A person's ratings, 0 (worst) .. 5 (best): from folders named 0 to 5, from a CSV file, or from the rating panel.

Used by notebook 05, `taste` and `fit_readability`. Rule: what cannot be used is left out and told, never guessed.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diaglib.files import from_cell

if TYPE_CHECKING:
    from diaglib.diagram.model import Diagram

COLUMNS = ("img_path", "score")
WORST, BEST = 0.0, 5.0
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff")
CSV_NAME = "ratings.csv"  # what the rating panel writes into its folder
MAX_CSV_BYTES = 50_000_000
MAX_NODE_LINES_BYTES = 200_000


@dataclass(frozen=True, slots=True)
class Ratings:
    """Pictures with their scores, 0..5, each picture once; `notes` says in words what was left out and why."""

    pictures: tuple[Path, ...] = ()
    scores: tuple[float, ...] = ()
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.pictures)


def read_ratings(source: str | Path) -> Ratings:
    """Ratings of a CSV file (`img_path, score`, paths from the CSV's folder) or a folder.

    A folder holds folders named 0 to 5 with pictures, as published, or the panel's `ratings.csv`. A rating that is not a
    number from 0 to 5, a missing picture and files that are no pictures are left out and told; of a picture rated
    twice (the same file, or a copy of it) the last rating counts, in folders the file written last.
    Raises OSError where the source is not there, ValueError where it holds no ratings at all.
    """
    source = Path(source)
    if not source.exists():
        raise FileNotFoundError(
            2, "is not there: give a CSV with img_path and score, or a folder with folders 0 to 5", str(source)
        )
    if source.is_dir() and not any((source / str(score)).is_dir() for score in range(6)) and (source / CSV_NAME).is_file():
        source = source / CSV_NAME
    notes: list[str] = []
    rated = _from_folders(source, notes) if source.is_dir() else _from_csv(source, notes)
    last: dict[str, tuple[Path, float]] = {}
    for picture, score in rated:
        try:
            key = _content(picture)
        except OSError as error:
            notes.append(f"{picture.name} cannot be read ({error.strerror or error}): left out")
            continue
        if key in last:
            copy = "" if last[key][0] == picture else f" (as {last[key][0].name} too)"
            notes.append(
                f"{picture.name}{copy} is rated twice: the last rating, {score:g}, counts instead of {last.pop(key)[1]:g}"
            )
        last[key] = (picture, score)
    return Ratings(tuple(picture for picture, _ in last.values()), tuple(score for _, score in last.values()), tuple(notes))


def read_score(value: Any) -> float:
    """A rating as a number. Raises ValueError, in words, for anything that is not a number from 0 to 5."""
    try:
        score = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"'{str(value)[:40]}' is not a number from 0 to 5") from None
    if not (math.isfinite(score) and WORST <= score <= BEST):
        raise ValueError(f"{str(value)[:40]} is not between 0 and 5")
    return score + 0.0  # -0.0 would be shown with its minus


def _from_folders(folder: Path, notes: list[str]) -> list[tuple[Path, float]]:
    rated = []
    known = [str(score) for score in range(6)]
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            continue
        if not (entry.is_dir() and entry.name in known):
            what = "a folder that is not named 0 to 5" if entry.is_dir() else "no folder named 0 to 5"
            notes.append(f"{entry.name} is {what}: left out")
            continue
        for file in sorted(path for path in entry.iterdir() if not path.name.startswith(".")):
            if file.suffix.lower() in PICTURE_SUFFIXES and file.is_file():
                rated.append((file, float(entry.name)))
            elif file.suffix.lower() != ".txt":  # node lines beside a picture belong to it
                notes.append(f"{entry.name}/{file.name} is no picture: left out")
    if not any((folder / name).is_dir() for name in known):
        raise ValueError(f"{folder} holds no ratings: put pictures into folders named 0 to 5 in it, or give a CSV file")
    return sorted(rated, key=lambda item: item[0].stat().st_mtime_ns)


def _from_csv(file: Path, notes: list[str]) -> list[tuple[Path, float]]:
    if file.stat().st_size > MAX_CSV_BYTES:
        raise ValueError(f"{file} is larger than {MAX_CSV_BYTES // 1_000_000} MB: that is no list of ratings")
    text = file.read_text(encoding="utf-8-sig", errors="replace")
    reader = csv.DictReader(io.StringIO(text), skipinitialspace=True)
    try:
        names = {(name or "").strip().lower(): name for name in reader.fieldnames or ()}
        if missing := [name for name in COLUMNS if name not in names]:
            raise ValueError(f"{file} has no column '{missing[0]}': its first line must be {', '.join(COLUMNS)}")
        rated = []
        for row in reader:
            path, value = (from_cell(str(row[names[name]] or "").strip()) for name in COLUMNS)
            where = f"{file.name}, line {reader.line_num}"
            picture = Path(path) if Path(path).is_absolute() else file.parent / path
            try:
                score = read_score(value)
            except ValueError as error:
                notes.append(f"{where}: {error}: left out")
                continue
            if not path or not picture.is_file():
                notes.append(f"{where}: there is no picture '{path[:80]}': left out")
                continue
            rated.append((picture, score))
    except csv.Error as error:
        raise ValueError(f"{file} is not a CSV file: {error}") from None
    return rated


def _content(picture: Path) -> str:
    """A key that a picture and its copies share."""
    with picture.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def diagram_beside(picture: str | Path) -> Diagram | None:
    """The diagram a picture shows, where its text lies beside it: `03.txt` for `03.png`, or the record `draw` writes.

    None where there is neither, or where it holds no diagram.
    """
    from diaglib.diagram.text import parse

    picture = Path(picture)
    lines = picture.with_suffix(".txt")
    text = ""
    try:
        if lines.is_file() and lines.stat().st_size <= MAX_NODE_LINES_BYTES:
            text = lines.read_text(encoding="utf-8", errors="replace")
        elif (record := picture.parent / "drawing.json").is_file():
            text = _recorded(record, record.stat().st_mtime_ns).get(picture.name, "")
    except OSError:
        return None
    diagram = parse(text).diagram if text else None
    return diagram if diagram and diagram.nodes else None


@lru_cache(maxsize=64)
def _recorded(record: Path, _modified_ns: int) -> dict[str, str]:
    """Node lines by file name, of the record of one drawing."""
    try:
        drawings = json.loads(record.read_bytes()[:MAX_CSV_BYTES])["drawings"]
        return {str(name): str(drawing["nodes"]) for drawing in drawings for name in drawing["files"].values()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
