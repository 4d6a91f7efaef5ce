import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diaglib.statistics import mean_interval, wilson_interval


def test_the_wilson_interval_is_the_textbook_one() -> None:
    """10 of 20: 0.299 to 0.701 (Brown, Cai and DasGupta 2001, table of examples)."""
    assert wilson_interval(10, 20) == pytest.approx((0.2993, 0.7007), abs=1e-4)


@given(st.integers(0, 400).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))))
def test_a_rate_lies_in_its_interval_and_the_interval_in_0_to_1(rate: tuple[int, int]) -> None:
    passed, total = rate
    low, high = wilson_interval(passed, total)
    assert 0 <= low <= high <= 1
    assert total == 0 or low <= passed / total <= high


def test_more_passed_than_tried_is_refused() -> None:
    with pytest.raises(ValueError, match="5 of 4"):
        wilson_interval(5, 4)


def test_the_bootstrap_interval_holds_the_mean_and_narrows_with_more_values() -> None:
    few, many = [0.0, 1.0] * 10, [0.0, 1.0] * 250
    low, high = mean_interval(few)
    assert low < 0.5 < high
    narrow_low, narrow_high = mean_interval(many)
    assert narrow_high - narrow_low < high - low
    assert narrow_high - narrow_low == pytest.approx(2 * 1.96 * 0.5 / math.sqrt(500), rel=0.15)


def test_a_mean_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no values"):
        mean_interval([])


def test_mcnemar_is_the_exact_binomial_test_on_the_questions_that_differ():
    from scipy.stats import binomtest

    from diaglib.statistics import mcnemar_p

    for one, other in ((0, 0), (5, 0), (3, 9), (10, 10)):
        expected = binomtest(one, one + other).pvalue if one + other else 1.0
        assert mcnemar_p(one, other) == pytest.approx(expected)
    with pytest.raises(ValueError, match="not counts"):
        mcnemar_p(-1, 2)
