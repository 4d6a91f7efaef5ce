"""Compares a plan with what its sentence states: contradictions, what was verified, what was not."""

from diaglib.check.compare import check
from diaglib.check.verdict import Verdict

__all__ = ["Verdict", "check"]
