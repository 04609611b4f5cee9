"""Putting a backup back: what was erased since it was made stays erased."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import apsw

from .. import wire
from ..clock import now as read_clock
from ..errors import StoreError
from ..results import BackupFile
from . import backup, connection, content, erase, inspect, life, places, schema, sql, view
from .connection import translated
from .store import Store
from .transaction import Transaction

PART = "restore.part"  # the copy of the backup from which things are erased before anybody sees it
_BATCH = 100

Erased = dict[str, set[bytes]]  # ids by scope


def restore(store: Store, path: str) -> BackupFile:
    """Put a backup into the live file, through SQLite, so that agents that have it open go on with it.

    What is there now is backed up first, unless it is too damaged to be read, and nobody saves in between; a new
    incarnation begins.
    """
    wanted = backup.describe(path)
    backup.verify(path)
    with backup.alone(store) as keeper, store.locked() as held:
        with suppress(StoreError), translated(store.path):
            store.writer()  # brings an older file up to date while the lock is ours
        before = _back_up(store, keeper)
        with _without(store, path, _erased_here(store)) as source:
            backup.overwrite(store, source, held)
    return wanted._replace(before=before)


def _back_up(store: Store, keeper: backup.Keeper) -> str | None:
    """The file. Raises StoreError when what is there can be read and still could not be backed up."""
    try:
        return keeper.make(backup.BEFORE_RESTORE).path if store.exists() else None
    except StoreError as error:
        if type(error) is not StoreError or not _is_damaged(store):
            raise
        return None


def _is_damaged(store: Store) -> bool:
    try:
        return bool(inspect.damaged_pages(store, deep=True))
    except StoreError:
        return True


def _erased_here(store: Store) -> Erased:
    """What was erased here, as far as that can be read."""
    try:
        with store.read():
            return _erased(store.reader(), read_clock())
    except StoreError as error:
        if type(error) is not StoreError:
            raise
        return {}


def _erased(db: apsw.Connection, now: int) -> Erased:
    """What purges name, and tombstones past their time."""
    found: Erased = {}
    for scope, name, target in sql.rows(
        db,
        "SELECT DISTINCT m.scope, f.value, m.target FROM mark m JOIN facet f ON f.n = m.scope"
        " WHERE m.kind = 'purge' OR m.kind = 'tombstone' AND m.until <= ?",
        (now,),
    ):
        if view.deletion(db, scope, target)[1] <= now:
            found.setdefault(name, set()).add(target)
    return found


@contextmanager
def _without(store: Store, path: str, erased: Erased) -> Iterator[str]:
    """A copy of a backup from which everything that is named has been purged; the backup itself where nothing is."""
    if not any(erased.values()):
        yield path
        return
    part = os.path.join(store.directory, PART)
    with translated(part):
        places.begin(part)
        try:
            copy = connection.opened(part)
            try:
                backup.copy_pages(path, copy)
                schema.migrate(copy, part)
                _purge(copy, store, erased)
            finally:
                copy.close()
            yield part
        finally:
            os.unlink(part)


def _purge(db: apsw.Connection, store: Store, erased: Erased) -> None:
    now = read_clock()
    with db:
        before = life.read(db)
        node, clock = (before.node, before.clock) if before else (store.node_name(), 0)
        alive = life.mint(db, store.directory, node, "what was erased since the backup", now, clock)
        transaction = Transaction(db, alive, store.directory, now, store.shares)
        for scope, ids in erased.items():
            known = content.facet(db, "scope", scope)
            names = sorted(id_.hex() for id_ in ids if view.deletion(db, known, id_)[1] > now)
            for part in (names[i : i + wire.NAMES_MAX] for i in range(0, len(names), wire.NAMES_MAX)):
                transaction.append(wire.PURGE, scope, wire.encode_body({}), names=part)
        transaction.settle()
        while rows := erase.due(db, now, _BATCH):
            for n in rows:
                erase.erase(db, n)
    db.execute("VACUUM")
