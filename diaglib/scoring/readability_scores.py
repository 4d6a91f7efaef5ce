"""How readable is a diagram or a picture, 0 (worst) .. 5 (best)? Used by notebook 05, `draw`, `rank` and `diaglib score`.

Rule: a diagram is measured, which needs no torch; a picture is looked at by the CNN; what cannot be read is a row with its
reason, never an exception that loses the others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from diaglib.diagram.model import Diagram
from diaglib.scoring.geometry import features
from diaglib.scoring.heads import TwoStageHead
from diaglib.scoring.pictures import Picture, read_picture
from diaglib.scoring.readability_network import READABILITY_FOLDER, Seen, see
from diaglib.scoring.visibility import as_seen

if TYPE_CHECKING:
    from diaglib.scoring.readability_fit import ReadabilityModel

Item = Diagram | str | Path
HEADS_FILE = "heads.safetensors"
AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Readability:
    """A score of 0..5, or NaN and the reason why there is none."""

    score: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Heads:
    """The shipped heads: `text` on measured geometry, `picture` on what the CNN sees."""

    text: TwoStageHead
    picture: TwoStageHead


def load_heads(folder: Path = READABILITY_FOLDER) -> Heads:
    """The heads of a folder made by `diaglib train-readability`. Raises OSError or ValueError where there are none."""
    path = Path(folder) / HEADS_FILE
    return _load_heads(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _load_heads(path: Path, _modified_ns: int) -> Heads:
    from safetensors.numpy import load_file

    tensors = load_file(path)
    try:
        return Heads(TwoStageHead.from_tensors(tensors, "text"), TwoStageHead.from_tensors(tensors, "picture"))
    except KeyError as error:
        raise ValueError(f"{path} holds no readability heads ({error} is missing)") from None


def readability(items: Sequence[Item], model: ReadabilityModel | None = None) -> list[float]:
    """The readability of diagrams and picture files, 0..5 each; NaN where a picture cannot be read (`readability_rows` says why).

    Without `model` the score is learnt from damaged diagrams of our own generator, some of which we rated. With a model
    of `fit_readability` it is that person's. 100 pictures take about two seconds on two cores.
    Raises TypeError for an item that is neither a diagram nor a path.
    """
    return [row.score for row in readability_rows(items, model)]


def readability_rows(items: Sequence[Item], model: ReadabilityModel | None = None) -> list[Readability]:
    """As `readability`, with the reason where there is no score. A diagram without nodes shows nothing: 0."""
    for item in items:
        if not isinstance(item, Diagram | str | Path):
            raise TypeError(f"{type(item).__name__} is neither a diagram nor the path of a picture")
    rows = [Readability(math.nan)] * len(items)
    drawn = [i for i, item in enumerate(items) if isinstance(item, Diagram)]
    diagrams = [item for item in items if isinstance(item, Diagram)]
    for i, diagram, score in zip(drawn, diagrams, _of_diagrams(diagrams, model), strict=True):
        rows[i] = Readability(score) if diagram.nodes else Readability(0.0, "the diagram has no nodes")
    files = [(i, Path(item)) for i, item in enumerate(items) if not isinstance(item, Diagram)]
    for start in range(0, len(files), AT_ONCE):
        part = files[start : start + AT_ONCE]
        scored = _of_files([path for _, path in part], model)
        for (i, _), row in zip(part, scored, strict=True):
            rows[i] = row
    return rows


def _of_diagrams(diagrams: Sequence[Diagram], model: ReadabilityModel | None) -> list[float]:
    if not diagrams:
        return []
    scores = model.predict_diagrams(diagrams) if model else load_heads().text.predict(*measured_and_seen(diagrams))
    return [float(score) for score in scores]


def measured_and_seen(diagrams: Sequence[Diagram]) -> tuple[np.ndarray, np.ndarray]:
    """`features` of the diagrams with every node, and of what can be seen of them, (n, len(FEATURES)) each."""
    return features(diagrams), features([as_seen(diagram) for diagram in diagrams])


def seen_readability(seen: Seen, model: ReadabilityModel | None = None) -> np.ndarray:
    """Scores (n,) of pictures that the CNN has looked at already."""
    return model.predict_seen(seen) if model else load_heads().picture.predict(seen.boxes, seen.boxes)


def _of_files(paths: Sequence[Path], model: ReadabilityModel | None) -> list[Readability]:
    pictures, reasons = read_all(paths)
    scores = iter(seen_readability(see(pictures), model) if pictures else [])
    return [Readability(math.nan, reason) if reason else Readability(float(next(scores))) for reason in reasons]


def read_all(paths: Sequence[Path]) -> tuple[list[Picture], list[str]]:
    """The readable pictures, and for every path the reason why it is not among them ('' if it is)."""
    pictures, reasons = [], []
    for path in paths:
        try:
            pictures.append(read_picture(path))
            reasons.append("")
        except OSError as error:
            reasons.append(f"{path.name}: {error.strerror or error}")
        except ValueError as error:
            reasons.append(str(error))
    return pictures, reasons
