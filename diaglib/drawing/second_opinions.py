"""Self-consistency: further answers to the same sentence choose among plans, and tell where the model is in doubt.

Used by `write_checked_plans` for what the check cannot verify by itself. Sources: Wang et al. 2022 (self-consistency);
Kumar and Byrne 2004 (minimum Bayes risk: the answer that is closest to all others).
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

from diaglib.check.verdict import Verdict
from diaglib.diagram.plan import Plan
from diaglib.diagram.structural_score import link_overlap

SECOND_OPINIONS = 8
TEMPERATURE = 0.7
# below this share of equal answers a plan is told as doubtful: of our hand-written sentences 5% are then doubted wrongly
DOUBTFUL_BELOW = 0.8


class Opinion(NamedTuple):
    """The place of the chosen plan in the pool, and the share of further answers that are the same plan, 0..1."""

    chosen: int
    agreement: float

    @property
    def doubt(self) -> str:
        """Why the plan is doubtful, in words; empty where enough answers agree."""
        if self.agreement >= DOUBTFUL_BELOW:
            return ""
        same = round(self.agreement * SECOND_OPINIONS)
        return f"the model is not sure: only {same} of {SECOND_OPINIONS} further answers to this sentence are the same plan"


def wants_second_opinions(plan: Plan, verdict: Verdict) -> bool:
    """Whether the check leaves something open: a flowchart, or words it did not understand."""
    return plan.family == "flowchart" or bool(verdict.unverified)


def closest_to_all(pool: Sequence[Plan], answers: Sequence[Plan]) -> Opinion:
    """Which plan of `pool` is closest to all `answers`: equal plans count first, then equal structure; the first of equals."""
    if not answers:
        return Opinion(0, 0.0)
    signs = [_sign(answer) for answer in answers]
    equal = [signs.count(_sign(plan)) for plan in pool]

    def closeness(place: int) -> float:
        return equal[place] / len(answers) + fmean(link_overlap(pool[place], answer) for answer in answers)

    chosen = max(range(len(pool)), key=closeness)
    return Opinion(chosen, equal[chosen] / SECOND_OPINIONS)


def _sign(plan: Plan) -> tuple[object, ...]:
    """What makes two plans the same to a reader."""
    return tuple((n.kind, n.size, n.kernel, n.filters, n.heads, n.links, n.label.lower()) for n in plan.nodes)
