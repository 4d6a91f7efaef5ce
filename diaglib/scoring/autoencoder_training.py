"""Makes the auto-encoder from nothing but a seed, measures it against PCA of the same size, and writes its model card.

Used by `diaglib train-autoencoder` and notebook 05. Rule: every number of the card is measured on pictures never trained on.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diaglib.dataset.rows import told_rows
from diaglib.diagram.style import styles
from diaglib.scoring.appearance import measure_scales
from diaglib.scoring.autoencoder import CHANNELS, HEIGHT_PX, KERNEL, LATENT_SIZE, PADDING, SLOPE, STRIDE, WIDTH_PX, Autoencoder
from diaglib.scoring.damage import specimens
from diaglib.scoring.thumbnails import ink_thumbnails

if TYPE_CHECKING:
    import numpy as np
    import torch

    from diaglib.diagram.model import Diagram

PICTURES_SEED = 3
SCALE_DIAGRAMS = 300
HELD_OUT_SEED = 987_654  # pictures of training come from seeds below it


@dataclass(frozen=True, slots=True)
class Cycle:
    """Part of a training: how many of the pictures, how often each, and the highest learning rate.

    It rises to that for a tenth of the steps, then falls to zero along a cosine.
    """

    pictures: int
    epochs: int
    peak_learning_rate: float


@dataclass(frozen=True, slots=True)
class AutoencoderSettings:
    """Two cycles, few pictures before many: the first finds the shapes cheaply. `seed` is that of the weights."""

    cycles: tuple[Cycle, ...] = (Cycle(4_000, 4, 2e-3), Cycle(8_000, 5, 1.5e-3))
    batch_size: int = 32
    seed: int = 0

    @property
    def pictures(self) -> int:
        return max(cycle.pictures for cycle in self.cycles)

    @property
    def epochs(self) -> int:
        return sum(cycle.epochs for cycle in self.cycles)


def sample_ink(count: int, seed: int) -> np.ndarray:
    """Ink pictures, uint8 (count, 48, 80, 3), of diagrams as `draw` makes them."""
    return ink_thumbnails(list(islice(drawn_diagrams(seed), count)))


def sample_diagrams(count: int, seed: int) -> Iterator[Diagram]:
    """Diagrams to rate: in turn as `draw` makes them and from `damage.specimens`, most of which are damaged."""
    drawn, others = drawn_diagrams(seed), specimens(count // 2, seed, clean_share=0.3)
    for number in range(count):
        yield next(others).diagram if number % 2 else next(drawn)


def drawn_diagrams(seed: int) -> Iterator[Diagram]:
    """Endless diagrams of random plans, each in one of the first looks that `draw` would give it."""
    for number, told in enumerate(told_rows(seed)):
        style = random.Random(seed * 7919 + number).choice(styles(told.plan, 6, seed + number))
        try:
            yield told.plan.layout(style)
        except ValueError:  # a few plans do not fit the canvas in some styles
            continue


def build_network() -> torch.nn.Module:
    """Three 4 x 4 stride-2 convolutions, a linear latent, and their mirror; no BatchNorm, no sigmoid, linear at the end."""
    from torch import nn

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            pairs = list(pairwise(CHANNELS))
            self.encoder = nn.ModuleList(nn.Conv2d(a, b, KERNEL, STRIDE, PADDING) for a, b in pairs)
            flat = CHANNELS[-1] * HEIGHT_PX * WIDTH_PX // 64
            self.to_latent = nn.Linear(flat, LATENT_SIZE)
            self.from_latent = nn.Linear(LATENT_SIZE, flat)
            self.decoder = nn.ModuleList(nn.ConvTranspose2d(b, a, KERNEL, STRIDE, PADDING) for a, b in reversed(pairs))

        def forward(self, ink: torch.Tensor) -> torch.Tensor:
            x = ink
            for layer in self.encoder:
                x = nn.functional.leaky_relu(layer(x), SLOPE)
            x = nn.functional.leaky_relu(self.from_latent(self.to_latent(x.flatten(1))), SLOPE)
            x = x.unflatten(1, (CHANNELS[-1], HEIGHT_PX // 8, WIDTH_PX // 8))
            for layer in self.decoder[:-1]:
                x = nn.functional.leaky_relu(layer(x), SLOPE)
            return self.decoder[-1](x)

    return Network()


def train_network(ink: np.ndarray, settings: AutoencoderSettings, told: Callable[[dict[str, float]], None]) -> torch.nn.Module:
    """Trains on ink pictures, uint8 (n, 48, 80, 3); `told` gets each epoch's number, mean squared error and seconds so far."""
    import torch

    torch.manual_seed(settings.seed)
    network = build_network().to(memory_format=torch.channels_last)
    start, epoch = time.perf_counter(), 0
    for cycle in settings.cycles:
        pictures = torch.from_numpy(ink[: cycle.pictures]).permute(0, 3, 1, 2)
        optimizer = torch.optim.AdamW(network.parameters(), cycle.peak_learning_rate, weight_decay=1e-4)
        steps = cycle.epochs * -(-len(pictures) // settings.batch_size)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, cycle.peak_learning_rate, steps, pct_start=0.1)
        for _ in range(cycle.epochs):
            total = 0.0
            for part in torch.randperm(len(pictures)).split(settings.batch_size):
                batch = pictures[part].float() / 255
                loss = torch.nn.functional.mse_loss(network(batch), batch)
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
                optimizer.step()
                schedule.step()
                total += loss.item() * len(part)
            epoch += 1
            told({"epoch": epoch, "error": total / len(pictures), "seconds": time.perf_counter() - start})
    return network.eval()


def half_precision(network: torch.nn.Module) -> dict[str, np.ndarray]:
    """The weights as they are shipped, float16 by torch's names."""
    import torch

    return {name: value.detach().to(torch.float16).contiguous().numpy() for name, value in network.state_dict().items()}


def compare_with_pca(model: Autoencoder, training: np.ndarray, held_out: np.ndarray) -> dict[str, float]:
    """Mean squared error (ink 0..1) on held-out pictures of the auto-encoder, of PCA with as many numbers fitted to
    `training`, and of the mean picture; and the spread (standard deviation) of the latent's dimensions.

    `training` and `held_out` are uint8 (n, 48, 80, 3). For a fair comparison give the auto-encoder's own training pictures.
    Raises ValueError for fewer training pictures than latent dimensions.
    """
    import numpy as np
    from sklearn.decomposition import PCA

    if len(training) < LATENT_SIZE:
        raise ValueError(f"{len(training)} pictures: PCA of {LATENT_SIZE} dimensions needs at least as many")
    pca = PCA(LATENT_SIZE, svd_solver="randomized", random_state=0).fit(training.reshape(len(training), -1) / np.float32(255))
    truth = held_out.reshape(len(held_out), -1) / np.float32(255)
    latents = model.encode(held_out / np.float32(255))
    spread = latents.std(axis=0)
    return {
        "autoencoder": float(np.mean((model.decode(latents).reshape(truth.shape) - truth) ** 2)),
        "pca": float(np.mean((pca.inverse_transform(pca.transform(truth)) - truth) ** 2)),
        "mean_picture": float(np.mean((pca.mean_ - truth) ** 2)),
        "least_spread": float(spread.min()),
        "mean_spread": float(spread.mean()),
    }


def train_autoencoder(
    folder: str | Path,
    settings: AutoencoderSettings | None = None,
    told: Callable[[str], None] = print,
    held_out: int = 500,
) -> dict[str, Any]:
    """Makes the auto-encoder in `folder` and returns its record, measured on `held_out` pictures of another seed.

    Leaves model.safetensors, scales.json (of all features of taste), training.json and README.md. About 2 CPU-minutes and
    1.5 GB of memory with the default settings. Raises FileExistsError where the folder holds one.
    """
    import torch
    from safetensors.numpy import save_file

    settings = settings or AutoencoderSettings()
    folder = Path(folder)
    if (folder / "training.json").exists():
        raise FileExistsError(17, "holds a finished auto-encoder: choose another folder", str(folder))
    folder.mkdir(parents=True, exist_ok=True)
    training, unseen = sample_ink(settings.pictures, PICTURES_SEED), sample_ink(held_out, HELD_OUT_SEED)
    curve: list[dict[str, float]] = []

    def tell_epoch(row: dict[str, float]) -> None:
        curve.append({name: round(value, 7) for name, value in row.items()})
        told(f"epoch {row['epoch']:.0f} of {settings.epochs}: error {row['error']:.5f}, {row['seconds']:.0f} s")

    used = time.process_time()
    weights = half_precision(train_network(training, settings, tell_epoch))
    used = time.process_time() - used
    save_file(weights, folder / "model.safetensors")
    model = Autoencoder({name: value.astype("float32") for name, value in weights.items()})
    scales = measure_scales(list(sample_diagrams(min(settings.pictures, SCALE_DIAGRAMS), PICTURES_SEED)), model)
    (folder / "scales.json").write_text(json.dumps(scales) + "\n", encoding="utf-8")
    record = {
        "settings": asdict(settings),
        "parameters": sum(value.size for value in weights.values()),
        "cpu_seconds": round(used),
        "torch": torch.__version__,
        "held_out_pictures": held_out,
        "figures": compare_with_pca(model, training, unseen),
        "curve": curve,
    }
    (folder / "README.md").write_text(write_card(record), encoding="utf-8")
    (folder / "training.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return record


def write_card(record: dict[str, Any]) -> str:
    """The model card, from the training record."""
    figures, settings = record["figures"], record["settings"]
    cycles = ", then ".join(f"{cycle['epochs']} epochs of {cycle['pictures']:,} pictures" for cycle in settings["cycles"])
    return f"""# The auto-encoder of diagrams

A picture of a diagram (80 x 48 px, ink is signal) as {LATENT_SIZE} numbers, for `diaglib.scoring.taste`. MIT like the project.

| what | figure |
|---|---|
| parameters | {record["parameters"] / 1e6:.2f} million, fp16 safetensors |
| shape | three 4x4 stride-2 convolutions ({", ".join(map(str, CHANNELS[1:]))}), linear latent of {LATENT_SIZE}, their mirror |
| data | pictures of generated diagrams in `draw`'s looks, seed {PICTURES_SEED} |
| training | {cycles}; batch {settings["batch_size"]}, {record["cpu_seconds"]} CPU-seconds |
| torch | {record["torch"]} |

Mean squared error on {record["held_out_pictures"]:,} pictures of another seed (ink 0..1), after rounding to fp16:

| how | error |
|---|---|
| this auto-encoder | {figures["autoencoder"]:.5f} |
| PCA of {LATENT_SIZE} dimensions, fitted to the same training pictures | {figures["pca"]:.5f} |
| the mean picture | {figures["mean_picture"]:.5f} |

Spread of the latent's dimensions there: smallest {figures["least_spread"]:.3f}, mean {figures["mean_spread"]:.3f}.

Made by `python -m diaglib train-autoencoder --out FOLDER`.

Limits: it knows tidy pictures of this project's generator, damaged ones less well; words are blurred away at this size.
"""
