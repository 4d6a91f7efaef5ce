"""The model card of a trained `local` encoder. Used by `diaglib memory train`.

Rule: every number of it comes from the record of the training.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from diaglib.memory.encoder_training import TrainingSettings


def write_card(folder: Path, record: dict[str, Any]) -> Path:
    """README.md of a model folder."""
    settings, unseen, others = record["settings"], record["unseen"], record["other_writers"]
    at_limit = min(record["calibration"], key=lambda row: abs(row["threshold"] - unseen["threshold"]))
    epochs = "" if settings["epochs"] == TrainingSettings().epochs else f" --epochs {settings['epochs']}"
    size = (folder / "model.safetensors").stat().st_size / 2**20
    lines = [
        "# The embedded encoder `local`",
        "",
        "Tells how well a memory `[key: value]` fits a Korean message: the expected overlap (intersection over union) of the",
        "words of the memory's key and of the key the message calls for. numpy alone at query time; MIT like the project.",
        "",
        "| what | figure |",
        "|---|---|",
        f"| size | {size:.1f} MiB safetensors |",
        f"| embedding | words, pairs of words, syllable and jamo n-grams hashed into 32,768 rows of {settings['width']}, "
        f"four bits a number, and windows of three words in them; {settings['members']} such embeddings of other seeds |",
        f"| on top | a model of {record['keys']} keys and of their words, a memory side, what value and message speak of, "
        "shares of key and value in the message, what was said of like values in like words, and a judge that mixes them |",
        f"| looked up | {record['said']:,} messages and words, as buckets of the syllable pairs in them |",
        f"| data | {record['lines']:,} messages written one by one, machine-made variants of them, words that go with "
        f"{record['associations']:,} values, chit-chat |",
        f"| training | {settings['epochs']} epochs, {settings['folds']} folds for the judge, "
        f"{record['cpu_seconds']} CPU seconds |",
        f"| threshold | {unseen['threshold']:.2f}: {len(record['thresholds_of_writers'])} further writers' sets need "
        f"{min(record['thresholds_of_writers']):.2f} to {max(record['thresholds_of_writers']):.2f} for precision "
        f"{settings['precision']} and silence {settings['silence']}; a deviation above their mean |",
        "",
        "| figure | the sets it was chosen on | the unseen lines "
        + "".join(f"| writer {number} " for number in range(1, len(others) + 1))
        + "|",
        "|---|---|---|" + "---|" * len(others),
        *(
            f"| {words} | {_figure(at_limit.get(name))} |"
            + "|".join(f" {_figure(figures.get(name))} {_interval(figures, name)} " for figures in (unseen, *others))
            + "|"
            for name, words in (
                ("top1", "right item first"),
                ("recall", "right item brought up"),
                ("precision", "right, of what is brought up"),
                ("silence", "silent where the right key is missing"),
                ("chat_silence", "silent in chit-chat"),
                ("mse", "squared error against the target"),
                ("correlation", "correlation with the target"),
            )
        ),
        "",
        f"The unseen lines are {unseen['lines']} lines over {unseen['keys']} keys; neither keys nor wordings were trained on. "
        f"Writers 1 to {len(others)} wrote no line of the training: "
        + ", ".join(f"{figures['lines']} lines over {figures['keys']} keys" for figures in others)
        + ", each all in one store. In brackets: 95% intervals.",
        "",
        f"Made by `python -m diaglib memory train{epochs} --out FOLDER`.",
        "",
        "Limits: it knows the words of its training lines and their neighbours, not Korean. A message whose words it never met",
        "is judged by what it shares with key and value. Keys are compared by their words, so two values of a key are alike.",
    ]
    path = folder / "README.md"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _interval(unseen: dict[str, Any], name: str) -> str:
    ends = unseen["intervals"].get(name)
    return f"({ends[0]:.2f} to {ends[1]:.2f})" if ends else ""
