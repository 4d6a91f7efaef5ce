"""Predicted needs of every candidate, as a table and as a document."""

import json
from itertools import pairwise

import pytest

from diaglib.__main__ import app
from diaglib.candidates.fit import fit_rows, fit_summary, stages
from diaglib.candidates.registry import load_candidates
from diaglib.footprint import read_gpu

# weights in bf16 as measured by hand, MiB
PUBLISHED_MIB = {candidate.id: candidate.published["weights_mb"] for candidate in load_candidates("diagram")}


@pytest.fixture
def command(tmp_path, monkeypatch):
    from typer.testing import CliRunner

    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, ["fit", *arguments])


def test_predicted_weights_are_within_4_percent_of_all_14_measured() -> None:
    rows = {row["model"]: row for row in fit_rows(load_candidates("diagram"), read_gpu("a100"))}
    assert len(PUBLISHED_MIB) == 14
    assert all(rows[name]["weights_mib"] == pytest.approx(measured, rel=0.04) for name, measured in PUBLISHED_MIB.items())


def test_the_chosen_models_are_tuned_on_a_t4_without_quantisation() -> None:
    rows = {row["model"]: row for row in fit_rows(load_candidates(), read_gpu("t4"))}
    for model in ("deepseek-ai/deepseek-coder-1.3b-instruct", "EleutherAI/polyglot-ko-1.3b"):
        assert {rows[model][f"{stage}_fits_in"] for stage in stages()} == {"fp16"}


def test_published_cards_are_the_ones_that_are_predicted() -> None:
    """A T4 was enough for the answers of the 1.3B to 7B models, the mixtures of experts took an A100."""
    on_t4 = {row["model"]: row["generate_fits_in"] for row in fit_rows(load_candidates("diagram"), read_gpu("t4"))}
    on_a100 = {row["model"]: row["generate_fits_in"] for row in fit_rows(load_candidates("diagram"), read_gpu("a100"))}
    for candidate in load_candidates("diagram"):
        assert (on_t4[candidate.id] == "fp16") == (candidate.published["gpu"] == "T4")
        assert on_a100[candidate.id] == "bf16"


def test_a_larger_card_fits_at_least_as_many() -> None:
    candidates = load_candidates()
    summaries = [fit_summary(fit_rows(candidates, read_gpu(size))) for size in ("8", "16", "24", "48", "80")]
    for smaller, larger in pairwise(summaries):
        assert all(smaller[stage] <= larger[stage] for stage in stages())
    assert summaries[-1]["generate"] == len(candidates)


def test_a_candidate_of_unknown_architecture_is_a_row(tmp_path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[[candidate]]\nid = "someone/nowhere-at-all"\ntasks = ["chat"]\n', encoding="utf-8")
    row = fit_rows(load_candidates("chat", path), read_gpu("t4"))[-1]
    assert row["weights_mib"] is None
    assert row["generate_fits_in"] is None
    assert "architecture not known" in row["note"]


def test_the_command_prints_one_document(command) -> None:
    result = command("--json", "--gpu", "24")
    document = json.loads(result.stdout)
    assert result.exit_code == 0
    assert document["gpu"] == "24 GiB"
    assert len(document["candidates"]) == 32
    assert {"model", "weights_mib", "generate_mib", "lora_r16_mib", "lora_r64_mib", "orpo_mib"} <= set(document["candidates"][0])


def test_the_command_prints_a_line_a_candidate(command) -> None:
    result = command("--task", "diagram")
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert len(lines) == 16
    assert len({len(line) for line in lines[1:]}) == 1
    assert lines[8].split()[:2] == ["deepseek-ai/deepseek-coder-1.3b-instruct", "2,568"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--gpu", "h9000"], "there is no GPU 'h9000'; known: t4, v100, l4, a100"),
        (["--task", "chess"], "there is no task 'chess'; known: diagram, chat, mcqa"),
        (["--candidates", "gone.toml"], "gone.toml: there is no such file of candidates"),
    ],
)
def test_bad_input_is_one_sentence_and_code_2(arguments: list[str], words: str, command) -> None:
    result = command(*arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert json.loads(command(*arguments, "--json").stdout)["error"]
