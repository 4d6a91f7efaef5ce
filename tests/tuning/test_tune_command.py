"""`diaglib tune` ends in one sentence where something is wrong, and prints one document where it worked."""

import json

import pytest
from typer.testing import CliRunner

from diaglib.__main__ import app

run = CliRunner().invoke


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("question,reply\na,b\n", [], "lacks the column prompt and plan; its columns are: question, reply"),
        ("prompt,plan\n", [], "has no rows"),
        ("prompt,plan\na,b\n", ["--method", "dpo"], "there is no tuning method 'dpo'"),
        ("prompt,plan\na,b\n", ["--profile", "h100"], "there is no profile 'h100'"),
        ("prompt,plan\na,b\n", ["--method", "lora", "--adapter", "nowhere"], "holds no adapter_config.json"),
    ],
)
def test_bad_input_is_one_sentence(tmp_path, text, options, words) -> None:
    (tmp_path / "rows.csv").write_text(text)
    result = run(
        app, ["tune", "sft", "--rows", str(tmp_path / "rows.csv"), "--out", str(tmp_path / "run"), "--base", "tiny", *options]
    )
    assert result.exit_code == 2
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_a_file_that_is_not_there_is_named(tmp_path) -> None:
    result = run(app, ["tune", "orpo", "--pairs", str(tmp_path / "none.jsonl"), "--out", str(tmp_path / "run")])
    assert result.exit_code == 2
    assert "none.jsonl" in result.stderr


def test_sft_prints_its_record(tmp_path, stand_in) -> None:
    from diaglib.dataset import rows, write_csv

    write_csv(tmp_path / "rows.csv", rows(3, 40, {"dense": 1.0}))
    options = ["--base", str(stand_in), "--steps", "2", "--batch-rows", "2", "--method", "lora", "--learning-rate", "0.01"]
    result = run(app, ["tune", "sft", "--rows", str(tmp_path / "rows.csv"), "--out", str(tmp_path / "run"), *options])
    assert result.exit_code == 0, result.stderr
    record = json.loads(result.stdout)
    assert record["steps"] == 2
    assert record["rows"]["training"] + record["rows"]["validation"] + record["rows"]["told"].count("too long") <= 40
    assert record["adapter"] == str(tmp_path / "run" / "adapter")


@pytest.mark.parametrize("command", ["orpo", "dpo"])
def test_both_ways_of_preference_tuning_take_the_same_pairs_and_options(tmp_path, stand_in, command) -> None:
    right, short = "0 input 4\n1 dense 6\n2 output 1\nend", "0 input 4\n1 output 1\nend"
    pair = {"chosen": right, "rejected": short, "score": 0.4, "family": ""}
    lines = [json.dumps({"prompt": f"network {i}", **pair}) for i in range(12)]
    (tmp_path / "pairs.jsonl").write_text("\n".join(["{}", *lines]) + "\n")
    options = ["--base", str(stand_in), "--steps", "2", "--batch-rows", "2", "--method", "lora", "--weight", "0.3"]
    result = run(app, ["tune", command, "--pairs", str(tmp_path / "pairs.jsonl"), "--out", str(tmp_path / "run"), *options])
    assert result.exit_code == 0, result.stderr
    record = json.loads(result.stdout)
    assert (record["steps"], record["settings"]["preference_weight"], record["settings"]["method"]) == (2, 0.3, "lora")


def test_every_run_has_the_same_options() -> None:
    pages = {name: run(app, ["tune", name, "--help"]).stdout for name in ("sft", "orpo", "dpo")}
    for option in ("--out", "--base", "--profile", "--steps", "--batch-rows", "--method", "--rank", "--adapter", "--push"):
        assert all(option in page for page in pages.values()), option
