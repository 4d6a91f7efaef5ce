"""Running notebooks: what is kept, what fails alone, what a killed run leaves, and what the pages hold."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import gettempdir

import pytest
from small_notebooks import PICTURE, run, write_notebook

from diaglib.profiles import load_profile
from diaglib.runs.records import read_result
from diaglib.runs.report import hide_machine_paths, write_index
from diaglib.runs.series import Entry

ROOT = Path(__file__).parents[2]


def test_a_run_leaves_notebook_report_picture_and_record_and_is_then_kept(place, said) -> None:
    entry = write_notebook(place, "01_good", "print('six is', 3 * FACTOR)", PICTURE)
    (result,) = run(place, said, entry, overrides=("FACTOR=4",))
    folder = place / "outputs" / "local" / "01_good"
    assert (result.status, result.parameters) == ("done", {"PROFILE": "local", "FACTOR": 4})
    assert sorted(path.name for path in folder.iterdir()) == ["headline.svg", "notebook.ipynb", "report.html", "result.json"]
    assert "six is 12" in (folder / "report.html").read_text()
    assert any(re.search(r"cell 4 of 5", line) for line in said)
    before = (folder / "notebook.ipynb").stat().st_mtime_ns
    (again,) = run(place, said, entry, overrides=("FACTOR=4",))
    assert again.kept
    assert (folder / "notebook.ipynb").stat().st_mtime_ns == before
    (forced,) = run(place, said, entry, overrides=("FACTOR=4",), force=True)
    assert not forced.kept
    assert (folder / "notebook.ipynb").stat().st_mtime_ns > before
    assert not run(place, said, entry)[0].kept, "other parameters are another run"


def test_a_failure_keeps_its_partial_report_and_the_rest_goes_on(place, said) -> None:
    entries = [
        write_notebook(place, "01_wrong", "print('reached')", "1 / 0", "print('never')"),
        write_notebook(place, "02_dead", "import os; os._exit(3)"),
        write_notebook(place, "03_good", "print('fine')"),
    ]
    wrong, dead, good = run(place, said, *entries)
    assert [wrong.status, dead.status, good.status] == ["failed", "failed", "done"]
    assert wrong.error == "cell 5: ZeroDivisionError: division by zero"
    assert "Kernel" in dead.error
    report = (place / "outputs/local/01_wrong/report.html").read_text()
    assert "reached" in report
    assert "ZeroDivisionError" in report
    assert ">never" not in report
    assert not run(place, said, entries[0])[0].kept, "a failed one is run again"


def test_pages_load_nothing_and_name_no_machine_path(place, said) -> None:
    entry = write_notebook(
        place, "01_good", "import pandas\npandas.DataFrame({'x': [1]})", PICTURE, "import os; print(os.getcwd() + '/file')"
    )
    run(place, said, entry)
    folder = place / "outputs" / "local"
    write_index(folder, load_profile("local"), [entry])
    for page in (folder / "01_good" / "report.html", folder / "index.html"):
        text = page.read_text()
        assert not re.search(
            r"""(src|srcset|data)\s*=\s*["']?\s*(https?:)?//|<link\b|<script\b[^>]*\bsrc|@import|url\(""", text
        ), page
        assert str(place) not in text
        assert str(Path.home()) not in text
    assert ">file" in (folder / "01_good" / "report.html").read_text()
    assert 'src="01_good/headline.svg"' in (folder / "index.html").read_text()


def test_the_index_shows_what_is_not_finished_and_how_to_run_it(place) -> None:
    (place / "outputs/local").mkdir(parents=True)
    page = write_index(place / "outputs/local", load_profile("local"), [Entry("01", "01_x.ipynb", "Why <b>?")]).read_text()
    assert "diaglib run --profile local --only 01" in page
    assert "Why &lt;b&gt;?" in page


def test_the_kernel_is_this_interpreter_whatever_the_user_registered(place, said, monkeypatch) -> None:
    registered = place / "home" / "kernels" / "python3"
    registered.mkdir(parents=True)
    (registered / "kernel.json").write_text(json.dumps({"argv": ["/bin/false"], "display_name": "x", "language": "python"}))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(place / "home"))
    (result,) = run(place, said, write_notebook(place, "01_who", f"import sys, os\nassert sys.executable == {sys.executable!r}"))
    assert result.status == "done", result.error
    assert os.environ.get("JUPYTER_PATH") is None
    assert [path.name for path in (place / "home").rglob("*.json")] == ["kernel.json"], (
        "nothing is written into the user's folders"
    )


