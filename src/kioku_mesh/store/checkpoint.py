"""Moving the write-ahead log into the database, only ever by the holder of the write lock.

Between two checkpoints nobody writes the database file itself. So each leaves beside it what the file then was: a file
that is another one later, while the log still holds commits, was copied over ours, and SQLite would mix the two.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

import apsw

from ..errors import StoreError
from . import connection, life, lock, sql

LARGE = 4 << 20  # bytes of the write-ahead log from which a saver moves it


def if_due(db: apsw.Connection, held: lock.WriteLock) -> None:
    """Move the log when it is large, and when the last attempt did not come to its end."""
    if not held.checkpointed or _size(db.filename + "-wal") >= LARGE:
        truncate(db, held)


def truncate(db: apsw.Connection, held: lock.WriteLock) -> bool:
    """Move everything and empty the log file. False when a reader is still using it: the next holder tries again.

    No waiting: a pinned reader would make every saver behind us wait as well.
    """
    held.checkpointed = ""
    db.set_busy_timeout(0)
    try:
        busy, _, _ = sql.row(db, "PRAGMA wal_checkpoint(TRUNCATE)")
    except apsw.BusyError:
        busy = True
    finally:
        db.set_busy_timeout(10_000)
    alive = None if busy else life.read(db)
    if alive:
        held.checkpointed = f"{_look(db.filename)} {alive.incarnation} {alive.written}"
    return not busy


def refuse_mixture(db: apsw.Connection, path: str, lock_path: str) -> None:
    """Raises StoreError when another file lies in the place of the one that the write-ahead log belongs to."""
    left = lock.checkpointed(lock_path)
    if not left or not _size(path + "-wal") or left.startswith(_look(path) + " "):
        return
    alive = life.read(db)
    # A copy of the whole directory has other times as well, and another checkpoint may have begun since.
    if left == lock.checkpointed(lock_path) and not _went_on(path, alive.incarnation if alive else "", left):
        raise StoreError(
            f"{path} was overwritten by another file while its write-ahead log still held newer memories",
            "run `kioku-mesh doctor --fix`: it keeps what both hold; "
            "a backup is put back with `kioku-mesh restore-backup FILE`",
        )


def _went_on(path: str, incarnation: str, left: str) -> bool:
    """Is the file itself, without the log, not older than the last checkpoint? Then a foreign one may have moved it."""
    *_, left_incarnation, written = left.split(" ")
    with suppress(apsw.Error):
        file = connection.alone(path)
        try:
            here = life.read(file)
        finally:
            file.close()
        if here and here.incarnation == left_incarnation:
            return here.written >= int(written)
        return here is not None and here.incarnation == incarnation
    return False


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0


def _look(path: str) -> str:
    """Length and time of a file. (Windows notes the time of an open file late: there the length has to do.)"""
    found = os.stat(path)
    return f"{found.st_size} {0 if sys.platform == 'win32' else found.st_mtime_ns}"
