"""Moving the write-ahead log into the database, only ever by the holder of the write lock."""

from __future__ import annotations

import os
from contextlib import suppress

import apsw

from . import sql

LARGE = 4 << 20  # bytes of the write-ahead log from which a saver moves it


def if_large(db: apsw.Connection) -> None:
    path = db.filename + "-wal"
    with suppress(FileNotFoundError):
        if os.stat(path).st_size >= LARGE:
            truncate(db)


def truncate(db: apsw.Connection) -> bool:
    """Move everything and empty the log file. False when a reader is still using it: the next holder tries again.

    No waiting: a pinned reader would make every saver behind us wait as well.
    """
    db.set_busy_timeout(0)
    try:
        busy, _, _ = sql.row(db, "PRAGMA wal_checkpoint(TRUNCATE)")
        return not busy
    except apsw.BusyError:
        return False
    finally:
        db.set_busy_timeout(10_000)
