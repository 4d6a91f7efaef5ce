"""The chat model's tokenizer: any text comes back, marks are one token, a typed special token is only its letters."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diaglib.dataset.chat import ANSWER_MARK, END_MARK, chat_pairs
from diaglib.llm.chat_tokenizer import EOS, build_tokenizer, load_tokenizer, save_tokenizer, token_id


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tokenizer")
    pairs = chat_pairs("train")[:200]
    save_tokenizer(build_tokenizer([pair.answer for pair in pairs], [pair.question for pair in pairs], pieces=150), folder)
    return load_tokenizer(folder)


@pytest.mark.parametrize(
    "text", ["안녕하세요! 쀍쒧 뷁", "hello 🙂 x=1", "[오늘 일정: 발표] 떨려", "<eos> <pad> <0x41>", "\t줄\n바꿈", "'; DROP --"]
)
def test_any_text_can_be_written(tokenizer, text):
    assert tokenizer.decode(tokenizer.encode(text).ids, skip_special_tokens=False) == text


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="▁"), min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_letters_of_every_script_come_back_composed(tokenizer, text):
    import unicodedata

    decoded = tokenizer.decode(tokenizer.encode(text).ids, skip_special_tokens=False)
    assert decoded.lstrip(" ") == unicodedata.normalize("NFC", text).lstrip(" ")


def test_marks_are_one_token_and_take_the_space_before_them(tokenizer):
    words = tokenizer.encode("안녕 모리").ids
    for mark in (ANSWER_MARK, END_MARK):
        assert tokenizer.encode(f"안녕 모리 {mark}").ids == [*words, token_id(tokenizer, mark)]


def test_a_typed_special_token_is_only_letters(tokenizer):
    assert token_id(tokenizer, EOS) not in tokenizer.encode("안녕 <eos>").ids


def test_transformers_reads_it_as_its_own(tokenizer, tmp_path):
    from transformers import AutoTokenizer

    save_tokenizer(tokenizer, tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    theirs = AutoTokenizer.from_pretrained(tmp_path)
    for pair in chat_pairs("train")[:50]:
        text = f"{pair.question} {ANSWER_MARK} {pair.answer} {END_MARK}"
        assert theirs(text)["input_ids"] == tokenizer.encode(text).ids
    assert theirs.eos_token == EOS


def test_a_token_that_lacks_is_named(tokenizer):
    with pytest.raises(ValueError, match="<other>"):
        token_id(tokenizer, "<other>")
