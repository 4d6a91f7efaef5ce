"""What is remembered about one user: one SQLite file, written to disk before `add` returns. Used by notebook 06 and the chat.

Rules: a newer value of the same key replaces the older one, which stays as history; keys of a day end with it; every item
knows the message it came from; several processes may use one file at once (a `Store` object belongs to one thread).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from diaglib.memory.days import shown_key, slot_of
from diaglib.memory.items import Memory, make_memory, one_line
from diaglib.memory.store_file import StoreError, open_database, told
from diaglib.memory.store_text import read_items, write_items

if TYPE_CHECKING:
    from diaglib.memory.encoder import Encoder
    from diaglib.memory.store_search import Match, Searcher

__all__ = ["Imported", "Item", "Store", "StoreError", "open_store"]

NAMESPACE = "default"
MAX_MESSAGE_CHARACTERS = 2_000
_COLUMNS = "id, namespace, key, value, message, said_at, last_day, current"


@dataclass(frozen=True, slots=True)
class Item:
    """One remembered value; `key` as it was said, `last_day` the last day it holds (None: it does not end).

    `message` is what it was taken from; `current` is false once a newer value replaced it.
    """

    id: int
    namespace: str
    key: str
    value: str
    message: str
    said_at: datetime
    last_day: date | None
    current: bool

    def shown(self, today: date) -> Memory:
        """The memory as one says it on that day: yesterday's `내일 일정` is `오늘 일정`."""
        return Memory(shown_key(self.key, self.said_at.date(), today), self.value)

    def holds_on(self, today: date) -> bool:
        return self.current and (self.last_day is None or self.last_day >= today)


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of an imported text: items added, items that were there already, and the lines that are none."""

    added: int
    known: int
    problems: tuple[str, ...]


def open_store(user: str, folder: str | Path, encoder: Encoder | str = "local") -> Store:
    """The store of a user in a folder, one file each; made where it is missing. `encoder` as for `Store`. Raises StoreError."""
    import hashlib

    name = one_line(user)
    if not name:
        raise StoreError("a store needs the name of its user")
    plain = re.sub(r"[^\w-]", "", name)[:40]
    if plain != name:  # two names must not share a file, and none may leave the folder
        plain = f"{plain or 'user'}.{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return Store(Path(folder) / f"{plain}.sqlite", encoder)


class Store:
    """The memories in one file. Times are local; `at` is now where it is not given.

    `encoder` finds them: an encoder, or the name of one, which is loaded at the first search.
    """

    def __init__(self, path: str | Path, encoder: Encoder | str = "local") -> None:
        self.path = Path(path)
        self._encoder = encoder
        self._searcher: Searcher | None = None
        self.connection, self.read_only = open_database(self.path)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._searcher:
            self._searcher.save()
        self.connection.close()

    def add(self, key: str, value: str, message: str = "", namespace: str = NAMESPACE, at: datetime | None = None) -> Item:
        """Remembers a value; it is on the disk when this returns.

        Of two values of one key the one said later counts. Raises ValueError where key or value cannot be kept.
        """
        memory = make_memory(key, value)
        with self._writing():
            item_id, _ = self._put(memory, message, namespace, at or datetime.now())
        return self.items(ids=[item_id])[0]

    def items(
        self,
        namespace: str | None = NAMESPACE,
        at: datetime | None = None,
        history: bool = False,
        ids: Sequence[int] | None = None,
    ) -> list[Item]:
        """What holds at a time, oldest first; with `history` also what was replaced or is over.

        `namespace` None takes all of them; `ids` takes these items, whatever became of them.
        """
        query, values = f"SELECT {_COLUMNS} FROM items WHERE 1", []
        if ids is not None:
            query += f" AND id IN ({','.join(str(int(one)) for one in ids)})"
        elif namespace is not None:
            query, values = f"{query} AND namespace = ?", [one_line(namespace)]
        if not history and ids is None:
            query += " AND current"
        with told(self.path):
            rows = self.connection.execute(f"{query} ORDER BY said_at, id", values).fetchall()
        found = [_item(row) for row in rows]
        today = (at or datetime.now()).date()
        return found if history or ids is not None else [item for item in found if item.holds_on(today)]

    def search(self, message: str, count: int = 3, namespace: str = NAMESPACE, at: datetime | None = None) -> list[Match]:
        """The items that fit a message best, best first, one a key, each with its similarity 0..1."""
        return self.searcher.search(message, count, namespace, (at or datetime.now()).date())

    @property
    def searcher(self) -> Searcher:
        """What finds items by meaning."""
        if self._searcher is None:
            from diaglib.memory.store_search import Searcher

            self._searcher = Searcher(self, self._encoder)
        return self._searcher

    def forget(self, key: str, namespace: str = NAMESPACE, at: datetime | None = None) -> int:
        """Removes a key with its history, the key as it is said now or was said then; returns how many values went."""
        at, namespace = at or datetime.now(), one_line(namespace)
        wanted = " ".join(one_line(key).casefold().split())
        places = {slot_of(wanted, at.date()).place}
        places |= {
            slot_of(item.key, item.said_at.date()).place
            for item in self.items(namespace, history=True)
            if item.key.casefold() == wanted
        }
        gone: list[int] = []
        with self._writing():
            for place in sorted(places):
                which = (namespace, place)
                gone += [
                    row[0] for row in self.connection.execute("SELECT id FROM items WHERE namespace = ? AND place = ?", which)
                ]
                self.connection.execute("DELETE FROM items WHERE namespace = ? AND place = ?", which)
        if gone:
            with told(self.path):
                self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # the log still held the words
            self.searcher.drop(namespace)  # its index was made from the forgotten text too
        return len(gone)

    def export(self, namespace: str | None = None) -> str:
        """Everything as plain text, history included, oldest first: lines `[key: value] message` under the time they were said.

        `import_text` of it makes the same store again.
        """
        return write_items(self.items(namespace, history=True))

    def import_text(self, text: str, namespace: str = NAMESPACE, at: datetime | None = None) -> Imported:
        """Adds lines `[key: value] message`, all in one step; what is there already stays as it is.

        Headers as `export` writes them (`# said 2026-11-21 09:00:00`, `# namespace work`) hold for the lines below; other lines
        with # are comments. A line that is no memory is told by its number and left out.
        """
        added = known = 0
        problems = []
        with self._writing():
            for number, line in read_items(text, namespace, at or datetime.now()):
                try:
                    if isinstance(line, ValueError):
                        raise line
                    new = self._put(line.memory, line.message, line.namespace, line.at)[1]
                    added, known = added + new, known + (not new)
                except ValueError as error:
                    problems.append(f"line {number}: {error}")
        return Imported(added, known, tuple(problems))

    def _put(self, memory: Memory, message: str, namespace: str, at: datetime) -> tuple[int, bool]:
        """The id of the item that holds a memory now, and whether it is a new one. Inside `_writing`."""
        at = (at.astimezone().replace(tzinfo=None) if at.tzinfo else at).replace(microsecond=0)
        namespace, message = one_line(namespace) or NAMESPACE, one_line(message)
        if len(message) > MAX_MESSAGE_CHARACTERS:
            message = message[: MAX_MESSAGE_CHARACTERS - 1] + "…"
        slot = slot_of(memory.key, at.date())
        last_day = slot.last_day.isoformat() if slot.last_day else None
        rows = self.connection.execute(
            f"SELECT {_COLUMNS} FROM items WHERE namespace = ? AND place = ? ORDER BY current DESC", (namespace, slot.place)
        )
        others = [_item(row) for row in rows]
        for other in others:
            if (other.value, other.said_at) == (memory.value, at):
                return other.id, False
        now = others[0] if others and others[0].current else None
        newer = now is None or now.said_at <= at
        if now and now.value == memory.value:  # said again: no new value
            if newer:
                self.connection.execute(
                    "UPDATE items SET key = ?, message = ?, said_at = ?, last_day = ? WHERE id = ?",
                    (memory.key, message or now.message, at.isoformat(), last_day, now.id),
                )
            return now.id, False
        if now and newer:
            self.connection.execute("UPDATE items SET current = 0 WHERE id = ?", (now.id,))
        cursor = self.connection.execute(
            "INSERT INTO items (namespace, key, value, message, said_at, last_day, current, place)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                namespace,
                memory.key,
                memory.value,
                message,
                at.isoformat(),
                last_day,
                int(newer),
                slot.place,
            ),
        )
        return int(cursor.lastrowid or 0), True

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A transaction: all of it is on the disk afterwards, or, after an error, none."""
        if self.read_only:
            raise StoreError(f"{self.path} can only be read here: copy it to a folder that can be written")
        with told(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise


def _item(row: Sequence) -> Item:
    item_id, namespace, key, value, message, said_at, last_day, current = row
    ends = date.fromisoformat(last_day) if last_day else None
    return Item(item_id, namespace, key, value, message, datetime.fromisoformat(said_at), ends, bool(current))
