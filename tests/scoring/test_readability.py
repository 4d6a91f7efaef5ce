"""Readability: damage lowers it, pictures and texts agree, what cannot be read is told, and a person's labels are learnt."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from diaglib.diagram import Diagram
from diaglib.scoring import fit_readability, readability, readability_rows
from diaglib.scoring.agreement import agreement
from diaglib.scoring.damage import Specimen, specimens
from diaglib.scoring.folds import copies, grouped_folds
from diaglib.scoring.heads import TwoStageHead, fit_head
from diaglib.scoring.person_heads import HEADS, CrossEntropyHead
from diaglib.scoring.pictures import draw_ink
from diaglib.scoring.readability_fit import ReadabilityModel
from diaglib.scoring.readability_scores import load_heads


@pytest.fixture(scope="module")
def fresh() -> list[Specimen]:
    """Specimens of a seed that no weights have seen."""
    return list(specimens(90, seed=77, clean_share=0.4))


@pytest.fixture(scope="module")
def person(fresh: list[Specimen]) -> ReadabilityModel:
    return fit_readability([one.diagram for one in fresh], [round(one.score) for one in fresh])


@pytest.fixture(scope="module")
def folder(fresh: list[Specimen], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for number, one in enumerate(fresh):
        one.diagram.to_png(folder / f"{number:03d}.png")
    return folder


def test_damage_lowers_readability_by_text_and_by_picture(fresh: list[Specimen], folder: Path) -> None:
    truth = np.array([one.score for one in fresh])
    damaged = truth < 5
    for items, least_auc, least_rank in (([s.diagram for s in fresh], 0.95, 0.3), (sorted(folder.iterdir()), 0.85, 0.3)):
        scores = np.array(readability(items))
        assert scores.min() >= 0
        assert scores.max() <= 5
        assert roc_auc_score(~damaged, scores) > least_auc
        assert spearmanr(scores[damaged], truth[damaged])[0] > least_rank


def test_a_score_does_not_depend_on_what_else_is_scored(fresh: list[Specimen], folder: Path) -> None:
    items = [fresh[0].diagram, *sorted(folder.iterdir())[:3], fresh[1].diagram]
    assert np.allclose(readability(items), [readability([item])[0] for item in items], atol=1e-3)
    assert readability([]) == []


def test_what_cannot_be_read_is_a_row_with_its_reason(tmp_path: Path, fresh: list[Specimen]) -> None:
    (tmp_path / "bad.png").write_bytes(b"not a picture")
    rows = readability_rows([fresh[0].diagram, tmp_path / "bad.png", str(tmp_path / "none.png"), Diagram()])
    assert rows[0].reason == ""
    assert math.isnan(rows[1].score)
    assert "bad.png" in rows[1].reason
    assert math.isnan(rows[2].score)
    assert "none.png" in rows[2].reason
    assert rows[3].score == 0
    with pytest.raises(TypeError, match="neither"):
        readability([3])  # type: ignore[list-item]


def test_a_head_survives_its_file() -> None:
    head = load_heads().text
    again = TwoStageHead.from_tensors(head.tensors("x"), "x")
    numbers = np.random.default_rng(0).random((5, len(head.mean) // 3))
    assert np.allclose(head.predict(numbers, numbers), again.predict(numbers, numbers), atol=1e-4)


def test_a_head_needs_both_kinds() -> None:
    with pytest.raises(ValueError, match="clean and damaged"):
        fit_head(
            ("a", "b", "c"),
            np.random.default_rng(0).random((8, 3)),
            np.full(8, True),
            np.zeros((2, 3)),
            np.array([1.0, 2.0]),
            0.3,
        )


def test_fitting_beats_a_constant_per_source_on_the_hard_part(person: ReadabilityModel, fresh: list[Specimen]) -> None:
    truth = np.array([round(one.score) for one in fresh], float)
    hard = truth < 4.5
    constant = agreement(np.full(hard.sum(), truth[hard].mean()), truth[hard])
    kept = agreement(person.predicted[hard], truth[hard])
    assert kept[1] < constant[1]
    assert kept[3] > 0.5


def test_figures_name_every_input_and_head_over_all_and_over_the_hard_part(person: ReadabilityModel) -> None:
    assert {(row.inputs, row.head, row.part) for row in person.figures} == {
        (inputs, head, part) for inputs in ("geometry", "picture", "both") for head in HEADS for part in ("all", "below 4.5")
    } | {("mean of all", "kept ones", part) for part in ("all", "below 4.5")}
    kept = min((row for row in person.figures if row.part == "all"), key=lambda row: row.mse)
    if kept.inputs == "mean of all":
        assert set(person.diagram_inputs) == {"geometry", "picture", "both"}
    else:
        assert person.diagram_inputs == (kept.inputs,)
        assert kept.head == person.kept_heads[kept.inputs]


def test_a_fitted_model_scores_diagrams_and_pictures(person: ReadabilityModel, fresh: list[Specimen], folder: Path) -> None:
    truth = [one.score for one in fresh[:30]]
    assert spearmanr(readability([one.diagram for one in fresh[:30]], person), truth)[0] > 0.8
    assert spearmanr(readability(sorted(folder.iterdir())[:30], person), truth)[0] > 0.5


def test_pictures_alone_are_enough_to_fit(fresh: list[Specimen], folder: Path, tmp_path: Path) -> None:
    files = sorted(folder.iterdir())[:30]
    (tmp_path / "bad.png").write_bytes(b"")
    scores = [round(one.score) for one in fresh[:30]]
    model = fit_readability([*files, tmp_path / "bad.png", files[0], files[1]], [*scores, 3, 7, "good"])
    assert model.diagram_inputs == ("picture",)
    assert len(model.notes) == 3
    assert np.isnan(model.predicted[-3:]).all()
    assert 0 <= readability([fresh[40].diagram], model)[0] <= 5


def test_too_few_ratings_and_lists_of_different_lengths_are_refused(fresh: list[Specimen]) -> None:
    diagrams = [one.diagram for one in fresh]
    with pytest.raises(ValueError, match="at least 10"):
        fit_readability([diagrams[0]] * 30, [3] * 30)
    with pytest.raises(ValueError, match="one score"):
        fit_readability(diagrams, [3])


@pytest.mark.parametrize("score", [0.0, 3.0, 5.0])
def test_equal_scores_are_learnt_as_they_are(score: float, fresh: list[Specimen]) -> None:
    numbers = np.random.default_rng(0).random((20, 4))
    for fit in HEADS.values():
        assert fit(numbers, np.full(20, score), 0).predict(numbers) == pytest.approx(score, abs=0.05)


def test_cross_entropy_learns_soft_labels() -> None:
    numbers = np.random.default_rng(0).normal(size=(400, 2))
    scores = 5 / (1 + np.exp(-numbers[:, 0]))
    assert np.abs(CrossEntropyHead(numbers, scores, 0).predict(numbers) - scores).mean() < 0.35


def test_copies_share_a_group_whatever_their_file(fresh: list[Specimen], tmp_path: Path) -> None:
    from diaglib.scoring.pictures import read_picture

    picture = Image.open(fresh[0].diagram.to_png(tmp_path / "a.png")).convert("RGB")
    picture.save(tmp_path / "b.jpg", quality=80)
    picture.resize((700, 420), Image.Resampling.LANCZOS).save(tmp_path / "c.png")
    ink = np.stack([read_picture(tmp_path / name).ink for name in ("a.png", "b.jpg", "c.png")])
    groups = copies(np.concatenate([ink, draw_ink([one.diagram for one in fresh[1:20]])]))
    assert len(set(groups[:3])) == 1
    assert len(set(groups)) > 15


def test_no_group_is_on_both_sides_and_every_place_is_tested_once() -> None:
    rng = np.random.default_rng(0)
    groups, strata = rng.integers(0, 25, 120), rng.random(120) < 0.2
    folds = grouped_folds(groups, strata, 5, 0)
    assert len(folds) == 5
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(120))
    for train, test in folds:
        assert not set(groups[train]) & set(groups[test])
