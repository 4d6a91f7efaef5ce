"""Opens the SQLite file that one user's memories are in. Used by `diaglib/memory/store.py`.

Rules: a file that is not ours is never changed; what is committed survives a kill and a power cut; where nothing can be
written, everything can still be read.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

APPLICATION_ID = 0x6D656D6F  # "memo": how SQLite files tell whose they are
VERSION = 1
BUSY_SECONDS = 10.0
_TABLES = (
    """CREATE TABLE items (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        namespace TEXT NOT NULL,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        message TEXT NOT NULL,
        said_at TEXT NOT NULL,
        place TEXT NOT NULL,
        last_day TEXT,
        current INTEGER NOT NULL)""",
    "CREATE UNIQUE INDEX current_items ON items (namespace, place) WHERE current",
    "CREATE INDEX items_of_a_place ON items (namespace, place)",
    "CREATE INDEX items_with_an_end ON items (namespace, last_day) WHERE current AND last_day IS NOT NULL",
    "CREATE TABLE identity (store TEXT NOT NULL)",  # an index beside the file is known to be of this store, not of a namesake
    "INSERT INTO identity VALUES (hex(randomblob(8)))",
)


class StoreError(ValueError):
    """A memory file cannot be used as asked; its words name the file and what to do."""


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turns SQLite's errors into a StoreError with the file and a remedy."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {_remedy(str(error))}") from error


def _remedy(words: str) -> str:
    if "locked" in words or "busy" in words:
        return f"another process has been writing to it for {BUSY_SECONDS:.0f} s: try again"
    if "not a database" in words or "malformed" in words:
        return f"this is not a memory file, or it is damaged ({words}): name another file, or import an export into a new one"
    if "readonly" in words or "read-only" in words:
        return "it can only be read here: copy it to a folder that can be written"
    if "full" in words:
        return "the disk is full: nothing of this change was kept, what was kept before is safe"
    return f"the database says '{words}'"


def open_database(path: Path) -> tuple[sqlite3.Connection, bool]:
    """A connection, and whether it can only read; an absent or empty file becomes a new store.

    Raises StoreError for a folder, for a file of another program or version, and where a new file cannot be made.
    """
    if path.is_dir():
        raise StoreError(f"{path} is a folder: name the file of a memory store")
    if not path.exists():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{path.parent} cannot be made: {error.strerror}") from error
        if not os.access(path.parent, os.W_OK):
            raise StoreError(f"{path} cannot be made: {path.parent} cannot be written, name a file in another folder")
    # journals stand beside the file, so its folder must be writable too
    writable = os.access(path.parent, os.W_OK) and (not path.exists() or os.access(path, os.W_OK))
    with told(path):
        if not writable:
            return _open_to_read(path), True
        connection = _connect(path, "rwc")
        try:
            if _check_owner(connection, path) == 0:
                _make_tables(connection)
            _keep_a_write_ahead_log(connection)
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA secure_delete = ON")  # what is forgotten leaves no traces in free pages
        except BaseException:
            connection.close()
            raise
        return connection, False


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    address = f"file:{quote(str(path.absolute()))}?mode={mode}"
    return sqlite3.connect(address, uri=True, isolation_level=None, timeout=BUSY_SECONDS)


def _open_to_read(path: Path) -> sqlite3.Connection:
    """Where the file and its log cannot be read in place (SQLite wants to write a lock file beside them), reads a copy."""
    connection = _connect(path, "ro")
    try:
        _check_owner(connection, path)
        return connection
    except sqlite3.OperationalError:
        connection.close()
    with tempfile.TemporaryDirectory(prefix="diaglib-memory-") as folder:
        copy = Path(folder, path.name)
        for suffix in ("", "-wal"):
            with suppress(FileNotFoundError):
                shutil.copyfile(f"{path}{suffix}", f"{copy}{suffix}")
        whole = _connect(copy, "rw")
        try:
            _check_owner(whole, path)
            connection = sqlite3.connect(":memory:", isolation_level=None)
            whole.backup(connection)
        finally:
            whole.close()
    return connection


def _check_owner(connection: sqlite3.Connection, path: Path) -> int:
    """The version of the tables, 0 for an empty file. Raises StoreError where they are not ours."""
    connection.execute("BEGIN")  # all three of one moment: another process may be making the tables
    try:
        owner = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    finally:
        connection.execute("ROLLBACK")
    if owner == APPLICATION_ID and version == VERSION and tables:
        return VERSION
    if owner == APPLICATION_ID:
        raise StoreError(
            f"{path} is a memory file of version {version}, this program reads version {VERSION}: "
            "export it with the program that wrote it and import the text here"
        )
    if tables or owner:
        raise StoreError(f"{path} is a database of another program: name another file")
    return 0


def _make_tables(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:  # no other process was faster
            for statement in _TABLES:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _keep_a_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Readers and a writer at once. Where the file system cannot (a mounted Drive), SQLite's own journal stays.

    Only one process can switch it on, and SQLite does not wait for that lock by itself.
    """
    patience = time.monotonic() + BUSY_SECONDS
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > patience:
                return
            time.sleep(0.01)
