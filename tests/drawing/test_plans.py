"""Plans: answers are parsed and checked, contradicting ones sampled again in one batch, the best kept."""

from __future__ import annotations

import pytest
from hand_written import load_bad, load_cases
from scripted_model import ScriptedModel

from diaglib import write_plans
from diaglib.drawing.plans import RETRY_TEMPERATURES, load_writer, write_checked_plans
from diaglib.drawing.prompts import MAX_PROMPT_CHARACTERS, PromptError, read_prompt

ASKED = "4 inputs, 3 hidden nodes, 1 output"
RIGHT = "0 input 4\n1 dense 3\n2 output 1\nend"
WRONG = "0 input 6\n1 dense 3\n2 output 1\nend"
WORSE = "0 input 6\n1 dense 5\n2 output 2\nend"
BROKEN = "0 input 4\n1 nonsense 3\nend"
OTHER = "2 inputs, 5 hidden nodes, 2 outputs"
OTHER_RIGHT = "0 input 2\n1 dense 5\n2 output 2\nend"


def test_a_right_answer_is_taken_and_asked_for_once() -> None:
    model = ScriptedModel({ASKED: [RIGHT]})
    plans = write_plans([ASKED], model=model)
    assert [plan.to_text() for plan in plans[0]] == [RIGHT]
    assert len(model.calls) == 1
    assert model.calls[0][2] == 0.0


def test_a_contradicting_answer_is_sampled_again_and_replaced() -> None:
    model = ScriptedModel({ASKED: [WRONG, WORSE, RIGHT]})
    checked = write_checked_plans([ASKED], model)
    assert checked[0][0].plan.to_text() == RIGHT
    assert checked[0][0].verdict.right
    assert [call[2] for call in model.calls] == [0.0, RETRY_TEMPERATURES[0]]


def test_only_prompts_that_contradict_are_asked_again_all_in_one_call() -> None:
    model = ScriptedModel({ASKED: [WRONG], OTHER: [OTHER_RIGHT], f"{ASKED} ": [WRONG, RIGHT]})
    checked = write_checked_plans([ASKED, OTHER, f"{ASKED} "], model)
    assert model.calls[1][0] == [ASKED, f"{ASKED} "]
    assert [items[0].verdict.right for items in checked] == [False, True, True]


def test_where_nothing_right_comes_the_best_is_kept_and_flagged() -> None:
    model = ScriptedModel({ASKED: [WORSE, WORSE, WRONG, WORSE]})
    item = write_checked_plans([ASKED], model)[0][0]
    assert item.plan.to_text() == WRONG
    assert "you asked for 4 inputs, the plan has 6" in item.verdict.contradictions
    assert len(model.calls) == 1 + len(RETRY_TEMPERATURES)


def test_invalid_answers_are_left_out_and_tried_again() -> None:
    assert write_plans([ASKED], model=ScriptedModel({ASKED: [BROKEN]})) == [[]]
    assert len(write_plans([ASKED], model=ScriptedModel({ASKED: [BROKEN, "", RIGHT]}))[0]) == 1


def test_several_plans_a_prompt() -> None:
    plans = write_plans([ASKED, OTHER], model=ScriptedModel({ASKED: [RIGHT], OTHER: [OTHER_RIGHT]}), count=3, temperature=0.7)
    assert [len(items) for items in plans] == [3, 3]


def test_prompts_that_cannot_be_drawn_give_no_plan_and_never_reach_the_model() -> None:
    model = ScriptedModel({ASKED: [RIGHT]})
    plans = write_plans(["", ASKED, "Shall I compare thee to a summer's day?"], model=model)
    assert [len(items) for items in plans] == [0, 1, 0]
    assert model.calls[0][0] == [ASKED]
    assert write_plans([], model=model) == []


def test_a_single_string_is_refused_with_what_to_do() -> None:
    with pytest.raises(TypeError, match="give a list"):
        write_plans(ASKED, model=ScriptedModel({}))  # type: ignore[arg-type]


@pytest.mark.parametrize("row", [row for row in load_bad() if "reason" in row], ids=lambda row: repr(row["says"][:40]))
def test_bad_prompts_are_refused_with_reason_and_examples(row: dict[str, str]) -> None:
    with pytest.raises(PromptError) as caught:
        read_prompt(row["says"])
    assert row["reason"] in caught.value.reason
    assert len(caught.value.examples) == 3
    assert all(example in str(caught.value) for example in caught.value.examples)


@pytest.mark.parametrize("case", load_cases(), ids=lambda case: case.says[:60])
def test_good_prompts_are_not_refused(case) -> None:
    assert read_prompt(case.says).sentence


def test_the_examples_shown_can_be_read_fully() -> None:
    from diaglib.drawing.prompts import EXAMPLES

    for example in EXAMPLES:
        stated = read_prompt(example)
        if stated.family == "network":
            assert stated.unread == stated.doubts == stated.conflicts == ()


def test_the_examples_shown_are_drawn_as_asked() -> None:
    from diaglib.drawing.prompts import EXAMPLES

    for example, (best, *_) in zip(EXAMPLES, write_checked_plans(EXAMPLES, load_writer("tiny")), strict=True):
        assert best.flags == (), example


def test_a_very_long_prompt_is_refused_by_its_length() -> None:
    with pytest.raises(PromptError, match="100,000 characters"):
        read_prompt("4 inputs, " * 10_000)
    assert read_prompt(("4 inputs, 3 hidden nodes, 1 output. " + "x" * MAX_PROMPT_CHARACTERS)[:MAX_PROMPT_CHARACTERS])
