"""The auto-encoder: no dimension collapses, it is no worse than PCA of its size, numpy gives what torch gives."""

import json

import numpy as np
import pytest

from diaglib.scoring.autoencoder import HEIGHT_PX, LATENT_SIZE, WEIGHTS_FILE, WIDTH_PX, load_autoencoder
from diaglib.scoring.autoencoder_training import (
    AutoencoderSettings,
    Cycle,
    build_network,
    compare_with_pca,
    sample_ink,
    train_autoencoder,
)


@pytest.fixture(scope="module")
def held_out() -> np.ndarray:
    return sample_ink(150, 123_456)


def test_no_dimension_of_the_shipped_latent_has_collapsed(held_out) -> None:
    """White paper and a sigmoid gave one constant latent for every picture: a spread of exactly 0."""
    spread = load_autoencoder().encode(held_out / np.float32(255)).std(axis=0)
    assert spread.shape == (LATENT_SIZE,)
    assert spread.min() >= 0.1 * spread.mean()


def test_it_reconstructs_new_pictures_no_worse_than_pca_of_the_same_size(held_out) -> None:
    """PCA is fitted to fewer pictures here than the auto-encoder learnt from; the card holds the comparison on equal ones."""
    figures = compare_with_pca(load_autoencoder(), sample_ink(600, 77), held_out)
    assert figures["autoencoder"] <= figures["pca"] < figures["mean_picture"]
    recorded = json.loads(WEIGHTS_FILE.with_name("training.json").read_text())["figures"]
    assert recorded["autoencoder"] <= recorded["pca"]
    assert figures["autoencoder"] == pytest.approx(recorded["autoencoder"], rel=0.25)


def test_pca_of_too_few_pictures_is_refused(held_out) -> None:
    with pytest.raises(ValueError, match="at least as many"):
        compare_with_pca(load_autoencoder(), held_out[:50], held_out)


def test_numpy_gives_what_torch_gives(held_out) -> None:
    import torch

    model, ink = load_autoencoder(), held_out[:3] / np.float32(255)
    network = build_network()
    network.load_state_dict({name: torch.from_numpy(value) for name, value in model.weights.items()})
    with torch.no_grad():
        expected = network(torch.from_numpy(ink).permute(0, 3, 1, 2)).permute(0, 2, 3, 1).numpy()
    np.testing.assert_allclose(model.decode(model.encode(ink)), expected, atol=1e-4)


def test_pictures_of_another_shape_and_other_weights_are_refused_in_words(tmp_path) -> None:
    with pytest.raises(ValueError, match="reads"):
        load_autoencoder().encode(np.zeros((1, WIDTH_PX, HEIGHT_PX, 3), np.float32))
    from safetensors.numpy import save_file

    save_file({"to_latent.weight": np.zeros((2, 2), np.float32)}, tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match="train-autoencoder"):
        load_autoencoder(tmp_path / "model.safetensors")
    with pytest.raises(OSError, match="nothing"):
        load_autoencoder(tmp_path / "nothing")


def test_no_pictures_are_no_latents() -> None:
    model = load_autoencoder()
    assert model.encode(np.zeros((0, HEIGHT_PX, WIDTH_PX, 3), np.float32)).shape == (0, LATENT_SIZE)
    assert model.decode(np.zeros((0, LATENT_SIZE), np.float32)).shape == (0, HEIGHT_PX, WIDTH_PX, 3)


def test_the_shipped_weights_are_small() -> None:
    assert WEIGHTS_FILE.stat().st_size <= 3 * 2**20


def test_it_can_be_made_again_with_one_call(tmp_path) -> None:
    told: list[str] = []
    record = train_autoencoder(tmp_path / "ae", AutoencoderSettings((Cycle(100, 1, 1e-3),)), told.append, held_out=20)
    assert len(told) == 1
    latents = load_autoencoder(tmp_path / "ae" / "model.safetensors").encode(sample_ink(2, 1) / np.float32(255))
    assert latents.shape == (2, LATENT_SIZE)
    assert set(json.loads((tmp_path / "ae" / "scales.json").read_text())) == {"geometry", "style", "colour", "latent"}
    assert f"{record['figures']['pca']:.5f}" in (tmp_path / "ae" / "README.md").read_text()
    with pytest.raises(FileExistsError, match="another folder"):
        train_autoencoder(tmp_path / "ae")
