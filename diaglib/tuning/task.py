"""What notebook 03 tunes and how it judges it: sentences to plans (or to the published node lines), and Korean chat.

Rule: in the local profile it is an experiment with a known answer: a small model that lacks one family (of diagrams, of things
said) learns it, and what it knew is asked again afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from diaglib.dataset import rows as generated
from diaglib.diagram import Plan
from diaglib.profiles import Profile, load_profile
from diaglib.tuning.errors import TuningError
from diaglib.tuning.new_family import (
    BASE_FOLDER,
    HELD_OUT_SEED,
    NEW_FAMILY,
    held_out_rows,
    read_often,
    rows_of_every_family,
    training_rows,
)
from diaglib.tuning.rows import Row, read_rows, split_rows
from diaglib.tuning.run import Tuned
from diaglib.tuning.scores import Scores, score_answers
from diaglib.tuning.settings import TuningSettings, settings_for

# chosen on rows of the generator of other seeds than the held-out ones
LOCAL_NEW_ROWS, LOCAL_REPLAY_SHARE, LOCAL_STEPS = 800, 0.55, 1_000
LOCAL_CHANGES: dict[str, Any] = {"batch_rows": 16, "learning_rate": 2e-3, "warm_up_steps": 60, "patience": 4}

PLAN_SCORE_WORDS = (
    "The score compares every part of the answer, its kind and where it comes from, with what was asked: 0 (nothing right) to 1."
)


@dataclass(frozen=True)
class Task:
    """Rows, settings and the way to score. `new_family` is what the base lacks; empty where all of it is new."""

    name: str
    base: str
    training: list[Row]
    validation: list[Row]
    held_out: list[Row]
    new_family: str
    settings: TuningSettings
    profile: str
    scorer: Callable[[str, Sequence[Row]], Scores]
    score_words: str = PLAN_SCORE_WORDS

    @property
    def base_name(self) -> str:
        """The base in a word, without this machine's folders."""
        return Path(self.base).name if Path(self.base).is_dir() else self.base

    def score(self, model: str | Path) -> Scores:
        """A model's answers to the held-out rows."""
        return self.scorer(str(model), self.held_out)

    def settings_rows(self) -> list[tuple[str, str]]:
        """The settings as a table."""
        told = asdict(self.settings)
        told.pop("preference_weight")
        if self.settings.method == "full":
            told = {name: value for name, value in told.items() if not name.startswith("lora_")}
        return [(name.replace("_", " "), f"{value}") for name, value in told.items() if value != ""]

    def families(self) -> tuple[list[str], list[str]]:
        """What is new to the base and what it knew, of what the held-out rows have."""
        found = list(dict.fromkeys(row.family for row in self.held_out))
        new = [family for family in found if not self.new_family or family == self.new_family]
        return new, [family for family in found if family not in new]

    def verdict(self, scores: Scores) -> str:
        """Mean scores of what is new and of what was known, in words."""
        parts = []
        for words, families in zip((self.new_family or "all families", "what it knew"), self.families(), strict=True):
            if families:
                found = scores.summary(families)
                more = (
                    f"{found['exact']:.0%} with exactly the right memory"
                    if self.name == "chat"
                    else f"{found['exact']:.0%} exact, published score {found['structure']:.2f}"
                )
                interval = f"{found['low']:.2f} to {found['high']:.2f}"
                parts.append(f"{words} {found['score']:.2f} ({interval}, {more}, n = {found['answers']})")
        return "; ".join(parts)

    def comparison(self, before: Scores, after: Scores) -> str:
        """What was learnt and what was forgotten, in a sentence."""
        new, old = self.families()
        words = (
            f"{(self.new_family or 'The task').capitalize()}: {before.summary(new)['score']:.2f} before, "
            f"{after.summary(new)['score']:.2f} after."
        )
        if old:
            differences = [b - a for a, b in zip(before.values(old), after.values(old), strict=True)]
            low, high = _interval(differences)
            change = fmean(differences)
            verb = "lost" if change < 0 else "gained"
            words += f" What it knew {verb} {abs(change):.3f} (95% interval of the difference {low:+.3f} to {high:+.3f})."
        return words

    def examples(self, before: Scores, after: Scores, count: int = 3) -> Any:
        """Prompts of what is new, with the answers before and after: pictures of plans, or the words of a chat."""
        from diaglib.tuning.report import example_gallery

        return example_gallery(before, after, self.families()[0], count)

    def likelihood(self, tuned: Tuned) -> str:
        """How likely the base and the tuned model find the written answers, in nats a token; a hub model is not loaded again."""
        if load_profile(self.profile).needs_gpu:
            return "The validation loss above is this figure: a hub model is not loaded once more for it."
        from diaglib.tuning.answer_loss import answer_losses

        words = []
        for name, families in zip((self.new_family or "all of it", "what it knew"), self.families(), strict=True):
            rows = [row for row in self.held_out if row.family in families]
            if rows:
                one, other = (answer_losses(model, rows, self.settings) for model in (self.base, tuned.model_folder))
                low, high = _interval([b - a for a, b in zip(one, other, strict=True)])
                words.append(
                    f"{name} {fmean(one):.2f} before, {fmean(other):.2f} after "
                    f"(difference {low:+.2f} to {high:+.2f}, n = {len(one)})"
                )
        return f"Loss a token of the written answers to held-out prompts: {'; '.join(words)}."

    def answer_length(self) -> str:
        """Length of the answers in characters, beside that of the published node lines of the same diagrams."""
        own = fmean(len(row.answer) for row in self.held_out)
        words = f"an answer has {own:.0f} characters in the mean"
        if self.name == "chat" or self.settings.answer_format != "plan":
            return words
        drawn = fmean(len(Plan.from_text(row.answer).layout().to_text()) for row in self.held_out)
        return f"{words}, the published node lines of the same diagrams would have {drawn:,.0f}"

    def command_line(self, folder: Path) -> list[str]:
        """Arguments of `diaglib tune sft` for the same job, its rows written to `folder`."""
        import csv

        from diaglib.tuning.rows import ANSWER_COLUMNS

        file = folder / "rows.csv"
        with file.open("w", newline="", encoding="utf-8") as out:
            writer = csv.writer(out)
            writer.writerow(["prompt", ANSWER_COLUMNS[self.settings.answer_format], "family"])
            writer.writerows((row.prompt, row.answer, row.family) for row in [*self.training, *self.validation])
        return [
            *("--rows", str(file), "--base", self.base, "--profile", self.profile, "--format", self.settings.answer_format),
            *("--steps", str(self.settings.steps), "--method", self.settings.method),
        ]

    def next_step(self, tuned: Tuned) -> str:
        """What to open next."""
        if self.settings.answer_format == "plan":
            return "Next: open 07 and set `MODEL` to this folder to draw with it, or 04 to teach it to prefer the right answer."
        return "Next: open 06 to give her a memory." if self.name == "chat" else "Next: set `ANSWER_FORMAT` to plan and compare."


