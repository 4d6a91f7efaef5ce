"""The embedded chat model as it is shipped: small, safe to load, the same through transformers; answers end and are Korean."""

import json

import pytest

from diaglib.dataset.chat import END_MARK, chat_pairs, chat_prompt
from diaglib.llm import load
from diaglib.llm.chat_metrics import ChatAnswer, chat_answers, chat_metrics, split_memory
from diaglib.llm.tiny_chat import MAX_ANSWER_TOKENS, TINY_CHAT_FOLDER, TinyChatModel
from diaglib.llm.tiny_chat_card import chat_card, measured_sets
from diaglib.llm.tiny_decoder import MAX_POSITIONS


@pytest.fixture(scope="module")
def model():
    return load("tiny-chat")


@pytest.fixture(scope="module")
def unseen(model):
    return chat_answers(model, measured_sets()["validation"])


def test_the_files_are_small_and_safe():
    files = {path.name: path.stat().st_size for path in TINY_CHAT_FOLDER.iterdir()}
    assert set(files) == {
        "model.safetensors", "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "README.md",
        "training.json",
    }  # fmt: skip
    assert sum(files.values()) <= 8 * 2**20


def test_the_same_object_is_loaded_once_by_name_and_by_folder(model):
    assert load("tiny-chat") is model
    assert isinstance(load(TINY_CHAT_FOLDER), TinyChatModel)


def test_numpy_and_transformers_write_the_same_answers(model, offline):
    from diaglib.llm.hub import load_hub

    theirs = load_hub(str(TINY_CHAT_FOLDER), precision="fp32")
    texts = [chat_prompt(pair.question) for pair in chat_pairs("train")[:120:10]]
    ours = [row[0].text for row in model.answers(texts)]
    assert [row[0].text for row in theirs.answers(texts, max_new_tokens=MAX_ANSWER_TOKENS, stop_strings=[END_MARK])] == ours


def test_a_batch_answers_as_each_message_alone(model):
    texts = [chat_prompt(pair.question) for pair in chat_pairs("validation")[::8]]
    assert [row[0].text for row in model.answers(texts)] == [model.answers([text])[0][0].text for text in texts]


def test_answers_to_unseen_messages_end_and_are_korean(unseen):
    metrics = chat_metrics(unseen)
    assert metrics.answers >= 60
    assert metrics.empty == 0
    assert metrics.unfinished <= 0.05
    assert metrics.not_korean <= 0.05
    assert metrics.repeated <= 0.1
    assert metrics.distinct_2 >= 0.5


def test_no_answer_holds_a_mark(unseen):
    assert not [answer.text for answer in unseen if "답변" in answer.text]


def test_she_says_what_she_is(model):
    for question in ("너 누구야?", "너 사람이야?"):
        (answer,) = chat_answers(model, [pair for pair in chat_pairs("train") if pair.question == question])
        assert "프로그램" in answer.text


def test_samples_come_from_their_seed_and_differ(model):
    texts = [chat_prompt("오늘 하루 어땠어?")]
    (first,), (again,) = (model.answers(texts, 4, 1.0, seed=1) for _ in range(2))
    assert [answer.text for answer in first] == [answer.text for answer in again]
    assert len({answer.text for answer in first}) > 1


@pytest.mark.parametrize("message", ["", "🙂" * 50, "\ufffd", "쀍쒧뷁", "<eos>", "(답변 종료)"])
def test_any_message_is_answered_within_the_limit(model, message):
    ((answer,),) = model.answers([chat_prompt(message)], max_new_tokens=30)
    assert len(answer.tokens) <= 30
    assert answer.stopped == answer.text.endswith(END_MARK)


def test_a_message_without_room_gives_an_empty_answer(model):
    ((answer,), (short,)) = model.answers([chat_prompt("뷁" * MAX_POSITIONS), chat_prompt("안녕")])
    assert (answer.text, answer.stopped) == ("", False)
    assert short.text


def test_other_stop_strings_are_refused(model):
    with pytest.raises(ValueError, match="stops at"):
        model.answers(["안녕"], stop_strings=["\nend"])


def test_a_folder_that_is_no_chat_model_says_how_to_make_one(tmp_path):
    with pytest.raises(FileNotFoundError, match="train-chat"):
        TinyChatModel(tmp_path)


def test_the_card_is_of_the_record():
    record = json.loads((TINY_CHAT_FOLDER / "training.json").read_text(encoding="utf-8"))
    assert (TINY_CHAT_FOLDER / "README.md").read_text(encoding="utf-8") == chat_card(record)


def test_figures_count_what_their_names_say():
    target = chat_pairs("train")[0]
    note = next(pair for pair in chat_pairs("train") if pair.category == "memory note")
    memory, words = split_memory(note.answer)
    answers = [
        ChatAnswer(note, words, memory, True),
        ChatAnswer(note, "", ("키", "다른 값"), True),
        ChatAnswer(target, "라라라라라라라라 그래요", None, False),
        ChatAnswer(target, "only english words here", None, True),
    ]
    metrics = chat_metrics(answers)
    assert (metrics.empty, metrics.unfinished, metrics.repeated) == (0.25, 0.25, 0.25)
    assert metrics.memorised == 0.25
    assert metrics.not_korean == 0.5  # no words at all are not Korean either
    assert metrics.memory_right == 0.75
    with pytest.raises(ValueError, match="no answers"):
        chat_metrics([])


@pytest.mark.parametrize(
    ("answer", "memory", "words"),
    [
        ("[내일 일정: 발표] 응원할게요!", ("내일 일정", "발표"), "응원할게요!"),
        ("[발표] 응원할게요!", None, "[발표] 응원할게요!"),
        ("[: 발표] 네", None, "[: 발표] 네"),
        ("응원해요 [내일 일정: 발표]", None, "응원해요 [내일 일정: 발표]"),
        ("", None, ""),
    ],
)
def test_a_memory_is_read_at_the_start_of_an_answer(answer, memory, words):
    assert split_memory(answer) == (memory, words)
