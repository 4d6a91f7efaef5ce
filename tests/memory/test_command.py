"""`diaglib memory`: what a person types, what comes out, and the words for what cannot be done."""

import json

import pytest
from plain_encoder import PlainEncoder
from scripted_chat import ScriptedChatModel
from typer.testing import CliRunner

from diaglib.__main__ import app


@pytest.fixture
def memory(tmp_path):
    """Runs `diaglib memory …` on a folder of its own."""

    def run(command: str, *arguments: str, given: str | None = None):
        place = [] if command == "eval" else ["--folder", str(tmp_path / "memory")]
        return CliRunner().invoke(app, ["memory", command, *arguments, *place], input=given)

    return run


@pytest.fixture
def plain(monkeypatch) -> None:
    """Searches with the untrained encoder."""
    monkeypatch.setattr("diaglib.memory.encoder.load_encoder", lambda name="local": PlainEncoder())


@pytest.mark.parametrize(
    "typed", [("[좋아하는 가수: 아이유] 아이유 좋더라",), ("좋아하는 가수", "아이유", "--message", "아이유 좋더라")]
)
def test_what_is_added_is_listed_with_the_message_it_came_from(memory, typed) -> None:
    assert memory("add", *typed).stdout == "[좋아하는 가수: 아이유]\n"
    assert memory("list").stdout.endswith("[좋아하는 가수: 아이유]  < 아이유 좋더라\n")
    (item,) = json.loads(memory("list", "--json").stdout)
    assert (item["key"], item["value"], item["message"], item["holds"]) == ("좋아하는 가수", "아이유", "아이유 좋더라", True)


def test_history_is_shown_on_demand(memory) -> None:
    memory("add", "[가수: 아이유]")
    memory("add", "[가수: 뉴진스]")
    assert "아이유" not in memory("list").stdout
    assert "[가수: 아이유]  (replaced)" in memory("list", "--history").stdout


def test_search_says_what_fits_and_what_does_not(memory, plain) -> None:
    memory("add", "[좋아하는 가수: 아이유]")
    memory("add", "[혈액형: 비형]")
    lines = memory("search", "좋아하는 가수가 누구야").stdout.splitlines()
    assert "fits  [좋아하는 가수: 아이유]" in lines[0]
    assert "too weak  [혈액형: 비형]" in lines[1]
    document = json.loads(memory("search", "좋아하는 가수가 누구야", "--json").stdout)
    assert [found["fits"] for found in document["found"]] == [True, False]


def test_users_and_namespaces_are_apart(memory) -> None:
    memory("add", "[가수: 아이유]", "--user", "지우")
    memory("add", "[가수: 뉴진스]", "--user", "지우", "--namespace", "work")
    assert memory("list").stdout == ""
    assert len(json.loads(memory("list", "--user", "지우", "--json").stdout)) == 2
    assert len(json.loads(memory("list", "--user", "지우", "--namespace", "work", "--json").stdout)) == 1


def test_forgetting_says_how_much_went_or_that_nothing_was_there(memory) -> None:
    memory("add", "[가수: 아이유]")
    assert memory("forget", "가수").stdout == "1 value of '가수' forgotten\n"
    again = memory("forget", "가수")
    assert again.exit_code == 1
    assert "memory list" in again.stderr


def test_an_export_is_imported_again(memory, tmp_path) -> None:
    memory("add", "[가수: 아이유] 좋더라")
    file = tmp_path / "export.txt"
    assert memory("export", str(file)).exit_code == 0
    assert memory("export", str(file)).exit_code == 2, "nothing is overwritten"
    assert memory("export").stdout == file.read_text(encoding="utf-8")
    assert memory("import", str(file), "--user", "other").stdout == "1 added, 0 there already, 0 left out\n"
    assert memory("export", "--user", "other").stdout == file.read_text(encoding="utf-8")


