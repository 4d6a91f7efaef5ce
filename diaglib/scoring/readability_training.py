"""Makes the readability network from nothing but a seed: `python -m diaglib train-readability --out FOLDER`.

Used to make `diaglib/scoring/readability/`. Inputs: damaged and clean diagrams of our own generator, some of them rated
by us. Outputs: model.safetensors, heads.safetensors, training.json (curves, figures), README.md. Rule: the network sees
no person's label, and nothing sees a picture of anyone else.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from diaglib.files import write_whole
from diaglib.scoring.agreement import agreement
from diaglib.scoring.damage import CLEAN_SCORE
from diaglib.scoring.geometry import BOX_FEATURES, FEATURES, features
from diaglib.scoring.heads import fit_head
from diaglib.scoring.pictures import draw_picture
from diaglib.scoring.rated_damage import FOLDS, load_rated, rated_folds
from diaglib.scoring.readability_card import write_card
from diaglib.scoring.readability_network import NETWORK_FILE, load_network, see
from diaglib.scoring.readability_network_training import ReadabilitySettings, make_examples, shapes_found, train_network
from diaglib.scoring.readability_scores import HEADS_FILE
from diaglib.scoring.visibility import as_seen

RECORD_FILE = "training.json"
STRENGTH = {"text": 0.3, "picture": 0.03}  # what is read off a picture is less sure: smaller weights


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
    rated = load_rated()
    seen, seen_fresh, seen_rated = (
        see([draw_picture(one) for one in diagrams], network) for diagrams in (held_out.diagrams, fresh.diagrams, rated.diagrams)
    )
    shown, shown_rated = (features([as_seen(one) for one in diagrams]) for diagrams in (held_out.diagrams, rated.diagrams))
    clean = held_out.score == CLEAN_SCORE
    text = {"names": FEATURES, "numbers": held_out.geometry, "clean": clean, "rated": shown_rated, "strength": STRENGTH["text"]}
    # what is found is not always what is there: a head that has met both does not take a slip of ours for damage
    picture = {
        "names": BOX_FEATURES,
        "numbers": np.vstack([seen.boxes, shown[:, : len(BOX_FEATURES)]]),
        "clean": np.tile(clean, 2),
        "rated": seen_rated.boxes,
        "strength": STRENGTH["picture"],
    }
    heads = {name: fit_head(ratings=rated.scores, **one) for name, one in (("text", text), ("picture", picture))}
    probabilities = {
        "text": heads["text"].damaged_probability(fresh.geometry),
        "picture": heads["picture"].damaged_probability(seen_fresh.boxes),
    }
    record["zero_shot"] = {name: _clean_above_damaged(found, fresh.score) for name, found in probabilities.items()}
    record["shapes"] = shapes_found(fresh.diagrams, seen_fresh.shapes)
    record["rated"] = {"n": len(rated.scores), "folds": FOLDS} | {
        name: _rated_figures(rated.scores, **one) for name, one in (("text", text), ("picture", picture))
    }
    _write_record(out, record)
    write_card(out, record)
    save_arrays(heads["text"].tensors("text") | heads["picture"].tensors("picture"), out / HEADS_FILE)
    return record


def _machine() -> dict[str, str]:
    import torch

    return {"machine": f"{platform.machine()}, {torch.get_num_threads()} threads", "torch": torch.__version__}


def _write_record(out: Path, record: dict[str, Any]) -> None:
    write_whole(out / RECORD_FILE, json.dumps(record, indent=1).encode() + b"\n")


def _clean_above_damaged(probability: np.ndarray, score: np.ndarray) -> dict[str, float]:
    from sklearn.metrics import roc_auc_score

    clean = score == CLEAN_SCORE
    auc = float(roc_auc_score(clean, -probability)) if 0 < clean.sum() < len(clean) else float("nan")
    return {"n": len(score), "clean_above_damaged_auc": auc}


def _rated_figures(
    ratings: np.ndarray, names: Sequence[str], numbers: np.ndarray, clean: np.ndarray, rated: np.ndarray, strength: float
) -> dict[str, Any]:
    """Agreement with the ratings of heads that have not seen them, and what those heads said of each."""
    predicted = np.zeros(len(ratings))
    for train, test in rated_folds():
        predicted[test] = fit_head(names, numbers, clean, rated[train], ratings[train], strength).damaged_score(rated[test])
    _, mse, _, spearman = agreement(predicted, ratings)
    return {"mse": mse, "spearman": spearman, "predicted": [round(float(score), 2) for score in predicted]}
