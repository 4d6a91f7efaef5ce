"""Candidates are measured in child processes: whatever one does is a row, what is finished stays, a killed run goes on."""

import json
import os
import random
import select
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from diaglib.candidates.failures import PASSING
from diaglib.candidates.measure import measure, measure_all
from diaglib.candidates.resources import BusyGPUError, refuse_busy_gpu
from diaglib.candidates.settings import Settings, load_settings
from diaglib.candidates.store import ANSWER_COLUMNS, read_answers
from diaglib.candidates.subject import Subject
from diaglib.candidates.table import results_table


def settings(**values) -> Settings:
    return load_settings("local").overlaid(**{"diagram_sentences": 2, "timeout_s": 60} | values)


def fake(kind: str, **values) -> Subject:
    return Subject(kind.replace("_", " "), f"fake_candidates:{kind}", **values)


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def test_of_eight_candidates_each_failing_its_own_way_all_are_rows_and_the_run_ends(tmp_path):
    """The fault run: the table is whole whatever a candidate does."""
    kinds = {
        "out_of_memory": "out of memory", "hang": "timeout", "killed": "killed", "needs_token": "gated",
        "broken_weights": "broken weights", "flood": "flood of text", "raises_on_import": "package missing", "fine": "done",
    }  # fmt: skip
    subjects = [fake(kind) for kind in kinds]
    quick = settings(timeout_s=60)
    records = [measure(s, "diagram", replace(quick, timeout_s=2) if s.name == "hang" else quick, tmp_path) for s in subjects]
    assert [record["status"] for record in records] == list(kinds.values())
    table = results_table(records, "diagram", quick, tmp_path)
    assert len(table) == 8
    assert table[table.status != "done"].reason.str.len().min() > 10
    assert table.set_index("candidate").loc["fine", "asked"] == 2
    assert not any(path.stat().st_size > 100_000 for path in tmp_path.rglob("*") if path.is_file()), "the flood is not kept"


@pytest.mark.parametrize(
    ("kind", "status", "words"),
    [
        ("no_network", "no network", "not in the local cache"),
        ("remote_code", "remote code", "trust_remote_code=True and its commit"),
        ("disk_full", "disk full", "no space is left"),
        ("noisy_end", "error", "ended with code 7; it said last: the last words"),
    ],
)
def test_a_reason_says_what_to_do(kind, status, words, tmp_path):
    record = measure(fake(kind), "diagram", settings(), tmp_path)
    assert (record["status"], words in record["reason"]) == (status, True), record


def test_a_reason_that_may_pass_is_tried_again_and_a_final_one_is_not(tmp_path):
    for kind, again in (("disk_full", True), ("killed", False)):
        first = measure(fake(kind), "diagram", settings(), tmp_path)
        stage = next((tmp_path / "diagram").glob(f"{kind.replace('_', '-')}-*/*/stage-answer.json"))
        before = stage.stat().st_mtime_ns
        second = measure(fake(kind), "diagram", settings(), tmp_path)
        assert second["status"] == first["status"]
        assert (stage.stat().st_mtime_ns != before) == again


def test_a_finished_candidate_is_not_run_again_unless_forced_or_changed(tmp_path):
    first = measure(fake("fine"), "diagram", settings(), tmp_path)
    (answers,) = tmp_path.rglob("answers.parquet")
    before = answers.stat().st_mtime_ns
    assert measure(fake("fine"), "diagram", settings(), tmp_path) == first
    assert answers.stat().st_mtime_ns == before
    measure(fake("fine"), "diagram", settings(diagram_sentences=3), tmp_path)
    assert len(list(tmp_path.rglob("answers.parquet"))) == 2, "another configuration is kept beside"
    measure(fake("fine"), "diagram", settings(), tmp_path, force=True)
    assert answers.stat().st_mtime_ns != before


def test_every_answer_is_kept_with_its_prompt(tmp_path):
    record = measure(fake("fine"), "diagram", settings(), tmp_path)
    answers = read_answers(record, tmp_path)
    assert tuple(answers.columns) == ANSWER_COLUMNS
    assert len(answers) == 2
    assert answers.prompt.str.len().min() > 0


ALONE = """
from pathlib import Path
from diaglib.candidates.settings import load_settings
from diaglib.candidates.subject import Subject
from diaglib.candidates.tasks import get_task
from diaglib.candidates.writers import open_writer
Path("/proc/self/clear_refs").write_text("5")
writer = open_writer(Subject("large", "fake_candidates:large"))
get_task("diagram").ask(writer, load_settings("local").overlaid(diagram_sentences=2))
print(next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")).split()[1])
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="reads the peak as Linux tells it")
def test_the_peak_is_that_of_the_same_work_alone_and_again_the_same(tmp_path):
    """Packing the answers as parquet once stood in the peak: a tenth of it was the library for tables."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    alone = int(subprocess.check_output([sys.executable, "-c", ALONE], env=environment)) / 1024
    peaks = [
        measure(fake("large"), "diagram", settings(), tmp_path / turn)["measured"]["peak_process_mib"] for turn in ("1", "2")
    ]
    assert alone > 200
    assert peaks == pytest.approx([alone, alone], rel=0.02)
    assert peaks[0] == pytest.approx(peaks[1], rel=0.05)


