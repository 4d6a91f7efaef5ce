"""Trains the encoder of a profile: the embedded one from scratch, or a language model fine-tuned as published.

Used by notebook 06 and `diaglib memory train`. Rule: its threshold is calibrated on lines that were held out of the training.
"""

from __future__ import annotations

import logging
from pathlib import Path

from diaglib.environment import read_environment
from diaglib.memory.encoder import LOCAL, Encoder, load_encoder

HELD_OUT_EVERY = 6  # a key in so many is kept for the calibration
_HALF = {"float16": "fp16", "bfloat16": "bf16"}
# of a training with fewer epochs than the shipped one
_SHORT = {"members": 1, "folds": 2, "stores": 2, "sweep_stores": 4, "set_stores": 40, "unknown_stores": 10, "judges": 1}


def train_encoder(
    model: str, folder: str | Path, epochs: int | None = None, seed: int = 0
) -> tuple[Encoder, list[dict[str, float]]]:
    """The trained encoder, saved to `folder`, and its training curve: epoch or step, and what was measured there.

    `model` is `local`, a folder or a hub id; `epochs` None takes the published or shipped number. Raises OSError where there
    is no such model.
    """
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # it names kernels for 4-bit weights, of which there are none here
    if model == LOCAL:
        from diaglib.memory.encoder_build import train_local
        from diaglib.memory.encoder_training import TrainingSettings

        settings = TrainingSettings(seed=seed)
        if epochs is not None:
            settings = TrainingSettings(epochs=epochs, seed=seed, **_SHORT)
        record = train_local(folder, settings)
        return load_encoder(str(folder)), record["training"]
    from diaglib.memory.encoder_sentence import FineTuning, fine_tune
    from diaglib.memory.lines import training_lines

    lines = training_lines(seed)
    held_out = set(sorted({line.key for line in lines})[::HELD_OUT_EVERY])
    tuning = FineTuning(seed=seed, half_precision=_HALF.get(read_environment().dtype, "no"))
    if epochs is not None:
        tuning = FineTuning(epochs=epochs, seed=seed, half_precision=tuning.half_precision)
    return fine_tune(
        model,
        [line for line in lines if line.key not in held_out],
        [line for line in lines if line.key in held_out],
        tuning,
        folder,
    )
