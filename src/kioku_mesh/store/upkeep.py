"""Background work in small steps: erasing what is past its time, sweeping what expired, moving the write-ahead log."""

from __future__ import annotations

import os
import time
from contextlib import suppress

from .. import wire
from ..clock import now as read_clock
from . import backup, checkpoint, erase, places, sql
from .connection import translated
from .store import Store

SLICE_S = 0.025  # of work in one transaction: a saver behind it waits about twice as long
PAUSE_S = 0.002  # between two, so that whoever waits for the write lock gets it
_BATCH = 20
_TRIES, _BREATH_S = 20, 0.05  # readers are done in milliseconds
_TRACES = "erased"  # an empty file: bodies were erased, and `scrub` has not been done since
_SCRUBBING = "erased.scrub"  # the same while it is being done
_WORKING = ("check", "restore", "seed")  # beginnings of the names of working copies
_IN_MEMORY = 64 << 20  # bytes of a store that is rewritten in memory


def erase_step(store: Store, now: int | None = None, seconds: float = SLICE_S) -> int:
    """Erase bodies that may go, for about `seconds`; returns how many."""
    done = 0
    with store.write() as transaction:
        at = transaction.now if now is None else now
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            rows = erase.due(transaction.db, at, _BATCH)
            if rows:
                note_traces(store)
            for n in rows:
                erase.erase(transaction.db, n)
            done += len(rows)
            if len(rows) < _BATCH:
                break
    return done


def erase_all(store: Store, purged: bool = False) -> int:
    """Erase every body that may go, and scrub when anything was erased, now or before, or `purged` says so."""
    total = 0
    while done := erase_step(store):
        total += done
        time.sleep(PAUSE_S)
    if purged or has_traces(store):
        scrub(store)
    return total


def has_traces(store: Store) -> bool:
    """Was anything erased since the last `scrub`?"""
    return any(os.path.exists(_in(store, name)) for name in (_TRACES, _SCRUBBING))


def note_traces(store: Store) -> None:
    """Before anything is erased: whoever comes after a process that died finds that `scrub` is still to be done."""
    os.close(os.open(_in(store, _TRACES), os.O_WRONLY | os.O_CREAT, places.PRIVATE_FILE))


def _in(store: Store, name: str) -> str:
    return os.path.join(store.directory, name)


def scrub(store: Store, tries: int = _TRIES) -> None:
    """Leave nothing of what was erased in unused bytes of the file, in the write-ahead log, in managed backups and in
    copies of a damaged file.

    A reader may keep the log from being emptied: after `tries` that is left to the next writer. SQLite overwrites what
    is deleted, but not the copies it leaves behind when it moves rows within a page: hence VACUUM.
    """
    with translated(store.path), backup.alone(store) as keeper:
        for name in (_TRACES, _SCRUBBING):  # what is erased from now on is the next one's
            with suppress(FileNotFoundError):
                os.replace(_in(store, name), _in(store, _SCRUBBING))
        with store.locked():
            _rewrite(store)
        while not empty_wal(store) and (tries := tries - 1) > 0:
            time.sleep(_BREATH_S)
        keeper.replace_all()
        for name in os.listdir(store.directory):
            # a repair took over every record that could be read; the others are of processes that died
            if places.DAMAGED in name or name.partition(".part")[0] in _WORKING:
                with suppress(FileNotFoundError):
                    os.unlink(_in(store, name))
        with suppress(FileNotFoundError):
            os.unlink(_in(store, _SCRUBBING))


def _rewrite(store: Store) -> None:
    db = store.writer()
    if size(store) > _IN_MEMORY:
        sql.rows(db, "PRAGMA temp_store = FILE")
    try:
        db.execute("VACUUM")
    finally:
        sql.rows(db, "PRAGMA temp_store = MEMORY")


def empty_wal(store: Store) -> bool:
    """False while a reader still uses the log; every writer from now on tries again."""
    with store.locked() as held:
        return checkpoint.truncate(store.writer(), held)


def sweep(store: Store, retention: int, limit: int = wire.NAMES_MAX) -> int:
    """Delete expired memories of this node by a tombstone that lets their bodies be erased at once."""
    with store.write() as transaction:
        by_scope: dict[str, list[str]] = {}
        for n in erase.upcoming(transaction.db, transaction.now, retention, limit).expired:
            id_, scope = sql.row(
                transaction.db, "SELECT r.id, s.scope FROM record r JOIN stream s ON s.n = r.stream WHERE r.n = ?", (n,)
            )
            by_scope.setdefault(scope, []).append(id_.hex())
        for scope, names in by_scope.items():
            body = wire.encode_body({"reason": "expired"})
            transaction.append(wire.TOMBSTONE, scope, body, names=names, until=transaction.now)
    return sum(map(len, by_scope.values()))


def erase_if_due(store: Store, seconds: float = 0.02) -> None:
    """A bounded step of erasing, only when there is work. Raises StoreError."""
    with translated(store.path):
        if erase.due(store.reader(), read_clock(), 1):
            erase_step(store, seconds=seconds)


def size(store: Store) -> int:
    """Bytes of the database and its write-ahead log."""
    return sum(os.path.getsize(path) for path in (store.path, store.path + "-wal") if os.path.exists(path))
