"""Pairs for preference tuning: the target, and the model's own imperfect answer to the same prompt.

Notebook 04 and `diaglib tune pairs`. Rule: building them can be killed at any time; the next call goes on after the last row
that was written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

from diaglib.llm import load
from diaglib.llm.tiny import TinyAnswer, TinyModel
from diaglib.tuning.errors import TuningError
from diaglib.tuning.rows import Row
from diaglib.tuning.run import weights_digest
from diaglib.tuning.scores import scored

ROWS_AT_ONCE = 32


@dataclass(frozen=True)
class Pair:
    """A prompt, the answer to prefer, one of the model's own that is worse, and that one's score (0 where it is no plan).

    `tokens` are those an embedded model wrote the rejected answer in; empty for a model of the hub, which can read its text.
    """

    prompt: str
    chosen: str
    rejected: str
    score: float
    family: str = ""
    tokens: tuple[str, ...] = ()


def build_pairs(
    model: str | Path,
    rows: Sequence[Row],
    file: Path,
    samples: int = 4,
    temperature: float = 1.0,
    seed: int = 0,
    replace: bool = False,
) -> list[Pair]:
    """Samples answers of `model` to every row and keeps the worst that scores below 1, which may be no plan at all; rows
    answered well by all samples give no pair.

    `file` (JSON lines) is written row by row and continued where it was left. Raises TuningError where it belongs to other
    rows or another model (with `replace` it is moved aside instead), or where no answer was imperfect.
    """
    from tqdm import tqdm

    file = Path(file)
    told = hashlib.sha256(json.dumps([(row.prompt, row.answer) for row in rows]).encode()).hexdigest()[:16]
    header = {
        "model": str(model),
        "weights": weights_digest(model),
        "told": told,
        "rows": len(rows),
        "samples": samples,
        "temperature": temperature,
        "seed": seed,
    }
    if replace and _holds_other(file, header):
        file.replace(file.with_suffix(".before.jsonl"))
    done = _read(file, header)
    writer: Any = load(model) if len(done) < len(rows) else None
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as out:
        if not file.stat().st_size:
            out.write(json.dumps(header) + "\n")
        bar = tqdm(total=len(rows), initial=len(done), desc="pairs", unit="row")
        for start in range(len(done), len(rows), ROWS_AT_ONCE):
            part = rows[start : start + ROWS_AT_ONCE]
            for row, found in zip(part, _drawn(writer, part, samples, temperature, seed + start), strict=True):
                pair = worst(row, found)
                done.append(pair)
                out.write(json.dumps(asdict(pair) if pair else None, ensure_ascii=False) + "\n")
            out.flush()
            bar.update(len(part))
        bar.close()
    pairs = [pair for pair in done if pair is not None]
    if not pairs:
        raise TuningError(
            "rows", f"none of {len(rows)} rows was answered imperfectly: raise temperature or samples, or take harder rows"
        )
    return pairs


def worst(row: Row, drawn: Sequence[TinyAnswer]) -> Pair | None:
    """The pair of a row, from the model's answers to it; None where all of them are right.

    An answer that is no plan is the worst there is: without these a model goes on to write what cannot be drawn.
    """
    imperfect = [(score, one) for one in dict.fromkeys(drawn) if (score := scored(row, one.text).score) < 1]
    if not imperfect:
        return None
    score, one = min(imperfect, key=itemgetter(0))
    return Pair(row.prompt, row.answer, one.text, score, row.family, one.tokens)


def _drawn(writer: Any, rows: Sequence[Row], samples: int, temperature: float, seed: int) -> list[list[TinyAnswer]]:
    """Answers to rows; of an embedded model with their tokens."""
    asked = ([row.prompt for row in rows], samples, temperature, seed)
    if isinstance(writer, TinyModel):
        return writer.plan_answers(*asked)
    return [[TinyAnswer(text, ()) for text in found if text.strip()] for found in writer.plan_texts(*asked)]


def read_pairs(file: Path) -> list[Pair]:
    """The pairs that `build_pairs` wrote. Raises OSError where the file cannot be read, TuningError where it is another kind."""
    try:
        records = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()[1:]]
        return [_pair(record) for record in records if record]
    except (ValueError, TypeError) as error:
        raise TuningError("rows", f"{file} is not a file of pairs ({error}): make one with `diaglib tune pairs`") from None


def _holds_other(file: Path, header: dict[str, Any]) -> bool:
    """Whether the file's first line is whole and another header."""
    first = file.read_bytes().split(b"\n", 1) if file.is_file() else []
    return len(first) == 2 and json.loads(first[0]) != header


def _read(file: Path, header: dict[str, Any]) -> list[Pair | None]:
    """What was written before, up to the first line that is not whole, which is cut off."""
    if not file.is_file():
        return []
    lines = file.read_bytes().split(b"\n")
    whole = lines[:-1]  # what follows the last line break was cut by a kill
    if not whole:
        file.unlink()
        return []
    if _holds_other(file, header):
        raise TuningError("rows", f"{file} holds pairs of another model or other rows: choose another file, or remove it")
    if lines[-1]:
        with file.open("r+b") as open_file:
            open_file.truncate(sum(len(line) + 1 for line in whole))
    return [_pair(record) if (record := json.loads(line)) else None for line in whole[1:]]


def _pair(record: dict[str, Any]) -> Pair:
    return Pair(**record | {"tokens": tuple(record.get("tokens", ()))})
