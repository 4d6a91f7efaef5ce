"""Rows of an embedding in four bits a number, two to a byte, with a scale a row: an eighth of their size.

Used by the local encoder when it is saved and loaded. Rule: rows are summed before anything is made of them, and their small
errors with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

LARGEST = 7  # numbers are -7 to 7
_ZERO = 8


def pack_rows(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bytes (..., width / 2) and scales, float16 (..., 1), of rows (..., width). Raises ValueError where the width is odd."""
    import numpy as np

    if table.shape[-1] % 2:
        raise ValueError(f"rows of {table.shape[-1]} numbers cannot be packed two to a byte: give an even width")
    scale = np.maximum(abs(table).max(axis=-1, keepdims=True) / LARGEST, 1e-6).astype(np.float16)
    digits = (np.round(table / scale).clip(-LARGEST, LARGEST) + _ZERO).astype(np.uint8)
    return digits[..., ::2] | digits[..., 1::2] << 4, scale


def unpack_rows(packed: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """The rows, float32 (..., width)."""
    import numpy as np

    digits = np.stack([packed & 15, packed >> 4], axis=-1).reshape(*packed.shape[:-1], 2 * packed.shape[-1])
    return (digits.astype(np.float32) - _ZERO) * scale.astype(np.float32)
