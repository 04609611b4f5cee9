"""Backups: made online, verified before they count, put back into the live file."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import apsw

from ..clock import SECOND, to_iso
from ..clock import now as read_clock
from ..errors import BadInput, KiokuError, NotFound, StoreError
from ..folders import whole
from ..results import BackupFile
from . import checkpoint, connection, life, lock, places, schema, sql
from .connection import translated
from .store import Store

FOLDER = "backups"
AUTOMATIC, MANUAL, BEFORE_RESTORE = "automatic", "manual", "before_restore"
_MANAGED = "memory-"
# What stands behind the time in the name of a managed file; `backup.keep` counts the automatic ones alone.
_ENDINGS = {MANUAL: ".manual.db", BEFORE_RESTORE: ".before-restore.db", AUTOMATIC: ".db"}
_OTHER = "use another one: `kioku-mesh backup --list` shows those in the folder of backups"
_WAIT_S = 600.0  # for others who make backups
_PATIENCE_MS = 5_000  # for readers that are in the way
_PAGES = 512  # copied at a time; between two steps savers go on


def folder(store: Store) -> str:
    return os.path.join(store.directory, FOLDER)


def _paths(store: Store, ending: str = ".db") -> list[str]:
    """The managed files by the time in their names, newest first; `.part`: those that are being made, or never will be."""
    try:
        names = os.listdir(folder(store))
    except FileNotFoundError:
        return []
    ours = [name for name in names if name.startswith(_MANAGED) and name.endswith(ending)]
    return [os.path.join(folder(store), name) for name in sorted(ours, reverse=True)]


def _kind(path: str) -> str:
    return next(kind for kind, ending in _ENDINGS.items() if path.endswith(ending))


def managed(store: Store) -> list[BackupFile]:
    """The files in the folder of backups, newest first; damaged ones are left out."""
    found = []
    for path in _paths(store):
        with suppress(KiokuError):
            found.append(describe(path)._replace(kind=_kind(path)))
    return found


def newest(store: Store) -> int | None:
    """When the newest managed backup was made, without opening it."""
    paths = _paths(store)
    return int(os.stat(paths[0]).st_mtime * SECOND) if paths else None


def make(store: Store, path: str | None = None, keep: int | None = None) -> BackupFile:
    """Copy the store while it is in use; verify; only then give the file its name.

    `path`: a new file (BadInput if it exists); without it a managed one, and with `keep` only the newest of all managed
    ones stay. Raises NotFound when nothing has been saved yet.
    """
    _require(store)
    if path is None:
        with alone(store) as keeper:
            made = keeper.make(MANUAL)
            return made if keep is None else made._replace(removed=keeper.prune(keep, made.path))
    if keep is not None:
        raise BadInput(
            "keep counts what is in the folder of backups, not other files", "name no file, or leave out --keep"
        )
    target = whole(path)
    if os.path.exists(target):
        raise BadInput(f"{target} exists already", "name a new file")
    with translated(target):
        _copy_out(store, target)
    return describe(target)


def make_automatic(store: Store, keep: int) -> BackupFile:
    """A managed backup that nobody asked for: of these the newest `keep` stay, and none of the others goes."""
    _require(store)
    with alone(store) as keeper:
        made = keeper.make(AUTOMATIC)
        return made._replace(removed=keeper.prune(keep, made.path, AUTOMATIC))


def _require(store: Store) -> None:
    if not store.exists():
        raise NotFound("there is nothing to back up yet", "save a memory first")


@contextmanager
def alone(store: Store) -> Iterator[Keeper]:
    """Nobody else makes or removes managed backups meanwhile. Raises StoreBusy."""
    with translated(folder(store)):
        places.prepare(folder(store))
        held = lock.WriteLock(os.path.join(folder(store), "lock"), _WAIT_S)
        try:
            yield Keeper(store)
        finally:
            held.release()


class Keeper:
    """What may be done with the managed backups by one process at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def make(self, kind: str) -> BackupFile:
        stamp = to_iso(read_clock()).replace(":", "").replace("-", "")  # to the microsecond: no two share a name
        target = os.path.join(folder(self._store), f"{_MANAGED}{stamp}{_ENDINGS[kind]}")
        _copy_out(self._store, target)
        return describe(target)._replace(kind=kind)

    def prune(self, keep: int, made: str, kind: str | None = None) -> tuple[str, ...]:
        """Leave `keep` of them (of a `kind`), the one just `made` among them whatever the clock said when the others
        were; answers the files that are removed."""
        older = [path for path in _paths(self._store) if path != made and kind in (None, _kind(path))]
        removed = tuple(older[max(keep, 1) - 1 :])
        for old in removed:
            with suppress(FileNotFoundError):
                os.unlink(old)
        return removed

    def replace_all(self) -> None:
        """After an erasure: none may still contain what was erased, nor what a process that died left of one.

        The one that replaces them stays as long as the longest-lived of them would have.
        """
        old = _paths(self._store)
        kind = AUTOMATIC if all(_kind(path) == AUTOMATIC for path in old) else MANUAL
        made = self.make(kind).path if old else ""
        for path in (*old, *_paths(self._store, ".part")):
            if path == made:
                continue
            with suppress(FileNotFoundError):
                os.unlink(path)


