"""Diagrams and picture files as the blocks of numbers that taste is learnt from. Used by notebook 05, `taste` and `rank`.

Rule: items are compared in one view: by their text where all have one, else by their pictures; a file that cannot be read
is told, not guessed. The text view needs no torch.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from diaglib.diagram.model import Diagram
from diaglib.scoring.autoencoder import Autoencoder, load_autoencoder
from diaglib.scoring.geometry import features
from diaglib.scoring.pictures import Picture, draw_ink, draw_picture, read_picture, stack_ink
from diaglib.scoring.ratings import diagram_beside
from diaglib.scoring.style_features import colour_features, style_features
from diaglib.scoring.thumbnails import shrink

Item = Diagram | str | Path
SCALES_FILE = Path(__file__).parent / "autoencoder" / "scales.json"


@dataclass(frozen=True, slots=True)
class ReadItem:
    """An item as read: its diagram where there is a text, its picture where it was looked at; or the reason why not."""

    item: Item
    diagram: Diagram | None
    picture: Picture | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Appearance:
    """Blocks of features by name, float32 (n, k) each, in units of how much generated diagrams differ (mean 0, spread 1);
    `latents` (n, 96) as the auto-encoder gives them."""

    blocks: dict[str, np.ndarray]
    latents: np.ndarray

    def __len__(self) -> int:
        return len(self.latents)


def read_items(items: Sequence[Item], draw: bool = True) -> list[ReadItem]:
    """Every item as read; a file that is no picture, or an empty diagram, has a reason. `draw=False` leaves diagrams undrawn."""
    return [_read(item, draw) for item in items]


def _read(item: Item, draw: bool) -> ReadItem:
    if isinstance(item, Diagram):
        if not item.nodes:
            return ReadItem(item, None, None, "the diagram has no nodes")
        return ReadItem(item, item, draw_picture(item) if draw else None)
    if not isinstance(item, str | Path):
        raise TypeError(f"{type(item).__name__} is neither a diagram nor the path of a picture")
    try:
        return ReadItem(item, diagram_beside(item), read_picture(item))
    except OSError as error:
        return ReadItem(item, None, None, f"{Path(item).name}: {error.strerror or error}")
    except ValueError as error:
        return ReadItem(item, None, None, str(error))


def appearance(read: Sequence[ReadItem], by_text: bool) -> Appearance:
    """The blocks of items that were all looked at and, for the text view, have a diagram. Raises ValueError where one has not."""
    if missing := [one for one in read if one.picture is None or (by_text and one.diagram is None)]:
        raise ValueError(missing[0].reason or f"{missing[0].item} has no text or was not drawn")
    pictures = [one.picture for one in read if one.picture is not None]
    thumbnails = shrink(stack_ink(pictures))
    latents = load_autoencoder().encode(thumbnails / np.float32(255))
    diagrams = [one.diagram for one in read if one.diagram is not None] if by_text else None
    blocks = raw_blocks(diagrams, pictures, thumbnails, latents)
    return Appearance({name: _in_scale(name, block) for name, block in blocks.items()}, latents)


def raw_blocks(
    diagrams: Sequence[Diagram] | None, pictures: Sequence[Picture], thumbnails: np.ndarray, latents: np.ndarray
) -> dict[str, np.ndarray]:
    """The blocks in their own units: of the text view where `diagrams` are given, else of the picture view."""
    both = {"colour": colour_features(thumbnails), "latent": latents}
    if diagrams is not None:
        return {"geometry": features(diagrams), "style": style_features(diagrams), **both}
    from diaglib.scoring.readability_network import see

    return {"seen geometry": see(pictures).geometry, **both}


def _in_scale(name: str, block: np.ndarray) -> np.ndarray:
    mean, spread = (np.array(row, np.float32) for row in _scales()["geometry" if name == "seen geometry" else name])
    return (block - mean) / spread


@lru_cache(maxsize=1)
def _scales() -> dict[str, Any]:
    return json.loads(SCALES_FILE.read_text(encoding="utf-8"))


def measure_scales(diagrams: Sequence[Diagram], autoencoder: Autoencoder) -> dict[str, list[list[float]]]:
    """Mean and spread of every feature over many diagrams, as scales.json keeps them.

    A feature that hardly varies gets at least a fifth of its block's mean spread, so that chance does not become a signal.
    """
    thumbnails = shrink(draw_ink(diagrams))
    blocks = raw_blocks(diagrams, (), thumbnails, autoencoder.encode(thumbnails / np.float32(255)))
    scales = {}
    for name, block in blocks.items():
        spread = block.std(axis=0)
        spread = np.maximum(spread, 0.2 * spread.mean())
        scales[name] = [np.round(block.mean(axis=0), 5).tolist(), np.round(spread, 5).tolist()]
    return scales
