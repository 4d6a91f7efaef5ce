"""Rating diagrams one after another: which picture comes next, what is saved, what is taken back. Used by the rating panel.

Rule: a rating is on disk before the next picture is shown; a session that was left goes on where it stopped.
"""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from diaglib.diagram.model import Diagram
from diaglib.files import as_cell, from_cell
from diaglib.scoring.appearance import appearance, read_items
from diaglib.scoring.ratings import COLUMNS, CSV_NAME, read_ratings, read_score
from diaglib.scoring.taste_kernels import teaches_most, whole_kernel


class RatingSession:
    """Diagrams to rate and the folder that keeps pictures, their texts and `ratings.csv` (`img_path, score`).

    `ratings` maps places among the diagrams to scores, in the order given; `current` is the place to rate now, None when
    all are rated. The next picture is the one whose rating tells most about all the others (`teaches_most`).
    """

    def __init__(self, diagrams: Sequence[Diagram], folder: str | Path) -> None:
        """Writes the pictures that are not there yet. Raises ValueError for no diagrams, OSError where it cannot write."""
        self.diagrams = tuple(dict.fromkeys(diagrams))
        if not self.diagrams:
            raise ValueError("there are no diagrams to rate")
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        texts = [diagram.to_text() for diagram in self.diagrams]
        self.pictures = [self.folder / f"{hashlib.sha256(text.encode()).hexdigest()[:12]}.png" for text in texts]
        for diagram, text, picture in zip(self.diagrams, texts, self.pictures, strict=True):
            if not picture.exists():
                picture.with_suffix(".txt").write_text(text, encoding="utf-8")
                diagram.to_png(picture)
        self._kernel = whole_kernel(appearance(read_items(self.diagrams), by_text=True).blocks)
        self.ratings: dict[int, float] = self._stored()
        self.current: int | None = self._next()

    @property
    def file(self) -> Path:
        return self.folder / CSV_NAME

    def rate(self, score: float) -> None:
        """Gives the current diagram its score, saves it, and moves on.

        Raises ValueError for a score that is not between 0 and 5, or when all are rated.
        """
        if self.current is None:
            raise ValueError("all diagrams are rated")
        self.ratings[self.current] = read_score(score)
        self._save()
        self.current = self._next()

    def undo(self) -> bool:
        """Takes the last rating back and returns to its diagram; False where there is none."""
        if not self.ratings:
            return False
        self.current, _ = self.ratings.popitem()
        self._save()
        return True

    def _next(self) -> int | None:
        order = teaches_most(self._kernel, list(self.ratings))
        return order[0] if order else None

    def _stored(self) -> dict[int, float]:
        """Ratings of an earlier session for these diagrams."""
        if not self.file.is_file():
            return {}
        read = read_ratings(self.file)
        places = {picture.name: place for place, picture in enumerate(self.pictures)}
        rated = zip(read.pictures, read.scores, strict=True)
        return {places[picture.name]: score for picture, score in rated if picture.name in places}

    def _save(self) -> None:
        """The whole file anew, so that Ctrl-C leaves the old or the new one; ratings of other diagrams in it are kept."""
        own = {picture.name for picture in self.pictures}
        rows = [(self.pictures[place].name, f"{score:g}") for place, score in self.ratings.items()]
        if self.file.is_file():
            with self.file.open(newline="", encoding="utf-8") as file:
                kept = [tuple(map(from_cell, row)) for row in csv.reader(file) if len(row) == len(COLUMNS)]
            rows = [*((path, score) for path, score in kept if path not in (*own, COLUMNS[0])), *rows]
        part = self.file.with_name(f".{CSV_NAME}.part")
        with part.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([COLUMNS, *(map(as_cell, row) for row in rows)])
        os.replace(part, self.file)

    def scores(self) -> np.ndarray:
        """Scores in the order rated."""
        return np.array(list(self.ratings.values()))
