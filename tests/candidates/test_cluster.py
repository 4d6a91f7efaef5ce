"""Candidates on the workers of a cluster: a lost worker costs one try, two lost workers are a row, records come back."""

import os
import shutil
from pathlib import Path

import pytest

from diaglib.candidates import cluster
from diaglib.candidates.measure import measure_all
from diaglib.candidates.settings import Settings, load_settings
from diaglib.candidates.store import code_version, read_answers
from diaglib.candidates.subject import Subject

SETTINGS: Settings = load_settings("local").overlaid(diagram_sentences=2, timeout_s=300)


@pytest.fixture(scope="module")
def two_workers():
    """Workers see what the tests see: the fake candidates, no network, one thread."""
    changed = {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    before = {name: os.environ.get(name) for name in changed}
    helpers = Path(__file__).parents[1] / "helpers"
    os.environ.update(changed | {"PYTHONPATH": os.pathsep.join([str(helpers), changed["PYTHONPATH"]])})
    with cluster.local_cluster(2) as made:
        yield made.scheduler_address
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


def fake(kind: str, **values) -> Subject:
    return Subject(kind.replace("_", " "), f"fake_candidates:{kind}", **values)


def on_cluster(subjects, root: Path, address: str) -> dict[str, dict]:
    records = cluster.measure_everywhere(subjects, "diagram", SETTINGS, root, scheduler=address)
    assert [record["name"] for record in records] == [subject.name for subject in subjects]
    return {record["name"]: record for record in records}


def test_a_lost_worker_costs_one_try_and_two_are_a_row(two_workers, tmp_path) -> None:
    mark = tmp_path / "mark"
    subjects = [
        fake("kills_its_worker"),
        fake("kills_its_worker_once", revision=str(mark)),
        fake("fine"),
        fake("broken_weights"),
        Subject("fine too", "fake_candidates:fine"),
    ]
    records = on_cluster(subjects, tmp_path / "measured", two_workers)
    assert {name: record["status"] for name, record in records.items()} == {
        "kills its worker": "killed",
        "kills its worker once": "done",
        "fine": "done",
        "broken weights": "broken weights",
        "fine too": "done",
    }
    assert records["kills its worker"]["reason"].startswith("two workers were lost while it was measured (tcp://")
    assert mark.exists(), "it was tried a second time"
    assert len(read_answers(records["fine"], tmp_path / "measured")) == 2
    # all of it is finished: this process finds it, and no worker is asked
    again = measure_all(subjects, "diagram", SETTINGS, tmp_path / "measured")
    assert again == list(records.values())
    assert list(on_cluster(subjects, tmp_path / "measured", two_workers).values()) == again


def test_what_a_worker_without_the_disk_measured_comes_back(two_workers, tmp_path, monkeypatch) -> None:
    """As on another machine: the worker keeps its own, the caller gets record and answers."""
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    subject, root = fake("fine"), tmp_path / "elsewhere"
    arguments = (subject.as_dict(), "diagram", SETTINGS.as_dict(), str(root), False, "no token", code_version())
    record, files = cluster.measure_there(*arguments)
    assert not root.exists()
    run = cluster._Run(None, [subject], "diagram", SETTINGS, root, False)

    class Done:
        def result(self):
            return record, files

    shutil.rmtree(tmp_path / "home")
    assert run._result(cluster._Place(0, Done())) == record
    assert len(read_answers(record, root)) == 2
    assert measure_all([subject], "diagram", SETTINGS, root) == [record]


def test_another_version_of_the_library_is_refused(tmp_path) -> None:
    with pytest.raises(RuntimeError, match="install the same on all machines"):
        cluster.measure_there(fake("fine").as_dict(), "diagram", SETTINGS.as_dict(), str(tmp_path), False, "", "older")


def test_one_machine_without_gpus_needs_no_cluster(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(cluster, "local_cluster", lambda workers: pytest.fail("a cluster was started"))
    monkeypatch.setattr(cluster, "count_gpus", lambda: 1)
    assert cluster.measure_everywhere([], "diagram", SETTINGS, tmp_path) == []


def test_a_machine_with_gpus_is_a_cluster_of_a_worker_each(tmp_path, monkeypatch) -> None:
    started = []
    monkeypatch.setattr(cluster, "count_gpus", lambda: 4)

    def refuse(workers: int):
        started.append(workers)
        raise RuntimeError("enough")

    monkeypatch.setattr(cluster, "local_cluster", refuse)
    with pytest.raises(RuntimeError, match="enough"):
        cluster.measure_everywhere([fake("fine")], "diagram", SETTINGS, tmp_path)
    assert started == [4]


def test_a_scheduler_that_does_not_answer_is_told(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(cluster, "CONNECT_TIMEOUT_S", 1)
    with pytest.raises(ValueError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9: start one"):
        cluster.measure_everywhere([fake("fine")], "diagram", SETTINGS, tmp_path, scheduler="tcp://127.0.0.1:9")


def test_workers_without_a_gpu_to_offer_are_told(tmp_path) -> None:
    class Client:
        def scheduler_info(self, n_workers):
            return {"workers": {"tcp://a:1": {"resources": {}}}}

    run = cluster._Run(Client(), [fake("fine")], "diagram", SETTINGS, tmp_path, False)
    with pytest.raises(ValueError, match="--resources GPU=1"):
        list(run.records([0]))


def test_a_cluster_that_loses_all_its_workers_ends_with_rows(tmp_path, monkeypatch) -> None:
    class Client:
        def scheduler_info(self, n_workers):
            return {"workers": {}}

    monkeypatch.setattr(cluster, "WORKER_WAIT_S", 0.0)
    monkeypatch.setattr(cluster, "_LOOK_EVERY_S", 0.0)
    run = cluster._Run(Client(), [fake("fine")], "diagram", SETTINGS, tmp_path, False)
    (row,) = run.records([0])
    assert row[1]["status"] == "error"
    assert "no worker of the cluster is left" in row[1]["reason"]
    assert not list(tmp_path.rglob("record.json")), "the next run tries it again"


def test_a_candidate_that_lost_a_worker_goes_to_another_machine(tmp_path) -> None:
    sent = []

    class Client:
        def submit(self, function, *arguments, workers, **options):
            sent.extend(workers)
            return None

    run = cluster._Run(Client(), [fake("fine"), fake("hang")], "diagram", SETTINGS, tmp_path, False)
    run.lost[0] = ["tcp://a:1"]
    waiting = [0]
    run._hand_out(["tcp://a:2", "tcp://b:1"], waiting)
    assert (sent, waiting) == (["tcp://b:1"], [])
