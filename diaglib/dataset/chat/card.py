"""The data card of the persona's pairs, with counts and likeness measured on the files as they are.

Used by notebook 03 and to write README.md beside the data. Rule: no number of the card is typed.
"""

from __future__ import annotations

from collections import Counter
from statistics import fmean

from diaglib.dataset.chat.pairs import CATEGORIES, SPLITS, ChatPair, chat_pairs, likeness
from diaglib.dataset.chat.variants import frame_count, other_wordings


def nearest_across_splits(part: int) -> tuple[float, ChatPair, ChatPair]:
    """The most alike validation and training pair by their questions (`part` 1) or answers (2), with the likeness."""
    return max(
        ((likeness(held[part], seen[part]), held, seen) for held in chat_pairs("validation") for seen in chat_pairs("train")),
        key=lambda found: found[0],
    )


def chat_data_card() -> str:
    """Markdown: what the pairs are, how many of each kind, how alike the splits are, and what they lack."""
    pairs = {split: chat_pairs(split) for split in SPLITS}
    counts = {split: Counter(pair.category for pair in pairs[split]) for split in SPLITS}
    letters = [len(pair.answer) for pair in pairs["train"]]
    question_likeness, held_question, seen_question = nearest_across_splits(1)
    answer_likeness, held_answer, seen_answer = nearest_across_splits(2)
    lines = [
        "# Data card: the Korean chat persona 모리",
        "",
        f"{len(pairs['train'])} training and {len(pairs['validation'])} validation pairs of a message and an answer, written by",
        "hand for this project, MIT. She is a small program, says so, speaks politely (해요체), is warm and a little witty.",
        "",
        "| category | training | validation | example |",
        "|---|---|---|---|",
    ]
    for category in CATEGORIES:
        example = min((pair for pair in pairs["train"] if pair.category == category), key=lambda pair: len(pair.answer))
        counted = f"{counts['train'][category]} | {counts['validation'][category]}"
        lines.append(f"| {category} | {counted} | {example.question} → {example.answer} |")
    lines += [
        "",
        f"Answers have {min(letters)} to {max(letters)} characters, {fmean(letters):.0f} on average.",
        "A memory stands in brackets, `[오늘 일정: 발표]`: before the message where one was remembered (memory use), before the",
        "answer where one is to be stored (memory note, where things are).",
        "",
        "No near-duplicates across the splits: shared pairs of neighbouring letters over all of both texts are at most",
        f"{question_likeness:.2f} for questions ({held_question.question} / {seen_question.question}) and",
        f"{answer_likeness:.2f} for answers ({held_answer.answer} / {seen_answer.answer}).",
        "",
        f"variants.toml holds {frame_count()} sentences with slots and {len(list(other_wordings()))} other wordings of training",
        "messages, from which more training rows are made (`slot_rows`, `other_wordings`, `loosened`); made-up words among them",
        "teach to copy. They follow the same patterns as validation, more closely (likeness of questions up to 0.6, tested), so",
        "memory notes are measured on frames held out as a whole as well.",
        "",
        "Limits: one hand wrote both splits, so validation measures the style, not the world; not every message that states a",
        "fact is answered with a memory, as in a real conversation; single turns only; standard",
        "Korean of adults, no dialect, little slang; a message of distress is answered with people and the Korean numbers 109",
        "(crisis), 119 (emergency), 112 (police), 1366 (violence), 1388 (youth), 117 (school), which are for Korea and should be",
        "checked before use. The words in persona.toml that find such messages are a plain list: they miss what is said around",
        "them, and also fire on figures of speech. Nothing here is advice of a doctor, lawyer or bank.",
    ]
    return "\n".join(lines) + "\n"
