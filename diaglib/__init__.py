"""From a sentence to an editable diagram."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diaglib.drawing.draw import draw
    from diaglib.drawing.plans import write_plans

__all__ = ["draw", "write_plans"]

_HOMES = {"draw": "diaglib.drawing.draw", "write_plans": "diaglib.drawing.plans"}


def __getattr__(name: str) -> Any:
    """Loads `draw` and `write_plans` when they are first used, so that `import diaglib` stays quick."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'diaglib' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
