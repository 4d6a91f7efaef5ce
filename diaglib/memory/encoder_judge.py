"""The judge of `local`: how much of each piece of evidence to believe, and from which similarity on a memory is brought up.

Used by `diaglib memory train` and notebook 06. Rule: it learns only from keys and wordings its embedding was not trained on.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diaglib.environment import one_thread
from diaglib.memory.encoder_local import LocalEncoder
from diaglib.memory.encoder_training import TrainingSettings, train_embedding
from diaglib.memory.evaluation import Judged, choose_threshold, measure, threshold_curve
from diaglib.memory.lines import Topic, another_writers_lines, chit_chat, count_messages, load_topics, unseen_lines
from diaglib.memory.pairs import Line, targets

if TYPE_CHECKING:
    import numpy as np

STORED_HALF = ("embedding", "rarity")  # half precision is enough for rows that are summed
CHATS_A_STORE = 6
UNSEEN_KEYS_A_STORE = 2


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A store whose keys or wordings an embedding has not seen: features (memories, messages, features), the target of each, 0
    for chit-chat, whose messages are the last `chats`."""

    features: np.ndarray
    truth: np.ndarray
    chats: int


def train_local(folder: str | Path, settings: TrainingSettings | None = None) -> dict[str, Any]:
    """Trains the whole encoder on our lines, writes it with its model card to `folder` and returns its record."""
    from diaglib.memory.encoder_card import write_card

    settings = settings or TrainingSettings()
    started = time.process_time()
    topics, chat = load_topics(), chit_chat()
    curve: list[dict[str, float]] = []
    with one_thread():
        folds = held_out_folds(topics, chat, settings)
        encoder = train_embedding(topics, chat, settings, curve)
        limits = threshold_curve(cross_judged(encoder, folds, settings))
        encoder = fit_judge(encoder, [store for fold in folds for store in fold], settings)
    encoder.threshold = choose_threshold(limits, settings.precision, settings.silence)
    record = {
        "settings": asdict(settings),
        "lines": count_messages(topics),
        "keys": len(encoder.keys),
        "cpu_seconds": round(time.process_time() - started),
        "training": curve,
        "held_out": [asdict(row) for row in limits],
        "unseen": measure(encoder, unseen_lines(), chat),
        "another_writer": measure(encoder, another_writers_lines(), chat),
    }
    folder = Path(folder)
    save(encoder, folder)
    (folder / "training.json").write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    write_card(folder, record)
    return record


