"""Rows in four bits a number: near enough, and half a byte each."""

import numpy as np
import pytest

from diaglib.memory.encoder_packing import LARGEST, pack_rows, unpack_rows


def test_rows_come_back_within_half_a_step() -> None:
    rows = np.random.default_rng(0).normal(size=(2, 50, 6)).astype(np.float32)
    packed, scale = pack_rows(rows)
    assert packed.dtype == np.uint8
    assert packed.shape == (2, 50, 3)
    assert (abs(unpack_rows(packed, scale) - rows) <= 0.51 * scale).all()
    assert scale[..., 0] == pytest.approx(abs(rows).max(axis=-1) / LARGEST, rel=1e-3)


def test_a_row_of_zeros_stays_one() -> None:
    assert not unpack_rows(*pack_rows(np.zeros((1, 4), np.float32))).any()


def test_an_odd_width_is_told() -> None:
    with pytest.raises(ValueError, match="even width"):
        pack_rows(np.zeros((2, 3)))
