"""Every notebook runs from top to bottom in its smallest real configuration, alone, and its report is fit to be read."""

import json
import re
from pathlib import Path

import pytest
from browser import HAS_BROWSER, asked_for, console, open_browser, show_at

from diaglib.profiles import load_profile
from diaglib.runs.batch import run_series
from diaglib.runs.series import load_series

ROOT = Path(__file__).parents[2]
SMALLEST = {
    # one row with a model, one without, of each task
    "01_candidate_selection_diagram": ["ONLY=embedded, fp32, grammar;numbers"],
    "01_candidate_selection_chat": ["ONLY=echo;nearest"],
    "01_candidate_selection_mcqa": ["ONLY=embedded, fp32;overlap"],
    "02_dataset_generation": ["ROWS=60"],
    "03_sft_diagram": ["NEW_ROWS=40", "REPLAY_ROWS=20", "STEPS=12", "HELD_OUT=2"],
    "03_sft_chat": ["STEPS=12", "HELD_OUT=2"],
    "04_orpo": ["ROWS=24", "SAMPLES=2", "STEPS=8", "HELD_OUT=2"],
    "05_cnn_ae_scoring": ["HELD_OUT=80", "TO_RATE=12", "COUNT=2", "KEEP=1"],
    "06_memory_sbert": ["EPOCHS=1"],
    "07_draw": ["COUNT=2", "KEEP=1"],
}


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


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    with open_browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


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
        r"""<script\b[^>]*\bsrc[^>]*|<(?:link|iframe|object|embed)\b[^>]*|<img\b[^>]*?src=["'](?!data:)[^"']*|@import|url\(["']?http""",
        page,
    )
    assert loads == []


def test_its_report_names_no_path_of_this_machine(finished) -> None:
    page = (finished[1] / "report.html").read_text()
    for path in (ROOT, Path.home(), finished[1].parents[2]):
        assert f"{path}/" not in page


def test_its_report_is_small_enough_to_send(finished) -> None:
    assert (finished[1] / "report.html").stat().st_size <= 3_000_000


@pytest.mark.skipif(not HAS_BROWSER, reason="no chromium with its driver on this machine")
def test_its_report_opens_in_a_browser_on_a_desk_and_on_a_phone(finished, driver) -> None:
    """A picture that is broken has no natural width; a page that is wider than its window scrolls sideways."""
    driver.get(f"file://{finished[1] / 'report.html'}")
    for width in (1280, 390):
        show_at(driver, width)
        broken = driver.execute_script("return [...document.images].filter(i => !i.naturalWidth).length")
        wide = driver.execute_script("return document.documentElement.scrollWidth - innerWidth")
        assert (broken, wide <= 0) == (0, True), f"{broken} broken pictures, {wide} px too wide at {width} px"
        driver.save_screenshot(str(finished[1] / f"screenshot-{width}.png"))
    assert driver.execute_script("return [...document.images].filter(i => !i.alt).length") == 0
    assert driver.execute_script("return document.querySelectorAll('nav.contents a').length") > 1
    assert console(driver) == []
    assert asked_for(driver) == []
