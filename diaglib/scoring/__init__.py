"""Which picture is best: readability, taste and their ranking. Names load their module on first use.

Used by notebook 05, `draw` and `diaglib score`. Rule: importing this package loads neither torch nor numpy.
"""

from __future__ import annotations

from typing import Any

_HOME = {
    "FEATURES": "diaglib.scoring.geometry",
    "features": "diaglib.scoring.geometry",
    "fit_readability": "diaglib.scoring.readability_fit",
    "readability": "diaglib.scoring.readability_scores",
    "readability_rows": "diaglib.scoring.readability_scores",
}
__all__ = ["FEATURES", "features", "fit_readability", "readability", "readability_rows"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"diaglib.scoring has no {name}")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)
