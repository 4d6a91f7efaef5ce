"""Which notebooks run, with which values, and when a finished one still counts."""

import json

import pytest

from diaglib.profiles import load_profile
from diaglib.runs.series import (
    Entry,
    content_key,
    find_notebooks,
    load_series,
    output_root,
    read_overrides,
    read_parameters,
    select,
)

DEFAULTS = {"PROFILE": "local", "PROMPT": "a", "COUNT": 5, "SHARE": 0.5, "QUICK": False}


def write_notebook(path, *sources: str, parameters: str = 'PROFILE = "local"\nCOUNT = 5') -> None:
    cells = [{"cell_type": "code", "source": parameters, "metadata": {"tags": ["parameters"]}, "id": "p"}]
    cells += [{"cell_type": "code", "source": source, "metadata": {}, "id": f"c{i}"} for i, source in enumerate(sources)]
    book = {
        "cells": [c | {"outputs": [], "execution_count": None} for c in cells],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(book), encoding="utf-8")


def test_only_takes_numbers_in_series_order() -> None:
    assert [entry.number for entry in select(load_series(), "07, 2")] == ["02", "07"]
    assert len(select(load_series(), None)) == len(load_series())


def test_an_unknown_number_lists_the_known() -> None:
    with pytest.raises(ValueError, match="no notebook 44; known: 01, 02, "):
        select(load_series(), "44")


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("PROMPT=x = 'y', $1", "x = 'y', $1"),
        ("PROMPT=12", "12"),
        ("COUNT=12", 12),
        ("SHARE=1", 1.0),
        ("QUICK=True", True),
    ],
)
def test_a_value_takes_the_type_of_its_parameter(given: str, value: object) -> None:
    (read,) = read_overrides([given], DEFAULTS).values()
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("SPEED=3", "no notebook of this run has it; known: PROFILE, PROMPT, COUNT"),
        ("COUNT", "write NAME=VALUE"),
        ("COUNT=many", "must be of type int"),
        ("COUNT=True", "must be of type int"),
        ("PROFILE=t4", "--profile"),
    ],
)
def test_a_wrong_parameter_is_refused_in_words(given: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_overrides([given], DEFAULTS)


def test_parameters_are_read_from_their_cell(tmp_path) -> None:
    write_notebook(tmp_path / "a.ipynb", "X = 3")
    assert read_parameters(tmp_path / "a.ipynb") == {"PROFILE": "local", "COUNT": 5}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cells": [{}]}', '{"cells": 3}', "\0"])
def test_a_file_that_is_no_notebook_is_named(tmp_path, text: str) -> None:
    (tmp_path / "a.ipynb").write_text(text)
    with pytest.raises(ValueError, match=r"a\.ipynb is not a notebook .*take it from the repository again"):
        read_parameters(tmp_path / "a.ipynb")


@pytest.mark.parametrize("line", ["X = ", "print(1)", "X = 1 + Y", "X.a = 1"])
def test_a_parameter_that_is_no_plain_value_is_told(tmp_path, line: str) -> None:
    write_notebook(tmp_path / "a.ipynb", parameters=line)
    with pytest.raises(ValueError, match=r"a\.ipynb: .*'parameters' every line must be NAME = value"):
        read_parameters(tmp_path / "a.ipynb")


def test_the_key_changes_with_whatever_decides_the_result_and_nothing_else(tmp_path) -> None:
    notebook = tmp_path / "a.ipynb"
    write_notebook(notebook, "1 + 1")
    local = load_profile("local")
    entry = Entry("01", "a.ipynb", "?", code=("diagram",))
    key = content_key(entry, notebook, {"COUNT": 5}, local)
    assert content_key(entry, notebook, {"COUNT": 5}, local) == key
    assert content_key(entry, notebook, {"COUNT": 6}, local) != key
    assert content_key(entry, notebook, {"COUNT": 5}, load_profile("t4")) != key
    assert content_key(Entry("01", "a.ipynb", "?", code=("diagram", "dataset")), notebook, {"COUNT": 5}, local) != key
    notebook.write_text(json.dumps(json.loads(notebook.read_text()), indent=4), encoding="utf-8")
    assert content_key(entry, notebook, {"COUNT": 5}, local) == key
    write_notebook(notebook, "1 + 2")
    assert content_key(entry, notebook, {"COUNT": 5}, local) != key


def test_a_missing_notebook_folder_says_what_to_do(tmp_path) -> None:
    with pytest.raises(ValueError, match="--notebooks"):
        find_notebooks(tmp_path)


def test_outputs_stand_beside_the_notebooks_wherever_one_starts(tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("DIAGLIB_OUTPUTS", raising=False)
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path)
    from_root = output_root().resolve()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert output_root().resolve() == from_root == tmp_path / "outputs"
