"""No test of a model may look for a network, and small models are faster on one thread."""

import pytest


@pytest.fixture
def offline(monkeypatch):
    import huggingface_hub.constants  # a submodule: not there before someone imports it
    import torch

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
