"""Rows are always fetched whole, because a cursor left open pins the write-ahead log; and files that may be lost."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import apsw


def rows(db: apsw.Connection, statement: str, values: Sequence[Any] = ()) -> list[Any]:
    return db.execute(statement, values).fetchall()


def row(db: apsw.Connection, statement: str, values: Sequence[Any] = ()) -> Any:
    """The first row, or None."""
    found = db.execute(statement, values).fetchall()
    return found[0] if found else None


def loose(path: str, wait_ms: int) -> apsw.Connection:
    """A file that may be lost at any time, made if it is not there: nobody waits for it to reach the disk."""
    with suppress(FileExistsError):  # only a new file: closing one drops the locks that SQLite has on it
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    db = apsw.Connection(path)
    db.set_busy_timeout(wait_ms)
    rows(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF")
    return db


@contextmanager
def begun(db: apsw.Connection) -> Iterator[apsw.Connection]:
    """The rest of a transaction that has begun: committed at the end, given up at an error."""
    try:
        yield db
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
