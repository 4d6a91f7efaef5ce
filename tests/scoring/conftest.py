"""Diagrams that several tests of scoring look at."""

import pytest

from diaglib.diagram import Diagram


@pytest.fixture(scope="session")
def sampled_diagrams() -> list[Diagram]:
    """60 generated diagrams, half of them plain or damaged."""
    from diaglib.scoring.autoencoder_training import sample_diagrams

    return list(sample_diagrams(60, 31))
