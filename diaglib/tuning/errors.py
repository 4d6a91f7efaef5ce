"""What can go wrong in a tuning run, as one error with one sentence. Used by notebooks 03 and 04 and by `diaglib tune`.

Rule: the message says what happened, where, what is safe, and what to do.
"""

from __future__ import annotations


class TuningError(ValueError):
    """A run that cannot start or go on. `kind` is the reason in one word: rows, base, memory, disk, loss, learning."""

    def __init__(self, kind: str, words: str) -> None:
        super().__init__(words)
        self.kind = kind
