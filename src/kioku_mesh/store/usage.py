"""`usage.db`: which client did what, and which memories it was shown. Never leaves the machine, may be lost at any time.

Whatever is wrong with the file, nobody is kept waiting and nothing fails: what cannot be noted is not, what cannot be read
is empty, and a damaged file is made anew. Sessions and projects are kept as digests, so that nothing of a memory that is
purged is left here.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import apsw

from ..clock import DAY, SECOND
from ..values import NamedTuple
from . import sql

FILE = "usage.db"
WEEK = 7 * DAY
_MONDAY = 3 * DAY  # from the Monday before 1970 to the Thursday that it began on
KEPT = 26 * WEEK  # counts that are older are dropped
REMEMBERED = 60 * DAY  # what a session was shown

_VERSION = 1
_TOGETHER = 2 * SECOND  # an event that is told twice is told within this time
_WAIT_MS = 50  # for another process that notes something
_TABLES = """
CREATE TABLE done(
  week INTEGER NOT NULL, client TEXT NOT NULL, what TEXT NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY(week, client, what)) STRICT, WITHOUT ROWID;
CREATE TABLE visit(
  client TEXT NOT NULL, project TEXT NOT NULL, session TEXT NOT NULL, last INTEGER NOT NULL, row INTEGER,
  PRIMARY KEY(client, project, session)) STRICT, WITHOUT ROWID;
CREATE TABLE shown(
  session TEXT NOT NULL, memory BLOB NOT NULL, at INTEGER NOT NULL, opened INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY(session, memory)) STRICT, WITHOUT ROWID;
-- when a session last told of an event
CREATE TABLE event(session TEXT NOT NULL, name TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY(session, name))
  STRICT, WITHOUT ROWID;