def test_unknown_parameters_and_missing_notebooks_stop_before_anything_runs(place, said) -> None:
    entry = write_notebook(place, "01_good", "print(1)")
    with pytest.raises(ValueError, match="known: PROFILE, FACTOR"):
        run(place, said, entry, overrides=("SPEED=1",))
    with pytest.raises(ValueError, match=r"02_gone\.ipynb is not there"):
        run(place, said, entry, Entry("02", "02_gone.ipynb", "?"))
    assert not (place / "outputs").exists()


def test_an_interrupted_run_leaves_no_record_and_no_kernel_behind(place) -> None:
    write_notebook(
        place,
        "01_long",
        "import os; print('kernel', os.getpid())\nopen('pid', 'w').write(str(os.getpid()))",
        "input_never = True\nwhile True: pass",
    )
    code = (
        # a shell may have started us with Ctrl-C ignored, which children inherit
        "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from pathlib import Path\nfrom diaglib.profiles import load_profile\nfrom diaglib.runs import Entry\n"
        "from diaglib.runs.batch import run_series\n"
        "run_series([Entry('01', '01_long.ipynb', '?')], Path('.'), load_profile('local'),"
        " show=lambda line, last: print(line, flush=True))"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as child:
        for line in child.stdout:
            if "cell 5" in line:  # the endless one
                child.send_signal(signal.SIGINT)
                break
        try:
            child.communicate(timeout=60)
        finally:
            child.kill()
    assert child.returncode != 0
    assert read_result(place / "outputs/local/01_long") is None
    with pytest.raises(ProcessLookupError):
        os.kill(int((place / "pid").read_text()), 0)


def test_paths_of_this_machine_are_hidden(monkeypatch, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)
    text = f"{tmp_path}/outputs/a.png {sys.prefix}/lib/x.py {Path.home()}/notes"
    assert hide_machine_paths(text) == "outputs/a.png python/lib/x.py ~/notes"


def test_outputs_elsewhere_are_shown_as_outputs_however_they_are_written(monkeypatch, tmp_path) -> None:
    here, outputs = tmp_path / "project" / "here", tmp_path / "disk" / "runs"
    here.mkdir(parents=True)
    monkeypatch.chdir(here)
    monkeypatch.setenv("DIAGLIB_OUTPUTS", str(outputs))
    around = os.path.relpath(outputs)
    assert around.startswith("..")
    text = f"in `{around}`, {around}/local/a.png, ={outputs}/local, ({outputs}) file://{outputs}/b, {here}, {outputs}2"
    shown = "in `outputs`, outputs/local/a.png, =outputs/local, (outputs) file://outputs/b, ., "
    assert hide_machine_paths(text).startswith(shown)
    temporary, library = f"{gettempdir()}/ipykernel_7/1.py", ROOT / "diaglib" / "files.py"
    assert hide_machine_paths(f"{temporary} {library}") == "tmp/ipykernel_7/1.py diaglib/files.py"
    unchanged = f"data:image/png;base64,ab{outputs}/c= ..{tmp_path.root} a{outputs}"
    assert hide_machine_paths(unchanged) == unchanged


def test_a_report_of_outputs_elsewhere_names_no_machine_path(tmp_path, said, monkeypatch) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("DIAGLIB_OUTPUTS", "../elsewhere")
    show_it = (
        "from diaglib.runs import output_folder\nfolder = output_folder('local', '01_good')\nprint(folder, folder.resolve())"
    )
    entry = write_notebook(here, "01_good", show_it, "open(folder.resolve() / 'gone')")
    run(here, said, entry)
    folder = tmp_path / "elsewhere" / "local"
    for page in (folder / "01_good" / "report.html", write_index(folder, load_profile("local"), [entry])):
        text = page.read_text()
        assert "outputs/local/01_good" in text
        assert "elsewhere" not in text
        assert gettempdir() + "/" not in text


def test_a_broken_record_counts_as_none(tmp_path) -> None:
    (tmp_path / "result.json").write_text('{"name": "01"')
    assert read_result(tmp_path) is None
