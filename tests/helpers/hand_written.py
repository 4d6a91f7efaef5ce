"""The hand-written sentences, read once."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from diaglib.diagram.plan import Plan

SENTENCES = Path(__file__).with_name("sentences.toml")


@dataclass(frozen=True)
class Case:
    family: str
    says: str
    plans: tuple[Plan, ...]

    @property
    def plan(self) -> Plan:
        return self.plans[0]


def plan_of(line: str) -> Plan:
    """A plan from its one-line form: nodes between slashes, numbered in order."""
    nodes = [part.strip() for part in line.split(" / ")]
    return Plan.from_text("\n".join(f"{i} {node}" for i, node in enumerate(nodes)) + "\nend")


def load_cases() -> list[Case]:
    document = tomllib.loads(SENTENCES.read_text(encoding="utf-8"))
    return [
        Case(row["family"], row["says"], tuple(plan_of(line) for line in (row["plan"], *row.get("also", ()))))
        for row in document["sentence"]
    ]


def load_bad() -> list[dict[str, str]]:
    return tomllib.loads(SENTENCES.read_text(encoding="utf-8"))["bad"]
