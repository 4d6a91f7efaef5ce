"""Hashed n-grams: the same numbers everywhere, near for what is spelt alike, and bounded."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diaglib.memory.ngrams import BUCKETS, MAX_CHARACTERS, jamo, ngram_ids, overlap_ids, split_words, word_ids


def share(one: str, other: str) -> float:
    ours, theirs = set(ngram_ids(one)), set(ngram_ids(other))
    return len(ours & theirs) / len(ours | theirs)


def test_numbers_do_not_change_between_machines() -> None:
    assert ngram_ids("밥")[:3] == [423, 27781, 44]


def test_every_word_has_its_own_numbers_and_one_of_its_pair_with_the_word_before() -> None:
    alone = word_ids("밥")[0] + word_ids("먹자")[0]
    first, second = word_ids("밥 먹자")
    assert first + second[:-1] == alone
    assert second[-1] not in alone
    assert word_ids("") == [[0]]


def test_conjugations_are_nearer_than_other_verbs() -> None:
    assert share("먹었어", "먹을래") > share("먹었어", "잤어")


def test_laughter_counts_once_however_long() -> None:
    assert split_words("ㅋㅋㅋㅋㅋㅋ 밥 먹자!!!!") == ["ㅋㅋ", "밥", "먹자", "!", "!"]


def test_syllables_come_apart_into_letters() -> None:
    assert jamo("밥a") == "\u1107\u1161\u11b8a"
    assert jamo("가") == "\u1100\u1161"


@pytest.mark.parametrize("one", ["회", "회를", "회 먹자"])
def test_a_word_of_one_syllable_is_shared_with_and_without_its_particle(one: str) -> None:
    assert set(overlap_ids("회")) <= set(overlap_ids(one))


@given(st.text(alphabet=st.characters(), max_size=300))
def test_any_text_has_numbers_in_range(text: str) -> None:
    for ids in (ngram_ids(text), overlap_ids(text)):
        assert all(0 <= number < BUCKETS for number in ids)


def test_work_stops_growing_with_the_text() -> None:
    lengths = [len(ngram_ids("가나다라 " * times)) for times in (1_000, 2_000, 100_000)]
    assert all(one == other for one, other in pairwise(lengths))
    assert len("".join(split_words("가" * 100_000))) <= MAX_CHARACTERS
