"""`diaglib score` and `draw --ratings`: rows, reasons, one JSON document."""

import json
from pathlib import Path

import pytest
from scripted_model import ScriptedModel
from typer.testing import CliRunner

from diaglib import draw
from diaglib.__main__ import app
from diaglib.diagram import Plan

PROMPT = "A network with 4 inputs, hidden layers of 6 and 3 nodes and 1 output"
PLAN = "0 input 4\n1 dense 6\n2 dense 3\n3 output 1\nend"


@pytest.fixture(scope="module")
def rated(sampled_diagrams, tmp_path_factory) -> Path:
    """A CSV of eight ratings with their pictures and texts."""
    folder = tmp_path_factory.mktemp("rated")
    rows = ["img_path,score"]
    for number, diagram in enumerate(sampled_diagrams[:8]):
        diagram.to_png(folder / f"{number}.png")
        (folder / f"{number}.txt").write_text(diagram.to_text(), encoding="utf-8")
        rows.append(f"{number}.png,{number % 6}")
    (folder / "mine.csv").write_text("\n".join([*rows, "8.png,good"]))
    return folder / "mine.csv"


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [*map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr


def test_pictures_and_texts_are_scored_and_what_cannot_be_read_is_a_row(rated, tmp_path) -> None:
    (tmp_path / "plan.txt").write_text(PLAN)
    (tmp_path / "letter.txt").write_text("Dear Anna, how are you?")
    files = [rated.parent / "0.png", tmp_path / "plan.txt", tmp_path / "letter.txt", tmp_path / "gone.png", tmp_path / "gone.txt"]
    code, out, err = run("score", *files, "--ratings", rated, "--json")
    assert code == 0, err
    document = json.loads(out)
    rows = {Path(row["file"]).name: row for row in document["scores"]}
    assert sorted(row["place"] for row in rows.values() if row["place"]) == [1, 2]
    assert all(row["problem"] for name, row in rows.items() if name in {"letter.txt", "gone.png", "gone.txt"})
    plan = rows["plan.txt"]
    assert plan["total"] == pytest.approx((plan["readability"] + plan["taste"]) / 2, abs=0.002)
    assert any("good" in note for note in document["notes"])


def test_the_table_names_every_file_and_nothing_readable_is_a_no(rated, tmp_path) -> None:
    code, out, err = run("score", rated.parent / "0.png", tmp_path / "gone.png")
    assert code == 0, err
    assert "0.png: " in out
    assert "gone.png: " in out
    assert "no ratings" in err
    code, _, _ = run("score", tmp_path / "gone.png")
    assert code == 1


@pytest.mark.parametrize("arguments", [("--weights", "half"), ("--ratings", "nowhere.csv")])
def test_what_cannot_be_done_is_one_sentence(rated, arguments) -> None:
    code, out, err = run("score", rated.parent / "0.png", *arguments)
    assert code == 2
    assert out == ""
    assert err.startswith("diaglib: ")


def test_draw_ranks_by_the_users_taste_and_shows_each_part(rated, tmp_path) -> None:
    model = ScriptedModel({PROMPT: [PLAN]})
    drawings = draw(PROMPT, count=4, keep=3, model=model, ratings=rated, out=tmp_path / "out", formats=("svg",))
    assert drawings[0].score == max(d.score for d in drawings)
    best_view = len(drawings[0].diagram.nodes)  # a small network is drawn node by node too: the best of the other view is second
    assert len(drawings[1].diagram.nodes) != best_view
    for of_one_view in (True, False):
        scores = [d.score for d in drawings if (len(d.diagram.nodes) == best_view) is of_one_view]
        assert scores == sorted(scores, reverse=True)
    for drawing in drawings:
        assert drawing.score == pytest.approx((drawing.readability + drawing.taste) / 10)
        assert drawing.reasons
    page = drawings.index.read_text(encoding="utf-8")
    assert page.count(">readability<") == page.count(">taste<") == 3
    assert "total: 50% readability, 50% taste" in page
    record = json.loads((tmp_path / "out" / "drawing.json").read_text())
    assert record["request"]["ratings"] == 8
    assert record["drawings"][0]["taste"] == drawings[0].taste


def test_draw_without_ratings_shows_readability_alone(tmp_path) -> None:
    drawings = draw(PROMPT, count=2, keep=2, model=ScriptedModel({PROMPT: [PLAN]}), out=tmp_path / "out", formats=())
    assert all(d.taste is None and d.score == pytest.approx(d.readability / 5) for d in drawings)
    page = drawings.index.read_text(encoding="utf-8")
    assert ">taste<" not in page
    assert "no ratings: the total is the readability" in page


def test_the_weights_decide(rated) -> None:
    model = ScriptedModel({PROMPT: [PLAN]})
    drawings = draw(PROMPT, count=3, keep=3, model=model, ratings=rated, weights=(0, 1))
    assert all(drawing.score == pytest.approx(drawing.taste / 5) for drawing in drawings)
    with pytest.raises(ValueError, match="two numbers"):
        draw(PROMPT, model=model, weights=(0, 0))


def test_the_text_of_a_plan_in_a_file_is_what_is_scored(tmp_path) -> None:
    (tmp_path / "plan.txt").write_text(PLAN)
    (tmp_path / "lines.txt").write_text(Plan.from_text(PLAN).layout().to_text())
    _, out, _ = run("score", tmp_path / "plan.txt", tmp_path / "lines.txt", "--json")
    first, second = json.loads(out)["scores"]
    assert first["place"] == second["place"] == 1
    assert first["readability"] == second["readability"]
