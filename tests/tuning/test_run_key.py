"""What decides a run: another base under the same name is another run; with `replace` the old one is moved aside."""

from __future__ import annotations

from pathlib import Path

import pytest

from diaglib.tuning.errors import TuningError
from diaglib.tuning.run import claim, run_key
from diaglib.tuning.settings import TuningSettings


def key_of(base: Path) -> dict:
    return run_key("sft", str(base), (), TuningSettings())


def test_other_weights_in_the_same_folder_are_another_run(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"one")
    first = key_of(tmp_path)
    assert first == key_of(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"two")
    assert first != key_of(tmp_path)


def test_another_run_in_the_folder_is_refused_or_moved_aside(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    claim(folder, {"kind": "sft", "base": "a"})
    (folder / "result.json").write_text("{}")
    assert claim(folder, {"kind": "sft", "base": "a"}) is not None
    with pytest.raises(TuningError, match="holds a run with other base"):
        claim(folder, {"kind": "sft", "base": "b"})
    assert claim(folder, {"kind": "sft", "base": "b"}, replace=True) is None
    assert (tmp_path / "run.before" / "result.json").exists()
    assert not (folder / "result.json").exists()
