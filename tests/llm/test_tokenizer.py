"""The vocabulary of the embedded model: any number and any word of a sentence can be written in its plan."""

import contextlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diaglib.dataset.rows import FAMILIES, tell
from diaglib.diagram import Plan
from diaglib.llm.pieces import cut
from diaglib.llm.tokenizer import TinyTokenizer

WORDS = (
    "a",
    "network",
    "with",
    "inputs",
    "and",
    "outputs",
    "input",
    "image",
    ",",
    "then",
    "the",
    ".",
    "of",
    "hidden",
    "layers",
    "to",
)


@pytest.fixture(scope="module")
def tokenizer():
    return TinyTokenizer(WORDS)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("32x32 input, 3 × 3 conv", [32, 32, 3, 3]),
        ("one hundred twenty-eight, twenty four and five", [128, 24, 5]),
        ("two dozen or a dozen nodes", [24, 12]),
        ("1,024 units, then 512,256", [1024, 512, 256]),
        ("a thousand and three hundred and five", [305]),
        ("six, ten and six; learning rate 0.001", [6, 10, 6]),
        ("ResNet50 and conv2d of 64", [50, 64]),
        ("h1=5, conv2 of 7", [5, 7]),
    ],
)
def test_numbers_are_read_as_people_write_them(text, values):
    assert [piece.value for piece in cut(text) if piece.value is not None] == values


def test_a_number_never_seen_is_a_slot_of_the_sentence(tokenizer):
    context = tokenizer.context("a network with 4217 inputs and three outputs")
    plan = Plan.from_text("0 input 4217\n1 output 3\nend")
    ids = tokenizer.plan_ids(plan, context)
    assert [tokenizer.tokens[i] for i in ids] == ["@0", "[input]", "<n0>", "@1", "[output]", "<n1>", "<end>"]
    assert Plan.from_text(tokenizer.plan_text(ids, context)) == plan


def test_equal_sizes_in_a_list_are_different_slots_and_a_square_is_one(tokenizer):
    context = tokenizer.context("32 x 32 input image, hidden layers of 6, 10 and 6 to 2 outputs")
    plan = Plan.from_text("0 input 32\n1 dense 6\n2 dense 10\n3 dense 6\n4 output 2\nend")
    written = [tokenizer.tokens[i] for i in tokenizer.plan_ids(plan, context)]
    assert [token for token in written if token.startswith("<n")] == ["<n0>", "<n1>", "<n2>", "<n3>", "<n4>"]


def test_an_unknown_word_names_a_node_with_its_own_spelling(tokenizer):
    context = tokenizer.context("the Zorbulator, then the Flim-Flam to SAP")
    plan = Plan.from_text('0 process "Zorbulator"\n1 process "Flim-Flam"\n2 process "SAP"\nend')
    ids = tokenizer.plan_ids(plan, context)
    assert ids is None  # '-' is not in this vocabulary, so the name cannot be written
    wider = TinyTokenizer((*WORDS, "-"))
    context = wider.context("the Zorbulator, then the Flim-Flam to SAP")
    assert Plan.from_text(wider.plan_text(wider.plan_ids(plan, context), context)) == plan


@pytest.mark.parametrize("family", FAMILIES)
def test_plans_of_every_family_survive_the_vocabulary(family):
    tolds = [tell(random.Random(seed), {family: 1.0}) for seed in range(60)]
    words = sorted({piece.text for told in tolds for piece in cut(told.sentence) if piece.value is None})
    tokenizer = TinyTokenizer(words)
    for told in tolds:
        context = tokenizer.context(told.sentence)
        ids = tokenizer.plan_ids(told.plan, context, told.stated_sizes)
        read = Plan.from_text(tokenizer.plan_text(ids, context))
        assert [(n.kind, n.size, n.kernel, n.filters, n.heads, n.links, n.label.lower()) for n in read.nodes] == [
            (n.kind, n.size, n.kernel, n.filters, n.heads, n.links, n.label.lower()) for n in told.plan.nodes
        ]


@given(st.data())
def test_any_answer_can_be_spelled_out(tokenizer, data):
    context = tokenizer.context(data.draw(st.text(max_size=60)))
    ids = data.draw(st.lists(st.integers(0, len(tokenizer) - 1), max_size=40))
    text = tokenizer.plan_text(ids, context)
    assert text.endswith("end")
    with contextlib.suppress(ValueError):
        Plan.from_text(text)
