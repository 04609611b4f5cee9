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
_AGAIN = "again"  # behind the line of a checkpoint that a reader was in the way of


def if_due(db: apsw.Connection, held: lock.WriteLock) -> None:
    """Move the log when it is large, and when the last attempt did not come to its end."""
    left = held.checkpointed
    if not left or left.endswith(_AGAIN) or _size(db.filename + "-wal") >= LARGE:
        truncate(db, held)


def adopt(db: apsw.Connection, held: lock.WriteLock, seen: str) -> None:
    """A file that was put in the place of ours while the log was empty is ours from now on. Before each write.

    `seen`: the look of the file when `db` was opened, not of what may have taken its place since.
    """
    if not _size(db.filename + "-wal") and not held.checkpointed.startswith(seen + " "):
        _note(db, held, seen)


def truncate(db: apsw.Connection, held: lock.WriteLock) -> bool:
    """Move everything and empty the log file. False when a reader is still using it: the next holder tries again.

    No waiting: a pinned reader would make every saver behind us wait as well.
    """
    before = held.checkpointed.split(" ")
    held.checkpointed = ""
    db.set_busy_timeout(0)
    try:
        busy, _, _ = sql.row(db, "PRAGMA wal_checkpoint(TRUNCATE)")
    except apsw.BusyError:
        busy = True
    finally:
        db.set_busy_timeout(10_000)
    if busy:  # what was moved in part is not older than what was moved before
        held.checkpointed = " ".join((_look(db.filename), *before[3:7], _AGAIN))
        return False
    _note(db, held, _look(db.filename))
    return True


def _note(db: apsw.Connection, held: lock.WriteLock, seen: str) -> None:
    alive = life.read(db)
    if alive:
        log = _inode(db.filename + "-wal")
        held.checkpointed = f"{seen} {held.inode} {log} {alive.incarnation} {alive.written}"


def refuse_mixture(db: apsw.Connection, path: str, lock_path: str) -> None:
    """Raises StoreError when another file lies in the place of the one that the write-ahead log belongs to."""
    left = lock.checkpointed(lock_path)
    if left.count(" ") < 6 or not _size(path + "-wal") or left.startswith(_look(path) + " "):
        return  # nothing to compare with, nothing to mix, nothing changed
    alive = life.read(db)
    if left != lock.checkpointed(lock_path):  # another checkpoint has begun since
        return
    if _renamed_over(path, lock_path, left) or not _went_on(path, alive.incarnation if alive else "", left):
        raise StoreError(
            f"{path} was overwritten by another file while its write-ahead log still held newer memories",
            "run `kioku-mesh doctor --fix`: it keeps what both hold; "
            "a backup is put back with `kioku-mesh restore-backup FILE`",
        )


def _renamed_over(path: str, lock_path: str, left: str) -> bool:
    """Is it another file, beside the same lock and log? (A copy put back as a whole has other ones as well.)"""
    inode, lock_inode, log = map(int, left.split(" ")[2:5])
    return _inode(path) != inode and (_inode(lock_path), _inode(path + "-wal")) == (lock_inode, log)


def _went_on(path: str, incarnation: str, left: str) -> bool:
    """Is the file itself, without the log, not older than the last checkpoint? Then a foreign one may have moved it."""
    left_incarnation, written = left.split(" ")[5:7]
    with suppress(apsw.Error):
        file = connection.alone(path)
        try:
            sql.rows(file, "PRAGMA checksum_verification = OFF")  # another program keeps none
            here = life.read(file)
        finally:
            file.close()
        if here and here.incarnation == left_incarnation:
            return here.written >= int(written)
        return here is not None and here.incarnation == incarnation
    return False


def look(size: int, time_ns: int, inode: int) -> str:
    """What tells a file from others and from itself later. (Windows notes the time of an open file late: there the
    length has to do.)"""
    return f"{size} {0 if sys.platform == 'win32' else time_ns} {inode}"


def _look(path: str) -> str:
    found = os.stat(path)
    return look(found.st_size, found.st_mtime_ns, found.st_ino)


def _inode(path: str) -> int:
    try:
        return os.stat(path).st_ino
    except FileNotFoundError:
        return 0


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0
