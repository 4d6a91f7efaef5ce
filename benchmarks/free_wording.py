"""Freely worded sentences: how many plans are right, and are the wrong ones told by the check?

usage: python benchmarks/free_wording.py [--model tiny|PATH|HUB_ID] [--family dense] [--show]
Reads tests/helpers/sentences.toml (written by hand, never trained on). Prints a table by family and one JSON line.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "helpers"))

from hand_written import Case, load_cases

from diaglib.check import check
from diaglib.diagram.plan import Plan
from diaglib.drawing.plans import CheckedPlan, load_writer, write_checked_plans
from diaglib.reading.steps import content_stems

# drawn or left out as the writer likes, where they carry no number
OPTIONAL = {"input", "output", "flatten", "embedding", "position", "concat", "add", "norm"}


def is_right(case: Case, plan: Plan) -> bool:
    """Whether the plan is one of the case's plans, give or take layers that may be left unsaid."""
    return any(_same_steps(asked, plan) if asked.family == "flowchart" else _same_layers(asked, plan) for asked in case.plans)


def _same_layers(asked: Plan, plan: Plan) -> bool:
    named = {node.kind for node in asked.nodes}
    rows = []
    for one, other in ((asked, plan), (plan, asked)):
        kinds = Counter(node.kind for node in other.nodes)
        rows.append(
            [
                (node.kind, node.size, node.kernel, None if node.kind == "up" else node.filters, node.heads)
                for node in one.nodes
                if not (node.kind in OPTIONAL and node.size is None and (node.kind not in named or not kinds[node.kind]))
                and not (node.kind in {"input", "output", "embedding", "position"} and node.size is None)
            ]
        )
    skips = asked.is_chain or not plan.is_chain or any(node.kind in {"encoder", "decoder"} for node in asked.nodes)
    return rows[0] == rows[1] and skips


def _same_steps(asked: Plan, plan: Plan) -> bool:
    if len(asked.nodes) != len(plan.nodes) or plan.family != "flowchart":
        return False
    place = {node.id: i for i, node in enumerate(plan.nodes)}
    wanted = {node.id: i for i, node in enumerate(asked.nodes)}
    links = {(place[node.id], place[target]) for node in plan.nodes for target in node.links}
    if links != {(wanted[node.id], wanted[target]) for node in asked.nodes for target in node.links}:
        return False
    pairs = [(a.label, b.label) for a, b in zip(asked.nodes, plan.nodes, strict=True)]
    return all(a == b or set(content_stems(a)) & set(content_stems(b)) for a, b in pairs)


def count(cases: list[Case], answers: list[list[CheckedPlan]], show: bool) -> dict[str, Counter[str]]:
    """Right, wrong, wrong and flagged, right but flagged, and nothing at all, by family."""
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for case, items in zip(cases, answers, strict=True):
        row = table[case.family]
        row["n"] += 1
        if not items:
            row["none"] += 1
            continue
        right, flagged = is_right(case, items[0].plan), bool(items[0].flags)
        row["right"] += right
        row["wrong"] += not right
        row["wrong_flagged"] += not right and flagged
        row["false_alarm"] += right and flagged
        if show and (not right or flagged):
            drawn = " / ".join(items[0].plan.to_text().split("\n")[:-1])
            told = "; ".join(items[0].flags) or "not flagged"
            print(f"{'right' if right else 'WRONG'} {case.says}\n      {drawn}\n      {told}", file=sys.stderr)
    return table


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--model", default="tiny")
    arguments.add_argument("--family")
    arguments.add_argument("--show", action="store_true", help="print every wrong or flagged plan to standard error")
    options = arguments.parse_args()
    cases = [case for case in load_cases() if options.family in (None, case.family)]
    says = [case.says for case in cases]
    writer = load_writer(options.model)
    report: dict[str, object] = {"model": options.model, "n": len(cases)}
    for name, retries in (("greedy", 0), ("checked", 3)):
        start = time.perf_counter()
        answers = write_checked_plans(says, writer, retries=retries)
        seconds = time.perf_counter() - start
        table = count(cases, answers, options.show and retries > 0)
        print(f"{name}: {seconds / len(cases):.3f} s a sentence")
        heads = ("family", "n", "right", "wrong", "wrong, flagged", "false alarms", "none")
        print("{:12s} {:>4s} {:>6s} {:>6s} {:>17s} {:>13s} {:>8s}".format(*heads))
        total: Counter[str] = sum(table.values(), Counter())
        networks: Counter[str] = sum((row for family, row in table.items() if family not in {"pipeline", "everyday"}), Counter())
        for family, row in (*table.items(), ("networks", networks), ("all", total)):
            print(
                f"{family:12s} {row['n']:4d} {row['right']:6d} {row['wrong']:6d} {row['wrong_flagged']:17d}"
                f" {row['false_alarm']:13d} {row['none']:8d}"
            )
        report[name] = {"all": dict(total), "networks": dict(networks), "s_a_sentence": round(seconds / len(cases), 4)}
    flagged_right = sum(bool(check(case.says, plan).contradictions) for case in cases for plan in case.plans)
    report["hand_written_plans_flagged"] = flagged_right
    print(json.dumps(report))


if __name__ == "__main__":
    main()
