"""Makes the readability network from nothing but a seed: `python -m diaglib train-readability --out FOLDER`.

Used to make `diaglib/scoring/readability/`. Inputs: damaged and clean diagrams of our own generator. Outputs:
model.safetensors, training.json (curves, figures), README.md. Rule: no person's label, no picture of anyone else.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from diaglib.environment import training_autocast
from diaglib.files import write_whole
from diaglib.scoring.agreement import agreement
from diaglib.scoring.damage import CLEAN_SCORE, Specimen, specimens
from diaglib.scoring.geometry import FEATURES, features
from diaglib.scoring.heads import TwoStageHead, fit_head
from diaglib.scoring.pictures import draw_ink
from diaglib.scoring.readability_network import NETWORK_FILE, TARGETS, as_input, build_network, load_network, see
from diaglib.scoring.readability_scores import HEADS_FILE

if TYPE_CHECKING:
    import torch

RECORD_FILE = "training.json"


@dataclass(frozen=True)
class ReadabilitySettings:
    """Sizes and schedule; the defaults are what the shipped network was made with."""

    pictures: int = 10_000
    held_out: int = 2_500
    epochs: int = 14
    batch: int = 64
    peak_learning_rate: float = 4e-3
    weight_decay: float = 0.05
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Examples:
    """`ink` uint8 (n, 120, 200, 3), `geometry` (n, features), `score` 0..5, and the faults of each."""

    ink: np.ndarray
    geometry: np.ndarray
    score: np.ndarray
    faults: list[dict[str, float]]

    @property
    def targets(self) -> np.ndarray:
        """(n, len(TARGETS)), all 0..1."""
        return np.column_stack([self.geometry, self.score / CLEAN_SCORE, self.score == CLEAN_SCORE]).astype(np.float32)


def make_examples(count: int, seed: int, progress: bool = False) -> Examples:
    """Specimens of `diaglib.scoring.damage`, drawn and measured. About 8 ms each."""
    found: list[Specimen] = list(
        tqdm(specimens(count, seed), total=count, unit="diagram", desc="damage", disable=None if progress else True)
    )
    ink = np.concatenate([draw_ink(s.diagram for s in found[start : start + 200]) for start in range(0, count, 200)])
    return Examples(
        ink, features([s.diagram for s in found]), np.array([s.score for s in found], np.float32), [s.faults for s in found]
    )


def train(out: str | Path, settings: ReadabilitySettings | None = None) -> dict[str, Any]:
    """Everything: examples, network, heads, card. A run that was stopped after the network goes on with its heads.

    The heads are fitted on specimens that the network has not seen, and measured on fresh ones.
    Returns the record that it writes to training.json. About 8 CPU-minutes.
    Raises FileExistsError where `out` holds a finished one.
    """
    from safetensors.numpy import save_file as save_arrays
    from safetensors.torch import save_file

    settings = settings or ReadabilitySettings()
    out = Path(out)
    if (out / HEADS_FILE).exists():
        raise FileExistsError(17, "holds finished readability weights: choose another folder", str(out))
    out.mkdir(parents=True, exist_ok=True)
    began = time.process_time()
    held_out = make_examples(settings.held_out, settings.seed + 1)
    if not (out / RECORD_FILE).exists():
        examples = make_examples(settings.pictures, settings.seed, progress=True)
        tensors, curve = train_network(examples, held_out, settings)
        save_file(tensors, out / NETWORK_FILE)
        record = {"settings": asdict(settings), "curve": curve, "cpu_seconds": time.process_time() - began, **_machine()}
        _write_record(out, record)
    record = json.loads((out / RECORD_FILE).read_text(encoding="utf-8"))
    fresh = make_examples(max(settings.held_out // 3, 60), settings.seed + 2)
    network = load_network(out)
    seen, seen_fresh = see(held_out.ink, network).geometry, see(fresh.ink, network).geometry
    text = fit_head(held_out.geometry, held_out.score)
    picture = fit_head(seen, held_out.score)
    record["zero_shot"] = {
        "text": _measure(text, fresh.geometry, fresh.score),
        "picture": _measure(picture, seen_fresh, fresh.score),
    }
    _write_record(out, record)
    write_card(out, record)
    save_arrays(text.tensors("text") | picture.tensors("picture"), out / HEADS_FILE)
    return record


def _machine() -> dict[str, str]:
    import torch

    return {"machine": f"{platform.machine()}, {torch.get_num_threads()} threads", "torch": torch.__version__}


def _write_record(out: Path, record: dict[str, Any]) -> None:
    write_whole(out / RECORD_FILE, json.dumps(record, indent=1).encode() + b"\n")


def _measure(head: TwoStageHead, numbers: np.ndarray, score: np.ndarray) -> dict[str, float]:
    from sklearn.metrics import roc_auc_score

    predicted, clean = head.predict(numbers), score == CLEAN_SCORE
    damaged = agreement(predicted[~clean], score[~clean])
    n, mse, _, _ = agreement(predicted, score)
    return {
        "n": n, "mse": mse, "damaged_mse": damaged[1], "damaged_spearman": damaged[3],
        "clean_above_damaged_auc": float(roc_auc_score(clean, predicted)) if 0 < clean.sum() < n else float("nan"),
    }  # fmt: skip


def write_card(out: Path, record: dict[str, Any]) -> Path:
    """README.md of a weights folder; every number comes from the record."""
    settings, last = record["settings"], record["curve"][-1]
    r2 = sorted(last["held_out_r2"].items(), key=lambda item: -item[1])
    rows = [
        f"| {name} | {part['n']} | {part['mse']:.2f} | {part['damaged_mse']:.2f} | {part['damaged_spearman']:.2f} "
        f"| {part['clean_above_damaged_auc']:.3f} |"
        for name, part in record["zero_shot"].items()
    ]
    lines = [
        "# The readability network and its heads",
        "",
        "A small CNN (`model.safetensors`) that reads the geometry of a diagram off its picture, and two heads",
        "(`heads.safetensors`) that turn geometry, measured in the text or seen by the CNN, into a readability of 0 to 5.",
        "MIT like the project. No label of a person and no picture of anyone else went into them.",
        "",
        "| what | figure |",
        "|---|---|",
        f"| pictures | {settings['pictures']:,} of our own generator, a quarter clean, the others with one fault or more |",
        f"| targets | {len(TARGETS)}: {len(FEATURES)} features of the geometry, the score of the damage, clean or not |",
        f"| training | {settings['epochs']} epochs, {record['cpu_seconds'] / 60:.1f} CPU-minutes with making the pictures |",
        f"| held-out R2 | mean {np.mean([value for _, value in r2]):.2f}; best {r2[0][0]} {r2[0][1]:.2f}, "
        f"worst {r2[-1][0]} {r2[-1][1]:.2f} |",
        f"| machine | {record['machine']}, torch {record['torch']} |",
        "",
        "Readability of fresh synthetic damage (no person has judged it):",
        "",
        "| input | n | MSE | MSE damaged | Spearman damaged | AUC clean above damaged |",
        "|---|---|---|---|---|---|",
        *rows,
        "",
        f"Made by `python -m diaglib train-readability --out FOLDER --seed {settings['seed']}`; curves in `{RECORD_FILE}`.",
        *([f"\n{record['note']}"] if record.get("note") else []),
        "",
        "Limits: it knows our generator's pictures and our idea of damage, whose weights are a prior; it looks at 200 x 120 px,",
        "so it cannot read captions; whether a diagram says the right thing is not its question. Fit it to your own ratings",
        "with `fit_readability`.",
    ]
    path = out / "README.md"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def train_network(
    examples: Examples, held_out: Examples, settings: ReadabilitySettings
) -> tuple[dict[str, torch.Tensor], list[dict[str, Any]]]:
    """The network's tensors with the scale of its targets, and one record an epoch: losses, and R2 of held-out targets.

    Loss: mean squared error of standardised targets. AdamW, one cycle. On a CPU that has it, bfloat16 halves the time.
    """
    import torch

    torch.manual_seed(settings.seed)
    mean, spread = examples.targets.mean(axis=0), np.maximum(examples.targets.std(axis=0), 0.02)
    targets, unseen = (torch.from_numpy((part.targets - mean) / spread) for part in (examples, held_out))
    network = build_network().to(memory_format=torch.channels_last)
    steps = settings.epochs * (len(targets) // settings.batch)
    optimiser = torch.optim.AdamW(network.parameters(), settings.peak_learning_rate, weight_decay=settings.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, settings.peak_learning_rate, max(steps, 1), pct_start=0.2)
    curve: list[dict[str, Any]] = []
    began = time.process_time()
    bar = tqdm(total=steps, unit="step", desc="network", disable=None)
    for epoch in range(settings.epochs):
        network.train()
        losses = []
        for chosen in _batches(len(targets), settings.batch, settings.seed + epoch):
            with training_autocast("cpu"):
                predicted, _ = network(as_input(examples.ink[chosen]))
            loss = torch.nn.functional.mse_loss(predicted.float(), targets[chosen])
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            losses.append(loss.item())
            bar.update()
        guess = _predict(network, held_out.ink)
        residual, total = ((guess - unseen) ** 2).mean(0), unseen.var(0, unbiased=False).clamp_min(1e-6)
        curve.append(
            {
                "epoch": epoch + 1,
                "train_loss": float(np.mean(losses)),
                "held_out_loss": float(residual.mean()),
                "held_out_r2": {name: float(v) for name, v in zip(TARGETS, 1 - residual / total, strict=True)},
                "cpu_seconds": time.process_time() - began,
            }
        )
        bar.set_postfix(train=curve[-1]["train_loss"], held_out=curve[-1]["held_out_loss"])
    bar.close()
    scale = {"target_mean": torch.from_numpy(mean), "target_spread": torch.from_numpy(spread)}
    tensors = {name: value.detach().contiguous() for name, value in network.state_dict().items()}
    return tensors | scale, curve


def _batches(count: int, size: int, seed: int) -> Iterator[np.ndarray]:
    order = np.random.default_rng(seed).permutation(count)
    yield from (order[start : start + size] for start in range(0, count - size + 1, size))


def _predict(network: torch.nn.Module, ink: np.ndarray) -> torch.Tensor:
    import torch

    network.eval()
    with torch.inference_mode():
        return torch.cat([network(as_input(ink[start : start + 64]))[0] for start in range(0, len(ink), 64)])
