"""Plans: the text form is exact, map sides follow the published rule, and bad plans are told in words."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diaglib.dataset.rows import FAMILIES, tell
from diaglib.diagram import Plan, PlanNode

CNN = "0 input 32\n1 conv\n2 conv k5 f16\n3 pool\n4 dense 128\n5 output 10\nend"


def test_map_sides_follow_from_the_input():
    sizes = [node.size for node in Plan.from_text(CNN).nodes]
    assert sizes == [32, 30, 26, 13, 128, 10]


def test_a_stated_map_side_wins_and_is_passed_on():
    plan = Plan.from_text("0 input 32\n1 conv 32\n2 pool\n3 output 2\nend")
    assert [node.size for node in plan.nodes] == [32, 32, 16, 2]


def test_global_pooling_leaves_one_pixel():
    plan = Plan.from_text('0 input 28\n1 conv\n2 pool "global average pool"\n3 output 10\nend')
    assert plan.nodes[2].size == 1
    assert plan.nodes[2].kernel is None


def test_every_layer_has_a_label_and_captions_carry_the_numbers():
    plan = Plan.from_text(CNN)
    assert all(node.label for node in plan.nodes)
    assert plan.nodes[2].caption == "conv 5×5\n16 filters\n26×26"
    assert plan.nodes[0].caption == "input image\n32×32"


def test_links_that_are_no_chain_survive():
    text = '0 str "question"\n1 db "docs" < -\n2 func "retriever" < 0 1\n3 model "LLM" < 0 2\n4 decision "good" > 2\nend'
    plan = Plan.from_text(text)
    assert plan.nodes[0].links == (2, 3)
    assert plan.nodes[4].links == (2,)
    assert plan.to_text() == text
    assert plan.family == "flowchart"
    assert not plan.is_chain


@pytest.mark.parametrize("family", FAMILIES)
def test_text_and_back_is_the_same_plan_for_every_family(family):
    for seed in range(150):
        plan = tell(random.Random(seed), {family: 1.0}).plan
        assert plan.problems() == []
        assert Plan.from_text(plan.to_text()) == plan


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no nodes"),
        ("0 dense 0\nend", "size 0"),
        ("0 input 5\n1 conv k7\n2 output 1\nend", "shrunk to nothing"),
        ("0 rocket 3", "'rocket' is not a kind"),
        ("0 input\n0 output", "node 0 is there already"),
        ("0 input\n1 output < 7", "names no earlier node"),
        ("0 input\n1 model", "do not mix"),
        ("0 input 4 5", "one too many"),
        ("0 input __import__('os')", "cannot read"),
        ("input 4", "starts with its number"),
        ("0 input\n1 output > 1", "points to itself"),
    ],
)
def test_a_bad_plan_says_what_is_wrong(text, reason):
    with pytest.raises(ValueError, match=reason.replace("(", "\\(")):
        Plan.from_text(text)


@given(st.text(max_size=300))
def test_reading_any_text_gives_a_valid_plan_or_a_value_error(text):
    try:
        plan = Plan.from_text(text)
    except ValueError:
        return
    assert plan.problems() == []


@given(st.lists(st.integers(1, 5000), min_size=2, max_size=12))
def test_chains_number_their_layers(sizes):
    plan = Plan.chain([PlanNode(0, "dense", size=size) for size in sizes])
    assert [node.id for node in plan.nodes] == list(range(len(sizes)))
    assert plan.is_chain
    assert Plan.from_text(plan.to_text()) == plan
