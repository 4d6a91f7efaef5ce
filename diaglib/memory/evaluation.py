"""How good an encoder is: error and correlation against the published target, the right item, the right silence.

Used by `diaglib memory eval`, the training and notebook 06. Rule: measured as published, on full stores and on stores without
the right key, so that figures can be laid side by side.
"""

from __future__ import annotations

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
    left alone; each 0..1 (None where there was nothing to count)."""

    threshold: float
    recall: float
    precision: float | None
    silence: float
    chat_silence: float | None


def at_threshold(
    predicted: np.ndarray, truth: np.ndarray, threshold: float, chat: np.ndarray | None = None
) -> tuple[Limits, dict[str, tuple[int, int]]]:
    """What a threshold does on (memories, messages) similarities, and the counts behind it.

    Every message meets two stores, as published: all memories, and all but those of its key. `chat` holds the similarities of
    chit-chat.
    """
    import numpy as np

    count = predicted.shape[1]
    best = predicted.argmax(axis=0)
    columns = np.arange(count)
    attached = predicted[best, columns] >= threshold
    right = attached & (truth[best, columns] == 1.0)
    others = np.where(truth < 1.0, predicted, -np.inf).max(axis=0)
    wrong = others >= threshold
    shown = int(attached.sum() + wrong.sum())
    quiet = None if chat is None or not chat.size else (chat.max(axis=0) < threshold)
    counts = {
        "recall": (int(right.sum()), count),
        "precision": (int(right.sum()), shown),
        "silence": (int((~wrong).sum()), count),
    }
    if quiet is not None:
        counts["chat_silence"] = (int(quiet.sum()), len(quiet))
    return (
        Limits(
            threshold,
            right.sum() / count,
            float(right.sum() / shown) if shown else None,
            float((~wrong).sum() / count),
            None if quiet is None else float(quiet.mean()),
        ),
        counts,
    )


def threshold_curve(
    predicted: np.ndarray, truth: np.ndarray, chat: np.ndarray | None = None, steps: int = 99
) -> list[Limits]:
    """`Limits` at evenly spaced thresholds between 0 and 1."""
    return [at_threshold(predicted, truth, step / (steps + 1), chat)[0] for step in range(1, steps + 1)]


def choose_threshold(curve: Sequence[Limits], precision: float, silence: float) -> float:
    """The lowest threshold that keeps that precision and silence from there on; the highest of the curve where none does."""
    chosen = curve[-1].threshold
    for limits in reversed(curve):
        if (limits.precision is not None and limits.precision < precision) or limits.silence < silence:
            break
        chosen = limits.threshold
    return chosen


def measure(encoder: Judging, lines: Sequence[Line], chat: Sequence[str] = (), threshold: float | None = None) -> dict:
    """Every figure of an encoder on lines, with the 95% intervals of the rates, as one JSON document.

    Raises ValueError where there are fewer than two lines: nothing can be compared.
    """
    import numpy as np

    if len(lines) < 2:
        raise ValueError(f"{len(lines)} line is too few to compare: give two or more, each `[key: value] message`")
    memories = [line.memory for line in lines]
    truth = targets([line.key for line in lines], [line.key for line in lines])
    predicted = np.asarray(encoder.similarity(memories, [line.message for line in lines]), float)
    small_talk = np.asarray(encoder.similarity(memories, list(chat)), float) if chat else None
    limit = float(encoder.threshold if threshold is None else threshold)
    limits, counts = at_threshold(predicted, truth, limit, small_talk)
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
        "threshold": round(limits.threshold, 4),
        **{name: round(passed / total, 4) if total else None for name, (passed, total) in rates.items()},
        "intervals": {name: [round(end, 4) for end in wilson_interval(passed, total)] for name, (passed, total) in rates.items()},
    }
