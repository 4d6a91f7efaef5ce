"""What a run meets on the disk is told in one sentence, and nothing finished or written by hand is lost."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import pytest
from small_notebooks import run, write_notebook

from diaglib.runs.disk import disk_reasons

FULL = r"the disk is full: free some space, or set DIAGLIB_OUTPUTS to another folder, and start again: what is finished"


def is_full_now(*_, **__) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def change_by_hand(notebook: Path, words: str) -> None:
    notebook.write_text(notebook.read_text().replace("print(1)", words))
    later = notebook.with_name("result.json").stat().st_mtime_ns + 1_000_000_000
    os.utime(notebook, ns=(later, later))


def test_where_there_is_no_room_the_earlier_run_stays_as_it_is(place, said, monkeypatch) -> None:
    entry = write_notebook(place, "01_good", "print(1)")
    run(place, said, entry)
    before = content(place / "outputs/local/01_good")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(10, 10, 0))
    with pytest.raises(OSError, match=rf"outputs/local/01_good: {FULL}"):
        run(place, said, entry, force=True)
    assert content(place / "outputs/local/01_good") == before


@pytest.mark.parametrize(
    "written", ["papermill.iorw.LocalHandler.write", "diaglib.runs.report.write_whole", "diaglib.runs.records.write_whole"]
)
def test_a_disk_that_fills_up_costs_only_the_notebook_that_ran(place, said, monkeypatch, written) -> None:
    first, second = (write_notebook(place, name, "print(1)") for name in ("01_first", "02_second"))
    run(place, said, first)
    index = (place / "outputs/local/index.html").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(written, is_full_now)
        with pytest.raises(OSError, match=rf"^[^\[]*outputs/local: {FULL}"):
            run(place, said, second)
    assert (place / "outputs/local/index.html").read_bytes() == index
    assert [result.kept for result in run(place, said, first, second)] == [True, False]


def test_a_file_in_the_way_of_the_outputs_is_named(place, said) -> None:
    entry = write_notebook(place, "01_good", "print(1)")
    (place / "outputs").write_text("mine")
    with pytest.raises(
        OSError, match=r"outputs.*: it cannot be written \(.*\): see that its folder is there and writable, or set DIAGLIB"
    ):
        run(place, said, entry)
    assert (place / "outputs").read_text() == "mine"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_named(place, said) -> None:
    entry = write_notebook(place, "01_good", "print(1)")
    (place / "outputs").mkdir(mode=0o555)
    with pytest.raises(OSError, match=r"outputs/local: it cannot be written \(Permission denied\)"):
        run(place, said, entry)


@pytest.mark.parametrize("error", [ConnectionRefusedError(111, "refused"), FileNotFoundError(2, "gone", "/elsewhere/rows.csv")])
def test_an_error_of_something_else_stays_as_it_is(place, error) -> None:
    with pytest.raises(type(error)) as raised, disk_reasons(place / "outputs" / "local"):
        raise error
    assert raised.value is error


def test_permission_is_told_for_any_file_below(place) -> None:
    file = place / "outputs" / "local" / ".lock"
    with pytest.raises(OSError, match=rf"^{file}: it cannot be written \(Permission denied\)"), disk_reasons(file.parent):
        raise PermissionError(errno.EACCES, "Permission denied", str(file))


def test_a_notebook_of_a_run_changed_by_hand_is_kept_before_it_runs_again(place, said) -> None:
    entry = write_notebook(place, "01_good", "print(1)")
    run(place, said, entry)
    folder = place / "outputs/local/01_good"
    for number in (1, 2):
        change_by_hand(folder / "notebook.ipynb", f"print('mine {number}')")
        assert run(place, said, entry)[0].kept, "it is not touched as long as the run counts"
        assert f"mine {number}" in (folder / "notebook.ipynb").read_text()
        run(place, said, entry, force=True)
        assert f"mine {number}" in (folder / f"notebook.kept-{number}.ipynb").read_text()
        assert "mine" not in (folder / "notebook.ipynb").read_text()
        assert any(f"changed by hand: the notebook is kept as notebook.kept-{number}.ipynb" in line for line in said)
    run(place, said, entry, force=True)
    assert not (folder / "notebook.kept-3.ipynb").exists(), "one that was not changed is not kept"


@pytest.mark.parametrize("change", [{"colour": "new"}, {"versions": None}, None])
def test_a_run_of_another_version_is_told_and_its_notebook_kept(place, said, change) -> None:
    entry = write_notebook(place, "01_good", "print(1)")
    run(place, said, entry)
    record = place / "outputs/local/01_good/result.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | change) if change else "{")
    before = (record.parent / "notebook.ipynb").read_bytes()
    assert run(place, said, entry)[0].status == "done"
    assert (record.parent / "notebook.kept-1.ipynb").read_bytes() == before
    assert any("result.json is damaged or was written by another version: the notebook is kept" in line for line in said)
