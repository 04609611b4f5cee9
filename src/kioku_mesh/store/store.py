"""The store: one `memory.db` with its lock, opened in constant time, written by one at a time, read by all."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import apsw

from ..clock import SECOND
from ..clock import now as read_clock
from ..errors import KiokuError, StoreError
from ..ids import new_node
from ..values import NamedTuple
from . import checkpoint, connection, life, lock, places, schema
from .connection import BIRTH, DATABASE, LOCK, translated
from .meaning import Model
from .meant import Asked
from .reading import Snapshot
from .transaction import Transaction

LOCAL_SCOPES = frozenset(("mesh", "local"))


class Store:
    """Thread-safe; nothing is touched on disk before the first use."""

    def __init__(
        self, directory: str, *, node: str | None = None, host: str = "", wait_s: float = lock.WAIT_S,
        shares: Callable[[], bool] = lambda: True, meanings: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        """`node`: the name of this machine; without it the first save makes one. `shares`: may what is written leave it?
        `meanings`: the files of another table of meanings than the one of the package."""
        self.directory = directory
        self.path = os.path.join(directory, DATABASE)
        self._lock_path = os.path.join(directory, LOCK)
        self._node, self._host = node, host
        self._wait_s = wait_s
        self.shares = shares
        self._meanings = meanings
        self._local = threading.local()
        self._opened: list[apsw.Connection] = []
        self._guard = threading.Lock()
        self._wrote = False  # since the log was last emptied by us

    @contextmanager
    def _beside(self) -> Iterator[Store]:
        """Another set of connections, for a caller who reads or writes while its thread is reading."""
        other = Store(self.directory, node=self._node, host=self._host, wait_s=self._wait_s, shares=self.shares,
                      meanings=self._meanings)  # fmt: skip
        try:
            yield other
        finally:
            other.close()

    # --- reading

    @contextmanager
    def read(
        self, scopes: frozenset[str] = LOCAL_SCOPES, now: int | None = None, asked: Asked | None = None
    ) -> Iterator[Snapshot]:
        """A consistent snapshot; takes no write lock and never waits for a writer. `asked`: what an embedder that was chosen
        made of the question that it is for."""
        with translated(self.path):
            mark = lock.mark(self._lock_path)  # before the snapshot: a commit in between must not look like a loss
            db = self.reader()
            if db.in_transaction:
                with self._beside() as other, other.read(scopes, now, asked) as snapshot:
                    yield snapshot
                return
            db.execute("BEGIN")
            try:
                schema.refuse_newer(db, self.path)
                yield Snapshot(db, scopes, read_clock() if now is None else now, mark, self.model, asked)
            finally:
                if db.in_transaction:
                    db.execute("ROLLBACK")

    def reader(self) -> apsw.Connection:
        """This thread's connection, for the modules of this package; an empty one in memory before the first save."""
        held = self._held()
        if held is not None:
            return held
        if not self.exists():
            return _empty()
        file = _identity(self.path)
        db = connection.readable(self.path)
        try:
            found = schema.admit(db, self.path)
            checkpoint.refuse_mixture(db, self.path, self._lock_path)
        except BaseException:
            db.close()
            raise
        if found == schema.VERSION:
            return self._hold(db, file, writes=False)
        db.close()
        if not found:
            return _empty()  # another process is creating it
        with self.locked():
            return self.writer()

    def model(self) -> Model:
        """This thread's table of meanings."""
        found: Model | None = getattr(self._local, "model", None)
        if found is None:
            found = self._local.model = Model(*self._meanings)
        return found

    def exists(self) -> bool:
        """Has anything been saved here? Raises StoreError when there was a store and its file is gone or empty."""
        with translated(self.path):
            size = _size(self.path)
        if size:
            return True
        if os.path.exists(os.path.join(self.directory, BIRTH)):
            raise StoreError(
                f"{self.path} is {'missing' if size is None else 'empty'}, although memories were saved there",
                "put a backup back with `kioku-mesh doctor --fix` or `kioku-mesh restore-backup FILE`; "
                f"to begin anew, remove {os.path.join(self.directory, BIRTH)}",
            )
        return False

    def version(self) -> object:
        """Something that differs after every commit of another connection. Costs microseconds."""
        db = self.reader()
        # The number counts for one connection, and a new one is opened whenever the file is another or was moved into.
        return getattr(self._local, "file", None), db.pragma("data_version")

    def born(self) -> int:
        """When the first memory was saved here, microseconds. Raises StoreError when none was."""
        with translated(self.path):
            return int(os.stat(os.path.join(self.directory, BIRTH)).st_mtime * SECOND)

    # --- writing

    @contextmanager
    def write(self, now: int | None = None) -> Iterator[Transaction]:
        """One transaction under the write lock: durable when the block has ended, undone when it raises."""
        held_open = getattr(self._local, "db", None)
        if held_open is not None and held_open.in_transaction:
            with self._beside() as other, other.write(now) as transaction:
                yield transaction
            return
        with translated(self.path), self.locked() as held:
            db = self.writer()
            file = self._local.file
            checkpoint.adopt(db, held, checkpoint.look(file.size, file.time_ns, file.inode))
            db.execute("BEGIN IMMEDIATE")
            try:
                if schema.version(db) != schema.VERSION:
                    schema.refuse_newer(db, self.path)
                at = read_clock() if now is None else now
                transaction = Transaction(db, self._alive(db, held.mark, at), self.directory, at, self.shares)
                yield transaction
                transaction.settle()
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
            if not self._is_in_place():
                raise self._replaced()
            # The transaction stands, whatever becomes of this; the next writer does it as well.
            with suppress(OSError, apsw.Error):
                self._wrote = True
                held.mark = transaction.life.mark
                checkpoint.if_due(db, held)
                if self._is_in_place():
                    self._local.file = _identity(self.path)

    def _is_in_place(self) -> bool:
        """Is the file that this thread has open the one that others will open?"""
        there = _identity(self.path)
        return there is not None and there[:3] == self._local.file[:3]

    def _replaced(self) -> StoreError:
        return StoreError(
            f"{self.path} was replaced or removed while it was in use",
            "try again; to put a backup back while agents work, use `kioku-mesh restore-backup FILE`",
        )

    @contextmanager
    def locked(self) -> Iterator[lock.WriteLock]:
        """Hold the write lock. Raises StoreBusy, naming who has it, after the waiting time."""
        with translated(self.path):
            places.prepare(self.directory)
            held = lock.WriteLock(self._lock_path, self._wait_s)
            try:
                yield held
            finally:
                held.release()

    def _alive(self, db: apsw.Connection, mark: str, at: int) -> life.Life:
        """The life that writes now: the one the file remembers, or a new one."""
        alive = life.read(db)
        if alive is None:
            places.refuse_network(self.directory)
            return life.mint(db, self.directory, self.node_name(), "first save", at, 0)
        node = self._node or alive.node
        why = "the node was renamed" if node != alive.node else life.changed(alive, self.directory, mark)
        if why:
            places.refuse_network(self.directory)
            return life.mint(db, self.directory, node, why, at, alive.clock)
        return alive

    def node_name(self) -> str:
        """The name for a machine that has none yet."""
        return self._node or new_node(self._host)

    def writer(self) -> apsw.Connection:
        """This thread's connection for writing, of the current schema. The caller holds the write lock."""
        held = self._held()
        if held is not None and self._local.writes:
            return held
        if held is not None:
            self._drop(held)
        self.exists()
        places.protect(self.path)  # before opening: SQLite would keep reading only from a file it may not write
        file = _identity(self.path)
        db = connection.writable(self.path)
        try:
            if schema.admit(db, self.path) < schema.VERSION:
                db.execute("PRAGMA journal_mode = WAL")
                schema.migrate(db, self.path)
                places.protect(self.path)
            checkpoint.refuse_mixture(db, self.path, self._lock_path)
        except BaseException:
            db.close()
            raise
        return self._hold(db, file, writes=True)

    # --- connections, one per thread

    def _held(self) -> apsw.Connection | None:
        """This thread's connection, unless the file was replaced or removed since it was opened."""
        db: apsw.Connection | None = getattr(self._local, "db", None)
        if db is None:
            return None
        if db.in_transaction or self._local.file == _identity(self.path):
            return db
        self._drop(db)
        return None

    def _hold(self, db: apsw.Connection, before: _File | None, writes: bool) -> apsw.Connection:
        file = _identity(self.path)
        if file is None or (before and file[:2] != before[:2]):  # which of the two it opened nobody knows
            db.close()
            raise self._replaced()
        self._local.db, self._local.writes, self._local.file = db, writes, file
        with self._guard:
            self._opened.append(db)
        return db

    def _drop(self, db: apsw.Connection) -> None:
        self._local.db = None
        with self._guard:
            self._opened.remove(db)
        db.close()

    def close(self) -> None:
        """Close the connections of all threads.

        Whoever wrote empties the write-ahead log first, unless somebody else is busy: then the file is whole by itself,
        and no other program that opens it moves the log in its own way (without checksums).
        """
        if self._wrote:
            self._wrote = False
            with suppress(KiokuError, OSError, apsw.Error):
                held = lock.WriteLock(self._lock_path, 0)
                try:
                    checkpoint.truncate(self.writer(), held)
                finally:
                    held.release()
        with self._guard:
            opened, self._opened = self._opened, []
        for db in opened:
            db.close()
        self._local = threading.local()


def _size(path: str) -> int | None:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return None


class _File(NamedTuple):
    """What tells a database file and its write-ahead log from others in their place, and a changed file from itself."""

    device: int
    inode: int
    log: int  # inode of the write-ahead log; 0 when there is none
    size: int
    time_ns: int


def _identity(path: str) -> _File | None:
    try:
        file = os.stat(path)
    except FileNotFoundError:
        return None
    try:
        wal = os.stat(path + "-wal").st_ino
    except FileNotFoundError:
        wal = 0
    return _File(file.st_dev, file.st_ino, wal, file.st_size, file.st_mtime_ns)


def _empty() -> apsw.Connection:
    """What a store that does not exist yet contains, without creating it."""
    db = apsw.Connection(":memory:")
    schema.migrate(db, ":memory:")
    return db
