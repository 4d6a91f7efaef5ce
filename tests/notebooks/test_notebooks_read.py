"""Every notebook keeps the same shape: title, set-up, parameters, then calls into the library; nothing is defined or stored."""

import ast
import itertools
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
BADGE = "https://colab.research.google.com/github/diaglib/diaglib/blob/main/notebooks/{}"
MAX_PARAMETERS = 10


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request) -> Path:
    return request.param


def cells_of(path: Path) -> list[dict]:
    return [cell | {"source": "".join(cell["source"])} for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]


def code_of(path: Path) -> list[str]:
    """Sources of the code cells, with notebook magics made comments so that they parse as Python."""
    cells = [cell["source"] for cell in cells_of(path) if cell["cell_type"] == "code"]
    return [re.sub(r"^(\s*)%(.*)$", r"\1pass  # \2", source, flags=re.MULTILINE) for source in cells]


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


def test_the_first_cell_has_title_question_badge_needs_and_leaves(notebook) -> None:
    first = cells_of(notebook)[0]
    assert first["cell_type"] == "markdown"
    assert first["source"].startswith(f"# {notebook.name[:2]} ")
    assert first["source"].count("?**") == 1, "one question"
    assert BADGE.format(notebook.name) in first["source"]
    assert re.search(r"^Needs: .*(GPU).*(minute|second).*(MB|GB)", first["source"], re.MULTILINE)
    assert re.search(r"^Leaves: `outputs/", first["source"], re.MULTILINE)


def test_the_set_up_is_the_same_in_all_and_keeps_the_machines_numpy_and_torch(notebook) -> None:
    setup = cells_of(notebook)[1]["source"]
    assert setup == cells_of(NOTEBOOKS[0])[1]["source"]
    assert "numpy=={keep_numpy}" in setup
    assert "torch=={keep_torch}" in setup
    assert "read_environment()" in setup


def test_the_third_cell_alone_is_tagged_parameters_and_starts_with_the_profile(notebook) -> None:
    cells = cells_of(notebook)
    assert [i for i, cell in enumerate(cells) if "parameters" in cell["metadata"].get("tags", ())] == [2]
    lines = cells[2]["source"].splitlines()
    assert lines[0].startswith('PROFILE = "local"')
    assert len(lines) <= MAX_PARAMETERS
    for line in lines:
        assert re.match(r"[A-Z_]+ = .+  # \S+", line), f"a name, its value, and a comment: {line}"


def test_nothing_is_defined_typed_in_or_installed(notebook) -> None:
    for number, source in enumerate(code_of(notebook)):
        for node in ast.walk(ast.parse(source)):
            assert not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)), source
            assert not (isinstance(node, ast.Name) and node.id == "input"), source
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not re.match(r"(/\w|[A-Z]:\\|~)", node.value), f"an absolute path: {node.value}"
                assert not re.match(r"hf_\w{10}", node.value), "a token"
        if number != 0:
            assert "%pip" not in source
            assert not source.lstrip().startswith("!")


def test_every_section_says_something_before_its_call(notebook) -> None:
    cells = cells_of(notebook)[3:]
    for before, cell in itertools.pairwise(cells):
        if cell["cell_type"] == "code":
            assert before["cell_type"] == "markdown", cell["source"]
            assert len(before["source"].splitlines()) >= 3, "a title and a sentence"


def test_the_last_cell_says_where_things_are_and_what_to_open_next(notebook) -> None:
    assert re.search(r"[Nn]ext", cells_of(notebook)[-1]["source"] + cells_of(notebook)[-2]["source"])


def test_no_outputs_are_kept(notebook) -> None:
    for cell in cells_of(notebook):
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None
