"""Korean chat: 25 messages, one short answer each, and figures of what goes wrong in them; a person's rating beside.

Used by notebook 01 with TASK = "chat". Rule: the figures say how an answer fails in form; whether it is good, only the rating
column says.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
import time
import tomllib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diaglib.candidates.settings import Settings
from diaglib.candidates.subject import content_key
from diaglib.candidates.tasks import answer_row
from diaglib.files import as_cell, from_cell, write_whole

if TYPE_CHECKING:
    import pandas

name = "chat"
FILE = Path(__file__).with_name("chat.toml")
LEAST_HANGUL_SHARE = 0.5
RATING_COLUMNS = ("candidate", "message", "rating")
HIGHEST_RATING = 5
_REPEATED_WORDS = 3  # the same word or run of words so often in a row
_LOOP = re.compile(r"(.{2,40}?)\1{2,}", re.DOTALL)


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def messages() -> tuple[str, ...]:
    """The 25 messages."""
    return tuple(_data()["messages"])


def pairs() -> list[tuple[str, str]]:
    """(message, answer) rows for tuning; no message of the 25 is among them."""
    return [(row["message"], row["answer"]) for row in _data()["pair"]]


def configuration(settings: Settings) -> dict[str, Any]:
    return {"messages": content_key(messages()), "pairs": content_key(pairs())}


def sample_prompt(settings: Settings) -> str:
    return messages()[0]


def ask(writer: Any, settings: Settings) -> list[dict[str, Any]]:
    """One greedy answer a message, each by itself, as a person would wait for it."""
    rows = []
    for place, message in enumerate(messages()):
        start = time.perf_counter()
        (answer,) = writer.chat_answers([message], settings.seed, settings.chat_new_tokens)
        seconds = time.perf_counter() - start
        rows.append(answer_row("chat", str(place), message, answer.text, len(answer.tokens), answer.stopped, seconds))
    return rows


# judging ------------------------------------------------------------------------------------------------------------------


def faults(message: str, answer: str, stopped: bool) -> list[str]:
    """What is wrong with the form of an answer: empty, repeated, unfinished, non-Hangul; nothing where it can be shown."""
    text = answer.strip()
    if not text:
        return ["empty"]
    found = []
    if is_repeated(text) or "".join(text.split()) == "".join(message.split()):
        found.append("repeated")
    if not stopped:
        found.append("unfinished")
    letters = [character for character in text if character.isalpha()]
    hangul = sum("가" <= character <= "힣" or "ㄱ" <= character <= "ㆎ" for character in letters)
    if not letters or hangul < LEAST_HANGUL_SHARE * len(letters):
        found.append("non-Hangul")
    return found


def is_repeated(text: str) -> bool:
    """Whether a run of characters, or a word, stands three times in a row. Looks at the first 2,000 characters."""
    text = text[:2_000]
    words = text.split()
    runs = any(len(set(words[i : i + _REPEATED_WORDS])) == 1 for i in range(len(words) - _REPEATED_WORDS + 1))
    return runs or _LOOP.search(text) is not None


def distinct_2(answers: Sequence[str]) -> float:
    """Different pairs of neighbouring words over all pairs, 0..1 (Li et al. 2016); 0 where there are none."""
    found = [pair for answer in answers for words in [answer.split()] for pair in itertools.pairwise(words)]
    return len(set(found)) / len(found) if found else 0.0


def judge(answers: pandas.DataFrame, settings: Settings) -> dict[str, Any]:
    """Shares of empty, repeated, unfinished and non-Hangul answers, distinct-2; passed are those without any fault."""
    if answers.empty:
        return {}
    found = [faults(row.prompt, row.answer, row.stopped) for row in answers.itertuples()]
    shares = {kind: sum(kind in one for one in found) / len(found) for kind in ("empty", "repeated", "unfinished", "non-Hangul")}
    return {
        "passed": sum(not one for one in found),
        "asked": len(found),
        **shares,
        "distinct_2": distinct_2(list(answers.answer)),
    }


def read_ratings(path: str | Path) -> dict[str, list[float]]:
    """Ratings 0..5 of a person, candidate -> ratings, from a CSV with the columns candidate, message, rating.

    Raises ValueError naming file, line and field where one cannot be.
    """
    path = Path(path)
    found: dict[str, list[float]] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if missing := set(RATING_COLUMNS) - set(reader.fieldnames or ()):
            raise ValueError(
                f"{path.name}, line 1: there is no column '{sorted(missing)[0]}'; needed: {', '.join(RATING_COLUMNS)}"
            )
        for row in reader:
            if not (row["rating"] or "").strip():
                continue  # not rated yet
            try:
                rating = float(row["rating"])
            except ValueError:
                rating = -1.0
            if not 0 <= rating <= HIGHEST_RATING:
                where = f"{path.name}, line {reader.line_num}"
                raise ValueError(f"{where}: rating is '{row['rating']}', it must be a number from 0 to {HIGHEST_RATING}")
            found.setdefault(from_cell(row["candidate"]), []).append(rating)
    return found


def write_rating_sheet(path: str | Path, answers: dict[str, pandas.DataFrame]) -> Path:
    """A CSV to be filled by a person: every answer of every candidate with an empty rating. What is rated already stays."""
    path = Path(path)
    rated: dict[tuple[str, str], str] = {}
    if path.is_file():
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                rated[from_cell(row["candidate"]), from_cell(row["message"])] = row["rating"]
    sheet = io.StringIO(newline="")
    writer = csv.writer(sheet)
    writer.writerow([*RATING_COLUMNS, "answer"])
    for candidate, rows in answers.items():
        for row in rows.itertuples():
            cells = (candidate, row.prompt, rated.get((candidate, row.prompt), ""), row.answer)
            writer.writerow(map(as_cell, cells))
    return write_whole(path, sheet.getvalue().encode("utf-8-sig"))


def tuning_rows(settings: Settings) -> Sequence[tuple[str, str]]:
    return pairs()[: settings.lora_rows]