def save(encoder: LocalEncoder, folder: Path) -> None:
    """Weights and names into a folder that `LocalEncoder.load` takes; the threshold is written last."""
    import numpy as np
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    kinds = {name: np.float16 if name in STORED_HALF else np.float32 for name in encoder.arrays}
    arrays = {name: np.ascontiguousarray(array, kinds[name]) for name, array in encoder.arrays.items()}
    save_file(arrays, folder / "model.safetensors")
    config = {"keys": encoder.keys, "words": encoder.words, "threshold": encoder.threshold}
    (folder / "config.json").write_text(json.dumps(config, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def held_out_folds(topics: Sequence[Topic], chat: Sequence[str], settings: TrainingSettings) -> list[list[HeldOut]]:
    """Stores of what an embedding has not seen, by fold.

    A fold leaves out a whole source of lines, which was written in another manner than the rest, and some chit-chat: a judge
    that was fitted on more of the same would believe too much. Its stores mix keys the rest has and keys it lacks, several lines
    a key, as people have several plans but speak of few things.
    """
    rng = random.Random(settings.seed + 1)
    small_talk = rng.sample(list(chat), len(chat))
    sources = sorted({topic.source for topic in topics})[: settings.folds]
    folds = []
    for fold, source in enumerate(sources):
        rest = [topic for topic in topics if topic.source != source]
        keys = {topic.key for topic in rest}
        late = [topic for topic in topics if topic.source == source and topic.key in keys]
        unseen = [topic for topic in topics if topic.source == source and topic.key not in keys]
        silent = small_talk[fold :: len(sources)]
        encoder = train_embedding(rest, [row for row in small_talk if row not in silent], settings)
        stores = []
        for _ in range(settings.stores):
            lines = _store(unseen, rng, UNSEEN_KEYS_A_STORE) + _store(late, rng, rng.randint(4, 12))
            stores.append(_held_out(encoder, lines, rng.sample(silent, min(CHATS_A_STORE, len(silent)))))
        folds.append(stores)
    return folds


def _store(topics: Sequence[Topic], rng: random.Random, keys: int) -> list[Line]:
    """Lines of some keys, one to six each: a key with many lines is drawn more often, as people speak of it more often."""
    by_key: dict[str, list[Line]] = {}
    for topic in topics:
        by_key.setdefault(topic.key, []).extend(topic.lines(rng))
    names = sorted(name for name, lines in by_key.items() if lines)
    if not names:
        return []
    drawn = sorted(set(rng.choices(names, [len(by_key[name]) for name in names], k=keys)))
    return [line for name in drawn for line in rng.sample(by_key[name], min(len(by_key[name]), rng.randint(1, 6)))]


def _held_out(encoder: LocalEncoder, lines: Sequence[Line], chats: Sequence[str]) -> HeldOut:
    import numpy as np

    keys = [line.key for line in lines]
    truth = np.concatenate([targets(keys, keys), np.zeros((len(lines), len(chats)))], axis=1)
    messages = [line.message for line in lines] + list(chats)
    return HeldOut(encoder.features([line.memory for line in lines], messages), truth, len(chats))


def cross_judged(encoder: LocalEncoder, folds: Sequence[Sequence[HeldOut]], settings: TrainingSettings) -> list[Judged]:
    """Every held-out store as a judge sees it that was fitted on the other folds: what the threshold is calibrated on."""
    judged: list[Judged] = []
    for number, fold in enumerate(folds):
        others = [store for place, other in enumerate(folds) if place != number for store in other]
        judge = fit_judge(encoder, others, settings)
        for store in fold:
            predicted, known = judge.judge(store.features), store.truth.shape[1] - store.chats
            judged.append((predicted[:, :known], store.truth[:, :known], predicted[:, known:]))
    return judged


def fit_judge(encoder: LocalEncoder, stores: Sequence[HeldOut], settings: TrainingSettings) -> LocalEncoder:
    """The encoder with a judge: a layer of tanh and a sigmoid that give the expected target of features, by cross-entropy."""
    import numpy as np
    import torch
    import torch.nn.functional as F

    torch.manual_seed(settings.seed)
    inputs = np.concatenate([store.features.reshape(-1, store.features.shape[-1]) for store in stores])
    wanted = torch.tensor(np.concatenate([store.truth.ravel() for store in stores]), dtype=torch.float32)
    mean, scale = inputs.mean(axis=0), inputs.std(axis=0) + 1e-3
    scaled = torch.tensor((inputs - mean) / scale, dtype=torch.float32)
    layer = torch.nn.Linear(inputs.shape[1], settings.judge_width)
    out = torch.nn.Linear(settings.judge_width, 1)
    rate = 1e-2
    optimizer = torch.optim.AdamW([*layer.parameters(), *out.parameters()], rate, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=settings.judge_steps)
    for _ in range(settings.judge_steps):
        rows = torch.randint(0, len(scaled), (2_048,))
        loss = F.binary_cross_entropy_with_logits(out(torch.tanh(layer(scaled[rows])))[:, 0], wanted[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    judge = {
        "judge_mean": mean,
        "judge_scale": scale,
        "judge_in": layer.weight.detach().numpy().T,
        "judge_bias": layer.bias.detach().numpy(),
        "judge_out": out.weight.detach().numpy()[0],
        "judge_out_bias": out.bias.detach().numpy(),
    }
    return LocalEncoder(encoder.arrays | judge, encoder.keys, encoder.words, encoder.threshold)
