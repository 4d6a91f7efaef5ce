"""The check: right plans pass, wrong ones are told, over all hand-written sentences."""

from __future__ import annotations

from collections import Counter

import pytest
from corruptions import comparable, wrong_plans
from hand_written import Case, load_bad, load_cases, plan_of
from hypothesis import given, settings
from hypothesis import strategies as st

from diaglib.check import check

CASES = load_cases()
WRAPPER = (
    "Represent below as a Python list.\n\n{0} in the following format.\n\n[node No., X position (px), Y position (px), shape, 10]"
    "\n\nX is between 0 and 1000, Y between 0 and 600. It is important to draw a representation of high readability."
)


def test_the_set_is_as_large_as_promised() -> None:
    families = Counter(case.family for case in CASES)
    assert len(CASES) >= 80
    assert min(families.values()) >= 8
    assert len(load_bad()) >= 25


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says[:60])
def test_a_right_plan_is_not_contradicted(case: Case) -> None:
    for plan in case.plans:
        assert check(case.says, plan).contradictions == ()
        assert check(WRAPPER.format(case.says), plan).contradictions == ()


def _caught(cases: list[Case]) -> tuple[Counter[str], Counter[str]]:
    total, caught = Counter[str](), Counter[str]()
    for case in cases:
        right = {comparable(plan) for plan in case.plans}
        for name, wrong in wrong_plans(case.plan):
            if comparable(wrong) not in right:
                total[name] += 1
                caught[name] += not check(case.says, wrong).right
    return total, caught


def test_wrong_networks_are_caught() -> None:
    total, caught = _caught([case for case in CASES if case.plan.family == "network"])
    assert total.total() > 1000
    assert caught.total() / total.total() >= 0.95
    for name in total:
        assert caught[name] / total[name] >= 0.8, name


def test_wrong_flowcharts_are_caught() -> None:
    total, caught = _caught([case for case in CASES if case.plan.family == "flowchart"])
    assert caught.total() / total.total() >= 0.85


@pytest.mark.parametrize("row", [row for row in load_bad() if "conflict" in row], ids=lambda row: row["says"][:40])
def test_a_sentence_that_contradicts_itself_is_told(row: dict[str, str]) -> None:
    plan = plan_of("input 4 / dense 3 / dense 4 / output 1")
    assert row["conflict"] in " ".join(check(row["says"], plan).contradictions)


@pytest.mark.parametrize(
    ("says", "plan", "words"),
    [
        ("4 inputs, 3 hidden nodes, 1 output", "input 6 / dense 3 / output 1", "you asked for 4 inputs, the plan has 6"),
        ("4 inputs, hidden layers of 6, 10 and 6, 1 output", "input 4 / dense 6 / dense 10 / output 1", "6, 10 and 6"),
        ("32x32 input, two 3x3 conv layers, 10 outputs", "input 32 / conv k5 / conv k5 / output 10", "3×3"),
        ("32x32 input, conv, pool, 10 outputs", "input 32 / pool / conv / output 10", "conv → pool"),
        ("LSTM with 64 units, 1 output", "input / gru 64 / output 1", "lstm"),
        ("a U-Net with 3 levels and skip connections", "input / down / down / down / bottleneck / up / up / up / output", "skip"),
        ("a transformer with 2 encoder blocks and 8 heads", "input / encoder h4 / encoder h4 / output", "8 heads"),
        ("4 inputs, 3 hidden nodes, 1 output", 'process "collect" / process "clean"', "flowchart"),
        ("collect data -> clean -> train", 'process "collect data" / process "clean"', "'train'"),
        ("collect -> clean -> train", 'process "collect" / process "train" / process "clean"', "before"),
    ],
)
def test_messages_name_what_is_wrong(says: str, plan: str, words: str) -> None:
    assert words in " | ".join(check(says, plan_of(plan)).contradictions)


def test_what_is_not_understood_is_told_and_not_flagged() -> None:
    verdict = check("several conv layers on a 32x32 image, then 10 outputs", plan_of("input 32 / conv / conv / output 10"))
    assert verdict.right
    assert any("how many conv layers" in words for words in verdict.unverified)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_read_without_an_error(text: str) -> None:
    verdict = check(text, plan_of("input 4 / dense 3 / output 1"))
    assert isinstance(verdict.contradictions, tuple)


@settings(max_examples=100, deadline=None)
@given(
    st.integers(2, 900), st.lists(st.integers(2, 900), min_size=1, max_size=4), st.integers(2, 900), st.integers(1, 50)
)  # fmt: skip
def test_a_changed_size_is_always_told(inputs: int, hidden: list[int], outputs: int, change: int) -> None:
    """The plainest sentence, any sizes: the right plan passes, each plan with one size changed does not."""
    sizes = [inputs, *hidden, outputs]
    listed = ", ".join(map(str, hidden[:-1])) + (" and " if hidden[:-1] else "") + str(hidden[-1])
    says = f"a network with {inputs} inputs, hidden layers of {listed} nodes and {outputs} outputs"
    kinds = ["input", *["dense"] * len(hidden), "output"]
    assert check(says, plan_of(" / ".join(f"{k} {n}" for k, n in zip(kinds, sizes, strict=True)))).right
    for i in range(len(sizes)):
        wrong = [*sizes[:i], sizes[i] + change, *sizes[i + 1 :]]
        assert not check(says, plan_of(" / ".join(f"{k} {n}" for k, n in zip(kinds, wrong, strict=True)))).right
