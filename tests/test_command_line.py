"""The command line as people and scripts meet it: one document on standard output, reasons on standard error, exit codes."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from diaglib.__main__ import main

ROOT = Path(__file__).parents[1]
PLAN = '0 input 4\n1 dense 6\n2 output 1 "answer"\nend\n'
LINES = "\n".join(
    f"[{i}, {200 + 300 * i}, 300, 'circle', 60, 60, 'solid arrow', (200, 220, 240), (0, 0, 0), [{i + 1 if i < 2 else ''}]]"
    for i in range(3)
)
SIGNATURES = {
    "png": b"\x89PNG",
    "svg": b"<svg",
    "pdf": b"%PDF",
    "pptx": b"PK",
    "drawio": b"<mxfile",
    "mmd": b"flowchart",
    "dot": b"digraph",
}


def diaglib(*arguments: str, given: str | bytes = "", cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    data = given.encode() if isinstance(given, str) else given
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-m", "diaglib", *arguments], cwd=cwd, input=data, capture_output=True, env=environment, check=False
    )
    result = subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())
    assert "Traceback" not in result.stderr, result.stderr
    return result


def test_help_names_the_commands() -> None:
    result = diaglib("--help")
    assert result.returncode == 0
    for command in ("run", "draw", "check", "render", "dataset"):
        assert f"\n  {command} " in result.stdout


def test_an_unknown_command_is_refused() -> None:
    assert diaglib("paint").returncode == 2


# check


def test_check_of_node_lines_is_compliant() -> None:
    result = diaglib("check", "-", given=LINES)
    assert result.returncode == 0
    assert "3 nodes, 2 links: compliant" in result.stdout
    assert "legibility" in result.stdout


def test_check_prints_one_document_with_problems_by_line() -> None:
    result = diaglib("check", "-", "--json", given="Sure!\n" + LINES.replace("[2]", "[7]"))
    document = json.loads(result.stdout)
    assert document["nodes"] == 3
    assert document["compliant"] is True
    assert [(problem["line"], problem["kind"]) for problem in document["problems"]] == [(3, "unknown link")]
    assert 0 <= document["legibility"]["score"] <= 1


@pytest.mark.parametrize("given", ["", "once upon a time", LINES.splitlines()[0], "[" * 200_000])
def test_check_of_a_text_without_a_diagram_says_no(given: str) -> None:
    result = diaglib("check", "-", "--json", given=given)
    assert result.returncode == 1
    assert json.loads(result.stdout)["compliant"] is False


@pytest.mark.parametrize("command", [("check",), ("render", "--out", "x.png")], ids=["check", "render"])
@pytest.mark.parametrize(("name", "words"), [("gone.txt", "No such file"), ("folder", "is a folder"), ("binary", "is not text")])
def test_a_file_that_cannot_be_read_is_named_with_the_reason(tmp_path, command: tuple[str, ...], name: str, words: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "binary").write_bytes(bytes(range(256)) * 9)
    result = diaglib(*command, name, cwd=tmp_path)
    assert result.returncode in {1, 2}
    assert name in result.stderr
    assert words in result.stderr
    assert not (tmp_path / "x.png").exists()


def test_a_reason_is_a_document_too_where_json_is_asked_for(tmp_path) -> None:
    result = diaglib("check", "gone.txt", "--json", cwd=tmp_path)
    assert result.returncode == 2
    assert "gone.txt" in json.loads(result.stdout)["error"]


# render


@pytest.mark.parametrize("suffix", SIGNATURES)
@pytest.mark.parametrize("text", [PLAN, LINES], ids=["plan", "lines"])
def test_render_writes_every_format_from_either_text(tmp_path, suffix: str, text: str) -> None:
    (tmp_path / "in.txt").write_text(text)
    result = diaglib("render", "in.txt", "--out", f"new/picture.{suffix}", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (0, f"new/picture.{suffix}\n"), result.stderr
    assert SIGNATURES[suffix] in (tmp_path / "new" / f"picture.{suffix}").read_bytes()[:400]
    assert [path.name for path in (tmp_path / "new").iterdir()] == [f"picture.{suffix}"], "nothing else is left"


def test_render_never_overwrites_silently(tmp_path) -> None:
    (tmp_path / "x.svg").write_text("mine")
    result = diaglib("render", "-", "--out", "x.svg", given=PLAN, cwd=tmp_path)
    assert result.returncode == 2
    assert "--force" in result.stderr
    assert (tmp_path / "x.svg").read_text() == "mine"
    assert diaglib("render", "-", "--out", "x.svg", "--force", given=PLAN, cwd=tmp_path).returncode == 0
    assert "<svg" in (tmp_path / "x.svg").read_text()


@pytest.mark.parametrize(
    ("given", "out", "words"),
    [
        (PLAN, "x.gif", ".png .pdf"),
        (PLAN, "x", ".png .pdf"),
        ("a poem", "x.png", "no diagram in this text"),
        ("0 inputt 4", "x.png", "'inputt' is not a kind"),
        ("0 input 4 < 9", "x.png", "names no earlier node"),
        (PLAN, "in.txt/x.png", "cannot be written"),
        (PLAN, "in.txt/x.svg", "cannot be written"),
    ],
)
def test_render_says_what_is_wrong_and_writes_nothing(tmp_path, given: str, out: str, words: str) -> None:
    (tmp_path / "in.txt").write_text(given)
    result = diaglib("render", "in.txt", "--out", out, cwd=tmp_path)
    assert result.returncode == 2
    assert words in result.stderr
    assert result.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["in.txt"]


# dataset


def test_dataset_writes_rows_of_the_families_asked_for_and_the_same_ones_again(tmp_path) -> None:
    for name in ("a.csv", "b.csv"):
        assert (
            diaglib("dataset", "--rows", "7", "--seed", "3", "--families", "dense,cnn", "--out", name, cwd=tmp_path).returncode
            == 0
        )
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    with open(tmp_path / "a.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 7
    assert {row["family"] for row in rows} <= {"dense", "cnn"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--families", "poems"), "known: dense"),
        (("--rows", "0"), "Invalid value for '--rows'"),
        (("--out", "there.csv"), "--force"),
    ],
)
def test_dataset_refuses_what_it_cannot_do(tmp_path, arguments: tuple[str, ...], words: str) -> None:
    (tmp_path / "there.csv").write_text("mine")
    result = diaglib("dataset", "--out", "new.csv", *arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert words in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["there.csv"]


def test_control_c_ends_quietly_and_leaves_nothing(tmp_path, monkeypatch, capsys) -> None:
    def interrupted_after_three_rows(*arguments):
        yield from [{"prompt": "a", "plan": "b", "nodes": "c", "family": "d", "structure": "e"}] * 3
        raise KeyboardInterrupt

    monkeypatch.setattr("diaglib.dataset.rows", interrupted_after_three_rows)
    monkeypatch.setattr(sys, "argv", ["diaglib", "dataset", "--out", str(tmp_path / "x.csv")])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 130
    assert capsys.readouterr() == ("", "")
    assert not list(tmp_path.iterdir())


# draw

SENTENCE = "A network with 4 inputs, hidden layers of 6 and 3 nodes and 1 output"
ASKED = "0 input 4\n1 dense 6\n2 dense 3\n3 output 1\nend"


class FixedWriter:
    """A language model that always gives the same answers."""

    def __init__(self, *answers: str) -> None:
        self.answers = answers

    def plan_texts(self, prompts, count, temperature, seed, grammar=False):
        return [list(self.answers) * count for _ in prompts]


@pytest.fixture
def draw(monkeypatch, tmp_path, capsys):
    """Runs `diaglib draw` in this process with a model of fixed answers; gives exit code, standard output and error."""

    def call(answer: str, *arguments: str):
        monkeypatch.setattr("diaglib.llm.load", lambda model: FixedWriter(answer))
        monkeypatch.setattr(sys, "argv", ["diaglib", "draw", *arguments])
        monkeypatch.chdir(tmp_path)
        monkeypatch.delenv("DIAGLIB_OUTPUTS", raising=False)
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code, *capsys.readouterr()

    return call


def test_draw_writes_ranked_diagrams_and_a_page_and_says_where(draw, tmp_path) -> None:
    code, out, errors = draw(ASKED, SENTENCE, "--count", "4", "--keep", "2", "--format", "svg,dot")
    assert (code, errors) == (0, "")
    lines = out.splitlines()
    assert lines[-1] == "outputs/drawings/a-network-with-4-inputs-hidden-layers-of/index.html"
    assert [line.split()[0] for line in lines[:-1]] == ["1", "2"]
    for name in (part for line in lines for part in line.split() if part.startswith("outputs/")):
        assert (tmp_path / name).is_file()


def test_a_second_drawing_does_not_touch_the_first(draw, tmp_path) -> None:
    draw(ASKED, SENTENCE, "--out", "here", "--format", "svg")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    code, out, _ = draw(ASKED, SENTENCE, "--out", "here", "--format", "svg")
    assert code == 0
    assert out.splitlines()[-1] == "here/drawing-01/index.html"
    assert {path: path.read_bytes() for path in before} == before


def test_draw_prints_one_document(draw) -> None:
    code, out, _ = draw(ASKED, SENTENCE, "--json", "--keep", "2")
    document = json.loads(out)
    assert code == 0
    assert len(document["drawings"]) == 2
    best = document["drawings"][0]
    assert (best["right"], best["contradictions"], best["plan"]) == (True, [], ASKED)
    assert set(best["files"]) == {"png", "svg", "pptx"}
    assert best["score"] >= document["drawings"][1]["score"]


def test_a_plan_that_contradicts_the_sentence_is_never_passed_off_as_right(draw) -> None:
    wrong = ASKED.replace("input 4", "input 7")
    code, out, errors = draw(wrong, SENTENCE)
    assert code == 0
    assert "flagged" in out
    assert "as asked" not in out
    assert "you asked for 4 input" in errors
    assert json.loads(draw(wrong, SENTENCE, "--json")[1])["drawings"][0]["right"] is False


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("", "it is empty"),
        ("Shall I compare thee to a summer's day?", "no layers or steps"),
        ("입력이 4개인 신경망을 그려줘", "not in Latin letters"),
        ("a network with 4 inputs and 0 outputs", "asks for 0"),
        ("a network with 4 inputs and 10000 hidden nodes and 1 output", "too large"),
        ("network " * 20_000, "characters"),
        ("\udc80\udcff", "cannot draw"),
    ],
)
def test_a_prompt_that_cannot_be_drawn_is_told_why_with_three_that_work(draw, tmp_path, prompt: str, words: str) -> None:
    code, out, errors = draw(ASKED, prompt)
    assert (code, out) == (2, "")
    assert words in errors
    assert errors.count("\n  - ") == 3
    document = json.loads(draw(ASKED, prompt, "--json")[1])
    assert len(document["examples"]) == 3
    assert not list(tmp_path.iterdir())


def test_an_answer_without_a_plan_is_told_with_three_prompts_that_work(draw, tmp_path) -> None:
    code, out, errors = draw("I am sorry", SENTENCE)
    assert (code, out) == (2, "")
    assert "no valid plan" in errors
    assert errors.count("\n  - ") == 3
    assert not list(tmp_path.rglob("*.*"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--count", "0"), "count 0"),
        (("--keep", "0"), "keep 0"),
        (("--format", "gif"), "format 'gif' is not known"),
        (("--out", "file"), "file is a file"),
        (("--out", "file/below"), "cannot write to"),
    ],
)
def test_draw_refuses_what_it_cannot_do(draw, tmp_path, arguments: tuple[str, ...], words: str) -> None:
    (tmp_path / "file").write_text("mine")
    code, out, errors = draw(ASKED, SENTENCE, *arguments)
    assert (code, out) == (2, "")
    assert words in errors
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_the_embedded_model_draws_from_a_cold_start(tmp_path) -> None:
    result = diaglib("draw", SENTENCE, "--count", "2", "--keep", "1", "--json", "--out", "here", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    best = json.loads(result.stdout)["drawings"][0]
    assert (best["right"], best["plan"]) == (True, ASKED)


def test_a_model_that_is_not_there_is_named(tmp_path) -> None:
    result = diaglib("draw", SENTENCE, "--model", "./nowhere", cwd=tmp_path)
    assert result.returncode == 2
    assert "nowhere" in result.stderr


# run


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--profile", "h100"), "no profile 'h100'; known: local, t4, a100"),
        (("--only", "44"), "no notebook 44; known: 01"),
        (("-p", "SPEED=1"), "known: PROFILE"),
        (("-p", "ROWS=many"), "must be of type int"),
        (("--notebooks", "nowhere"), "no notebooks in nowhere"),
    ],
)
def test_run_refuses_what_it_cannot_do_before_anything_runs(tmp_path, arguments: tuple[str, ...], words: str) -> None:
    result = diaglib("run", *arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert words in result.stderr
    assert not list(tmp_path.iterdir())


def test_run_names_the_folder_it_cannot_write_to(tmp_path) -> None:
    (tmp_path / "outputs").write_text("mine")
    result = diaglib("run", "--only", "02", cwd=tmp_path)
    assert result.returncode == 2
    assert result.stderr.startswith("diaglib: outputs/local: it cannot be written (Not a directory): see that its folder is")


def test_a_file_that_cannot_be_written_is_told_without_the_number_of_the_error(tmp_path) -> None:
    (tmp_path / "plan.txt").write_text(PLAN)
    result = diaglib("render", "plan.txt", "--out", "plan.txt/x.pptx", cwd=tmp_path)
    assert "[Errno" not in result.stderr


def test_run_prints_where_to_look(tmp_path) -> None:
    result = diaglib("run", "--only", "02", "-p", "ROWS=20", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == ["outputs/local/index.html", "outputs/local/02_dataset_generation/data/README.md"]
    assert "02_dataset_generation: done" in result.stderr
    again = diaglib("run", "--only", "02", "-p", "ROWS=20", cwd=tmp_path)
    assert "kept" in again.stderr
