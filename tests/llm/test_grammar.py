"""The grammars let every valid plan through and nothing else, for text and for the embedded vocabulary."""

import sys
from itertools import pairwise

import numpy as np
import pytest

from diaglib.dataset.rows import FAMILIES, told_rows
from diaglib.llm.grammar import PlanGrammar, PlanLogits, TinyPlanGrammar, matcher_for_tokens
from diaglib.llm.tokenizer import TinyTokenizer

from .small_models import is_plan, make_tokenizer

TOLD = list(told_rows(7, 120))


@pytest.fixture(scope="module")
def hub_tokenizer():
    return make_tokenizer()


@pytest.fixture(scope="module")
def text_grammar(hub_tokenizer):
    return PlanGrammar(hub_tokenizer)


@pytest.fixture(scope="module")
def tiny():
    words = sorted({word for told in TOLD for node in told.plan.nodes for word in node.label.lower().split() if word.isalpha()})
    return TinyTokenizer([*words, '"', "[", "\n", ",", "k"])


def accepts(grammar, tokenizer, text: str) -> bool:
    state = grammar.start()
    for token in [*tokenizer(text)["input_ids"], tokenizer.eos_token_id]:
        if not grammar.mask(state)[token]:
            return False
        grammar.advance(state, token)
    return state.finished


def random_answer(grammar, state, seed: int) -> list[int]:
    """Any allowed token, each as likely as the next."""
    random, ids = np.random.default_rng(seed), []
    while not state.finished:
        ids.append(int(random.choice(np.flatnonzero(grammar.mask(state)))))
        grammar.advance(state, ids[-1])
    return ids


def test_every_family_of_plan_is_text_of_the_grammar(text_grammar, hub_tokenizer):
    assert {told.family for told in TOLD} == set(FAMILIES)
    for told in TOLD:
        assert accepts(text_grammar, hub_tokenizer, told.plan.to_text()), told.plan.to_text()


@pytest.mark.parametrize(
    "text",
    [
        "0 input 4\n1 output 2",  # no end
        "0 input 4\n1 outptu 2\nend",  # not a kind
        "0 input 4\n1 func\nend",  # a layer and a step
        "0 input 4\n2 output 2\nend",  # a number left out
        "0 input 4\n1 output 2 < 1\nend",  # from itself
        "0 input 4\n1 dense 3 < 0\n2 output 2 > 5\nend",  # to a line that is not there
        "0 input 0\n1 output 2\nend",  # no nodes
        "0 input 04\n1 output 2\nend",
        "0 input 4 4\n1 output 2\nend",
        '0 input 4 "a\u2028b"\n1 output 2\nend',  # breaks the line for the reader
        f'0 input 4 "{"a" * 81}"\n1 output 2\nend',
        "end",
        "Sure!\n0 input 4\nend",
        "0 input 4\nend\n1 output 2\nend",
    ],
)
def test_what_is_not_a_plan_is_refused(text_grammar, hub_tokenizer, text):
    assert not accepts(text_grammar, hub_tokenizer, text)


def test_any_path_through_the_text_grammar_is_a_plan_and_ends_in_time(text_grammar, hub_tokenizer):
    lines = 0
    for seed in range(40):
        ids = random_answer(text_grammar, text_grammar.start(80), seed)
        assert len(ids) <= 80
        text = hub_tokenizer.decode(ids, skip_special_tokens=True)
        assert is_plan(text), text
        lines += text.count("\n")
    assert lines > 40


def test_a_finished_row_of_a_batch_may_only_end_while_others_go_on(text_grammar, hub_tokenizer):
    torch = pytest.importorskip("torch")
    logits = PlanLogits(text_grammar, 50)
    end, vocabulary = hub_tokenizer.eos_token_id, len(hub_tokenizer)
    short = hub_tokenizer("0 input 4\nend")["input_ids"]
    long = hub_tokenizer("0 input 4 k3\n1 output 2\nend")["input_ids"]
    rows = [[*short, *[end] * (len(long) - len(short))], long]
    scores = torch.zeros(2, vocabulary + 5)  # a model's vocabulary is often padded
    for length in range(len(long) + 1):
        out = logits(torch.tensor([[9, *row[:length]] for row in rows]), scores)
        allowed = [set(torch.isfinite(row).nonzero().flatten().tolist()) for row in out]
        for row, text in enumerate((short, long)):
            wanted = text[length] if length < len(text) else end
            assert wanted in allowed[row]
            if length >= len(text):
                assert allowed[row] == {end}
    assert [state.finished for state in logits.states] == [True, False]


