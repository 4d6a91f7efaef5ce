"""`draw`: one sentence in, ranked diagrams out. Used by notebook 07 and the command line.

Rule: right plans stand before flagged ones; among these readability and, where diagrams were rated, this user's taste decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, overload

from diaglib.diagram.model import Diagram
from diaglib.diagram.plan import Plan
from diaglib.diagram.style import Style, styles
from diaglib.drawing.files import FORMATS, OutputFolder
from diaglib.drawing.plans import CheckedPlan, PlanWriter, load_writer, write_checked_plans
from diaglib.drawing.prompts import PromptError, read_prompt
from diaglib.scoring.weights import WEIGHTS, taste_share

if TYPE_CHECKING:
    from diaglib.scoring.taste import Taste

MAX_COUNT = 200
MAX_PLANS = 4  # different readings of one sentence worth drawing; further variants are further styles

Scores = Callable[[Sequence[Diagram]], list[dict[str, float]]]


@dataclass(frozen=True, slots=True)
class Drawing:
    """One diagram: its plan, its look, its scores, what the check says, and the files written for it by format.

    `score` is the total, 0..1; its parts `readability` and `taste` are 0..5, None where they were not asked for; `reasons`
    say in words why it stands where it stands; `legibility` are measured parts, 0..1 each.
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
    readability: float | None = None
    taste: float | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drawings:
    """The kept drawings, best first, as a sequence. `index` is the page that shows them, None where no folder was given;
    `drawn` how many variants were compared; `notes` say how the total was made."""

    prompt: str
    drawings: tuple[Drawing, ...]
    index: Path | None = None
    drawn: int = 0
    notes: tuple[str, ...] = ()

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


def draw(
    prompt: str,
    count: int = 5,
    keep: int = 3,
    model: str | Path | PlanWriter = "tiny",
    out: str | Path | None = None,
    formats: Sequence[str] = ("png", "svg", "pptx"),
    seed: int = 0,
    temperature: float = 0.7,
    ratings: str | Path | Taste | None = None,
    weights: tuple[float, float] = WEIGHTS,
    scores: Scores | None = None,
) -> Drawings:
    """Draws `count` variants of a sentence and keeps the `keep` best, written to the folder `out` where one is given.

    The first plan is the model's most likely one, further ones are sampled with `temperature`; variants with the same
    plan differ in style. The best are those with the highest total of readability and taste: `ratings` is a CSV file or a
    folder of rated diagrams, `weights` are those of readability and taste; without ratings readability decides.
    `scores` replaces all this: it gives each diagram its parts and a `score`, all 0..1.
    Raises PromptError for a prompt that cannot be drawn or yields no plan, ValueError for an argument out of range or
    a plan that does not fit the canvas, OSError where `out` cannot be written (before the model runs).
    """
    _refuse_arguments(count, keep, formats)
    taste_share(weights)
    read_prompt(prompt)
    taste = _read_taste(ratings)
    folder = OutputFolder.prepare(out) if out is not None else None
    try:
        writer = load_writer(model)
        checked = distinct_plans(prompt, writer, count, temperature, seed)
        candidates = _lay_out(checked, count, seed)
        drawings, notes = _score(candidates, taste, weights) if scores is None else (_score_by(candidates, scores), ())
        ranked = _rank(drawings)[:keep]
        if folder is None:
            return Drawings(prompt, tuple(ranked), None, len(candidates), notes)
        request = {
            "model": model if isinstance(model, str) else type(model).__name__ if not isinstance(model, Path) else str(model),
            "count": count,
            "keep": keep,
            "seed": seed,
            "temperature": temperature,
            "formats": list(formats),
            "ratings": len(taste.scores) if taste else 0,
            "weights": list(weights),
        }
        kept, index = folder.write(prompt, ranked, formats, request, notes)
        return Drawings(prompt, tuple(kept), index, len(candidates), notes)
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


def _read_taste(ratings: str | Path | Taste | None) -> Taste | None:
    if ratings is None:
        return None
    from diaglib.scoring.taste import load_taste

    return load_taste(ratings) if isinstance(ratings, str | Path) else ratings


Candidate = tuple[CheckedPlan, Style, Diagram]


def _score(
    candidates: list[Candidate], taste: Taste | None, weights: tuple[float, float]
) -> tuple[list[Drawing], tuple[str, ...]]:
    """Every candidate with its total, in the order drawn, and how the total was made."""
    from diaglib.scoring.rank import rank
    from diaglib.scoring.ratings import BEST

    ranking = rank([diagram for _, _, diagram in candidates], taste, weights)
    drawings = []
    for candidate, row in zip(candidates, ranking.in_given_order(), strict=True):
        parts = candidate[2].legibility()
        drawing = _drawing(candidate, parts, (row.total or 0.0) / BEST)
        drawings.append(replace(drawing, readability=row.readability, taste=row.taste, reasons=row.reasons))
    return drawings, ranking.notes


def _score_by(candidates: list[Candidate], scores: Scores) -> list[Drawing]:
    parts = scores([diagram for _, _, diagram in candidates])
    return [_drawing(candidate, part, part["score"]) for candidate, part in zip(candidates, parts, strict=True)]


def _drawing(candidate: Candidate, parts: dict[str, float], score: float) -> Drawing:
    item, style, diagram = candidate
    legibility = {name: float(value) for name, value in parts.items() if name != "score"}
    verdict = item.verdict
    return Drawing(item.plan, diagram, style, legibility, float(score), item.flags, verdict.unverified, verdict.verified)


def _rank(drawings: list[Drawing]) -> list[Drawing]:
    """Fewest contradictions first, then the highest score; equal ones stay in the order drawn.

    Where a network was drawn node by node and layer by layer too, the best of the other view comes second: which of them
    a reader expects is not for a score to say.
    """
    ranked = sorted(drawings, key=lambda drawing: (len(drawing.contradictions), -drawing.score))
    for place, drawing in enumerate(ranked):
        same_plan = drawing.plan == ranked[0].plan
        if same_plan and len(drawing.diagram.nodes) != len(ranked[0].diagram.nodes):
            return [ranked[0], drawing, *ranked[1:place], *ranked[place + 1 :]]
    return ranked
