"""Second opinions: asked only where the check leaves something open; they choose among plans and tell a doubt."""

from __future__ import annotations

from scripted_model import ScriptedModel

from diaglib import draw
from diaglib.diagram import Plan
from diaglib.drawing.plans import write_checked_plans
from diaglib.drawing.second_opinions import DOUBTFUL_BELOW, SECOND_OPINIONS, TEMPERATURE, closest_to_all

FLOW = "collect the data, clean the data, train the model"
CHAIN = '0 process "collect the data"\n1 process "clean the data"\n2 process "train the model"\nend'
FORK = '0 process "collect the data" > 1 2\n1 process "clean the data"\n2 process "train the model"\nend'
NETWORK = "4 inputs, 3 hidden nodes, 1 output"
VERIFIED = "0 input 4\n1 dense 3\n2 output 1\nend"


def plan(text: str) -> Plan:
    return Plan.from_text(text)


def test_a_plan_the_check_verifies_whole_needs_no_second_opinion() -> None:
    model = ScriptedModel({NETWORK: [VERIFIED]})
    assert write_checked_plans([NETWORK], model)[0][0].flags == ()
    assert len(model.calls) == 1


def test_a_flowchart_gets_them_in_one_call_and_is_not_doubted_where_they_agree() -> None:
    model = ScriptedModel({FLOW: [CHAIN]})
    (item,) = write_checked_plans([FLOW], model)[0]
    assert [call[1:3] for call in model.calls] == [(1, 0.0), (SECOND_OPINIONS, TEMPERATURE)]
    assert item.flags == ()


def test_the_plan_most_answers_agree_with_replaces_the_likeliest_one() -> None:
    model = ScriptedModel({FLOW: [FORK, *[CHAIN] * SECOND_OPINIONS]})
    assert write_checked_plans([FLOW], model)[0][0].plan.to_text() == plan(CHAIN).to_text()


def test_answers_that_differ_are_told_as_a_doubt_and_reach_every_drawing() -> None:
    answers = [CHAIN, *[CHAIN, FORK] * (SECOND_OPINIONS // 2)]
    (item,) = write_checked_plans([FLOW], ScriptedModel({FLOW: answers}))[0]
    assert item.doubt == "the model is not sure: only 4 of 8 further answers to this sentence are the same plan"
    drawings = draw(FLOW, count=4, keep=4, model=ScriptedModel({FLOW: answers}))
    assert all(item.doubt in drawing.contradictions for drawing in drawings)


def test_answers_that_are_no_plans_count_as_disagreeing() -> None:
    (item,) = write_checked_plans([FLOW], ScriptedModel({FLOW: [CHAIN, "nonsense"]}))[0]
    assert "only 0 of 8" in item.doubt
    assert item.plan.to_text() == plan(CHAIN).to_text()


def test_agreement_is_by_structure_and_names_not_by_letter_case() -> None:
    opinion = closest_to_all([plan(CHAIN)], [plan(CHAIN.replace("collect", "Collect"))] * SECOND_OPINIONS)
    assert opinion.agreement == 1.0
    assert opinion.doubt == ""


def test_where_no_answers_are_equal_the_one_in_the_middle_is_chosen() -> None:
    """Of three different plans, the one that shares most with the other two."""
    longer = '0 process "collect the data"\n1 process "clean the data"\n2 process "train the model"\n3 process "x"\nend'
    opinion = closest_to_all([plan(FORK), plan(CHAIN), plan(longer)], [plan(FORK), plan(CHAIN), plan(longer)])
    assert opinion.chosen == 1
    assert opinion.agreement < DOUBTFUL_BELOW
