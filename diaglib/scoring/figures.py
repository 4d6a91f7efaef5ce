"""Figures of notebook 05: what the networks see, and the map of diagrams. Used by that notebook alone.

Rule: figures are made of what is handed in; nothing is scored or drawn anew here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def picture_grid(rows: Sequence[np.ndarray], titles: Sequence[str], width_inches: float = 11) -> Figure:
    """Ink pictures, uint8 or 0..1 (n, height, width, 3) a row, shown as a person sees them; a title for each row."""
    import matplotlib.pyplot as plt

    columns = max(len(row) for row in rows)
    figure, grid = plt.subplots(
        len(rows), columns, figsize=(width_inches, (0.62 * width_inches / columns + 0.3) * len(rows)), squeeze=False
    )
    for axes, pictures, title in zip(grid, rows, titles, strict=True):
        axes[0].set_title(title, loc="left", fontsize=9)
        for place, axis in enumerate(axes):
            axis.set_xticks([])
            axis.set_yticks([])
            if place < len(pictures):
                axis.imshow(_as_seen(pictures[place]))
            else:
                axis.set_visible(False)
    figure.tight_layout(pad=0.4, h_pad=1.0)
    return figure


def latent_map(latents: np.ndarray, thumbnails: np.ndarray, colours: np.ndarray, label: str) -> Figure:
    """Diagrams as thumbnails along the two directions in which their latents (n, 96) vary most, framed by a value (n,).

    Places are ranks, so that one diagram unlike all others does not crowd the rest.
    """
    import matplotlib.pyplot as plt
    from matplotlib.offsetbox import AnnotationBbox, OffsetImage

    centred = latents - latents.mean(axis=0)
    places = centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T
    places = places.argsort(axis=0).argsort(axis=0)
    figure, axes = plt.subplots(figsize=(11, 7))
    points = axes.scatter(*places.T, c=colours, cmap="viridis", s=1)
    colour_of = points.to_rgba(colours)
    for place, thumbnail, colour in zip(places, thumbnails, colour_of, strict=True):
        box = OffsetImage(_as_seen(thumbnail), zoom=0.62)
        axes.add_artist(AnnotationBbox(box, place, pad=0.12, bboxprops={"edgecolor": colour, "linewidth": 1.8}))
    axes.margins(0.09)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_xlabel("order along the first direction of the latents")
    axes.set_ylabel("order along the second direction")
    figure.colorbar(points, ax=axes, label=label, fraction=0.03)
    figure.tight_layout()
    return figure


def _as_seen(ink: np.ndarray) -> np.ndarray:
    """Ink on white paper, 0..1."""
    return 1.0 - np.clip(ink / (255.0 if ink.dtype == np.uint8 else 1.0), 0.0, 1.0)
