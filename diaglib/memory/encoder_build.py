"""Makes the whole encoder `local` on our lines: its members, its judge, its threshold, its record and its card.

Used by `diaglib memory train` and notebook 06. Rule: the figures of its card are of lines it has not seen.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Thread
from typing import Any

from tqdm import tqdm

from diaglib.environment import one_thread
from diaglib.memory.associations import further_topics, load_associations
from diaglib.memory.encoder_held_out import held_out_stores, make_folds
from diaglib.memory.encoder_judge import fit_judge
from diaglib.memory.encoder_local import EMBEDDING, SCALE, LocalEncoder
from diaglib.memory.encoder_packing import pack_rows
from diaglib.memory.encoder_training import TrainingSettings, as_members, train_embedding
from diaglib.memory.evaluation import choose_threshold, judged, measure, threshold_curve
from diaglib.memory.lines import (
    Topic,
    calibration_sets,
    chit_chat,
    count_messages,
    load_topics,
    other_writers_lines,
    unseen_lines,
)

# half precision is enough for them
STORED_HALF = ("rarity", "value_subjects", "key_out", "word_out", "window", "mix_in", "mix_out")

Curve = list[dict[str, float]]
Job = tuple[Sequence[Topic], Sequence[str], TrainingSettings]


def train_local(folder: str | Path, settings: TrainingSettings | None = None) -> dict[str, Any]:
    """Trains the whole encoder on our lines, writes it with its model card to `folder` and returns its record.

    Its members and the encoders of the folds are trained side by side, one a core.
    """
    from diaglib.memory.encoder_card import write_card

    settings = settings or TrainingSettings()
    topics, chat = [*load_topics(), *further_topics()], chit_chat()
    folds = make_folds(topics, chat, settings)
    jobs: list[Job] = [(topics, chat, replace(settings, seed=settings.seed + member)) for member in range(settings.members)]
    jobs += [(fold.rest, fold.chat, settings) for fold in folds]
    encoders, curves, seconds = zip(*_train_all(jobs), strict=True)
    started = time.process_time()
    with one_thread():
        of_folds = zip(encoders[settings.members :], folds, strict=True)
        held_out = [held_out_stores(encoder, fold, settings) for encoder, fold in of_folds]
        encoder = as_members(encoders[: settings.members])
        encoder = fit_judge(encoder, [store for stores in held_out for store in stores], settings)
        by_writer = [[judged(encoder, lines) for lines in sets] for sets in calibration_sets()]
    thresholds = [choose_threshold(threshold_curve(stores), settings.precision, settings.silence) for stores in by_writer]
    limits = threshold_curve([store for stores in by_writer for store in stores])
    # writers differ: what is kept with one more deviation than their mean is kept with about five of six
    encoder.threshold = min(statistics.mean(thresholds) + statistics.stdev(thresholds), limits[-1].threshold)
    record = {
        "settings": asdict(settings),
        "lines": count_messages(topics),
        "keys": len(encoder.keys),
        "associations": len(load_associations()),
        "said": len(encoder.arrays["said_message_counts"]),
        "cpu_seconds": round(sum(seconds) + time.process_time() - started),
        "training": curves[0],
        "thresholds_of_writers": thresholds,
        "calibration": [asdict(row) for row in limits],
        "unseen": measure(encoder, unseen_lines(), chat),
        "other_writers": [measure(encoder, lines, chat) for lines in other_writers_lines()],
    }
    folder = Path(folder)
    save(encoder, folder)
    (folder / "training.json").write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    write_card(folder, record)
    return record


def _train_all(jobs: Sequence[Job]) -> list[tuple[LocalEncoder, Curve, float]]:
    """Encoder, curve and CPU seconds of every job, in their order."""
    workers = min(os.cpu_count() or 1, len(jobs))
    with ProcessPoolExecutor(workers, get_context("spawn"), end_with_parent) as pool:
        return list(tqdm(pool.map(_train_one, jobs), total=len(jobs), unit="embedding", desc="memory"))


def end_with_parent() -> None:
    """For a worker: where the process that asked for its work is killed, it ends too instead of waiting for more for ever."""
    if parent := parent_process():
        Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(process: BaseProcess) -> None:
    process.join()
    os._exit(1)


def _train_one(job: Job) -> tuple[LocalEncoder, Curve, float]:
    started = time.process_time()
    curve: Curve = []
    with one_thread():
        encoder = train_embedding(*job, curve)
    return encoder, curve, time.process_time() - started


def save(encoder: LocalEncoder, folder: Path) -> None:
    """Weights and names into a folder that `LocalEncoder.load` takes; the threshold is written last."""
    import numpy as np
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    kinds = {name: np.float16 if name in STORED_HALF else array.dtype for name, array in encoder.arrays.items()}
    arrays = {name: np.ascontiguousarray(array, kinds[name]) for name, array in encoder.arrays.items()}
    arrays[EMBEDDING], arrays[SCALE] = pack_rows(encoder.arrays[EMBEDDING])
    save_file(arrays, folder / "model.safetensors")
    config = {"keys": encoder.keys, "words": encoder.words, "threshold": encoder.threshold}
    (folder / "config.json").write_text(json.dumps(config, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
