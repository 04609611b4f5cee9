"""`run.db`: what may be lost at any time. Who is there, what each peer said it has, and the resident process.

Only the resident process writes it; everybody reads. A file that is missing or damaged answers as an empty one, and the
resident process makes it anew. `memory.db` never depends on it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import apsw

from ..clock import DAY, SECOND
from ..values import NamedTuple
from . import connection, sql
from .log import Head, Tip

FILE = "run.db"
LOCK = "serve.lock"  # held by the resident process; never deleted
ALIVE = 5 * SECOND  # a resident process whose last beat is older is gone
SILENT = 30 * DAY  # a peer that was not heard for so long is listed apart and not counted

_VERSION = 2
_TABLES = """
CREATE TABLE serve(
  one INTEGER PRIMARY KEY CHECK(one = 1), pid INTEGER NOT NULL, version TEXT NOT NULL, started INTEGER NOT NULL,
  beat INTEGER NOT NULL, mode TEXT NOT NULL, engine TEXT NOT NULL, addresses TEXT NOT NULL, error TEXT NOT NULL,
  scopes TEXT NOT NULL) STRICT;
CREATE TABLE peer(
  node TEXT PRIMARY KEY, incarnation TEXT NOT NULL, host TEXT NOT NULL, version TEXT NOT NULL, protocol INTEGER NOT NULL,
  address TEXT NOT NULL, up INTEGER NOT NULL, heard INTEGER NOT NULL, counter INTEGER NOT NULL, ahead INTEGER NOT NULL,
  scopes TEXT NOT NULL, error TEXT NOT NULL, forgotten INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
CREATE TABLE head(
  node TEXT NOT NULL, lane TEXT NOT NULL, scope TEXT NOT NULL, origin TEXT NOT NULL, floor INTEGER NOT NULL,
  tips TEXT NOT NULL, PRIMARY KEY(node, lane, scope, origin)) STRICT, WITHOUT ROWID;
"""


class Serve(NamedTuple):
    """The resident process. `beat`: when it last said so, microseconds; `error`: what keeps it from its work, or ""."""

    pid: int
    version: str
    started: int
    beat: int
    mode: str
    engine: str
    addresses: tuple[str, ...] = ()
    error: str = ""
    scopes: tuple[str, ...] = ()  # what it shares with other machines

    def alive(self, now: int) -> bool:
        return abs(now - self.beat) < ALIVE


class Peer(NamedTuple):
    """Another machine as last heard. `heard`: microseconds; `ahead`: its clock minus ours, microseconds."""

    node: str
    incarnation: str
    host: str = ""
    version: str = ""
    protocol: int = 0
    address: str = ""
    up: bool = False
    heard: int = 0
    counter: int = 0
    ahead: int = 0
    scopes: tuple[str, ...] = ()
    error: str = ""

    def counts(self, scope: str, now: int) -> bool:
        """Is it one of those that a record of this scope is waited for?"""
        return scope in self.scopes and now - self.heard < SILENT


class Run:
    """One per process; for one thread. `writes` False: for those who only read; they wait for nobody and make nothing."""

    def __init__(self, directory: str, writes: bool = True) -> None:
        self._writes = writes
        self.path = os.path.join(directory, FILE)
        self._db: apsw.Connection | None = None
        self._inode = 0

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    # --- reading

    def serve(self) -> Serve | None:
        """The resident process that wrote last, gone or not."""
        rows = self._ask("SELECT pid, version, started, beat, mode, engine, addresses, error, scopes FROM serve")
        told = (Serve._make((*r[:6], tuple(json.loads(r[6])), r[7], tuple(json.loads(r[8])))) for r in rows)
        return next(told, None)

    def peers(self) -> tuple[Peer, ...]:
        """All that were heard and not forgotten, by name."""
        rows = self._ask(
            "SELECT node, incarnation, host, version, protocol, address, up, heard, counter, ahead, scopes, error"
            " FROM peer WHERE NOT forgotten ORDER BY node"
        )
        return tuple(Peer._make((*r[:6], bool(r[6]), *r[7:10], tuple(json.loads(r[10])), r[11])) for r in rows)

    def knows(self, node: str) -> bool:
        """Is this peer among those noted here, and not forgotten?"""
        return bool(self._ask("SELECT 1 FROM peer WHERE node = ? AND NOT forgotten", (node,)))

    def heads(self, node: str) -> tuple[Head, ...]:
        """What a peer last said it has."""
        rows = self._ask("SELECT lane, scope, origin, floor, tips FROM head WHERE node = ?", (node,))
        return tuple(_head(row) for row in rows)

    def holders(self, lane: str, scope: str, origin: str, seq: int, now: int) -> tuple[int, int]:
        """How many peers said that they have this record, and how many are waited for (see `Peer.counts`)."""
        waited = {peer.node for peer in self.peers() if peer.counts(scope, now)}
        return len(self.having(lane, scope, origin, seq) & waited), len(waited)

    def having(self, lane: str, scope: str, origin: str, seq: int) -> set[str]:
        """The peers that said that they have this record."""
        rows = self._ask(
            # by way of the few peers: there may be thousands of streams
            "SELECT node, tips FROM peer CROSS JOIN head USING (node) WHERE lane = ? AND scope = ? AND origin = ?",
            (lane, scope, origin),
        )
        return {node for node, tips in rows if json.loads(tips)[0][0] >= seq}

    # --- writing; done as well as it can be

    def put_serve(self, serve: Serve) -> None:
        values = (*serve[:6], json.dumps(serve.addresses), serve.error, json.dumps(serve.scopes))
        self._tell([("INSERT OR REPLACE INTO serve VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)])

    def drop_serve(self) -> None:
        self._tell([("DELETE FROM serve", ())])

    def put_peer(self, peer: Peer) -> None:
        """A peer that was heard is no longer forgotten."""
        values = (*peer[:10], json.dumps(peer.scopes), peer.error)
        self._tell([("INSERT OR REPLACE INTO peer VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)", values)])

    def put_heads(self, node: str, heads: Iterable[Head], whole: bool) -> None:
        """What a peer says it has: of all streams, or (not `whole`) of those that changed."""
        drop = [("DELETE FROM head WHERE node = ?", (node,))] if whole else []
        rows = [
            (
                "INSERT OR REPLACE INTO head VALUES (?, ?, ?, ?, ?, ?)",
                (node, head.lane, head.scope, head.origin, head.floor, json.dumps(head.tips)),
            )
            for head in heads
            if head.tips
        ]
        self._tell([*drop, *rows])

    def forget(self, node: str) -> bool:
        """Wait for this peer no longer, until it is heard again. False when nobody of that name is known."""
        known = any(peer.node == node for peer in self.peers())
        self._tell(
            [("UPDATE peer SET forgotten = 1 WHERE node = ?", (node,)), ("DELETE FROM head WHERE node = ?", (node,))]
        )
        return known

    # --- the file

    def _ask(self, statement: str, values: tuple[object, ...] = ()) -> list[Any]:
        if not self._there():
            self._forget_connection()
            return []
        try:
            return sql.rows(self._opened(), statement, values)
        except (apsw.Error, OSError):
            self._forget_connection()
            return []

    def _tell(self, statements: list[tuple[str, tuple[object, ...]]]) -> None:
        for _ in range(2):
            try:
                with self._transaction() as db:
                    for statement, values in statements:
                        db.execute(statement, values)
                return
            except (apsw.CorruptError, apsw.NotADBError, apsw.SQLError):
                self._forget_connection()
                for end in ("", "-wal", "-shm"):
                    with suppress(OSError):
                        os.unlink(self.path + end)
            except (apsw.Error, OSError):
                self._forget_connection()
                return

    @contextmanager
    def _transaction(self) -> Iterator[apsw.Connection]:
        db = self._opened()
        db.execute("BEGIN IMMEDIATE")
        with sql.begun(db):
            yield db

    def _opened(self) -> apsw.Connection:
        if self._db is not None and self._there() != self._inode:  # removed: others look at another file
            self._forget_connection()
        if self._db is None and not self._writes:
            self._db, self._inode = self._read_only(), self._there()
        if self._db is None:
            db = sql.loose(self.path, 1000)
            if db.pragma("user_version") != _VERSION:
                _make(db)
            self._db, self._inode = db, self._there()
        return self._db

    def _read_only(self) -> apsw.Connection:
        db = apsw.Connection(self.path, flags=apsw.SQLITE_OPEN_READONLY)
        try:
            version = db.pragma("user_version")
        except (apsw.CantOpenError, apsw.ReadOnlyError):  # a read-only place
            db.close()
            if os.path.exists(f"{self.path}-wal"):
                raise
            db = connection.alone(self.path)
            version = db.pragma("user_version")
        if version != _VERSION:
            db.close()
            raise apsw.SQLError("written by another version")
        return db

    def _there(self) -> int:
        try:
            return os.stat(self.path).st_ino
        except OSError:
            return 0

    def _forget_connection(self) -> None:
        if self._db is not None:
            with suppress(apsw.Error):
                self._db.close()
            self._db = None


def _make(db: apsw.Connection) -> None:
    """Nothing in this file is worth a migration."""
    db.execute("BEGIN IMMEDIATE")
    for name in ("serve", "peer", "head"):
        db.execute(f"DROP TABLE IF EXISTS {name}")
    db.execute(_TABLES)
    db.execute(f"PRAGMA user_version = {_VERSION}")
    db.execute("COMMIT")


def _head(row: Any) -> Head:
    lane, scope, origin, floor, tips = row
    return Head(lane, scope, origin, floor, tuple(Tip(*tip) for tip in json.loads(tips)))
