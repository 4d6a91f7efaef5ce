"""The t4 profile of notebook 01 over the stand-in hub: every candidate that the rules let through is a row, measured or with its
reason. The stages run in this process: importing the libraries anew for each candidate would cost minutes.
"""

import pytest
import torch
from small_models import is_plan

from diaglib.candidates import child, measure
from diaglib.candidates.registry import find_candidate
from diaglib.candidates.rows import fit_table, hub_subjects, known_beside, selection_table, subjects, verdicts
from diaglib.candidates.settings import Settings, load_settings
from diaglib.candidates.store import read_answers
from diaglib.candidates.subject import AS_SAVED
from diaglib.candidates.table import results_table
from diaglib.footprint import read_gpu


@pytest.fixture(autouse=True)
def in_this_process(stand_in_hub, monkeypatch):
    monkeypatch.setattr(measure, "_run_child", lambda folder, first, timeout_s: (child.do_job(folder), ("error", "no result"))[1])
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def small(**values) -> Settings:
    sizes = {
        "warm_ups": 0, "least_iterations": 1, "least_seconds": 0.0, "speed_prompt_tokens": 8, "speed_new_tokens": 3,
        "diagram_samples": 2, "diagram_sentences": 1, "diagram_new_tokens": 4, "chat_new_tokens": 2, "mcqa_questions": 2,
        "mcqa_new_tokens": 2, "lora_ranks": (16,), "lora_rows": 2, "lora_batch": 2, "lora_epochs": 1,
    }  # fmt: skip
    return load_settings("t4").overlaid(**sizes | values)


@pytest.mark.parametrize("task", ["diagram", "chat", "mcqa"])
def test_every_candidate_of_the_t4_profile_is_measured_or_says_why_not(task, tmp_path):
    rows = subjects("t4", task)
    settings = small()
    records = measure.measure_all(rows, task, settings, tmp_path)
    card = read_gpu("t4")
    table = results_table(records, task, settings, tmp_path, known_beside(verdicts(task), card)).set_index("candidate")
    assert len(table) == len(rows) == sum(verdict.stays for verdict in verdicts(task))
    for row in rows:
        found, candidate = table.loc[row.name], find_candidate(row.name)
        if candidate.own_code:
            assert found.status == "remote code", found.reason
            assert "pass trust_remote_code=True and its commit" in found.reason
            continue
        assert found.status == "done", f"{row.name}: {found.reason}"
        assert found.asked > 0
        assert found.lora_r16_loss > 0, found.get("lora_r16_reason")
        assert min(found.weights_mib, found.memory_mib, found.first_token_s, found.decode_tokens_per_s) > 0
        assert found.predicted_weights_mib > 0
        assert found.quantisation_needed == ("" if candidate.quantised else "no")
    if task == "diagram":
        assert {"round 1: passed", "round 2: asked"} <= set(table)
        assert table["published: weights_mb"].notna().all()


def test_with_grammar_a_hub_model_that_knows_nothing_writes_valid_plans(tmp_path):
    from dataclasses import replace

    plain = next(one for one in subjects("t4", "diagram") if "1.3b-instruct" in one.name)
    settings = small(diagram_rounds=("plan",), diagram_new_tokens=64, diagram_sentences=2, lora_ranks=())
    records = [measure.measure(one, "diagram", settings, tmp_path) for one in (plain, replace(plain, name="g", grammar=True))]
    valid = [[is_plan(answer) for answer in read_answers(record, tmp_path).answer] for record in records]
    assert valid == [[False, False], [True, True]]


def test_random_weights_give_memory_and_times_and_no_quality(tmp_path, monkeypatch):
    from small_configs import SMALL_CONFIGS

    from diaglib.candidates import random_weights

    real = random_weights.make_random
    monkeypatch.setattr(
        random_weights,
        "make_random",
        lambda name, numbers, precision: real(name, SMALL_CONFIGS[numbers["model_type"]], precision),
    )
    (row,) = subjects("t4", "diagram", only="coder-1.3b-instruct", weights="random")
    for precision in ("fp32", "fp16", "int8", "nf4"):
        settings = small(ladder=(precision,))
        record = measure.measure(row, "diagram", settings, tmp_path)
        assert record["status"] == "done", record["reason"]
        assert record["lora"]["16"]["status"] == "done", record["lora"]["16"]["reason"]
        found = results_table([record], "diagram", settings, tmp_path).iloc[0]
        assert found.weights_mib > 0
        assert found.decode_tokens_per_s > 0
        assert found.asked != found.asked or found.asked is None, "no answers are asked for"


def test_a_checkpoint_that_is_quantised_already_is_taken_as_it_is():
    rows = {row.name: row for row in subjects("t4", "mcqa")}
    saved = [row for name, row in rows.items() if find_candidate(name).quantised]
    assert saved
    assert all(row.precision == AS_SAVED for row in saved)


def test_code_of_a_repository_is_allowed_only_with_a_pinned_commit(tmp_path):
    """Remote code is never switched on by default."""
    file = tmp_path / "mine.toml"
    text = '[[candidate]]\nid = "someone/own"\ntasks = ["diagram"]\nown_code = true\nrevision = "{}"\n'
    for revision, allowed in (("main", False), ("a" * 40, True)):
        file.write_text(text.format(revision))
        row = next(row for row in hub_subjects(verdicts("diagram", file)) if row.name == "someone/own")
        assert row.trust_remote_code is allowed


def test_the_report_says_who_was_dropped_and_what_fits():
    judged = verdicts("chat")
    table = selection_table(judged).set_index("candidate")
    published = [name for name in table if name.startswith("published: ")]
    assert published
    assert table[published].notna().any(axis=None), "figures of others stand beside, also where only offline rows are measured"
    assert not table.loc["unsloth/gemma-2-2b-it", "stays"]
    assert "free licence" in table.loc["unsloth/gemma-2-2b-it", "dropped by"]
    fitting = fit_table(judged, read_gpu("t4"))
    assert len(fitting) == table.stays.sum()
    assert fitting.answer.str.contains("in fp16").any()


def test_rows_are_chosen_by_parts_of_their_names():
    assert [row.name for row in subjects("local", "chat", "echo; CHAIN")] == ["baseline: echo", "baseline: character chain"]
    with pytest.raises(ValueError, match="no row is called like 'gpt'; there are: embedded, fp32"):
        subjects("local", "chat", "gpt")
    with pytest.raises(ValueError, match="random weights are for the hub"):
        subjects("local", "chat", weights="random")
