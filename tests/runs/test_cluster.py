"""Notebooks on a Dask cluster of two workers on this machine."""

from __future__ import annotations

import pytest
from small_notebooks import run, write_notebook

from diaglib.profiles import load_profile
from diaglib.runs.batch import Options, run_series

KILL_ONCE = (
    "import os, pathlib, signal\nonce = pathlib.Path('killed-once')\n"
    "if not once.exists():\n    once.touch(); os.kill(os.getppid(), signal.SIGKILL)"
)


def test_notebooks_run_side_by_side_in_the_order_of_their_needs(place, said) -> None:
    entries = [
        write_notebook(place, "01_a", "open('a.txt', 'w').write('1')"),
        write_notebook(place, "02_b", "print(2)"),
        write_notebook(place, "03_c", "print(open('a.txt').read())", needs=("01_a",)),
        write_notebook(place, "04_killer", KILL_ONCE, "print('survived')"),
    ]
    results = run(place, said, *entries, jobs=2)
    assert [result.status for result in results] == ["done"] * 4, [result.error for result in results]
    assert "survived" in (place / "outputs/local/04_killer/report.html").read_text()
    assert [result.kept for result in run(place, said, *entries)] == [True] * 4


def test_a_scheduler_that_is_not_there_is_told(place) -> None:
    entry = write_notebook(place, "01_a", "print(1)")
    with pytest.raises(ValueError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        run_series([entry], place, load_profile("local"), options=Options(scheduler="tcp://127.0.0.1:9"))
