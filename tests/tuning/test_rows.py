"""Rows are read whole or refused with what was found; the loss is on the answer; what is left out is counted."""

import pytest

from diaglib.tuning import Row, TuningError, read_rows
from diaglib.tuning.encoded import NOT_LEARNT, Collator, LengthGroups, encode_rows
from diaglib.tuning.loading import load_base
from diaglib.tuning.rows import split_rows


def test_a_csv_without_the_columns_is_refused_with_those_it_has(tmp_path) -> None:
    (tmp_path / "rows.csv").write_text("question,answer\na,b\n")
    with pytest.raises(TuningError, match=r"lacks the column prompt and plan; its columns are: question, answer"):
        read_rows(tmp_path / "rows.csv")


@pytest.mark.parametrize("text", ["prompt,plan\n", ""])
def test_an_empty_data_set_is_refused(tmp_path, text) -> None:
    (tmp_path / "rows.csv").write_text(text)
    with pytest.raises(TuningError, match="no rows" if text else "lacks the column"):
        read_rows(tmp_path / "rows.csv")
    with pytest.raises(TuningError, match="no rows"):
        read_rows([])


def test_an_empty_cell_is_named_by_its_row() -> None:
    with pytest.raises(TuningError, match="row 2: its plan is empty"):
        read_rows([{"prompt": "a", "plan": "b"}, {"prompt": "a", "plan": " "}])


def test_a_file_that_is_no_text_is_refused(tmp_path) -> None:
    (tmp_path / "rows.csv").write_bytes(b"prompt,plan\n\xff\xfe\x00,b\n")
    with pytest.raises(TuningError, match="not a CSV file in UTF-8"):
        read_rows(tmp_path / "rows.csv")


def test_a_prompt_is_never_on_both_sides_of_the_split() -> None:
    rows = [Row(f"prompt {i % 50}", "x", number=i) for i in range(200)]
    training, validation = split_rows(rows, 0.2)
    assert training
    assert validation
    assert not {row.prompt for row in training} & {row.prompt for row in validation}


@pytest.mark.parametrize("base", ["tiny", "stand_in"])
def test_the_loss_is_on_the_answer_and_its_end_mark_alone(base, rows, few_steps, request) -> None:
    name = "tiny" if base == "tiny" else str(request.getfixturevalue(base))
    from dataclasses import replace

    writer = load_base(name, replace(few_steps, method="full")).writer
    encoded = encode_rows(rows, writer, 1024)
    prompt, answer = writer.encode(rows[0].prompt, rows[0].answer)
    first = encoded.rows[0]
    assert first["labels"] == [NOT_LEARNT] * len(prompt) + answer
    assert first["labels"][-1] == writer.end_id
    assert encoded.answer_tokens == sum(label != NOT_LEARNT for row in encoded.rows["labels"] for label in row)
    if base == "stand_in":
        assert writer.tokenizer.decode(answer[:-1]).endswith("\nend")


def test_rows_that_are_too_long_or_cannot_be_written_are_counted(rows, few_steps) -> None:
    from dataclasses import replace

    writer = load_base("tiny", replace(few_steps, method="full")).writer
    lengths = sorted(sum(map(len, writer.encode(row.prompt, row.answer))) for row in rows)
    encoded = encode_rows([*rows, Row("a network", "this is no plan")], writer, lengths[-2])
    assert (encoded.too_long, encoded.not_writable, len(encoded.rows)) == (1, 1, len(rows) - 1)
    assert "1 too long" in encoded.told
    with pytest.raises(TuningError, match="none of 24 rows can be used"):
        encode_rows(rows, writer, 3)


def test_batches_hold_rows_of_similar_length_the_longest_first_and_the_same_again() -> None:
    lengths = [5, 90, 7, 30, 31, 88, 6, 29, 60]
    groups = LengthGroups(lengths, 2, seed=1)
    first = list(groups)
    assert sorted(first) == list(range(9))
    assert [lengths[i] for i in first[:2]] == [90, 88]
    assert first == list(LengthGroups(lengths, 2, seed=1))
    groups.set_epoch(1)
    assert list(groups) != first
    spread = [abs(lengths[first[i]] - lengths[first[i + 1]]) for i in range(0, 8, 2)]
    assert max(spread) <= 30


def test_a_batch_is_padded_on_the_right() -> None:
    features = [
        {"input_ids": [1, 2, 3], "labels": [NOT_LEARNT, 2, 3], "length": 3, "row": 7},
        {"input_ids": [4], "labels": [4], "length": 1, "row": 8},
    ]
    batch = Collator(pad_id=0)(features)
    assert batch["input_ids"].tolist() == [[1, 2, 3], [4, 0, 0]]
    assert batch["labels"].tolist() == [[NOT_LEARNT, 2, 3], [4, NOT_LEARNT, NOT_LEARNT]]
    assert batch["row"] == [7, 8]


def test_new_rows_are_read_again_and_known_ones_once() -> None:
    """Seven readings of the same few known rows made a model forget their kind."""
    from collections import Counter

    from diaglib.tuning.new_family import NEW_FAMILY, read_often, training_rows

    rows = training_rows(10, 60)
    read = Counter(read_often(rows, 160))
    times = {row.family: set() for row in rows}
    for row, number in read.items():
        times[row.family].add(number)
    assert times.pop(NEW_FAMILY) == {10}
    assert all(numbers == {1} for numbers in times.values())
    assert read_often(rows, 160) == read_often(rows, 160)
