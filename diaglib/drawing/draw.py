"""`draw`: one sentence in, ranked diagrams out. Used by notebook 07 and the command line.

Rule: right plans stand before flagged ones; how good a picture is comes from one function that can be exchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import overload

from diaglib.diagram.model import Diagram
from diaglib.diagram.plan import Plan
from diaglib.diagram.style import Style, styles
from diaglib.drawing.files import FORMATS, OutputFolder
from diaglib.drawing.plans import CheckedPlan, PlanWriter, load_writer, write_checked_plans
from diaglib.drawing.prompts import PromptError, read_prompt

MAX_COUNT = 200
MAX_PLANS = 4  # different readings of one sentence worth drawing; further variants are further styles

Scores = Callable[[Sequence[Diagram]], list[dict[str, float]]]


@dataclass(frozen=True, slots=True)
class Drawing:
    """One diagram: its plan, its look, its scores, what the check says, and the files written for it by format.

    `contradictions` is all that speaks against the plan: what the sentence says otherwise, and the model's own doubt.
    """

    plan: Plan
    diagram: Diagram
    style: Style
    legibility: dict[str, float]
    score: float
    contradictions: tuple[str, ...] = ()
    unverified: tuple[str, ...] = ()
    verified: tuple[str, ...] = ()
    files: dict[str, Path] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Drawings:
    """The kept drawings, best first, as a sequence. `index` is the page that shows them, None where no folder was given;
    `drawn` how many variants were compared."""

    prompt: str
    drawings: tuple[Drawing, ...]
    index: Path | None = None
    drawn: int = 0

    def __len__(self) -> int:
        return len(self.drawings)

    def __iter__(self) -> Iterator[Drawing]:
        return iter(self.drawings)

    @overload
    def __getitem__(self, place: int) -> Drawing: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Drawing]: ...
    def __getitem__(self, place: int | slice) -> Drawing | Sequence[Drawing]:
        return self.drawings[place]


def legibility_scores(diagrams: Sequence[Diagram]) -> list[dict[str, float]]:
    """The default ranking: every part of `Diagram.legibility()`, 0 (worst) .. 1 (best), with the total as `score`."""
    return [diagram.legibility() for diagram in diagrams]


def draw(
    prompt: str,
    count: int = 5,
    keep: int = 3,
    model: str | Path | PlanWriter = "tiny",
    out: str | Path | None = None,
    formats: Sequence[str] = ("png", "svg", "pptx"),
    seed: int = 0,
    temperature: float = 0.7,
    scores: Scores = legibility_scores,
) -> Drawings:
    """Draws `count` variants of a sentence and keeps the `keep` best, written to the folder `out` where one is given.

    The first plan is the model's most likely one, further ones are sampled with `temperature`; variants with the same
    plan differ in style. `scores` gives each diagram its parts and a `score`, all 0..1: exchange it to rank otherwise.
    Raises PromptError for a prompt that cannot be drawn or yields no plan, ValueError for an argument out of range or
    a plan that does not fit the canvas, OSError where `out` cannot be written (before the model runs).
    """
    _refuse_arguments(count, keep, formats)
    read_prompt(prompt)
    folder = OutputFolder.prepare(out) if out is not None else None
    try:
        writer = load_writer(model)
        checked = distinct_plans(prompt, writer, count, temperature, seed)
        candidates = _lay_out(checked, count, seed)
        ranked = _rank(candidates, scores)[:keep]
        if folder is None:
            return Drawings(prompt, tuple(ranked), None, len(candidates))
        request = {
            "model": model if isinstance(model, str) else type(model).__name__ if not isinstance(model, Path) else str(model),
            "count": count,
            "keep": keep,
            "seed": seed,
            "temperature": temperature,
            "formats": list(formats),
        }
        kept, index = folder.write(prompt, ranked, formats, request)
        return Drawings(prompt, tuple(kept), index, len(candidates))
    finally:
        if folder is not None:
            folder.clean_up()


def _refuse_arguments(count: int, keep: int, formats: Sequence[str]) -> None:
    if not 1 <= count <= MAX_COUNT:
        raise ValueError(f"count {count}: between 1 and {MAX_COUNT} variants are drawn")
    if keep < 1:
        raise ValueError(f"keep {keep}: at least 1 diagram is kept")
    if isinstance(formats, str):
        raise ValueError(f"formats is the text '{formats}': give a sequence such as ('png', 'svg')")
    if unknown := [name for name in formats if name not in FORMATS]:
        raise ValueError(f"format '{unknown[0]}' is not known: choose from {', '.join(FORMATS)}")


def distinct_plans(prompt: str, writer: PlanWriter, count: int, temperature: float, seed: int) -> list[CheckedPlan]:
    """Different plans, those with the fewest contradictions only, the most likely first.

    Raises PromptError where the model gave no valid plan.
    """
    plans = write_checked_plans([prompt], writer, 1, 0.0, seed)[0]
    certain = bool(plans) and not plans[0].flags and not plans[0].verdict.unverified
    if not certain and count > 1 and temperature > 0:
        plans = plans + write_checked_plans([prompt], writer, min(count, MAX_PLANS), temperature, seed + 1, retries=0)[0]
    if not plans:
        raise PromptError("the model gave no valid plan for it: name each layer with its size, or each step in order")
    fewest = min(item.faults for item in plans)
    distinct = list({item.plan: item for item in reversed(plans) if item.faults == fewest}.values())[::-1][:MAX_PLANS]
    return [replace(item, doubt=plans[0].doubt) for item in distinct]  # a doubt is about the sentence, so about every reading


def _lay_out(plans: list[CheckedPlan], count: int, seed: int) -> list[tuple[CheckedPlan, Style, Diagram]]:
    """`count` variants: plans in turn, each time in a further style; equal pictures and what does not fit are left out."""
    candidates: dict[Diagram, tuple[CheckedPlan, Style, Diagram]] = {}
    reasons: list[str] = []
    looks = {id(item): iter(styles(item.plan, 2 * count, seed)) for item in plans}
    turn = 0
    while len(candidates) < count and looks and turn < 4 * count + 8:
        item = plans[turn % len(plans)]
        turn += 1
        style = next(looks[id(item)], None) if id(item) in looks else None
        if style is None:
            looks.pop(id(item), None)
            continue
        try:
            diagram = item.plan.layout(style)
        except ValueError as error:
            reasons.append(str(error))
            continue
        candidates.setdefault(diagram, (item, style, diagram))
    if not candidates:
        raise ValueError(f"the plan does not fit the canvas in any style: {reasons[0]}")
    return list(candidates.values())


def _rank(candidates: list[tuple[CheckedPlan, Style, Diagram]], scores: Scores) -> list[Drawing]:
    """Fewest contradictions first, then the highest score; equal ones stay in the order drawn."""
    parts = scores([diagram for _, _, diagram in candidates])
    drawings = [
        Drawing(
            item.plan,
            diagram,
            style,
            {name: float(value) for name, value in part.items() if name != "score"},
            float(part["score"]),
            item.flags,
            item.verdict.unverified,
            item.verdict.verified,
        )
        for (item, style, diagram), part in zip(candidates, parts, strict=True)
    ]
    return sorted(drawings, key=lambda drawing: (len(drawing.contradictions), -drawing.score))
