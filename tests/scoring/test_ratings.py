"""Ratings from folders, CSV and records: what counts, what is left out, and that it is told."""

from pathlib import Path

import pytest

from diaglib.diagram import Plan
from diaglib.scoring.ratings import diagram_beside, read_ratings

PLANS = {"a": Plan.from_text("0 input 3\n1 output 2\nend"), "b": Plan.from_text("0 input 4\n1 output 1\nend")}


@pytest.fixture
def pictures(tmp_path: Path) -> dict[str, Path]:
    return {name: plan.layout().to_png(tmp_path / f"{name}.png") for name, plan in PLANS.items()}


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_csv_names_pictures_from_its_own_folder(pictures, tmp_path: Path) -> None:
    read = read_ratings(write(tmp_path / "mine.csv", "img_path,score", "a.png,5", f"{pictures['b']},2.5"))
    assert [picture.name for picture in read.pictures] == ["a.png", "b.png"]
    assert read.scores == (5.0, 2.5)
    assert read.notes == ()


@pytest.mark.parametrize("rating", ["7", "-1", "good", "", "nan", "inf"])
def test_a_rating_that_is_none_is_left_out_and_told(pictures, tmp_path: Path, rating: str) -> None:
    read = read_ratings(write(tmp_path / "mine.csv", "img_path,score", f"a.png,{rating}", "b.png,3"))
    assert [picture.name for picture in read.pictures] == ["b.png"]
    assert len(read.notes) == 1
    assert "line 2" in read.notes[0]
    assert "left out" in read.notes[0]


def test_of_a_picture_rated_twice_the_last_counts_and_it_is_told(pictures, tmp_path: Path) -> None:
    (tmp_path / "copy.png").write_bytes(pictures["a"].read_bytes())
    read = read_ratings(write(tmp_path / "mine.csv", "img_path,score", "a.png,1", "b.png,3", "a.png,4", "copy.png,5"))
    assert dict(zip((picture.name for picture in read.pictures), read.scores, strict=True)) == {"b.png": 3.0, "copy.png": 5.0}
    assert read.notes == (
        "a.png is rated twice: the last rating, 4, counts instead of 1",
        "copy.png (as a.png too) is rated twice: the last rating, 5, counts instead of 4",
    )


def test_a_missing_picture_is_left_out_and_told(pictures, tmp_path: Path) -> None:
    read = read_ratings(write(tmp_path / "mine.csv", "img_path,score", "gone.png,1", ",2", "b.png,3"))
    assert len(read) == 1
    assert "gone.png" in read.notes[0]


def test_folders_0_to_5_as_published_with_other_files_in_them(pictures, tmp_path: Path) -> None:
    root = tmp_path / "rated"
    for score, name in ((0, "a"), (5, "b")):
        (root / str(score)).mkdir(parents=True)
        pictures[name].rename(root / str(score) / f"{name}.png")
    (root / "5" / "notes.docx").write_text("mine")
    (root / "7").mkdir()
    (root / "Thumbs.db").write_text("x")
    (root / "5" / ".DS_Store").write_text("x")
    read = read_ratings(root)
    assert dict(zip((picture.name for picture in read.pictures), read.scores, strict=True)) == {"a.png": 0.0, "b.png": 5.0}
    assert len(read.notes) == 3
    assert {note.split()[0] for note in read.notes} == {"5/notes.docx", "7", "Thumbs.db"}


def test_what_holds_no_ratings_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="is not there"):
        read_ratings(tmp_path / "nothing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="folders named 0 to 5"):
        read_ratings(tmp_path / "empty")
    with pytest.raises(ValueError, match="no column 'score'"):
        read_ratings(write(tmp_path / "other.csv", "img_path,stars", "a.png,1"))
    (tmp_path / "binary.csv").write_bytes(bytes(range(256)) * 4)
    with pytest.raises(ValueError, match=r"no column|not a CSV"):
        read_ratings(tmp_path / "binary.csv")


def test_the_text_of_a_picture_is_found_beside_it(pictures, tmp_path: Path) -> None:
    assert diagram_beside(pictures["a"]) is None
    diagram = PLANS["a"].layout()
    (tmp_path / "a.txt").write_text(diagram.to_text(), encoding="utf-8")
    assert diagram_beside(pictures["a"]) == diagram
    (tmp_path / "a.txt").write_text("a holiday in June", encoding="utf-8")
    assert diagram_beside(pictures["a"]) is None


@pytest.mark.parametrize("record", ["", "{", "[]", '{"drawings": [{"files": 3}]}', '{"drawings": {"a": 1}}'])
def test_a_broken_record_beside_a_picture_is_no_text(pictures, tmp_path: Path, record: str) -> None:
    (tmp_path / "drawing.json").write_text(record, encoding="utf-8")
    assert diagram_beside(pictures["a"]) is None
