"""A Colab runtime forgets; a mounted Drive does not."""

import sys
from pathlib import Path

import pytest

from diaglib.runs import colab, series
from diaglib.runs.colab import drive_outputs, runtime_words


@pytest.fixture
def drive(tmp_path: Path) -> Path:
    folder = tmp_path / "drive" / "MyDrive"
    folder.mkdir(parents=True)
    return folder


def test_a_mounted_drive_keeps_the_outputs_so_that_the_next_runtime_finds_them(drive, monkeypatch) -> None:
    monkeypatch.delenv(series.OUTPUTS_VARIABLE, raising=False)
    monkeypatch.setattr(series, "drive_outputs", lambda: drive_outputs(drive))
    folder = series.output_folder("local", "03_sft_diagram")
    assert folder == drive / "diaglib" / "outputs" / "local" / "03_sft_diagram"
    (folder / "result.json").write_text("{}")
    assert (series.output_folder("local", "03_sft_diagram") / "result.json").exists()


def test_a_batch_decides_for_itself_where_it_writes(drive, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv(series.OUTPUTS_VARIABLE, str(tmp_path / "batch"))
    monkeypatch.setattr(series, "drive_outputs", lambda: drive_outputs(drive))
    assert series.output_root() == tmp_path / "batch"


def test_the_set_up_cell_tells_where_outputs_go_without_a_path_of_the_machine(drive, tmp_path, monkeypatch) -> None:
    told = runtime_words(drive)
    assert "MyDrive/diaglib/outputs" in told
    assert str(tmp_path) not in told
    assert "folder `outputs`" in runtime_words(tmp_path / "nothing mounted")
    monkeypatch.setitem(sys.modules, "google.colab", colab)
    assert "mount your Drive" in runtime_words(tmp_path / "nothing mounted")


@pytest.mark.parametrize("has_gpu", [True, False])
def test_a_runtime_without_a_gpu_is_told_its_profile(has_gpu: bool, monkeypatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: has_gpu)
    assert ("No GPU here" in runtime_words()) is not has_gpu