CREATE INDEX shown_memory ON shown(memory);
-- every memory that was ever shown after it was saved
CREATE TABLE known(memory BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
"""
_NAMES = ("done", "visit", "shown", "known", "event")


class Noted(NamedTuple):
    """Something that a client did. `at`: microseconds; `shown`: ids it was shown; `opened`: ids that it read whole or cites;
    `row`: the last row of the store of which it was told what matters, if it was."""

    at: int
    client: str
    session: str
    project: str
    what: str
    shown: Sequence[str] = ()
    opened: Sequence[str] = ()
    row: int | None = None


class Visit(NamedTuple):
    """`last`: when it ended, microseconds; `row`: as in Noted."""

    last: int
    row: int


class Usage:
    """For one thread."""

    def __init__(self, directory: str) -> None:
        self.path = os.path.join(directory, FILE)
        self._db: apsw.Connection | None = None

    def close(self) -> None:
        db, self._db = self._db, None
        if db is not None:
            with suppress(apsw.Error):
                db.close()

    def note(self, noted: Noted) -> None:
        """Count it, if that is possible now."""
        noted = noted._replace(session=_blind(noted.session), project=_blind(noted.project))
        with suppress(apsw.Error, OSError), self._writing() as db:
            if self._visit(db, noted):
                _count(db, noted, "sessions", 1)
            _count(db, noted, noted.what, 1)
            _count(db, noted, "shown", self._show(db, noted))
            _count(db, noted, "opened", self._open(db, noted.opened))

    def _visit(self, db: apsw.Connection, noted: Noted) -> bool:
        """Is this the first of its session in any project?"""
        before = sql.row(
            db, "SELECT 1 FROM visit WHERE client = ? AND session = ? LIMIT 1", (noted.client, noted.session)
        )
        db.execute(
            "INSERT INTO visit VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE"
            " SET last = max(last, excluded.last), row = coalesce(excluded.row, row)",
            (noted.client, noted.project, noted.session, noted.at, noted.row),
        )
        return before is None

    def _show(self, db: apsw.Connection, noted: Noted) -> int:
        """How many of these the session was not shown before."""
        count = 0
        for memory in map(bytes.fromhex, noted.shown):
            db.execute(
                "INSERT OR IGNORE INTO shown(session, memory, at) VALUES (?, ?, ?)", (noted.session, memory, noted.at)
            )
            count += bool(db.changes())
            db.execute("INSERT OR IGNORE INTO known VALUES (?)", (memory,))
        return count

    def _open(self, db: apsw.Connection, ids: Iterable[str]) -> int:
        """How many of these were shown before and are opened for the first time."""
        count = 0
        for id_ in ids:
            db.execute("UPDATE shown SET opened = 1 WHERE memory = ? AND NOT opened", (bytes.fromhex(id_),))
            count += bool(db.changes())
        return count

    def is_first(self, session: str, event: str, at: int) -> bool:
        """Is it told for the first time? A client may run the hooks of another one beside its own. True if that is unknown."""
        with suppress(apsw.Error, OSError), self._writing() as db:
            key = (_blind(session), _blind(event))
            before = sql.row(db, "SELECT at FROM event WHERE session = ? AND name = ?", key)
            if before and abs(at - before[0]) < _TOGETHER:
                return False
            db.execute("INSERT OR REPLACE INTO event VALUES (?, ?, ?)", (*key, at))
        return True

    def prune(self, now: int) -> None:
        """Drop what is old."""
        with suppress(apsw.Error, OSError), self._writing() as db:
            db.execute("DELETE FROM done WHERE week < ?", (_week(now - KEPT),))
            db.execute("DELETE FROM visit WHERE last < ?", (now - KEPT,))
            for table in ("shown", "event"):
                db.execute(f"DELETE FROM {table} WHERE at < ?", (now - REMEMBERED,))

    def forget(self) -> None:
        """Drop everything."""
        with suppress(apsw.Error, OSError), self._writing() as db:
            for table in _NAMES:
                db.execute(f"DELETE FROM {table}")

    # --- reading

    def shown_in(self, session: str) -> frozenset[str]:
        """Ids that a session was shown."""
        return frozenset(
            row[0].hex() for row in self._ask("SELECT memory FROM shown WHERE session = ?", (_blind(session),))
        )

    def last_here(self, client: str, project: str, session: str) -> Visit | None:
        """The last session of the client in the project that was told something, but for this one."""
        found = self._ask(
            "SELECT last, row FROM visit WHERE client = ? AND project = ? AND session <> ? AND row IS NOT NULL"
            " ORDER BY last DESC LIMIT 1",
            (client, _blind(project), _blind(session)),
        )
        return Visit(*found[0]) if found else None

    def weeks(self) -> list[tuple[int, str, str, int]]:
        """(beginning of the week in microseconds, client, what, count), the newest first."""
        rows = self._ask("SELECT week, client, what, count FROM done ORDER BY week DESC, client, what")
        return [(week * WEEK - _MONDAY, client, what, count) for week, client, what, count in rows]

    def unknown(self, ids: Iterable[str]) -> list[str]:
        """Those that were never shown."""
        return [id_ for id_ in ids if not self._ask("SELECT 1 FROM known WHERE memory = ?", (bytes.fromhex(id_),))]

    def _ask(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        if self._db is None and not os.path.exists(self.path):
            return []
        try:
            return sql.rows(self._opened(), statement, values)
        except (apsw.Error, OSError):
            return []

    @contextmanager
    def _writing(self) -> Iterator[apsw.Connection]:
        try:
            db = self._opened()
            db.execute("BEGIN IMMEDIATE")
        except (apsw.NotADBError, apsw.CorruptError):
            self._start_anew()
            db = self._opened()
            db.execute("BEGIN IMMEDIATE")
        with sql.begun(db):
            yield db

    def _start_anew(self) -> None:
        self.close()
        for ending in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                os.unlink(self.path + ending)

    def _opened(self) -> apsw.Connection:
        if self._db is None:
            db = sql.loose(self.path, _WAIT_MS)
            if db.pragma("user_version") != _VERSION:
                _make(db)
            self._db = db
        return self._db


def begin_of_week(at: int) -> int:
    """The Monday before, microseconds (UTC)."""
    return _week(at) * WEEK - _MONDAY


def _week(at: int) -> int:
    return (at + _MONDAY) // WEEK


def _blind(text: str) -> str:
    """Told apart from others, and not told."""
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def _count(db: apsw.Connection, noted: Noted, what: str, count: int) -> None:
    if count:
        db.execute(
            "INSERT INTO done VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count",
            (_week(noted.at), noted.client, what, count),
        )


def _make(db: apsw.Connection) -> None:
    """Nothing in this file is worth a migration."""
    db.execute("BEGIN IMMEDIATE")
    for table in _NAMES:
        db.execute(f"DROP TABLE IF EXISTS {table}")
    db.execute(_TABLES)
    db.execute(f"PRAGMA user_version = {_VERSION}")
    db.execute("COMMIT")