def test_an_import_tells_the_lines_it_left_out(memory) -> None:
    result = memory("import", "-", "--json", given="[가수: 아이유]\n안녕\n")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["added"] == 1
    assert "line 2" in result.stderr


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (("add", "안녕"), "[key: value]"),
        (("add", "[: x]"), "needs a key"),
        (("add", "가수", ""), "no value"),
        (("add", "a", "b", "c"), "in quotes"),
        (("add", "[a: b]", "--user", ""), "name of its user"),
        (("import", "missing.txt"), "missing.txt"),
        (("eval", "--pairs", "missing.txt"), "missing.txt"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_exit_code_2(memory, typed, words: str) -> None:
    result = memory(*typed)
    assert result.exit_code == 2
    assert words in result.stderr
    assert "Traceback" not in result.output


def test_a_foreign_file_is_named(memory, tmp_path) -> None:
    (tmp_path / "memory").mkdir()
    (tmp_path / "memory" / "me.sqlite").write_bytes(b"not a database" * 100)
    result = memory("list", "--json")
    assert result.exit_code == 2
    assert "me.sqlite" in json.loads(result.stdout)["error"]


@pytest.fixture
def chat(tmp_path, monkeypatch, plain):
    """Runs `diaglib chat …` with a model that answers from a list."""
    model = ScriptedChatModel(["[내일 일정: 발표] 떨리겠어요.", "잘 될 거예요!"])
    monkeypatch.setattr("diaglib.llm.load", lambda name, precision=None: model)

    def run(*arguments: str, given: str | None = None):
        return CliRunner().invoke(app, ["chat", "--folder", str(tmp_path / "memory"), *arguments], input=given)

    return run


def test_a_conversation_goes_line_by_line_until_the_input_ends(chat, memory) -> None:
    result = chat("--why", given="나 내일 발표 있어\n\n내일 일정 발표 맞지\n")
    assert result.stdout == "떨리겠어요.\n잘 될 거예요!\n"
    assert "remembered [내일 일정: 발표]" in result.stderr
    assert "from '나 내일 발표 있어'" in result.stderr
    assert "[내일 일정: 발표]" in memory("list").stdout


def test_one_message_is_answered_as_one_document(chat) -> None:
    (turn,) = json.loads(chat("나 내일 발표 있어", "--json").stdout)
    assert (turn["answer"], turn["remembered"], turn["memory"]) == ("떨리겠어요.", ["[내일 일정: 발표]"], None)


def test_a_model_that_is_not_there_is_named(memory, tmp_path) -> None:
    result = CliRunner().invoke(app, ["chat", "안녕", "--model", str(tmp_path / "nothing"), "--folder", str(tmp_path)])
    assert result.exit_code == 2
    assert "nothing" in result.stderr


def test_eval_prints_the_published_figures_with_their_intervals(memory, plain, tmp_path) -> None:
    pairs = tmp_path / "pairs.txt"
    pairs.write_text("\ufeff[좋아하는 가수: 아이유] 아이유 가수\n\n[오늘 일정: 발표] 오늘 발표 일정\n", encoding="utf-8")
    report = json.loads(memory("eval", "--pairs", str(pairs), "--json").stdout)
    assert (report["lines"], report["top1"], report["threshold"]) == (2, 1.0, 0.3)
    assert {"mse", "mae", "correlation", "recall", "precision", "silence", "intervals"} <= set(report)
    assert "top1               1.0  (0.34 to 1.00)" in memory("eval", "--pairs", str(pairs)).stdout


@pytest.mark.parametrize(("text", "words"), [("", "too few"), ("[a: b] c\n", "too few"), ("[a: b] c\nhello\n", "line 2")])
def test_eval_of_what_is_no_pairs_says_so(memory, plain, tmp_path, text: str, words: str) -> None:
    (tmp_path / "pairs.txt").write_text(text, encoding="utf-8")
    result = memory("eval", "--pairs", str(tmp_path / "pairs.txt"))
    assert (result.exit_code, words in result.stderr) == (2, True)


def test_a_training_does_not_overwrite_and_says_where_it_went(memory, tmp_path, monkeypatch) -> None:
    encoder = PlainEncoder()
    monkeypatch.setattr("diaglib.memory.train.train_encoder", lambda *values: (encoder, [{"epoch": 1, "loss": 0.5}]))
    assert CliRunner().invoke(app, ["memory", "train", "--out", str(tmp_path / "new")]).stdout == f"{tmp_path / 'new'}\n"
    refused = CliRunner().invoke(app, ["memory", "train", "--out", str(tmp_path.parent)])
    assert (refused.exit_code, "not an empty folder" in refused.stderr) == (2, True)