def load_task(
    task: str, profile: str, answer_format: str, new_rows: int, replay_rows: int, steps: int, held_out: int, seed: int
) -> Task:
    """The task of notebook 03 in a profile; 0 (and -1 for `replay_rows`) takes the task's own number.

    Raises TuningError for an unknown task, or a format that the profile's model cannot write.
    """
    if task not in ("diagram", "chat"):
        raise TuningError("rows", f"there is no task '{task}'; known: diagram, chat")
    chosen = load_profile(profile)
    if task == "chat":
        from diaglib.tuning.chat_task import load_chat_task

        return load_chat_task(chosen, new_rows, steps, held_out, seed)
    if chosen.needs_gpu:
        return _hub_diagrams(chosen, answer_format, new_rows, steps, held_out, seed)
    if answer_format != "plan":
        raise TuningError("rows", "the embedded models write plans alone: choose profile t4 or a100 for node lines")
    settings = settings_for(chosen, steps=steps or LOCAL_STEPS, seed=seed, **LOCAL_CHANGES)
    read = settings.steps * settings.batch_rows
    made = training_rows(new_rows or LOCAL_NEW_ROWS, round(LOCAL_REPLAY_SHARE * read) if replay_rows < 0 else replay_rows, seed)
    training, validation = split_rows(made, 0.03)
    training = read_often(training, read, seed)
    scorer = score_answers
    return Task(
        "diagram", str(BASE_FOLDER), training, validation, held_out_rows(held_out, seed), NEW_FAMILY, settings, profile, scorer
    )


def _hub_diagrams(profile: Profile, answer_format: str, rows: int, steps: int, held_out: int, seed: int) -> Task:
    """A hub model knows no plans: all families are new, and there is nothing to replay."""
    made = read_rows(generated(seed + 1, rows or profile.dataset_rows), answer_format)
    training, validation = split_rows(made, 0.02)
    known = {row.prompt for row in made}
    asked = rows_of_every_family(HELD_OUT_SEED + seed, held_out, answer_format)
    held = [row for row in asked if row.prompt not in known]
    settings = settings_for(profile, answer_format, steps=steps, seed=seed)
    if answer_format == "nodes":
        settings = replace(settings, max_tokens=2048)

    def scorer(model: str, found: Sequence[Row]) -> Scores:
        return score_answers(model, found, answer_format=answer_format)

    return Task("diagram", profile.diagram_model, training, validation, held, "", settings, profile.name, scorer)


def _interval(differences: Sequence[float]) -> tuple[float, float]:
    from diaglib.statistics import mean_interval

    return mean_interval(differences)
