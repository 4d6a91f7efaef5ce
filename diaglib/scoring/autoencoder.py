"""Pictures as 96 numbers: the shipped auto-encoder, run with numpy alone. Used by notebook 05 and by `taste`.

Rule: ink is signal and paper is zero (input 255 - RGB), the latent is linear, nothing is normalised over a batch; with white
paper and a sigmoid all pictures fall onto one constant latent. `autoencoder_training` makes the weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

HEIGHT_PX, WIDTH_PX = 48, 80
LATENT_SIZE = 96
CHANNELS = (3, 24, 48, 96)
KERNEL, STRIDE, PADDING = 4, 2, 1
SLOPE = 0.1  # of LeakyReLU below zero
WEIGHTS_FILE = Path(__file__).parent / "autoencoder" / "model.safetensors"
_AT_ONCE = 64  # pictures in memory at a time: the widest layer unfolds to 3 MB each


@dataclass(frozen=True, slots=True)
class Autoencoder:
    """Weights by layer, float32, in torch's shapes: convolutions (out, in, 4, 4), their mirror (in, out, 4, 4)."""

    weights: dict[str, np.ndarray]

    def encode(self, ink: np.ndarray) -> np.ndarray:
        """Latents (n, 96) of ink pictures (n, 48, 80, 3), 0 paper .. 1 ink. Raises ValueError for another shape."""
        import numpy as np

        _refuse_shape(ink)
        parts = [self._encode(np.asarray(ink[start : start + _AT_ONCE], np.float32)) for start in range(0, len(ink), _AT_ONCE)]
        return np.concatenate(parts) if parts else np.zeros((0, LATENT_SIZE), np.float32)

    def decode(self, latents: np.ndarray) -> np.ndarray:
        """Ink pictures (n, 48, 80, 3) of latents (n, 96); nearly, not exactly, inside 0..1."""
        import numpy as np

        parts = [self._decode(np.asarray(latents[i : i + _AT_ONCE], np.float32)) for i in range(0, len(latents), _AT_ONCE)]
        return np.concatenate(parts) if parts else np.zeros((0, HEIGHT_PX, WIDTH_PX, 3), np.float32)

    def _encode(self, ink: np.ndarray) -> np.ndarray:
        x = ink
        for layer in range(3):
            x = _convolve(x, self.weights[f"encoder.{layer}.weight"], self.weights[f"encoder.{layer}.bias"])
            x = _leaky(x)
        # torch flattens channels first
        flat = x.transpose(0, 3, 1, 2).reshape(len(x), -1)
        return flat @ self.weights["to_latent.weight"].T + self.weights["to_latent.bias"]

    def _decode(self, latents: np.ndarray) -> np.ndarray:
        flat = latents @ self.weights["from_latent.weight"].T + self.weights["from_latent.bias"]
        x = _leaky(flat).reshape(len(latents), CHANNELS[3], HEIGHT_PX // 8, WIDTH_PX // 8).transpose(0, 2, 3, 1)
        for layer in range(3):
            x = _convolve_back(x, self.weights[f"decoder.{layer}.weight"], self.weights[f"decoder.{layer}.bias"])
            if layer < 2:
                x = _leaky(x)
        return x


def load_autoencoder(path: str | Path = WEIGHTS_FILE) -> Autoencoder:
    """The shipped auto-encoder, or one of your own. Raises OSError where the file is not there, ValueError for another kind."""
    path = Path(path)
    return _load(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _load(path: Path, _modified_ns: int) -> Autoencoder:
    import numpy as np
    from safetensors.numpy import load_file

    weights = {name: np.asarray(value, np.float32) for name, value in load_file(path).items()}
    size = weights.get("to_latent.weight", np.zeros(0)).shape
    if size != (LATENT_SIZE, CHANNELS[3] * HEIGHT_PX * WIDTH_PX // 64):
        raise ValueError(f"{path} holds no auto-encoder of {LATENT_SIZE} dimensions: make one with `diaglib train-autoencoder`")
    return Autoencoder(weights)


def _refuse_shape(ink: np.ndarray) -> None:
    if ink.shape[1:] != (HEIGHT_PX, WIDTH_PX, 3):
        raise ValueError(f"pictures of shape {ink.shape[1:]}: the auto-encoder reads ({HEIGHT_PX}, {WIDTH_PX}, 3)")


def _leaky(x: np.ndarray) -> np.ndarray:
    import numpy as np

    return np.maximum(x, SLOPE * x)


def _convolve(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """(n, h, w, c) to (n, h/2, w/2, out): every 4 x 4 window as one row of a matrix product."""
    import numpy as np

    padded = np.pad(x, ((0, 0), (PADDING, PADDING), (PADDING, PADDING), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (KERNEL, KERNEL), axis=(1, 2))[:, ::STRIDE, ::STRIDE]
    n, height, width = windows.shape[:3]
    rows = windows.reshape(n * height * width, -1)  # channel, then window row and column, as torch keeps its weights
    return (rows @ weight.reshape(len(weight), -1).T + bias).reshape(n, height, width, -1)


def _convolve_back(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """The mirror of `_convolve`, (n, h, w, c) to (n, 2h, 2w, out): every value adds a 4 x 4 patch, patches overlap."""
    import numpy as np

    n, height, width, channels = x.shape
    patches = (x.reshape(-1, channels) @ weight.reshape(channels, -1)).reshape(n, height, width, -1, KERNEL, KERNEL)
    out = np.zeros((n, 2 * height + 2, 2 * width + 2, patches.shape[3]), np.float32)
    for row in range(KERNEL):
        for column in range(KERNEL):
            place = out[:, row : row + 2 * height : STRIDE, column : column + 2 * width : STRIDE]
            place += patches[..., row, column]
    return out[:, PADDING:-PADDING, PADDING:-PADDING] + bias
