"""What notebook 04 starts from, draws answers to, and how it judges them.

Rules: the prompts of pairs, of the choice between before and after, and of held-out rows are none that the SFT before was
trained on, nor each other's; every family has as many pairs, since what has few of them is forgotten.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from diaglib.dataset import FAMILIES
from diaglib.profiles import load_profile
from diaglib.statistics import mean_interval
from diaglib.tuning.errors import TuningError
from diaglib.tuning.new_family import held_out_rows, rows_of_every_family
from diaglib.tuning.rows import Row
from diaglib.tuning.run import Tuned, finished
from diaglib.tuning.scores import Scores, score_answers
from diaglib.tuning.settings import TuningSettings, settings_for
from diaglib.tuning.sft import sft
from diaglib.tuning.task import load_task

LOCAL_ROWS, LOCAL_STEPS, QUICK_STEPS, HUB_ROWS = 1_400, 150, 150, 2_000
# mild: rates of 2e-4 and more, larger weights, adapters instead of all weights, and DPO drew worse or no better
LOCAL_CHANGES: dict[str, Any] = {"learning_rate": 1e-4, "batch_rows": 16}
# seeds of rows that no SFT of a smaller seed has seen: for pairs, and to choose by
PAIR_SEED, CHOICE_SEED = 99_001, 66_001


@dataclass(frozen=True)
class Choice:
    """The folder of the model that is kept, and why in words."""

    model_folder: Path
    words: str


@dataclass(frozen=True)
class PreferenceTask:
    """`model` draws the answers; `base` (with `adapter`, where there is one) goes on being trained."""

    model: str
    base: str
    adapter: Path | None
    start_words: str
    rows: list[Row]
    choosing: list[Row]
    held_out: list[Row]
    settings: TuningSettings
    seed: int

    def score(self, model: str | Path, samples: int, temperature: float) -> Scores:
        """Answers drawn to the held-out prompts, `samples` each."""
        return score_answers(model, self.held_out, samples, temperature, self.seed)

    def better(self, tuned: Tuned, samples: int, temperature: float) -> Choice:
        """Which model draws the better answers to prompts that are neither trained on nor held out: the start or the tuned."""
        start, after = (
            score_answers(model, self.choosing, samples, temperature, self.seed + 1) for model in (self.model, tuned.model_folder)
        )
        words = paired_verdict(start, after, "other")
        if fmean(after.values()) > fmean(start.values()):
            return Choice(tuned.model_folder, f"The tuned model is kept. {words}")
        return Choice(Path(self.model), f"The start is kept, the tuned model draws no better. {words}")

    def examples(self, before: Scores, after: Scores) -> Any:
        """Prompts whose drawn answers differ most."""
        from diaglib.tuning.report import example_gallery

        return example_gallery(before, after, list(FAMILIES), 3)


def load_preference_task(
    profile: str, sft_model: str, folder: Path, rows: int, steps: int, weight: float, held_out: int, seed: int
) -> PreferenceTask:
    """The model to start from and the rows; 0 takes the profile's number.

    `folder` is that of notebook 04: the model of notebook 03 is looked for beside it, and where there is none a quick one is
    tuned in `folder`. Raises TuningError where `sft_model` is no model to start from.
    """
    chosen = load_profile(profile)
    quick = folder / "quick_sft"
    tuned = _named(sft_model) if sft_model else finished(folder.parent / "03_sft_diagram" / "diagram" / "run") or finished(quick)
    words = f"`{Path(sft_model).name}`" if sft_model else "the model that notebook 03 left"
    if tuned is None or (not sft_model and tuned.record["settings"]["answer_format"] != "plan"):
        task = load_task("diagram", profile, "plan", 0 if chosen.needs_gpu else 400, -1, QUICK_STEPS, 1, seed)
        tuned = sft(task.base, task.training, task.validation, quick, task.settings)
        words = f"a model that was tuned here in {tuned.record['steps']} steps, since notebook 03 has left none"
    changes: dict[str, Any] = {"steps": steps, "preference_weight": weight, "seed": seed}
    if chosen.needs_gpu:
        settings = settings_for(chosen, learning_rate=5e-5, **changes)
    else:
        settings = settings_for(chosen, **LOCAL_CHANGES | changes | {"steps": steps or LOCAL_STEPS})
    count = rows or (HUB_ROWS if chosen.needs_gpu else LOCAL_ROWS)
    asked, choosing = held_out_rows(held_out, seed), rows_of_every_family(CHOICE_SEED + seed, held_out)
    used = {row.prompt for row in (*asked, *choosing)}
    made = [row for row in rows_of_every_family(PAIR_SEED + seed, max(1, count // len(FAMILIES))) if row.prompt not in used]
    random.Random(seed).shuffle(made)
    base = tuned.record["base"] if tuned.adapter_folder else str(tuned.model_folder)
    return PreferenceTask(str(tuned.model_folder), base, tuned.adapter_folder, words, made, choosing, asked, settings, seed)


def _named(model: str) -> Tuned:
    """A run's folder, or its `model` folder, as the run."""
    for folder in (Path(model), Path(model).parent):
        if (found := finished(folder)) is not None:
            return found
    raise TuningError("base", f"{model} is not a finished run (no result.json): run notebook 03 first, or leave it empty")


def paired_verdict(before: Scores, after: Scores, prompts: str = "held-out") -> str:
    """Whether drawn answers became better: the mean of the differences by prompt with its interval, in words.

    `prompts` says which they are.
    """
    first, second = _by_prompt(before), _by_prompt(after)
    differences = [second[prompt] - first[prompt] for prompt in first]
    low, high = mean_interval(differences)
    change = f"{fmean(first.values()):.3f} before, {fmean(second.values()):.3f} after: {fmean(differences):+.3f}"
    verdict = (
        "the drawn answers became better"
        if low > 0
        else "they became worse"
        if high < 0
        else "no difference can be told from chance"
    )
    return (
        f"Mean score of drawn answers to {len(differences)} {prompts} prompts: {change} "
        f"(95% interval {low:+.3f} to {high:+.3f}); {verdict}. "
        f"Exact plans: {before.summary()['exact']:.0%} before, {after.summary()['exact']:.0%} after."
    )


def likelihoods_told(record: dict[str, Any]) -> str:
    """How likely chosen and rejected answers were in the first and the last third of a run, in words.

    Where both fall, rejected answers were pushed down together with what they share with right ones.
    """
    third = max(1, len(record["likelihoods"]) // 3)
    first, last = record["likelihoods"][:third], record["likelihoods"][-third:]
    unit = "a token" if record["kind"] == "ORPO" else "an answer"
    chosen, rejected = (
        f"{fmean(entry[place] for entry in first):.2f} to {fmean(entry[place] for entry in last):.2f}" for place in (1, 2)
    )
    return f"Log-likelihood {unit}: of chosen answers from {chosen}, of rejected ones from {rejected}."


def _by_prompt(scores: Scores) -> dict[str, float]:
    """Mean score of every prompt's answers."""
    found: dict[str, list[float]] = {}
    for one in scores.answers:
        found.setdefault(one.row.prompt, []).append(one.score)
    return {prompt: fmean(values) for prompt, values in found.items()}