def test_weights_that_do_not_fit_are_tried_quantised_and_the_table_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(Subject, "is_factory", property(lambda self: False))  # in this process: it has a ladder
    ladder = settings(ladder=("fp32", "int8", "nf4"), lora_ranks=())
    record = measure(fake("out_of_memory"), "diagram", ladder, tmp_path)
    assert record["status"] == "done", record["reason"]
    assert record["quantisation_needed"] == "int8"
    assert [(rung["precision"], rung["status"]) for rung in record["tried"]] == [("fp32", "out of memory")]


def test_a_ladder_that_ends_in_a_missing_package_tells_every_rung_and_tries_the_last_again(tmp_path, monkeypatch):
    monkeypatch.setattr(Subject, "is_factory", property(lambda self: False))
    ladder = settings(ladder=("fp32", "int8", "gptq"), lora_ranks=())
    record = measure(fake("too_large"), "diagram", ladder, tmp_path)
    assert record["status"] == "package missing"
    assert record["reason"].startswith("as gptq (before it fp32 out of memory, int8 out of memory): a package cannot be imported")
    first, last = sorted(tmp_path.rglob("stage-answer.json"), key=lambda path: path.parent.name == "gptq")[::2]
    before = [path.stat().st_mtime_ns for path in (first, last)]
    assert measure(fake("too_large"), "diagram", ladder, tmp_path)["status"] == "package missing"
    assert first.stat().st_mtime_ns == before[0], "what is known to be too large is not loaded again"
    assert last.stat().st_mtime_ns > before[1], "the package may be there by now"


def test_random_weights_are_never_packed_as_gptq(tmp_path, monkeypatch):
    """GPTQ keeps true to what a model computes of real inputs; random weights compute nothing."""
    monkeypatch.setattr(Subject, "is_factory", property(lambda self: False))
    ladder = settings(ladder=("fp32", "int8", "gptq"), lora_ranks=())
    record = measure(fake("too_large", weights="random"), "diagram", ladder, tmp_path)
    assert [rung["precision"] for rung in record["tried"]] == ["fp32"]


def test_an_unknown_task_or_setting_lists_the_known():
    with pytest.raises(ValueError, match="known: diagram, chat, mcqa"):
        measure_all([], "poems", settings(), Path("."))
    with pytest.raises(ValueError, match="there is no setting 'timeout'"):
        settings(timeout=3)
    with pytest.raises(ValueError, match="two candidates are called 'fine'"):
        measure_all([fake("fine"), fake("fine")], "diagram", settings(), Path("."))


def test_a_busy_gpu_is_refused_and_an_idle_one_is_not():
    with pytest.raises(BusyGPUError, match="process 4711 holds 3,000 MiB"):
        refuse_busy_gpu({4711: 3000, os.getpid(): 9000})
    refuse_busy_gpu({os.getpid(): 9000, 4712: 10})
    refuse_busy_gpu({})


RUN = """
import sys
from pathlib import Path
from diaglib.candidates.measure import measure_all
from diaglib.candidates.settings import load_settings
from diaglib.candidates.subject import Subject
kinds = ["slow", "fine", "raises_on_import", "killed"]
subjects = [Subject(kind, f"fake_candidates:{kind}") for kind in kinds]
measure_all(subjects, "diagram", load_settings("local").overlaid(diagram_sentences=4, timeout_s=60), Path(sys.argv[1]))
"""


def start_run(root: Path) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", RUN, str(root)], env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})


def final_records(root: Path) -> dict[str, dict]:
    return {record["name"]: record for path in sorted(root.rglob("record.json")) for record in [json.loads(path.read_text())]}


def is_final(path: Path) -> bool:
    """Whether a file says how something ended, for good: a package that lacks is looked for again each time."""
    found = path.suffix == ".json" and path.name.startswith(("record", "stage-")) and json.loads(path.read_text())
    return bool(found) and found["status"] not in PASSING


def test_a_run_killed_at_random_moments_ends_with_the_table_of_an_undisturbed_one(tmp_path):
    """What was finished when the kill came is never measured again."""
    calm, killed = tmp_path / "calm", tmp_path / "killed"
    assert start_run(calm).wait() == 0
    rng = random.Random(0)
    finished: dict[Path, bytes] = {}
    for _ in range(10):
        run = start_run(killed)
        try:
            run.wait(rng.uniform(0.3, 4.0))
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGKILL)
            run.wait()
        finished |= {path: path.read_bytes() for path in killed.rglob("*") if is_final(path)}
    assert start_run(killed).wait() == 0
    assert finished
    assert all(path.read_bytes() == content for path, content in finished.items())
    one, other = final_records(calm), final_records(killed)
    assert one.keys() == other.keys()
    quick = load_settings("local").overlaid(diagram_sentences=4, timeout_s=60)
    timed = ["load_s", "response_s", "memory_mib", "peak_process_mib"]
    tables = [
        results_table(list(found.values()), "diagram", quick, root).drop(columns=timed)
        for found, root in ((one, calm), (other, killed))
    ]
    assert tables[0].to_json() == tables[1].to_json()


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="looks at processes as Linux does")
def test_a_child_ends_when_its_parent_does(tmp_path):
    """An orphan would measure beside the next run."""
    code = RUN.replace('"slow", "fine", "raises_on_import", "killed"', '"hang"')
    run = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    )
    while not list(tmp_path.rglob("running.json")):
        assert run.poll() is None
        time.sleep(0.05)
    (child,) = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split()
    ended = os.pidfd_open(int(child))  # readable when the process has ended
    assert not select.select([ended], [], [], 0)[0]
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert select.select([ended], [], [], 60)[0], "it measures on"
