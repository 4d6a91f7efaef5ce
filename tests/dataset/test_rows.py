"""Generated rows: the same seed gives the same rows, every column fits the others, files are whole."""

import csv
import itertools
import random

import pytest

from diaglib.dataset import COLUMNS, FAMILIES, build_dataset, data_card, rows, write_csv
from diaglib.dataset.words import say_number, spell
from diaglib.diagram import Plan, parse


def test_the_same_seed_gives_the_same_rows_however_many_are_asked_for():
    few, many = list(rows(7, 20)), list(itertools.islice(rows(7), 40))
    assert few == many[:20]
    assert list(rows(8, 20)) != few


def test_columns_of_a_row_tell_the_same_diagram():
    for row in rows(1, 120):
        plan = Plan.from_text(row["plan"])
        assert plan.layout().nodes == parse(row["nodes"]).diagram.nodes
        assert row["structure"].startswith(plan.family)
        assert str(len(plan.nodes)) in row["structure"]


def test_every_family_is_there_and_a_wrong_name_lists_the_known():
    assert {row["family"] for row in rows(3, 300)} == set(FAMILIES)
    assert {row["family"] for row in rows(3, 20, {"dense": 1.0})} == {"dense"}
    with pytest.raises(ValueError, match="known: dense"):
        next(rows(0, 1, {"quantum": 1.0}))


def test_published_sizes_are_covered():
    """Inputs of 28 to 768, two to seven groups of convolutions and poolings, one to three hidden layers."""
    plans = [Plan.from_text(row["plan"]) for row in rows(5, 400, {"cnn": 1.0})]
    sides = {plan.nodes[0].size for plan in plans}
    groups = {sum(node.kind == "pool" for node in plan.nodes) for plan in plans}
    assert {28, 768} <= sides
    assert {2, 3, 4, 5, 6} <= groups


def test_a_file_is_written_whole_and_never_over_another(tmp_path):
    path = write_csv(tmp_path / "rows.csv", rows(2, 15))
    with path.open(newline="", encoding="utf-8") as file:
        read = list(csv.DictReader(file))
    assert tuple(read[0]) == COLUMNS
    assert read == list(rows(2, 15))
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(FileExistsError, match=r"rows\.csv"):
        write_csv(path, rows(2, 1))


def test_a_dataset_has_the_columns():
    dataset = build_dataset(10, seed=4)
    assert tuple(dataset.column_names) == COLUMNS
    assert len(dataset) == 10


def test_the_card_counts_what_it_is_given():
    sample = list(rows(6, 90))
    card = data_card(sample, seed=6)
    dense = sum(row["family"] == "dense" for row in sample)
    assert f"| dense | {dense} |" in card
    assert "90 generated rows" in card


@pytest.mark.parametrize(
    ("number", "words"), [(0, "zero"), (21, "twenty-one"), (128, "one hundred twenty-eight"), (2048, "two thousand forty-eight")]
)
def test_numbers_are_spelled(number, words):
    assert spell(number) == words


def test_said_numbers_read_back():
    from diaglib.llm.pieces import cut

    rng = random.Random(0)
    for number in range(1, 3000, 7):
        said = say_number(rng, number, words=0.9)
        assert [piece.value for piece in cut(said) if piece.value is not None] == [number], said
