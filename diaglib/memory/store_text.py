"""A store as plain text: lines `[key: value] message` under headers of their namespace and of the time they were said.

Used by `Store.export` and `Store.import_text`. Rule: what one writes, the other reads back as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from diaglib.memory.items import Memory, read_line

if TYPE_CHECKING:
    from diaglib.memory.store import Item

_HEADER = re.compile(r"# (namespace|said) (.+)")


@dataclass(frozen=True, slots=True)
class Told:
    """One memory of a text: what was said, in which namespace, and when."""

    memory: Memory
    message: str
    namespace: str
    at: datetime


def write_items(items: Iterable[Item]) -> str:
    """The items, history included, by namespace, oldest first."""
    lines, section, said = [], None, None
    for item in sorted(items, key=lambda item: (item.namespace, item.said_at, item.id)):
        if item.namespace != section:
            section, said = item.namespace, None
            lines.append(f"# namespace {section}")
        if item.said_at != said:
            said = item.said_at
            lines.append(f"# said {said.isoformat(sep=' ')}")
        lines.append(f"{Memory(item.key, item.value)} {item.message}".rstrip())
    return "".join(f"{line}\n" for line in lines)


def read_items(text: str, namespace: str, at: datetime) -> Iterator[tuple[int, Told | ValueError]]:
    """The number of each line and what it tells, or why it is no memory; `namespace` and `at` hold until a header comes."""
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        try:
            if header := _HEADER.fullmatch(line.strip()):
                namespace, at = _read_header(header[1], header[2], namespace, at)
            elif line.strip() and not line.startswith("#"):
                yield number, Told(*read_line(line), namespace, at)
        except ValueError as error:
            yield number, error


def _read_header(name: str, value: str, namespace: str, at: datetime) -> tuple[str, datetime]:
    if name == "namespace":
        return value, at
    try:
        return namespace, datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f"'{value}' is not a time: write # said 2026-11-21 09:00:00") from None
