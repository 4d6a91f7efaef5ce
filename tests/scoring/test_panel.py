"""The rating panel by its Python side: a click or a key rates, saves at once, shows the next; undo takes it back."""

import csv

import pytest

from diaglib.files import as_cell
from diaglib.scoring.panel import build_panel, rating_panel
from diaglib.scoring.rating_session import RatingSession
from diaglib.scoring.ratings import read_ratings
from diaglib.scoring.taste import load_taste


@pytest.fixture
def session(sampled_diagrams, tmp_path) -> RatingSession:
    return RatingSession(sampled_diagrams[:6], tmp_path / "ratings")


def stored(session: RatingSession) -> list[list[str]]:
    with session.file.open(newline="") as file:
        return list(csv.reader(file))


def parts(panel) -> tuple:
    picture, controls, state = panel.children
    *buttons, undo, key = controls.children
    return picture, buttons, undo, key, *state.children


def test_a_click_rates_saves_and_shows_the_next_picture(session) -> None:
    picture, buttons, undo, _, progress, state = parts(build_panel(session))
    shown, place = bytes(picture.value), session.current
    assert shown == session.pictures[place].read_bytes()
    assert undo.disabled
    buttons[4].click()
    assert stored(session) == [["img_path", "score"], [session.pictures[place].name, "4"]]
    assert bytes(picture.value) != shown
    assert (progress.value, progress.max) == (1, 6)
    assert state.value.startswith("1 of 6 rated")
    assert not undo.disabled


def test_a_key_rates_and_u_takes_back(session) -> None:
    picture, _, undo, key, progress, _ = parts(build_panel(session))
    first = bytes(picture.value)
    key.value = "3"
    assert key.value == ""
    assert stored(session)[1][1] == "3"
    key.value = "x"
    assert progress.value == 1
    key.value = "U"
    assert stored(session) == [["img_path", "score"]]
    assert bytes(picture.value) == first
    assert undo.disabled


def test_all_can_be_rated_and_the_panel_then_says_where_they_are(session) -> None:
    _, buttons, undo, key, progress, state = parts(build_panel(session))
    for score in range(6):
        buttons[score].click()
    assert progress.value == 6
    assert "All 6 diagrams are rated" in state.value
    assert all(button.disabled for button in buttons)
    key.value = "5"
    assert len(stored(session)) == 7
    undo.click()
    assert session.current is not None
    assert not buttons[0].disabled
    taste = load_taste(session.folder)
    assert len(taste.scores) == 5
    assert taste.by_text, "the panel keeps the text beside each picture"


def test_a_session_goes_on_where_it_stopped_and_keeps_other_ratings(session, sampled_diagrams) -> None:
    session.rate(2)
    session.rate(5)
    more = RatingSession(sampled_diagrams[4:9], session.folder)
    again = RatingSession(sampled_diagrams[:6], session.folder)
    assert again.ratings == session.ratings
    assert again.current == session.current
    before = {row[0] for row in stored(session)[1:]}
    more.rate(1)
    assert before < {row[0] for row in stored(session)[1:]}


@pytest.mark.parametrize("score", [7, "good", -1])
def test_a_score_that_is_none_is_refused_and_nothing_is_saved(session, score) -> None:
    with pytest.raises(ValueError, match="0"):
        session.rate(score)
    assert not session.file.exists()
    assert session.undo() is False


def test_a_headless_run_shows_the_stored_ratings(session) -> None:
    assert "Nothing is rated yet" in rating_panel(session, headless=True).data
    session.rate(5)
    session.rate(1)
    page = rating_panel(session, headless=True).data
    assert page.count("data:image/png;base64,") == 2
    assert page.index("5 of 5") < page.index("1 of 5")


def test_no_diagrams_are_nothing_to_rate(tmp_path) -> None:
    with pytest.raises(ValueError, match="no diagrams"):
        RatingSession([], tmp_path)


@pytest.mark.parametrize("name", ["=1+1.png", "+a.png", "-a.png", "@a.png", "'=a.png", "a.png"])
def test_a_path_that_a_spreadsheet_would_run_is_quoted_and_read_back_as_it_was(session, name) -> None:
    (session.folder / name).write_bytes(session.pictures[0].read_bytes() + name.encode())
    session.file.write_text(f"img_path,score\n{as_cell(name)},4\n", encoding="utf-8")
    session.rate(2)
    session.rate(3)
    assert session.file.read_text().splitlines()[1] == f"{'' if name == 'a.png' else chr(39)}{name},4"
    assert read_ratings(session.file).pictures[0].name == name


def test_a_path_written_by_hand_is_quoted_when_the_session_saves(session) -> None:
    session.file.write_text("img_path,score\n=1+1.png,4\n", encoding="utf-8")
    session.rate(2)
    assert session.file.read_text().splitlines()[1] == "'=1+1.png,4"


def test_a_zero_has_no_minus(session) -> None:
    session.rate(-0.0)
    assert session.file.read_text().endswith(",0\n")
