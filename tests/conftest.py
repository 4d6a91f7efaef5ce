"""Fixtures of several packages' tests."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def stand_in_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub cache that holds a small random model of every candidate's architecture, under the candidates' own ids."""
    from stand_ins import fill_cache

    return fill_cache(tmp_path_factory.mktemp("hub"))


@pytest.fixture
def stand_in_hub(stand_in_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This process and its children see that cache as the hub, and no network."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(stand_in_cache))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv("HF_HUB_CACHE", str(stand_in_cache))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return stand_in_cache
