"""The shipped weights can be made again: the code runs whole, writes what `readability` reads, goes on when stopped."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from diaglib.scoring.geometry import FEATURES
from diaglib.scoring.pictures import draw_picture
from diaglib.scoring.readability_network import NETWORK_FILE, POOLED_SIZE, TARGETS, load_network, see
from diaglib.scoring.readability_network_training import ReadabilitySettings, make_examples
from diaglib.scoring.readability_scores import HEADS_FILE, READABILITY_FOLDER, load_heads
from diaglib.scoring.readability_training import RECORD_FILE, train

SMALL = ReadabilitySettings(pictures=64, held_out=60, epochs=1, batch=32)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    train(folder, SMALL)
    return folder


def test_training_leaves_weights_heads_record_and_card(made: Path) -> None:
    assert {path.name for path in made.iterdir()} == {NETWORK_FILE, HEADS_FILE, RECORD_FILE, "README.md"}
    record = json.loads((made / RECORD_FILE).read_text())
    assert [part["epoch"] for part in record["curve"]] == [1]
    assert set(record["curve"][0]["held_out_r2"]) == set(TARGETS)
    assert set(record["zero_shot"]) == {"text", "picture"}
    examples = make_examples(5, 9)
    seen = see([draw_picture(one) for one in examples.diagrams], load_network(made))
    assert seen.targets.shape == (5, len(TARGETS))
    assert seen.geometry.shape == (5, len(FEATURES))
    assert seen.pooled.shape == (5, POOLED_SIZE)
    assert load_heads(made).picture.predict(seen.boxes, seen.boxes).shape == (5,)


def test_a_finished_folder_is_not_overwritten_and_a_stopped_run_goes_on(made: Path) -> None:
    with pytest.raises(FileExistsError, match="finished"):
        train(made, SMALL)
    before = (made / NETWORK_FILE).read_bytes()
    (made / HEADS_FILE).unlink()
    train(made, SMALL)
    assert (made / NETWORK_FILE).read_bytes() == before
    assert (made / HEADS_FILE).exists()


def test_the_shipped_weights_are_small_and_read_the_geometry_off_a_picture() -> None:
    assert sum(path.stat().st_size for path in READABILITY_FOLDER.iterdir()) <= 4 * 2**20
    examples = make_examples(60, 501)
    seen = see([draw_picture(one) for one in examples.diagrams]).geometry
    residual, total = ((seen - examples.geometry) ** 2).mean(), examples.geometry.var(axis=0).mean()
    assert residual < 0.6 * total  # a constant would leave all of it
    assert np.isfinite(seen).all()


def test_another_file_is_no_network(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"x": np.zeros(3, np.float32)}, tmp_path / NETWORK_FILE)
    with pytest.raises(ValueError, match="no readability network"):
        load_network(tmp_path)
