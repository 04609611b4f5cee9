"""Mending a damaged store: derived tables anew, else the newest good backup and what the damaged file still holds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress

import apsw

from .. import wire
from ..clock import SECOND, to_iso
from ..clock import now as read_clock
from ..errors import KiokuError, StoreError
from ..results import BackupFile
from ..values import NamedTuple
from . import backup, connection, inspect, life, log, places, schema, sql
from .connection import translated
from .replay import rebuild
from .store import Store

SEED = "seed.part"  # the empty store that takes the place of the damaged one
_GAP = 10_000  # row numbers without a readable record, after which there are no more


class Saved(NamedTuple):
    """A record out of a damaged file, and what may become of its stream."""

    record: wire.Record
    withheld: int


class Repaired(NamedTuple):
    """What was done. `backup`: the one put back; `saved`: records added from the damaged file and other backups; `kept`:
    a copy of the damaged file.

    `lost`: records of this machine that were acknowledged and are in neither, as far as the marks tell.
    """

    how: str  # "rebuilt" | "filled" | "restored" | "salvaged"
    records: int
    backup: BackupFile | None = None
    saved: int = 0
    kept: str | None = None
    lost: int = 0


def rebuild_derived(store: Store) -> Repaired:
    """Make every index and derived table anew from the log. Raises StoreError when the damage reaches further."""
    _refuse(store, inspect.damaged_records(store, deep=True)[1])
    with store.write() as transaction:
        transaction.db.execute("REINDEX")
        records = rebuild(transaction.db)
    _refuse(store, inspect.damaged_pages(store, deep=True))
    return Repaired("rebuilt", records)


def _refuse(store: Store, problems: list[str]) -> None:
    if problems:
        raise StoreError(f"{store.path} is damaged beyond what can be rebuilt: {problems[0]}")


def mend(store: Store) -> Repaired:
    """Make a damaged or vanished store whole again, with the least loss.

    Raises KiokuError when nothing helps, and when the store is not damaged but busy, newer or out of reach.
    """
    left = inspect.mark(store)
    done = None
    try:
        short = inspect.missing(store)
        done = rebuild_derived(store)
    except StoreError as error:
        if type(error) is not StoreError:
            raise
    # Not within the handler: the exception would keep connections open that are in the way.
    if done is None or short.records:
        return _replace(store, left)
    if short.behind:  # an older file was copied over the store: a backup may have what it lacks
        added = _add(store, [file.path for file in backup.managed(store)])
        return Repaired("filled", inspect.extent(store)[0], saved=added, lost=_lost(store, left))
    return done


def _replace(store: Store, left: str) -> Repaired:
    """Begin from the newest good backup, or empty, and add what the damaged file and the other backups still hold."""
    store.close()
    kept = _keep_copy(store)
    left = left or _own_mark(kept)
    sources = [kept] if kept else []
    sources += [file.path for file in backup.managed(store)]
    good = _newest_good(store)
    if good is None and not any(any(_readable(path)) for path in sources):
        raise StoreError(
            f"{store.path} cannot be mended: there is no good backup, and nothing in the file can be read",
            f"to begin anew, move {store.directory} away",
        )
    if good:
        _put_in(store, good.path)
    else:
        _begin_anew(store, _node(sources, left))
    added = _add(store, sources)
    return Repaired("restored" if good else "salvaged", inspect.extent(store)[0], good, added, kept, _lost(store, left))


def _keep_copy(store: Store) -> str | None:
    """A copy of the damaged file, made before anything is changed; None when there is nothing to keep.

    Plain reading of a database drops SQLite's locks of this process, so its connections must be closed by now.
    """
    if not os.path.exists(store.path) or not os.path.getsize(store.path):
        return None
    stamp = to_iso(read_clock() // SECOND * SECOND).replace(":", "").replace("-", "")
    kept = f"{store.path}{places.DAMAGED}{stamp}"
    with translated(kept), store.locked():
        for part in ("", "-wal"):
            if os.path.exists(store.path + part):
                _copy(store.path + part, kept + part)
    return kept


def _copy(source: str, target: str) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    with open(source, "rb") as old, open(os.open(target, flags, places.PRIVATE_FILE), "wb") as new:
        while chunk := old.read(1 << 20):
            new.write(chunk)
        new.flush()
        os.fsync(new.fileno())


def _readable(path: str) -> Iterator[Saved]:
    """Every record of a damaged file whose bytes are what its header promises, asked for one by one."""
    try:
        db = connection.opened(path, apsw.SQLITE_OPEN_READWRITE)
        db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        db.execute("PRAGMA checksum_verification = OFF").fetchall()  # each record proves itself
        sql.row(db, "SELECT count(*) FROM sqlite_schema")
    except apsw.Error:
        return
    top, misses, n = _top(db), 0, 0
    while n < top or (not top and misses < _GAP):
        n += 1
        try:
            record = log.read(db, n)
            withheld = sql.row(
                db, "SELECT withheld FROM stream JOIN record r ON r.stream = stream.n WHERE r.n = ?", (n,)
            )
        except (apsw.Error, ValueError, TypeError):  # a damaged page, damaged bytes, no such row
            misses += 1
            continue
        misses = 0
        yield Saved(record, withheld[0] if withheld else log.ASK)
    db.close()


def _own_mark(path: str | None) -> str:
    """The high-water mark inside a damaged file, for when the one beside it is gone."""
    if path is None:
        return ""
    with suppress(apsw.Error):
        db = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READWRITE)
        alive = life.read(db)
        db.close()
        return alive.mark if alive else ""
    return ""


def _top(db: apsw.Connection) -> int:
    """The highest row number; 0 when not even that can be read."""
    with suppress(apsw.Error):
        return int(sql.row(db, "SELECT ifnull(max(n), -1) FROM record")[0])
    return 0


def _newest_good(store: Store) -> BackupFile | None:
    """The newest managed backup of which every page and record is whole."""
    for file in backup.managed(store):
        with suppress(KiokuError):
            backup.verify(file.path)
            if sum(1 for _ in _readable(file.path)) == file.records:
                return file
    return None


def _put_in(store: Store, path: str) -> None:
    """Overwrite the live file with another; empty it before when it is too damaged for even that."""
    with suppress(StoreError):  # leaving the handler closes connections that would be in the way
        backup.copy_in(store, path)
        return
    with store.locked():
        backup.reset(store.path)
    backup.copy_in(store, path)


def _begin_anew(store: Store, node: str) -> None:
    """An empty store in place of the damaged one."""
    seed = os.path.join(store.directory, SEED)
    with translated(seed):
        places.begin(seed)
        try:
            db = connection.opened(seed)
            schema.migrate(db, seed)
            with db:
                life.mint(db, store.directory, node or store.node_name(), "the store was damaged", read_clock(), 0)
            db.close()
            _put_in(store, seed)
        finally:
            os.unlink(seed)


def _node(sources: list[str], left: str) -> str:
    """The name of this machine: of the origin that the mark names; empty when nothing tells."""
    incarnation = left.partition(" ")[0]
    for path in sources:
        for record, _ in _readable(path):
            node, _, written_by = record.header.origin.rpartition(".")
            if written_by == incarnation:
                return node
    return ""


def _add(store: Store, sources: list[str]) -> int:
    """Put the records of other files into the log where it lacks them, and derive everything anew; returns how many."""
    added = 0
    with store.write() as transaction:
        db = transaction.db
        for record, withheld in (saved for path in sources for saved in _readable(path)):
            header = record.header
            stream = log.stream(db, header.lane, header.scope, header.origin, withheld)
            if log.find(db, stream.n, header.seq, wire.digest(record.raw)) is None:
                log.insert(db, stream, record)
                added += 1
            if withheld < stream.withheld:
                db.execute("UPDATE stream SET withheld = ? WHERE n = ?", (withheld, stream.n))
        rebuild(db)
    return added


def _lost(store: Store, left: str) -> int:
    """How many records the mark beside the database counts that the log does not have."""
    incarnation, written, _ = (*left.split(" "), "", "", "")[:3]
    if not written.isdigit():
        return 0
    with store.read():
        statement = "SELECT count(*) FROM record r JOIN stream s ON s.n = r.stream WHERE s.origin LIKE ?"
        return max(int(written) - int(sql.row(store.reader(), statement, (f"%.{incarnation}",))[0]), 0)
