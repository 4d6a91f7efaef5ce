"""A place of its own for each run: outputs and notebooks in a temporary folder."""

from pathlib import Path

import pytest


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("DIAGLIB_OUTPUTS", str(tmp_path / "outputs"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def said() -> list[str]:
    return []
