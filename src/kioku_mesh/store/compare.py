"""Is everything derived what the log says? Answered by rebuilding a copy and comparing it with what was there."""

from __future__ import annotations

import os
from contextlib import suppress

import apsw

from ..errors import DiskFull
from . import connection, places, sql
from .connection import translated
from .replay import rebuild
from .store import Store

COPY = "check.part"  # beside the database, so that it needs no other disk; gone at the end

_SCOPE = "(SELECT value FROM facet WHERE n = t.scope) AS scope"


def _values(*columns: str) -> str:
    return ", ".join(f"(SELECT value FROM facet WHERE n = t.{column}) AS {column}" for column in columns)


# Every derived table, with values in place of the numbers that a rebuild may give anew.
_SEEN = {
    "memories": f"SELECT n, {_SCOPE}, hlc, until, deleted, cover, rivals, clash, erase_at,"
    f" {_values('project', 'type', 'family', 'client', 'session', 'pc')}, importance, content FROM observation AS t",
    "labels": "SELECT f.kind, f.value, t.n FROM tagged AS t JOIN facet AS f ON f.n = t.facet",
    "revisions": f"SELECT {_SCOPE}, child, parent FROM edge AS t",
    "deletions": f"SELECT {_SCOPE}, target, n, kind, id, hlc, until FROM mark AS t",
    "project names": f"SELECT n, {_SCOPE}, name, shown FROM alias AS t",
    "counts": f"SELECT {_SCOPE}, {_values('project', 'type', 'family', 'client', 'pc')}, standing, count"
    " FROM counter AS t WHERE count > 0",
    "words": "SELECT term, doc, cnt FROM temp.vocabulary",
    "sizes": "SELECT id, sz FROM fulltext_docsize",
}


def differences(store: Store) -> list[str]:
    """What a rebuild would change, in words; empty when nothing. Raises DiskFull without room for a copy."""
    copy = os.path.join(store.directory, COPY)
    with translated(copy):
        if places.free_bytes(store.directory) < 2 * os.path.getsize(store.path):
            raise DiskFull("there is no room for a copy of the store to compare with", "free some space and try again")
        _discard(copy)
        places.begin(copy)
        db = connection.opened(copy)
        try:
            sql.rows(db, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = FILE")
            with store.read(), db.backup("main", store.reader(), "main") as work:
                work.step(-1)
            return _compared(db)
        finally:
            db.close()
            _discard(copy)


def _compared(db: apsw.Connection) -> list[str]:
    db.execute("CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab(main, fulltext, row)")
    for number, query in enumerate(_SEEN.values()):
        db.execute(f"CREATE TEMP TABLE before_{number} AS {query}")
    with db:
        rebuild(db)
    found = []
    for number, (name, query) in enumerate(_SEEN.items()):
        gone = sql.row(db, f"SELECT count(*) FROM (SELECT * FROM before_{number} EXCEPT {query})")[0]
        new = sql.row(db, f"SELECT count(*) FROM ({query} EXCEPT SELECT * FROM before_{number})")[0]
        if gone or new:
            found.append(f"{name}: {gone} rows differ from the log, {new} come from it")
    return found


def _discard(copy: str) -> None:
    for path in (copy, copy + "-journal", copy + "-wal", copy + "-shm"):
        with suppress(FileNotFoundError):
            os.unlink(path)
