"""Words in shapes."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diaglib.diagram import Node
from diaglib.diagram.model import SHAPES
from diaglib.diagram.picture.fonts import LINE_HEIGHT_EM, text_mask, text_width_em
from diaglib.diagram.picture.labels import MAX_FONT_PX, MIN_CONTRAST, MIN_FONT_PX, clean_label, contrast, fit_label, text_colour
from diaglib.diagram.picture.routing import outline


def fit(label, width, height, shape="rectangle"):
    return fit_label(outline(Node(0, 500, 300, shape, width, height, label=label)))


def test_a_caption_keeps_its_own_line_breaks_where_there_is_room():
    fitted = fit("conv 3×3\n30×30", 120, 62)
    assert fitted.lines == ("conv 3×3", "30×30")
    assert (fitted.size_px, fitted.rotated, fitted.elided) == (MAX_FONT_PX, False, False)


def test_lines_are_joined_in_a_flat_bar():
    assert fit("dense\n128", 500, 26).lines == ("dense · 128",)


def test_long_labels_wrap_at_spaces():
    fitted = fit("user feedback and evaluation dashboard", 130, 70)
    assert " ".join(fitted.lines) == "user feedback and evaluation dashboard"
    assert len(fitted.lines) > 1


def test_text_is_turned_in_a_narrow_tall_shape_only():
    assert fit("multi-head attention", 30, 300).rotated
    assert not fit("multi-head attention", 300, 30).rotated
    assert not fit("10", 30, 300).rotated


def test_what_does_not_fit_at_7_px_is_cut_with_an_ellipsis():
    fitted = fit("a very long label that will never fit here " * 5, 60, 24)
    assert fitted.elided
    assert fitted.size_px == MIN_FONT_PX
    assert fitted.lines[-1].endswith("…")


def test_hangul_breaks_between_syllables_before_it_becomes_tiny():
    fitted = fit("합성곱신경망특징추출", 70, 60)
    assert "".join(fitted.lines) == "합성곱신경망특징추출"
    assert fitted.size_px >= 11


def test_no_room_means_no_text():
    assert fit("label", 4, 4).lines == ()
    assert fit("", 100, 100).lines == ()


@given(st.text(max_size=60), st.floats(1, 400), st.floats(1, 300), st.sampled_from(SHAPES))
def test_fitted_text_stays_inside_its_shape(label, width, height, shape):
    fitted = fit(label, width, height, shape)
    assert fitted.size_px == 0 or MIN_FONT_PX <= fitted.size_px <= MAX_FONT_PX
    along, across = (height, width) if fitted.rotated else (width, height)
    for i, line in enumerate(fitted.lines):
        half = text_width_em(line) * fitted.size_px / 2
        middle = (i - (len(fitted.lines) - 1) / 2) * LINE_HEIGHT_EM * fitted.size_px
        far = abs(middle) + 0.45 * fitted.size_px
        if shape == "circle":
            assert math.hypot(half / (along / 2), far / (across / 2)) <= 1.001
        else:
            assert half <= along / 2 + 0.1
            assert far <= across / 2 + 0.1


@given(st.text(max_size=80))
def test_a_label_keeps_its_characters_unless_cut(label):
    fitted = fit(label, 400, 300)
    if not fitted.elided:
        assert "".join(fitted.lines).replace(" ", "").replace("·", "") == "".join(clean_label(label).split()).replace("·", "")


def test_control_and_bidirectional_override_characters_are_taken_out():
    assert clean_label("a\x00b\u202ec\ud800d\te\u200b  f\r\n\n g\x1b[0m") == "abcd e f\ng[0m"


def test_every_fill_gets_readable_text():
    steps = range(0, 256, 15)
    worst = min(contrast(text_colour(fill), fill) for fill in itertools.product(steps, steps, steps))
    assert worst >= MIN_CONTRAST
    assert text_colour((40, 60, 110)) == (255, 255, 255)
    assert text_colour((224, 236, 250)) == (24, 24, 32)


def test_contrast_of_black_and_white_is_21():
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)


def test_hangul_is_drawn_with_glyphs_of_its_own():
    """Without a Korean font every syllable is the same empty box."""
    box = text_mask(("\U0010fffd",), 40, False)
    masks = [text_mask((syllable,), 40, False) for syllable in "한글층"]
    for a, b in itertools.combinations([box, *masks], 2):
        assert a.shape != b.shape or np.abs(a.astype(int) - b).mean() > 5


def test_text_is_centred_in_its_mask_and_turns_with_it():
    mask = text_mask(("HHHH",), 32, False)
    rows, columns = np.nonzero(mask > 64)
    assert abs((rows.min() + rows.max() + 1) / 2 - mask.shape[0] / 2) <= 1
    assert abs((columns.min() + columns.max() + 1) / 2 - mask.shape[1] / 2) <= 1
    assert np.array_equal(np.rot90(mask), text_mask(("HHHH",), 32, True))
