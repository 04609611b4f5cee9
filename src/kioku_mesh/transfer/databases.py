"""The SQLite files of other programs, read while those run. The only place outside `store` that opens any.

Nothing is written, not even beside the file: one that cannot be read where it lies is read as a private copy.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import apsw

from ..errors import BadInput
from .entries import Bad

_BUSY_MS = 5000  # how long the other program may hold its file
_TRIES = 5  # to copy a file that somebody writes
_WAL = 2  # what byte 18 of a file is whose writers use a write-ahead log
_WITH = ("-wal", "-journal")  # what belongs to a file


class Database:
    """One consistent view of a file of another program."""

    def __init__(self, db: apsw.Connection, path: str) -> None:
        self._db, self._path = db, path
        self.tables = {str(name) for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def columns(self, table: str) -> set[str]:
        """None, where there is no such table."""
        return {str(row[1]) for row in self._db.execute(f"PRAGMA table_info({table})")}

    def execute(self, statement: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a statement. Raises BadInput when the file is damaged there."""
        try:
            yield from self._db.execute(statement)
        except (apsw.Error, UnicodeDecodeError) as error:
            raise _unreadable(self._path, error) from None

    def count(self, table: str) -> int:
        """How many rows a table has; 0, where there is none."""
        return sum(number for (number,) in self.execute(f"SELECT count(*) FROM {table}")) if table in self.tables else 0

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[dict[str, Any] | Bad]:
        """Every row, by the names of its columns; one that the table does not have is None. A row that cannot be read is bad."""
        there = self.columns(table)
        shown = ", ".join(name if name in there else f"NULL AS {name}" for name in columns)
        where = f"{os.path.basename(self._path)}, {table}"
        try:
            numbers = [n for (n,) in self._db.execute(f"SELECT rowid FROM {table} ORDER BY rowid")]
        except apsw.Error as error:
            yield Bad(where, _unreadable(self._path, error))
            return
        for n in numbers:
            try:
                for values in self._db.execute(f"SELECT {shown} FROM {table} WHERE rowid = ?", (n,)):
                    yield dict(zip(columns, values, strict=True))
            except (apsw.Error, UnicodeDecodeError) as error:
                yield Bad(f"{where}, row {n}", BadInput(f"it cannot be read: {error}"))


@contextmanager
def opened(path: str, hint: str) -> Iterator[Database]:
    """The file as it is now. Raises BadInput, with this hint, for what is no SQLite file or cannot be read."""
    with ExitStack() as stack:
        try:
            db = _in_place(path, stack) if _can_be_shared(path) else _copied(path, stack)
            yield Database(db, path)
        except (apsw.Error, OSError) as error:
            raise _unreadable(path, error, hint) from None


def _unreadable(path: str, error: Exception, hint: str = "look whether its own program can still read it") -> BadInput:
    return BadInput(f"cannot read {path}: {error}", hint)


def _can_be_shared(path: str) -> bool:
    """False where opening it would leave files beside it: it uses a write-ahead log, and nobody has it open."""
    with open(path, "rb") as file:
        head = file.read(20)
    return head[18:19] != bytes((_WAL,)) or all(os.path.exists(path + suffix) for suffix in ("-wal", "-shm"))


def _in_place(path: str, stack: ExitStack) -> apsw.Connection:
    """As the program itself reads it; a copy where that is not possible."""
    from urllib.parse import quote

    uri = f"file:{quote(os.path.abspath(path))}?mode=ro"
    try:
        db = apsw.Connection(uri, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
        stack.callback(db.close)
        return _fixed(db)
    except (apsw.CantOpenError, apsw.ReadOnlyError, apsw.BusyError):
        return _copied(path, stack)


def _fixed(db: apsw.Connection) -> apsw.Connection:
    """With one view of it until it is closed."""
    db.set_busy_timeout(_BUSY_MS)
    db.execute("BEGIN")
    db.execute("SELECT count(*) FROM sqlite_master").fetchall()
    return db


def _copied(path: str, stack: ExitStack) -> apsw.Connection:
    """A copy that nobody wrote to while it was made. Raises BadInput."""
    import shutil
    import tempfile

    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="kioku-mesh-"))
    copy = os.path.join(folder, "copy.db")
    for _ in range(_TRIES):
        before = _state(path)
        for suffix in ("", *_WITH):
            if os.path.exists(path + suffix):
                shutil.copyfile(path + suffix, copy + suffix)
            elif os.path.exists(copy + suffix):
                os.unlink(copy + suffix)
        if _state(path) == before:
            db = apsw.Connection(copy)
            stack.callback(db.close)
            return _fixed(db)
    raise BadInput(f"cannot read {path}: it is written to all the time", "try again when its program is idle")


def _state(path: str) -> list[tuple[int, int] | None]:
    """Size and time of the file and of what belongs to it."""
    state: list[tuple[int, int] | None] = []
    for suffix in ("", *_WITH):
        try:
            found = os.stat(path + suffix)
            state.append((found.st_size, found.st_mtime_ns))
        except FileNotFoundError:
            state.append(None)
    return state