def _copy_out(store: Store, target: str) -> None:
    partial = f"{target}.{os.getpid()}.part"
    places.begin(partial)
    try:
        copy = connection.opened(partial)
        try:
            with store.read() as _, copy.backup("main", store.reader(), "main") as work:
                while not work.done:
                    work.step(_PAGES)
            copy.execute("PRAGMA journal_mode = DELETE")
        finally:
            copy.close()
        _verify_copy(partial)
        _to_disk(partial)
        os.replace(partial, target)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(partial)
        raise


def _verify_copy(path: str) -> None:
    try:
        verify(path)
    except StoreError as error:
        if type(error) is not StoreError:
            raise
        raise StoreError(
            f"the copy is not whole: {error.message}", "look at the store: `kioku-mesh doctor --deep`"
        ) from None


def _to_disk(path: str) -> None:
    file = os.open(path, os.O_RDWR)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def verify(path: str) -> None:
    """Raises StoreError unless the file is a whole store that this release can read."""
    with _opened(path) as db:
        found = sql.row(db, "PRAGMA integrity_check(1)")[0]
        if found != "ok":
            raise StoreError(f"{path} is damaged: {found}", _OTHER)
        schema.refuse_newer(db, path)


def describe(path: str) -> BackupFile:
    """Raises BadInput for a file that is no store of ours."""
    with _opened(path) as db:
        if db.pragma("application_id") != schema.APPLICATION_ID:
            raise BadInput(f"{path} is not a backup of kioku-mesh", _OTHER)
        records = sql.row(db, "SELECT count(*) FROM record")[0]
        found = os.stat(path)
    return BackupFile(path, found.st_size, records, int(found.st_mtime * SECOND))


@contextmanager
def _blaming_the_copy() -> Iterator[None]:
    """Damage of a backup: mending the store does nothing about it."""
    try:
        yield
    except StoreError as error:
        if type(error) is not StoreError:
            raise
        raise StoreError(error.message, _OTHER) from None


@contextmanager
def _opened(path: str) -> Iterator[apsw.Connection]:
    if os.path.exists(path) and not os.path.isfile(path):
        raise BadInput(f"{path} is no file, so no backup either", _OTHER)
    if not os.path.isfile(path):
        raise NotFound(f"there is no file {path!r}", _OTHER)
    with _blaming_the_copy(), translated(path):
        try:
            db = connection.opened(path, connection.READ_ONLY)
            sql.rows(db, "SELECT 1 FROM sqlite_schema")
        except apsw.NotADBError:
            raise BadInput(f"{path} is not a backup of kioku-mesh", _OTHER) from None
        try:
            yield db
        finally:
            db.close()


def copy_in(store: Store, path: str) -> None:
    """Overwrite the live database page by page under the write lock, whatever state it is in."""
    with store.locked() as held:
        overwrite(store, path, held)


def overwrite(store: Store, path: str, held: lock.WriteLock) -> None:
    """The same for a caller that holds the write lock already."""
    held.checkpointed = ""
    live = _usable(store.path)
    try:
        try:
            copy_pages(path, live)
        except apsw.Error as error:
            if not connection.is_damage(error):
                raise
            live.close()
            reset(store.path)
            live = connection.writable(store.path)
            copy_pages(path, live)
        live.execute("PRAGMA journal_mode = WAL")
        schema.migrate(live, store.path)
        with live:
            before = life.read(live)
            node = before.node if before else store.node_name()
            now = read_clock()
            alive = life.mint(live, store.directory, node, "a backup was put back", now, before.clock if before else 0)
        held.mark = alive.mark
        checkpoint.truncate(live, held)
    finally:
        live.close()


def copy_pages(path: str, target: apsw.Connection) -> None:
    """All of a file at once into an open database."""
    source = connection.opened(path, connection.READ_ONLY)
    try:
        with target.backup("main", source, "main") as work:
            while not work.done:
                _step(work)
    finally:
        source.close()


def _usable(path: str) -> apsw.Connection:
    """The live file, emptied in place if it is so damaged that SQLite does not take it for a database."""
    try:
        return connection.writable(path)
    except apsw.Error as error:
        if not connection.is_damage(error):
            raise
        reset(path)
        return connection.writable(path)


def reset(path: str) -> None:
    """Empty a database in place, however damaged. The caller holds the write lock."""
    live = connection.opened(path)
    try:
        live.set_busy_timeout(_PATIENCE_MS)
        sql.rows(live, "PRAGMA checksum_verification = OFF")
        with suppress(apsw.Error):  # having looked at it, SQLite keeps the journal mode that other programs work in
            sql.row(live, "SELECT count(*) FROM sqlite_schema")
        live.config(apsw.SQLITE_DBCONFIG_RESET_DATABASE, 1)
        live.execute("VACUUM")
    finally:
        live.close()


def _step(work: apsw.Backup) -> None:
    """All pages at once, so that no reader sees half of them; wait for readers that are in the way."""
    for _ in range(200):
        try:
            work.step(-1)
            return
        except apsw.BusyError:
            time.sleep(0.05)
    work.step(-1)
