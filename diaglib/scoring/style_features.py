"""Colours and style of a diagram as numbers: what taste sees beside geometry. Used by notebook 05 and `taste`.

Rule: colours come from pixels, so that a picture file has them too; style comes from the text.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from diaglib.diagram.model import LINES, SHAPES, Diagram

HUES = ("red", "yellow", "green", "cyan", "blue", "magenta")  # 60 degrees apart
COLOUR_FEATURES = (
    *HUES,  # chroma of that hue, mean over the inked pixels
    "chroma",
    "chroma_spread",
    "inked",  # share of the picture
    "colour_variety",  # entropy of the colours in steps of 17
    "colours",  # how many of these cover at least 2% of the ink
    "hue_variety",  # entropy over the six hues
    "lightness",
    "lightness_spread",
    "dark",  # share of inked pixels darker than middle grey
    "rows_used",
    "columns_used",
    "centre_x",
    "centre_y",
)
STYLE_FEATURES = (
    *SHAPES,  # share of the nodes
    *LINES,
    "nodes",  # logarithms of counts and of mean sizes in px
    "links",
    "links_a_node",
    "labelled",
    "fills",
    "strokes",
    "stroke_lightness",
    "across",  # links that run more across than down
    "width",
    "height",
)
PAPER_INK = 0.04  # less ink than this is paper
MAX_NODES_COUNTED = 500


def colour_features(ink: np.ndarray) -> np.ndarray:
    """Float32 (n, len(COLOUR_FEATURES)) of ink pictures, uint8 (n, height, width, 3), 0 paper .. 255; zeros for empty paper."""
    rows = np.zeros((len(ink), len(COLOUR_FEATURES)), np.float32)
    for row, picture in zip(rows, ink, strict=True):
        inked = picture.max(axis=2) > 255 * PAPER_INK
        if inked.any():
            row[:] = _colours(1 - picture[inked] / np.float32(255), inked)
    return rows


def _colours(rgb: np.ndarray, inked: np.ndarray) -> list[float]:
    red, green, blue = rgb.T
    chroma = rgb.max(axis=1) - rgb.min(axis=1)
    hue = np.arctan2(np.sqrt(3) * (green - blue), 2 * red - green - blue)
    hues = [float((chroma * np.clip(np.cos(hue - place * np.pi / 3), 0, None) ** 2).mean()) for place in range(len(HUES))]
    steps = np.round(rgb * 15).astype(int)
    counts = np.unique(steps[:, 0] * 256 + steps[:, 1] * 16 + steps[:, 2], return_counts=True)[1]
    lightness = rgb.mean(axis=1)
    rows, columns = np.nonzero(inked)
    return [
        *hues, float(chroma.mean()), float(np.sqrt(chroma.std())), float(inked.mean()), _entropy(counts) / 4,
        float(np.log1p((counts > 0.02 * len(rgb)).sum())) / 2, _entropy(np.array(hues)) / 2, float(lightness.mean()),
        float(lightness.std()), float((lightness < 0.5).mean()), float(inked.any(axis=1).mean()),
        float(inked.any(axis=0).mean()), float(columns.mean()) / inked.shape[1], float(rows.mean()) / inked.shape[0],
    ]  # fmt: skip


def _entropy(amounts: np.ndarray) -> float:
    """In nats; 0 where nothing is there."""
    shares = amounts[amounts > 0] / max(float(amounts.sum()), 1e-9)
    return float(-(shares * np.log(shares)).sum())


def style_features(diagrams: Sequence[Diagram]) -> np.ndarray:
    """Float32 (n, len(STYLE_FEATURES)), each about 0..1; a diagram without nodes is a row of zeros."""
    rows = np.zeros((len(diagrams), len(STYLE_FEATURES)), np.float32)
    for row, diagram in zip(rows, diagrams, strict=True):
        if diagram.nodes:
            row[:] = np.nan_to_num(_style(Diagram(diagram.nodes[:MAX_NODES_COUNTED])), posinf=2.0, neginf=0.0)
    return rows


def _style(diagram: Diagram) -> list[float]:
    nodes, links = diagram.nodes, diagram.edges()
    across = np.mean([abs(end.x - start.x) > abs(end.y - start.y) for start, end in links]) if links else 0.5
    return [
        *(np.mean([node.shape == shape for node in nodes]) for shape in SHAPES),
        *(np.mean([node.line == line for node in nodes]) for line in LINES),
        np.log(len(nodes)) / 4, np.log1p(len(links)) / 5, min(len(links) / len(nodes) / 4, 2.0),
        np.mean([bool(node.label) for node in nodes]), np.log(len({node.fill for node in nodes})) / 3,
        np.log(len({node.stroke for node in nodes})) / 3, np.mean([np.mean(node.stroke) for node in nodes]) / 255, across,
        np.log1p(np.mean([abs(node.width) for node in nodes])) / 6, np.log1p(np.mean([abs(node.height) for node in nodes])) / 6,
    ]  # fmt: skip
