"""Multiple choice in Korean: accuracy by the likelihood of the choice's number, and by what the model writes.

Used by notebook 01 with TASK = "mcqa". Rule: an answer that names no choice is wrong; models are compared on the same questions.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from diaglib.candidates.settings import Settings
from diaglib.candidates.subject import content_key
from diaglib.candidates.tasks import answer_row
from diaglib.candidates.tasks.questions import Question, questions

if TYPE_CHECKING:
    import pandas

name = "mcqa"
_CIRCLED = "①②③④⑤"
# a number that stands alone near the start, or behind the word for answer
_NAMED = re.compile(r"(?:정답|답)\s*[은는:]?\s*([1-5①-⑤])(?!\d)")
_FIRST = re.compile(r"^[^0-9①-⑤]{0,40}([1-5①-⑤])(?!\d)")
_AT_ONCE = 8
_TIMED_ALONE = 4


def question_text(question: Question) -> str:
    """A question as a model is asked it, closed by `정답:`."""
    parts = [f"지문:\n{question.passage}"] if question.passage else []
    parts += [f"문제: {question.text}"]
    parts += [f"<보기>\n{question.extra}"] if question.extra else []
    parts += ["\n".join(f"{i}. {choice}" for i, choice in enumerate(question.choices, 1))]
    return "\n\n".join(["다음 글을 읽고 알맞은 답의 번호를 고르시오.", *parts, "정답:"])


def configuration(settings: Settings) -> dict[str, Any]:
    if settings.mcqa_source != "own":  # a public set is known by its name: looking at it would download it
        return {"questions": settings.mcqa_source}
    asked = questions("own", settings.mcqa_questions)
    return {"questions": content_key([[q.id, question_text(q), q.answer] for q in asked])}


def sample_prompt(settings: Settings) -> str:
    return question_text(questions("own")[0])


def ask(writer: Any, settings: Settings) -> list[dict[str, Any]]:
    """Both ways for every question; a baseline has scores of its own and writes nothing."""
    asked = questions(settings.mcqa_source, settings.mcqa_questions)
    rows = [_by_likelihood(writer, question) for question in asked]
    if not hasattr(writer, "answers"):
        return rows
    alone = min(_TIMED_ALONE, len(asked))
    for start in [*range(alone), *range(alone, len(asked), _AT_ONCE)]:
        part = asked[start : start + (1 if start < alone else _AT_ONCE)]
        texts = [question_text(question) for question in part]
        began = time.perf_counter()
        found = writer.answers(texts, 1, 0.0, settings.seed, settings.mcqa_new_tokens)
        seconds = time.perf_counter() - began if len(part) == 1 else None
        for question, text, (answer,) in zip(part, texts, found, strict=True):
            extra = _extra(question, read_choice(answer.text, len(question.choices)))
            rows.append(
                answer_row("written", question.id, text, answer.text, len(answer.tokens), answer.stopped, seconds, 0, extra)
            )
    return rows


def _by_likelihood(writer: Any, question: Question) -> dict[str, Any]:
    from diaglib.candidates.speed import choice_scores

    text = question_text(question)
    began = time.perf_counter()
    if getattr(writer, "score", None) is not None:
        scores = writer.score(question)
    else:
        scores = choice_scores(writer, text, [str(i) for i in range(1, len(question.choices) + 1)])
    seconds = time.perf_counter() - began
    chosen = max(range(len(scores)), key=lambda i: scores[i]) + 1
    return answer_row("likelihood", question.id, text, str(chosen), 0, True, seconds, 0, _extra(question, chosen))


def _extra(question: Question, chosen: int | None) -> str:
    return json.dumps({"chosen": chosen, "right": question.answer, "half": question.half})


def read_choice(answer: str, choices: int) -> int | None:
    """The number of the choice an answer names, or None."""
    text = answer[:2_000].strip()
    match = _NAMED.search(text) or _FIRST.match(text)
    if match is None:
        return None
    number = _CIRCLED.find(match[1]) + 1 or int(match[1])
    return number if number <= choices else None


# judging ------------------------------------------------------------------------------------------------------------------


def right_answers(answers: pandas.DataFrame, part: str = "likelihood") -> dict[str, bool]:
    """Question id -> whether it was answered rightly."""
    rows = answers[answers.part == part]
    return {row.item: (found := json.loads(row.extra))["chosen"] == found["right"] for row in rows.itertuples()}


def judge(answers: pandas.DataFrame, settings: Settings) -> dict[str, Any]:
    """Right k of n by likelihood (which decides) and as written, and of the public and the private half."""
    figures: dict[str, Any] = {}
    for part, rows in answers.groupby("part", sort=False):
        right = right_answers(answers, str(part))
        halves = {row.item: json.loads(row.extra)["half"] for row in rows.itertuples()}
        prefix = "" if part == "likelihood" else "written: "
        figures |= {f"{prefix}passed": sum(right.values()), f"{prefix}asked": len(right)}
        for half in ("public", "private"):
            own = [right[item] for item, where in halves.items() if where == half]
            figures |= {f"{prefix}{half}_right": sum(own), f"{prefix}{half}_asked": len(own)}
        if part == "written":
            figures["written: no choice named"] = sum(json.loads(row.extra)["chosen"] is None for row in rows.itertuples())
    return figures


def tuning_rows(settings: Settings) -> Sequence[tuple[str, str]]:
    return [(question_text(question), str(question.answer)) for question in questions("own")[: settings.lora_rows]]
