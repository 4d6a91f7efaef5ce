"""What a model is told: the published wrapper and its undoing, the plan form with its examples, and the plan of an answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diaglib.diagram import Plan
from diaglib.diagram.model import LINES
from diaglib.llm.instructions import bare_sentence, node_lines_prompt, plan_examples, plan_instruction, plan_part

SENTENCE = "A network with 2 inputs,\n- a step\n- and 1 output"


@pytest.mark.parametrize("fields", [8, 10])
@given(st.text())
def test_the_wrapper_can_be_undone_whatever_the_sentence(fields, sentence):
    if "following" not in sentence and "Represent" not in sentence:
        assert bare_sentence(node_lines_prompt(sentence, fields)) == sentence.strip()


def test_line_breaks_inside_a_sentence_stay():
    assert bare_sentence(node_lines_prompt(SENTENCE)) == SENTENCE


def test_a_wrapper_with_other_line_breaks_is_undone():
    assert bare_sentence("  represent below as\na Python list.  A CNN in the\nfollowing format. At this time, …") == "A CNN"


def test_a_sentence_without_the_wrapper_keeps_its_words():
    sentence = "Steps in the following format. First read, then write"
    assert bare_sentence(f" {sentence}\n") == sentence


def test_round_1_has_eight_fields_and_round_2_ten():
    def fields(prompt):
        inside = prompt.split('"[')[1].split(']"')[0].replace("rectangle, round rectangle or circle", "")
        return inside.split(", ")

    assert len(fields(node_lines_prompt(SENTENCE, 8))) == 8
    assert len(fields(node_lines_prompt(SENTENCE, 10))) == 10
    assert "(px)" not in node_lines_prompt(SENTENCE, 8)
    assert "solid or dashed" in node_lines_prompt(SENTENCE, 10)
    assert "solid arrow, solid line or dashed line" in node_lines_prompt(SENTENCE, 10, LINES)
    with pytest.raises(ValueError, match="8 fields"):
        node_lines_prompt(SENTENCE, 9)


def test_the_examples_are_plans_and_stand_in_the_instruction():
    instruction = plan_instruction(node_lines_prompt("A CNN"))
    for said, text in plan_examples():
        assert Plan.from_text(text).to_text() == text
        assert said in instruction
        assert text in instruction
    assert instruction.endswith("Sentence: A CNN\nPlan:\n")
    assert {Plan.from_text(text).family for _, text in plan_examples()} == {"network", "flowchart"}


def test_an_answer_gives_its_plan_lines_alone():
    answer = "Sure, here it is:\n1. the plan\n```\n0 input 4\n1 output 2\nend\n```\nHope this helps"
    assert plan_part(answer) == "0 input 4\n1 output 2\nend"
    assert plan_part("0 input 4\n1 output 2\n```\nDone") == "0 input 4\n1 output 2\nend"
    assert plan_part("I cannot draw.\nend") == ""
