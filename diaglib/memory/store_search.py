"""Which remembered item fits a message: nearest vectors first, then the encoder's own judgement of the best of them.

Used by `Store.search`. Rules: what is found is looked up in the file again, so that another process's changes count at once;
an index on disk is only a shortcut, made again whenever it is missing.
"""

from __future__ import annotations

import glob
import hashlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from diaglib.memory.items import Memory, one_line
from diaglib.memory.store_file import told
from diaglib.memory.store_index import EXACT_ITEMS, VectorIndex

if TYPE_CHECKING:
    from diaglib.memory.encoder import Encoder
    from diaglib.memory.store import Item, Store

SHORTLIST = 64  # candidates by vector that the encoder judges: of 185 keys its own choice was among them in 98%
MAX_QUERY_CHARACTERS = 1_000
SAVE_EVERY = 5_000  # new vectors in a large index


@dataclass(frozen=True, slots=True)
class Match:
    """An item that fits a message, as one says it that day, with its similarity 0..1."""

    item: Item
    memory: Memory
    score: float


@dataclass
class _Section:
    """The index of one namespace: every item up to `seen_id` that does not end by date is in it, `last_id` the newest of them."""

    index: VectorIndex
    last_id: int = 0
    saved_id: int = 0
    seen_id: int = 0  # of any namespace: a namespace that rests is not looked through again


class Searcher:
    """Finds the items of one store. Made by the store, which owns the file."""

    def __init__(self, store: Store, encoder: Encoder | str = "local", exact_items: int = EXACT_ITEMS) -> None:
        self._store, self._encoder, self._exact_items = store, encoder, exact_items
        self._sections: dict[str, _Section] = {}

    @property
    def encoder(self) -> Encoder:
        encoder = self._encoder
        if isinstance(encoder, str):
            from diaglib.memory.encoder import load_encoder

            self._encoder = encoder = load_encoder(encoder)
        return encoder

    def search(self, message: str, count: int, namespace: str, today: date) -> list[Match]:
        """As `Store.search`."""
        message = one_line(message)[:MAX_QUERY_CHARACTERS]
        if not message or count < 1:
            return []
        items = self._nearest(message, max(SHORTLIST, 2 * count), one_line(namespace))
        items += self._dated(message, one_line(namespace), today, max(SHORTLIST, 2 * count))
        if not items:
            return []
        memories = [item.shown(today) for item in items]
        scores = self.encoder.similarity([str(memory) for memory in memories], [message])[:, 0]
        matches = [Match(*parts) for parts in zip(items, memories, scores.tolist(), strict=True)]
        return sorted(matches, key=lambda match: (-match.score, -match.item.id))[:count]

    def _nearest(self, message: str, count: int, namespace: str) -> list[Item]:
        """The nearest items that do not end by date; what is no longer current leaves the index on the way."""
        section = self._synchronised(namespace)
        if not len(section.index):
            return []
        vector = self.encoder.message_vectors([message])[0]
        while True:
            ids = section.index.nearest(vector, count)
            items = [item for item in self._store.items(ids=ids) if item.current and item.last_day is None]
            if len(items) == len(ids):
                return items
            section.index.discard(sorted(set(ids) - {item.id for item in items}))
            count *= 2

    def _dated(self, message: str, namespace: str, today: date, count: int) -> list[Item]:
        """The items that end by date and have not: a handful, read anew for every message."""
        rows = self._rows(
            "SELECT id FROM items WHERE namespace = ? AND current AND last_day IS NOT NULL AND last_day >= ?",
            namespace,
            today.isoformat(),
        )
        items = self._store.items(ids=[row[0] for row in rows]) if rows else []
        if len(items) <= count:
            return items
        vectors = self.encoder.memory_vectors([str(item.shown(today)) for item in items])
        nearness = vectors @ self.encoder.message_vectors([message])[0]
        return [items[place] for place in nearness.argsort()[::-1][:count].tolist()]

    def _synchronised(self, namespace: str) -> _Section:
        """The index of a namespace with everything that is in the file by now."""
        import numpy as np

        section = self._sections.get(namespace) or self._load(namespace)
        self._sections[namespace] = section
        newest = self._rows("SELECT max(id) FROM items")[0][0] or 0
        if newest <= section.seen_id:
            return section
        # the plus keeps SQLite to the new rows: by its index of namespaces it would walk through all that are known
        rows = self._rows(
            "SELECT id, key, value FROM items"
            " WHERE id > ? AND id <= ? AND +namespace = ? AND current AND last_day IS NULL ORDER BY id",
            section.seen_id,
            newest,
            namespace,
        )
        if rows:
            vectors = self.encoder.memory_vectors([str(Memory(key, value)) for _, key, value in rows])
            section.index.add(np.array([row[0] for row in rows], np.int64), vectors)
            section.last_id = rows[-1][0]
            if section.last_id - section.saved_id >= SAVE_EVERY:
                self._save(namespace, section)
        section.seen_id = newest
        return section

    def save(self) -> None:
        """Writes the large indexes that grew beside the store, so that the next process need not make them."""
        for namespace, section in self._sections.items():
            if section.last_id > section.saved_id:
                self._save(namespace, section)

    def drop(self, namespace: str) -> None:
        """Removes the indexes of a namespace, in memory and on disk, whatever encoder made them, half-written ones too."""
        self._sections.pop(namespace, None)
        half_written = self._store.path.parent.glob(f".{glob.escape(self._stem(namespace)[:40])}*.part")
        for file in [*self._files(namespace), *half_written]:
            file.unlink(missing_ok=True)

    def _save(self, namespace: str, section: _Section) -> None:
        if section.index.is_exact or self._store.read_only:
            return
        older = self._files(namespace, self.encoder.name)
        file = self._store.path.with_name(f"{self._stem(namespace, self.encoder.name)}.{section.last_id}.usearch")
        with suppress(OSError, RuntimeError):  # a full disk: the next process makes the index again
            section.index.save(file)
            section.saved_id = section.last_id
            for path in older:
                if path != file:
                    path.unlink(missing_ok=True)

    def _load(self, namespace: str) -> _Section:
        files = sorted(self._files(namespace, self.encoder.name), key=_last_id)
        for file in reversed(files):
            with suppress(RuntimeError, ValueError, OSError):  # unreadable: made again
                last_id = _last_id(file)
                return _Section(VectorIndex.load(file), last_id, last_id, last_id)
        return _Section(VectorIndex(self._exact_items))

    def _files(self, namespace: str, encoder_name: str = "") -> list[Path]:
        pattern = f"{glob.escape(self._stem(namespace, encoder_name))}*.usearch"
        return [file for file in self._store.path.parent.glob(pattern) if file.suffixes[-2][1:].isdigit()]

    def _stem(self, namespace: str, encoder_name: str = "") -> str:
        identity = self._rows("SELECT store FROM identity")[0][0]
        ends = _short_hash(encoder_name) if encoder_name else ""
        return f"{self._store.path.name}.{_short_hash(identity + namespace)}-{ends}"

    def _rows(self, query: str, *values: object) -> list[tuple]:
        with told(self._store.path):
            return self._store.connection.execute(query, values).fetchall()


def _last_id(file: Path) -> int:
    return int(file.suffixes[-2][1:])


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10]
