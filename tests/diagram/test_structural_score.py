import random

import pytest

from diaglib.dataset.rows import tell
from diaglib.diagram import Diagram, Node, structural_score


def chain(length: int) -> Diagram:
    nodes = [Node(i, 50 + 60 * i, 300, links=(i + 1,) if i + 1 < length else ()) for i in range(length)]
    return Diagram(tuple(nodes))


@pytest.mark.parametrize("seed", range(10))
def test_a_diagram_scores_one_against_itself_in_any_place(seed: int) -> None:
    plan = tell(random.Random(seed)).plan
    assert structural_score(plan.layout(), plan.layout(), plan.family == "network") == 1.0


def test_a_chain_one_step_short_loses_what_is_missing() -> None:
    """Chains of 4 and 5: out-degrees pointed to are {(1,): 2, (0,): 1, (): 1} and {(1,): 3, (0,): 1, (): 1}."""
    assert structural_score(chain(4), chain(5), network=False) == pytest.approx(4 / 5)


def test_nothing_in_common_scores_zero() -> None:
    assert structural_score(Diagram(()), chain(3), network=True) == 0.0
