"""A small model as a hub model would be, rows to tune it on, and settings of a few steps."""

from pathlib import Path

import pytest
from small_models import save_model


@pytest.fixture(autouse=True)
def one_thread_and_no_network(monkeypatch):
    """Small models are faster on one thread, and no test may look for a network."""
    import huggingface_hub.constants
    import torch

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory) -> Path:
    """A Llama of 2 layers with a byte-level tokenizer."""
    return save_model(tmp_path_factory.mktemp("stand_in"))


@pytest.fixture(scope="session")
def neox(tmp_path_factory) -> Path:
    """A GPT-NeoX, the architecture of the Korean chat model."""
    return save_model(tmp_path_factory.mktemp("neox"), "neox", width=64)


@pytest.fixture
def rows():
    from diaglib.dataset import rows as generated
    from diaglib.tuning import read_rows

    return read_rows(list(generated(3, 24, {"dense": 1.0})))


@pytest.fixture
def few_steps():
    """Settings of six steps, a checkpoint every two."""
    from diaglib.tuning import TuningSettings

    return TuningSettings(
        steps=6,
        batch_rows=2,
        checkpoint_steps=2,
        warm_up_steps=1,
        learning_rate=1e-2,
        lora_rank=4,
        activation_checkpointing=False,
    )
