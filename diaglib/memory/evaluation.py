"""How good an encoder is: error and correlation against the published target, the right item, the right silence.

Used by `diaglib memory eval`, the training and notebook 06. Rule: measured as published, on full stores and on stores without
the right key, so that figures can be laid side by side.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from diaglib.memory.pairs import Line, targets
from diaglib.statistics import wilson_interval

if TYPE_CHECKING:
    import numpy as np

PUBLISHED = {
    "mse": 0.0880,
    "mae": 0.1681,
    "correlation": 0.6259,
    "top1": 0.65,
    "threshold": 0.6,
    "recall": 0.60,
    "precision": 0.46,
    "silence": 0.60,
    "lines": 20,
}


class Judging(Protocol):
    """What can be measured."""

    threshold: float

    def similarity(self, memories: Sequence[str], messages: Sequence[str]) -> np.ndarray: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """What a threshold does: recall and precision of what is attached, silence where the store lacks the right key, chit-chat
    left alone; each 0..1, None where there was nothing to count."""

    threshold: float
    recall: float | None
    precision: float | None
    silence: float | None
    chat_silence: float | None


# similarities and targets, (memories, messages) each, and the similarities of chit-chat
Judged = tuple["np.ndarray", "np.ndarray", "np.ndarray | None"]
Counts = dict[str, tuple[int, int]]


def counts_at(threshold: float, stores: Sequence[Judged]) -> Counts:
    """How often a threshold does right, of how many, over several stores.

    Every message meets two versions of its store, as published: all memories, and all but those of its key.
    """
    import numpy as np

    recall = shown = silent = asked = quiet = chats = 0
    for predicted, truth, chat in stores:
        best = predicted.argmax(axis=0)
        columns = np.arange(predicted.shape[1])
        attached = predicted[best, columns] >= threshold
        recall += int((attached & (truth[best, columns] == 1.0)).sum())
        wrong = np.where(truth < 1.0, predicted, -np.inf).max(axis=0) >= threshold
        shown += int(attached.sum() + wrong.sum())
        silent += int((~wrong).sum())
        asked += predicted.shape[1]
        if chat is not None and chat.size:
            quiet += int((chat.max(axis=0) < threshold).sum())
            chats += chat.shape[1]
    return {"recall": (recall, asked), "precision": (recall, shown), "silence": (silent, asked), "chat_silence": (quiet, chats)}


def threshold_curve(stores: Sequence[Judged], steps: int = 99) -> list[Limits]:
    """`Limits` at evenly spaced thresholds between 0 and 1, over several stores."""
    curve = []
    for step in range(1, steps + 1):
        counts = counts_at(step / (steps + 1), stores)
        curve.append(Limits(step / (steps + 1), **{name: _rate(*passed) for name, passed in counts.items()}))
    return curve


def _rate(passed: int, total: int) -> float | None:
    return passed / total if total else None


def choose_threshold(curve: Sequence[Limits], precision: float, silence: float) -> float:
    """The lowest threshold that keeps that precision and silence from there on; the highest of the curve where none does."""
    chosen = curve[-1].threshold
    for limits in reversed(curve):
        if (limits.precision is not None and limits.precision < precision) or (limits.silence or 0.0) < silence:
            break
        chosen = limits.threshold
    return chosen


def judged(encoder: Judging, lines: Sequence[Line], chat: Sequence[str] = ()) -> Judged:
    """What an encoder says of every memory and message of lines, what it should say, and what it says of chit-chat."""
    import numpy as np

    memories = [line.memory for line in lines]
    predicted = np.asarray(encoder.similarity(memories, [line.message for line in lines]), float)
    small_talk = np.asarray(encoder.similarity(memories, list(chat)), float) if chat else None
    keys = [line.key for line in lines]
    return predicted, targets(keys, keys), small_talk


def calibrated_threshold(
    encoder: Judging, lines: Sequence[Line], chat: Sequence[str], precision: float, silence: float, store_size: int = 40
) -> float:
    """The threshold for a precision and silence on held-out lines, in stores of `store_size` lines."""
    rng = random.Random(0)
    order = list(lines)
    rng.shuffle(order)
    stores = [order[at : at + store_size] for at in range(0, len(order), store_size)]
    some = rng.sample(list(chat), min(len(chat), store_size))
    return choose_threshold(threshold_curve([judged(encoder, store, some) for store in stores]), precision, silence)


def measure(encoder: Judging, lines: Sequence[Line], chat: Sequence[str] = (), threshold: float | None = None) -> dict:
    """Every figure of an encoder on lines, with the 95% intervals of the rates, as one JSON document.

    Raises ValueError where there are fewer than two lines: nothing can be compared.
    """
    import numpy as np

    if len(lines) < 2:
        raise ValueError(f"{len(lines)} line is too few to compare: give two or more, each `[key: value] message`")
    predicted, truth, small_talk = judged(encoder, lines, chat)
    limit = float(encoder.threshold if threshold is None else threshold)
    counts = counts_at(limit, [(predicted, truth, small_talk)])
    best = predicted.argmax(axis=0)
    hits = int((truth[best, np.arange(len(lines))] == 1.0).sum())
    error = predicted - truth
    spread = predicted.std() * truth.std()
    correlation = float(np.mean((predicted - predicted.mean()) * (truth - truth.mean())) / spread) if spread > 0 else None
    rates = {"top1": (hits, len(lines)), **counts}
    return {
        "lines": len(lines),
        "keys": len({line.key for line in lines}),
        "mse": round(float(np.mean(error**2)), 4),
        "mse_of_the_mean": round(float(truth.var()), 4),
        "mae": round(float(np.mean(abs(error))), 4),
        "correlation": None if correlation is None else round(correlation, 4),
        "threshold": round(limit, 4),
        **{name: round(passed / total, 4) if total else None for name, (passed, total) in rates.items()},
        "intervals": {name: [round(end, 4) for end in wilson_interval(passed, total)] for name, (passed, total) in rates.items()},
    }
