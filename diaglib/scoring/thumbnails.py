"""Small ink pictures: what the auto-encoder and the colour features see. Used by notebook 05 and `taste`.

Rule: they are made of the readability CNN's ink, so that a diagram is drawn, or a file is read, once for both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from diaglib.scoring.autoencoder import HEIGHT_PX, WIDTH_PX
from diaglib.scoring.pictures import draw_ink

if TYPE_CHECKING:
    import numpy as np

    from diaglib.diagram.model import Diagram


def ink_thumbnails(diagrams: Sequence[Diagram]) -> np.ndarray:
    """Uint8 (n, 48, 80, 3) of diagrams, 0 paper .. 255 ink. About 4 ms each."""
    import numpy as np

    parts = [shrink(draw_ink(diagrams[start : start + 256])) for start in range(0, len(diagrams), 256)]
    return np.concatenate(parts) if parts else np.zeros((0, HEIGHT_PX, WIDTH_PX, 3), np.uint8)


def shrink(ink: np.ndarray) -> np.ndarray:
    """Uint8 (n, 48, 80, 3) of larger ink pictures of the same proportions, averaged by area."""
    import cv2
    import numpy as np

    small = [cv2.resize(picture, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_AREA) for picture in ink]
    return np.stack(small) if small else np.zeros((0, HEIGHT_PX, WIDTH_PX, 3), np.uint8)
