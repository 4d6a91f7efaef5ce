"""Drawing: ranked, distinct, written whole or not at all, never over something that is there."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import pytest
from scripted_model import ScriptedModel

from diaglib import draw
from diaglib.diagram import Plan
from diaglib.drawing.draw import Drawings
from diaglib.drawing.files import FORMATS
from diaglib.drawing.prompts import PromptError

ASKED = "A CNN with 32 x 32 input, two 3x3 conv layers, a 2x2 max pooling layer, hidden layers of 128 and 16 nodes and 10 outputs"
RIGHT = "0 input 32\n1 conv\n2 conv\n3 pool\n4 dense 128\n5 dense 16\n6 output 10\nend"
WRONG = "0 input 32\n1 conv\n2 pool\n3 dense 128\n4 dense 16\n5 output 10\nend"
HOSTILE = 'collect <script>alert("x")</script> & data -> clean -> train'


def model_of(*texts: str, prompt: str = ASKED) -> ScriptedModel:
    return ScriptedModel({prompt: list(texts)})


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def _tags(page: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = _Links()
    parser.feed(page)
    return parser.tags


def test_the_kept_drawings_are_ranked_and_distinct() -> None:
    drawings = draw(ASKED, count=6, keep=4, model=model_of(RIGHT))
    assert isinstance(drawings, Drawings)
    assert len(drawings) == 4
    assert drawings.index is None
    assert [d.score for d in drawings] == sorted((d.score for d in drawings), reverse=True)
    assert len({d.diagram for d in drawings}) == 4
    assert all(d.plan == Plan.from_text(RIGHT) and not d.contradictions for d in drawings)
    assert drawings.drawn == 6


def test_the_same_seed_draws_the_same() -> None:
    first, again, other = (draw(ASKED, count=4, keep=4, model=model_of(RIGHT), seed=seed) for seed in (1, 1, 2))
    assert [d.diagram for d in first] == [d.diagram for d in again]
    assert [d.diagram for d in first] != [d.diagram for d in other]


def test_a_right_plan_stands_before_a_flagged_one_however_it_scores() -> None:
    drawings = draw(ASKED, count=4, keep=4, model=model_of(WRONG, WRONG, RIGHT))
    assert all(d.plan == Plan.from_text(RIGHT) for d in drawings)


def test_a_wrong_plan_is_drawn_only_with_its_contradictions() -> None:
    drawings = draw(ASKED, count=2, keep=2, model=model_of(WRONG))
    assert all(d.contradictions == ("you asked for 2 conv layers, the plan has 1",) for d in drawings)


@pytest.mark.parametrize("sizes", [(4, 6, 3, 1), (4, 6, 10, 6, 1)], ids=str)
def test_a_small_dense_net_is_kept_both_node_by_node_and_layer_by_layer(sizes: tuple[int, ...]) -> None:
    """4-6-10-6-1 is over the published limit, but people who ask for it expect circles."""
    kinds = ["input", *["dense"] * (len(sizes) - 2), "output"]
    text = "\n".join(f"{i} {kind} {size}" for i, (kind, size) in enumerate(zip(kinds, sizes, strict=True))) + "\nend"
    prompt = "a network with " + ", ".join(f"{size} nodes" for size in sizes)
    drawings = draw(prompt, count=5, keep=2, model=model_of(text, prompt=prompt))
    assert {len(d.diagram.nodes) for d in drawings} == {len(sizes), sum(sizes)}


def test_the_ranking_function_can_be_exchanged() -> None:
    def most_to_the_right(diagrams):
        return [{"score": sum(node.x for node in diagram.nodes) / len(diagram.nodes) / 1000} for diagram in diagrams]

    drawings = draw(ASKED, count=5, keep=5, model=model_of(RIGHT), scores=most_to_the_right)
    assert [d.score for d in drawings] == sorted((d.score for d in drawings), reverse=True)
    assert drawings[0].score == pytest.approx(sum(n.x for n in drawings[0].diagram.nodes) / len(drawings[0].diagram.nodes) / 1000)


def test_files_of_every_format_page_and_record(tmp_path: Path) -> None:
    drawings = draw(ASKED, count=3, keep=2, model=model_of(RIGHT), out=tmp_path / "cnn", formats=FORMATS)
    for number, drawing in enumerate(drawings, 1):
        assert set(drawing.files) == set(FORMATS)
        assert all(path.is_file() and path.stat().st_size > 0 for path in drawing.files.values())
        assert drawing.files["png"].name == f"{number:02d}.png"
        assert drawing.files["png"].read_bytes().startswith(b"\x89PNG")
        assert drawing.files["pdf"].read_bytes().startswith(b"%PDF")
    with zipfile.ZipFile(drawings[0].files["pptx"]) as slides:
        assert sum(name.startswith("ppt/slides/slide") for name in slides.namelist()) == 2
    record = json.loads((tmp_path / "cnn" / "drawing.json").read_text())
    assert record["prompt"] == ASKED
    assert record["request"]["seed"] == 0
    assert [Plan.from_text(row["plan"]) for row in record["drawings"]] == [d.plan for d in drawings]
    assert [path.name for path in tmp_path.iterdir()] == ["cnn"], "no staging folder is left"


def test_the_page_stands_alone_and_tells_all(tmp_path: Path) -> None:
    drawings = draw(ASKED, count=2, keep=2, model=model_of(WRONG), out=tmp_path / "page")
    assert drawings.index == tmp_path / "page" / "index.html"
    page = drawings.index.read_text(encoding="utf-8")
    tags = _tags(page)
    pictures = [attributes for tag, attributes in tags if tag == "img"]
    assert len(pictures) == 2
    assert all((picture["src"] or "").startswith("data:image/svg+xml") for picture in pictures)
    assert all("conv" in (picture["alt"] or "") for picture in pictures)
    addresses = [a for _, attributes in tags for name in ("href", "src") if (a := attributes.get(name))]
    assert not [a for a in addresses if a.startswith(("http", "//"))]
    assert all((tmp_path / "page" / a).is_file() for a in addresses if not a.startswith("data:"))
    assert "you asked for 2 conv layers, the plan has 1" in page
    meters = [attributes for tag, attributes in tags if tag == "meter"]
    assert len(meters) == sum(len(d.legibility) + 1 for d in drawings), "readability and its parts"
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page


def test_what_the_user_wrote_is_escaped(tmp_path: Path) -> None:
    plan = '0 process "collect script alert x data"\n1 process "clean"\n2 process "train"\nend'
    drawings = draw(HOSTILE, count=1, keep=1, model=model_of(plan, prompt=HOSTILE), out=tmp_path / "page")
    assert drawings.index is not None
    page = drawings.index.read_text(encoding="utf-8")
    assert "script" not in [tag for tag, _ in _tags(page)]
    assert "&lt;script&gt;" in page


def test_an_earlier_drawing_is_never_touched(tmp_path: Path) -> None:
    first = draw(ASKED, count=1, keep=1, model=model_of(RIGHT), out=tmp_path)
    assert first.index == tmp_path / "index.html"
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    second = draw(ASKED, count=1, keep=1, model=model_of(RIGHT), out=tmp_path, seed=1)
    third = draw(ASKED, count=1, keep=1, model=model_of(RIGHT), out=tmp_path, seed=2)
    assert second.index == tmp_path / "drawing-01" / "index.html"
    assert third.index == tmp_path / "drawing-02" / "index.html"
    assert all(path.read_bytes() == content for path, content in before.items())


def test_a_place_that_cannot_be_written_is_told_before_the_model_runs(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    model = model_of(RIGHT)
    with pytest.raises(NotADirectoryError, match="is a file"):
        draw(ASKED, model=model, out=file)
    with pytest.raises(OSError, match="cannot write to"):
        draw(ASKED, model=model, out=file / "deeper")
    assert model.calls == []
    assert file.read_text() == "mine"


@pytest.mark.parametrize("failure", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_drawing_leaves_nothing(tmp_path: Path, failure: type[BaseException]) -> None:
    def interrupt(diagrams):
        raise failure

    with pytest.raises(failure):
        draw(ASKED, model=model_of(RIGHT), out=tmp_path / "new", scores=interrupt)
    assert list(tmp_path.iterdir()) == []


def test_unusable_arguments_are_named() -> None:
    model = model_of(RIGHT)
    with pytest.raises(ValueError, match="count 0"):
        draw(ASKED, count=0, model=model)
    with pytest.raises(ValueError, match="keep 0"):
        draw(ASKED, keep=0, model=model)
    with pytest.raises(ValueError, match="'bmp' is not known"):
        draw(ASKED, formats=("bmp",), model=model)
    with pytest.raises(ValueError, match="give a sequence"):
        draw(ASKED, formats="png", model=model)
    assert model.calls == []


def test_a_prompt_without_any_valid_plan_shows_prompts_that_work() -> None:
    with pytest.raises(PromptError, match="no valid plan") as caught:
        draw(ASKED, model=model_of("not a plan"))
    assert len(caught.value.examples) == 3


def test_importing_the_package_loads_nothing_heavy() -> None:
    """`import diaglib` once loaded torch, and every `--help` waited for it."""
    heavy = {"torch", "matplotlib", "numpy", "transformers", "pptx", "cv2", "jinja2"}
    code = f"import sys, diaglib; print(sorted(set(sys.modules) & {heavy!r})); diaglib.draw; print('draw' in dir(diaglib))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split("\n")
    assert shown[0] == "[]"
    assert shown[1] == "True"


def test_an_unknown_name_is_an_attribute_error() -> None:
    import diaglib

    with pytest.raises(AttributeError, match="no attribute 'paint'"):
        diaglib.paint  # noqa: B018
