"""A batch: what depends on what, what runs again, side by side, and one run at a time in a folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small_notebooks import run, write_notebook

from diaglib.runs.lock import only_run
from diaglib.runs.records import read_result
from diaglib.runs.series import load_series

ROOT = Path(__file__).parents[2]


def counting(name: str) -> str:
    """A cell that leaves a line in a file each time it runs."""
    return f"open('{name}.ran', 'a').write('x')"


def times_run(place: Path, name: str) -> int:
    return len((place / f"{name}.ran").read_text()) if (place / f"{name}.ran").exists() else 0


def test_a_failure_skips_what_needs_it_and_nothing_else(place, said) -> None:
    entries = [
        write_notebook(place, "01_wrong", "1 / 0"),
        write_notebook(place, "02_needs", "print(1)", needs=("01_wrong",)),
        write_notebook(place, "03_needs_that", "print(1)", needs=("02_needs",)),
        write_notebook(place, "04_free", "print(1)"),
    ]
    results = run(place, said, *entries)
    assert [result.status for result in results] == ["failed", "skipped", "skipped", "done"]
    assert results[1].error == "it needs 01_wrong, which is failed"


def test_a_change_runs_again_what_depends_on_it_and_nothing_else(place, said) -> None:
    def entries(first: str):
        return [
            write_notebook(place, "01_first", counting("01"), first),
            write_notebook(place, "02_second", counting("02"), needs=("01_first",)),
            write_notebook(place, "03_other", counting("03")),
        ]

    run(place, said, *entries("a = 1"))
    assert [result.kept for result in run(place, said, *entries("a = 1"))] == [True, True, True]
    assert [result.kept for result in run(place, said, *entries("a = 2"))] == [False, False, True]
    assert [times_run(place, name) for name in ("01", "02", "03")] == [2, 2, 1]
    assert run(place, said, entries("a = 2")[1])[0].kept, "alone it stands on the same finished run"


def test_the_time_left_comes_from_the_last_run(place, said) -> None:
    entry = write_notebook(place, "01_timed", "print(1)")
    run(place, said, entry)
    assert not any("left" in line for line in said)
    run(place, said, entry, force=True)
    assert any("s left" in line for line in said)


def test_a_cell_that_takes_too_long_is_told_as_that(place, said) -> None:
    entry = write_notebook(place, "01_slow", "import time; print('before'); time.sleep(60)")
    (result,) = run(place, said, entry, cell_timeout_s=2)
    assert "longer than the limit of 2 s" in result.error
    assert "before" in (place / "outputs/local/01_slow/report.html").read_text()


def test_a_second_run_in_the_folder_is_told_who_holds_it(place, said) -> None:
    entry = write_notebook(place, "01_good", "print(1)")
    with only_run(place / "outputs" / "local"), pytest.raises(ValueError, match=f"in use by process {os.getpid()} on "):
        run(place, said, entry)
    assert run(place, said, entry)[0].status == "done"


def start_run(place: Path, entry_names: list[str]) -> subprocess.Popen[str]:
    """`diaglib run`'s work in a process of its own that can be killed."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom diaglib.profiles import load_profile\nfrom diaglib.runs import Entry\n"
        "from diaglib.runs.batch import run_series\n"
        "entries = [Entry(name[:2], name + '.ipynb', '?') for name in sys.argv[1:]]\n"
        "run_series(entries, Path('.'), load_profile('local'), show=lambda line, last: print(line, flush=True))"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", code, *entry_names], stdout=subprocess.PIPE, text=True, env=environment, cwd=place
    )


@pytest.mark.parametrize("moment", ["02_b: cell 1 of", "02_b: cell 3 of", "02_b: cell 4 of"])
def test_a_killed_runner_loses_only_the_notebook_it_was_in(place, said, moment) -> None:
    """The lock of the killed one is taken over, its half-made run is made again, the finished one is kept."""
    entries = [
        write_notebook(place, "01_a", counting("01"), "print('figure', 6 * 7)"),
        write_notebook(place, "02_b", counting("02"), "print('figure', 6 * 9)"),
    ]
    with start_run(place, ["01_a", "02_b"]) as child:
        for line in child.stdout:
            if moment in line:
                child.kill()
                break
    assert child.returncode == -signal.SIGKILL
    assert read_result(place / "outputs/local/02_b") is None
    entries = [type(entry)(entry.number, entry.file, "?") for entry in entries]
    assert [result.kept for result in run(place, said, *entries)] == [True, False]
    book = json.loads((place / "outputs/local/02_b/notebook.ipynb").read_text())
    assert "figure 54" in json.dumps(book["cells"])
    assert times_run(place, "01") == 1


def test_a_killed_kernel_is_told_and_runs_again(place, said) -> None:
    entry = write_notebook(
        place, "01_kernel", "import os; open('pid', 'w').write(str(os.getpid()))", "import time; time.sleep(30)"
    )
    with start_run(place, ["01_kernel"]) as child:
        for line in child.stdout:
            if "cell 5 of" in line:
                time.sleep(0.3)
                os.kill(int((place / "pid").read_text()), signal.SIGKILL)
    assert "memory was full" in read_result(place / "outputs/local/01_kernel").error
    write_notebook(place, "01_kernel", "print(1)")
    assert run(place, said, entry)[0].status == "done"


def test_the_series_names_only_earlier_entries_as_needed(tmp_path) -> None:
    (tmp_path / "series.toml").write_text(
        '[[notebook]]\nnumber = "01"\nfile = "01_a.ipynb"\nquestion = "?"\nneeds = ["02_b"]\n'
        '[[notebook]]\nnumber = "02"\nfile = "02_b.ipynb"\nquestion = "?"\n'
    )
    with pytest.raises(ValueError, match="01_a needs 02_b, which does not come before it"):
        load_series(tmp_path / "series.toml")