def test_states_do_not_share_anything(text_grammar, hub_tokenizer):
    first, second = text_grammar.start(), text_grammar.start()
    for token in hub_tokenizer("0 str")["input_ids"]:
        text_grammar.advance(first, token)
    assert text_grammar.mask(second)[hub_tokenizer("0")["input_ids"][0]]
    assert not np.array_equal(text_grammar.mask(first), text_grammar.mask(second))


def test_a_token_that_is_not_allowed_is_refused_by_name(text_grammar, hub_tokenizer):
    token = hub_tokenizer("Q")["input_ids"][0]
    with pytest.raises(ValueError, match=f"token {token} is not allowed here"):
        text_grammar.advance(text_grammar.start(), token)


def test_every_answer_the_tiny_vocabulary_writes_is_in_its_grammar(tiny):
    grammar, checked = TinyPlanGrammar(tiny), 0
    for told in TOLD:
        context = tiny.context(told.sentence)
        ids = tiny.plan_ids(told.plan, context)
        if ids is None:
            continue
        state = grammar.start(context)
        for token in ids:
            assert grammar.mask(state)[token], (tiny.tokens[token], told)
            grammar.advance(state, token)
        assert state.finished
        checked += 1
    assert checked > 60


def test_any_path_through_the_tiny_grammar_is_a_plan_and_ends_in_time(tiny):
    grammar = TinyPlanGrammar(tiny)
    context = tiny.context("a zork with 4 inputs, 0 blubs, 9999999 of them" + " and" * 3 + ' and "' + "x" * 90)
    lines = 0
    for seed in range(60):
        ids = random_answer(grammar, grammar.start(context, 120), seed)
        assert len(ids) <= 120
        text = tiny.plan_text(ids, context)
        assert is_plan(text), text
        lines += text.count("\n")
    assert lines > 60


def test_the_slots_of_a_sentence_limit_its_answers(tiny):
    grammar, context = TinyPlanGrammar(tiny), tiny.context("4 inputs and 0 outputs")
    state = grammar.start(context)
    for name in ("@0", "[input]"):
        grammar.advance(state, tiny.index[name])
    mask = grammar.mask(state)
    slots = [tiny.index[f"<n{i}>"] for i in range(3)]
    assert mask[slots].tolist() == [True, False, False]  # 4; 0 is no size; nothing stands for the third
    grammar.advance(state, tiny.index['["]'])
    assert grammar.mask(state)[slots].tolist() == [True, True, False]  # a label may say 0
    without_context = grammar.start()
    for name in ("@0", "[input]"):
        grammar.advance(without_context, tiny.index[name])
    assert grammar.mask(without_context)[slots].all()


def test_lines_are_numbered_in_order_in_both(tiny):
    grammar = TinyPlanGrammar(tiny)
    state = grammar.start()
    for before, after in pairwise(["@0", "[input]", "@1", "[conv]", "[<]", "#0", "@2"]):
        grammar.advance(state, tiny.index[before])
        assert grammar.mask(state)[tiny.index[after]]
    assert not grammar.mask(state)[tiny.index["@3"]]


def test_a_matcher_over_any_tokens_and_a_wrong_grammar():
    matcher = matcher_for_tokens([b"<end>", b"a", b"ab", b"b"], 0, 'start: "ab" "b"')
    assert matcher.consume_token(2)
    assert matcher.consume_token(3)
    assert matcher.is_accepting()
    with pytest.raises(ValueError, match="the grammar is wrong"):
        matcher_for_tokens([b"<end>", b"a"], 0, "start: nowhere")


def test_without_llguidance_the_error_says_what_to_do(monkeypatch, tiny, hub_tokenizer):
    monkeypatch.setitem(sys.modules, "llguidance", None)
    with pytest.raises(ImportError, match="pip install llguidance, or leave the grammar out"):
        TinyPlanGrammar(tiny)
    with pytest.raises(ImportError, match="llguidance"):
        PlanGrammar(hub_tokenizer)
