"""Every notebook runs from top to bottom in its smallest real configuration, alone, and its report is fit to be read."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from diaglib.profiles import load_profile
from diaglib.runs.execute import run_series
from diaglib.runs.series import load_series

ROOT = Path(__file__).parents[2]
SMALLEST = {
    "02_dataset_generation": ["ROWS=60"],
    "05_cnn_ae_scoring": ["HELD_OUT=80", "TO_RATE=12", "COUNT=2", "KEEP=1"],
    "07_draw": ["COUNT=2", "KEEP=1"],
}
CHROMIUM = shutil.which("chromium")


@pytest.fixture(scope="module", params=load_series(), ids=lambda entry: entry.name)
def finished(request, tmp_path_factory):
    """The entry and the folder of its finished run."""
    place = tmp_path_factory.mktemp(request.param.name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIAGLIB_OUTPUTS", str(place / "outputs"))
        patch.chdir(place)
        (result,) = run_series([request.param], ROOT / "notebooks", load_profile("local"), SMALLEST[request.param.name])
    assert result.status == "done", result.error
    return request.param, place / "outputs" / "local" / request.param.name


def test_it_leaves_what_it_says(finished) -> None:
    entry, folder = finished
    assert (folder / entry.left(folder)).is_file()
    assert json.loads((folder / "result.json").read_text())["status"] == "done"


def test_it_shows_a_picture(finished) -> None:
    assert any((finished[1] / name).exists() for name in ("headline.svg", "headline.png"))


def test_it_shows_no_warning_and_writes_nothing_to_standard_error(finished) -> None:
    cells = json.loads((finished[1] / "notebook.ipynb").read_text())["cells"]
    noise = [output["text"] for cell in cells for output in cell.get("outputs", ()) if output.get("name") == "stderr"]
    assert noise == []
    assert "Warning" not in (finished[1] / "report.html").read_text()


def test_its_report_loads_nothing_from_anywhere(finished) -> None:
    page = (finished[1] / "report.html").read_text()
    loads = re.findall(
        r"""<(?:script|link|iframe|object|embed)\b[^>]*|<img\b[^>]*?src=["'](?!data:)[^"']*|@import|url\(["']?http""", page
    )
    assert loads == []


def test_its_report_names_no_path_of_this_machine(finished) -> None:
    page = (finished[1] / "report.html").read_text()
    for path in (ROOT, Path.home(), finished[1].parents[2]):
        assert f"{path}/" not in page


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
def test_its_report_opens_in_a_browser_with_every_picture_shown(finished, tmp_path) -> None:
    """A picture that is broken has no natural width; a page that is wider than its window scrolls sideways."""
    page = (finished[1] / "report.html").read_text()
    probe = (
        "<script>addEventListener('load', () => { document.title = JSON.stringify({"
        "broken: [...document.images].filter(i => !i.naturalWidth).length, pictures: document.images.length,"
        "wide: document.documentElement.scrollWidth > innerWidth}) })</script></body>"
    )
    (tmp_path / "page.html").write_text(page.replace("</body>", probe), encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--window-size=1280,2000"]
    options += [f"--user-data-dir={tmp_path / 'browser'}", "--virtual-time-budget=3000", "--dump-dom"]
    shown = subprocess.run(
        [CHROMIUM, *options, f"file://{tmp_path / 'page.html'}"], capture_output=True, text=True, check=True
    ).stdout
    found = json.loads(re.search(r"<title>(.*?)</title>", shown)[1])
    assert found["pictures"] > 0
    assert (found["broken"], found["wide"]) == (0, False)
