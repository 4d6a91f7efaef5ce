"""Variants of the persona's pairs: the same from the same seed, right particles, nothing held out in what is trained on."""

import random
import re
from itertools import islice

import pytest

from diaglib.dataset.chat import chat_pairs, likeness
from diaglib.dataset.chat.variants import fixed_answers, loosened, other_wordings, slot_rows, with_particle


@pytest.mark.parametrize(
    ("word", "pair", "written"),
    [("발표", "이/가", "발표가"), ("면접", "이/가", "면접이"), ("설기", "을/를", "설기를"), ("서울", "으로/로", "서울로"),
     ("대전", "으로/로", "대전으로"), ("2", "이/가", "2가")],
)  # fmt: skip
def test_particles_fit_their_word(word, pair, written):
    assert with_particle(word, pair) == written


def test_the_same_seed_gives_the_same_rows_and_another_seed_others():
    first, again, other = (list(islice(slot_rows(seed), 40)) for seed in (3, 3, 4))
    assert first == again != other


def test_every_slot_is_filled_and_its_memory_is_in_brackets():
    for row in islice(slot_rows(1), 500):
        assert not re.search(r"[{}]", row.question + row.answer)
        noted = row.question if row.category == "memory use" else row.answer
        assert re.match(r"\[[^\[\]:]+: [^\[\]:]+\] ", noted), row


def test_held_out_rows_share_no_wording_and_no_listed_word_with_training():
    trained = list(islice(slot_rows(0), 4_000))
    held_out = list(islice(slot_rows(0, held_out=True), 400))
    trained_questions = {row.question for row in trained}
    assert not trained_questions & {row.question for row in held_out}
    trained_places = {row.answer.split(": ")[1].split("]")[0] for row in trained if row.category == "where things are"}
    held_places = {row.answer.split(": ")[1].split("]")[0] for row in held_out if row.category == "where things are"}
    assert held_places
    assert not trained_places & held_places


def test_frames_and_wordings_hold_no_near_duplicate_of_validation():
    validation = [pair.question for pair in chat_pairs("validation")]
    made = {row.question for row in islice(slot_rows(0), 1_000)} | {row.question for row in other_wordings()}
    assert max(likeness(held, seen) for held in validation for seen in made) <= 0.6


def test_other_wordings_keep_the_written_answer():
    answers = {pair.answer for pair in chat_pairs("train")}
    others = list(other_wordings())
    assert len(others) > 100
    assert all(other.answer in answers for other in others)


def test_loosened_messages_keep_their_memory_and_answer():
    rng = random.Random(0)
    pairs = [pair for pair in chat_pairs("train") if pair.category == "memory use"]
    loose = [loosened(pair, rng) for pair in pairs]
    assert [one.answer for one in loose] == [pair.answer for pair in pairs]
    assert [one.question.split("]")[0] for one in loose] == [pair.question.split("]")[0] for pair in pairs]
    assert loose != pairs


def test_fixed_answers_have_no_slots():
    assert all("{" not in answer for answer in fixed_answers())


def test_categories_without_frames_are_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="memory note, memory use, where things are"):
        next(slot_rows(0, categories=["jokes"]))
