"""The tables of `memory.db` and how older files become current.

`stream`, `tip`, `record`, `life` are the truth; every other table is derived from them and can be rebuilt.
"""

from __future__ import annotations

import apsw

from ..errors import StoreError, StoreNewer
from . import chosen, fulltext, vectors, vocabulary

VERSION = 3  # of the schema, in `user_version`
APPLICATION_ID = 0x6B696F6B  # "kiok"

NEVER = 2**63 - 1  # as `until`, `cover`: later than any time
NO_COVER = -(2**63)

SAID = ("project", "type", "family", "client", "session", "pc", "importance", "content")  # of a row, by its body

_TRUTH = """
-- withheld: see log.py. What release 0.1.0 wrote, which shared nothing, has 0 as well: nobody was asked.
CREATE TABLE stream(
  n INTEGER PRIMARY KEY, lane TEXT NOT NULL, scope TEXT NOT NULL, origin TEXT NOT NULL,
  floor INTEGER NOT NULL DEFAULT 1, withheld INTEGER NOT NULL DEFAULT 0, UNIQUE(lane, scope, origin)) STRICT;
-- Where a stream can grow: one row, or several after a fork. Everything from floor to a tip is present and linked.
CREATE TABLE tip(stream INTEGER NOT NULL, seq INTEGER NOT NULL, digest BLOB NOT NULL,
  PRIMARY KEY(stream, seq, digest)) STRICT, WITHOUT ROWID;
-- n grows with arrival and is the cursor of everything that follows the log. linked: reached from the floor.
CREATE TABLE record(
  n INTEGER PRIMARY KEY, stream INTEGER NOT NULL, seq INTEGER NOT NULL, hlc INTEGER NOT NULL, kind TEXT NOT NULL,
  id BLOB NOT NULL, linked INTEGER NOT NULL, header BLOB NOT NULL, signature BLOB, body BLOB) STRICT;
CREATE INDEX record_slot ON record(stream, seq);
CREATE INDEX record_id ON record(id);
-- One row: which machine and which life of this file writes, and the high-water mark of its own records.
CREATE TABLE life(
  one INTEGER PRIMARY KEY CHECK(one = 1), node TEXT NOT NULL, incarnation TEXT NOT NULL, machine TEXT NOT NULL,
  device INTEGER NOT NULL, inode INTEGER NOT NULL, changed INTEGER NOT NULL, written INTEGER NOT NULL,
  last TEXT NOT NULL, clock INTEGER NOT NULL, born INTEGER NOT NULL) STRICT;
-- every incarnation this file has had
CREATE TABLE lives(incarnation TEXT PRIMARY KEY, born INTEGER NOT NULL, why TEXT NOT NULL) STRICT, WITHOUT ROWID;
"""

# The names below are quoted in one place only: view.py and erase.py write them, reading.py reads them.
_DERIVED = f"""
-- which version of the code made a derived table; another one rebuilds it
CREATE TABLE derived(name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE facet(n INTEGER PRIMARY KEY, kind TEXT NOT NULL, value TEXT NOT NULL, UNIQUE(kind, value)) STRICT;
-- One row per (scope, id). deleted, until and cover decide visibility by comparison with now; the columns from
-- project on come from the body and are null once it is gone. erase_at: when the body may go; null when it is gone.
CREATE TABLE observation(
  n INTEGER PRIMARY KEY, scope INTEGER NOT NULL, hlc INTEGER NOT NULL,
  until INTEGER NOT NULL, deleted INTEGER NOT NULL DEFAULT 0, cover INTEGER NOT NULL DEFAULT {NO_COVER},
  rivals INTEGER NOT NULL DEFAULT 0, clash INTEGER NOT NULL DEFAULT 0, erase_at INTEGER,
  project INTEGER, type INTEGER, family INTEGER, client INTEGER, session INTEGER, pc INTEGER,
  importance INTEGER, content INTEGER,
  standing INTEGER GENERATED ALWAYS AS (CASE WHEN deleted THEN 2 WHEN cover = {NEVER} THEN 1
    WHEN until < {NEVER} OR cover > {NO_COVER} THEN 3 ELSE 0 END) VIRTUAL) STRICT;
CREATE INDEX observation_time ON observation(hlc);
CREATE INDEX observation_project ON observation(project, hlc);
CREATE INDEX observation_content ON observation(content);
CREATE INDEX observation_session ON observation(session) WHERE session IS NOT NULL;
CREATE INDEX observation_until ON observation(until) WHERE until < {NEVER} AND deleted = 0;
CREATE INDEX observation_standing ON observation(hlc) WHERE standing = 3;
CREATE INDEX observation_erase ON observation(erase_at) WHERE erase_at < {NEVER};
CREATE INDEX observation_rivals ON observation(n) WHERE rivals > 1 OR clash;
CREATE TABLE tagged(facet INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY(facet, n)) STRICT, WITHOUT ROWID;
-- parent supersedes child
CREATE TABLE edge(scope INTEGER NOT NULL, child BLOB NOT NULL, parent BLOB NOT NULL,
  PRIMARY KEY(scope, child, parent)) STRICT, WITHOUT ROWID;
CREATE INDEX edge_parent ON edge(scope, parent);
-- What tombstones, purges and undos say of an id, which may not be here yet.
CREATE TABLE mark(scope INTEGER NOT NULL, target BLOB NOT NULL, n INTEGER NOT NULL, kind TEXT NOT NULL,
  id BLOB NOT NULL, hlc INTEGER NOT NULL, until INTEGER NOT NULL, PRIMARY KEY(scope, target, n)) STRICT, WITHOUT ROWID;
CREATE TABLE alias(n INTEGER PRIMARY KEY, scope INTEGER NOT NULL, name TEXT NOT NULL, shown TEXT NOT NULL) STRICT;
-- Maintained by the triggers below; zero stands for null.
CREATE TABLE counter(scope INTEGER, project INTEGER, type INTEGER, family INTEGER, client INTEGER, pc INTEGER,
  standing INTEGER, count INTEGER NOT NULL,
  PRIMARY KEY(scope, project, type, family, client, pc, standing)) STRICT, WITHOUT ROWID;
"""

_KEY = "scope, ifnull({0}.project, 0), ifnull({0}.type, 0), ifnull({0}.family, 0), ifnull({0}.client, 0), ifnull({0}.pc, 0), {0}.standing"


def _count(row: str, by: int) -> str:
    key = f"{row}." + _KEY.format(row)
    return f"INSERT INTO counter VALUES ({key}, {by}) ON CONFLICT DO UPDATE SET count = count + {by};"


_TRIGGERS = f"""
CREATE TRIGGER observation_in AFTER INSERT ON observation BEGIN {_count("new", 1)} END;
CREATE TRIGGER observation_out AFTER DELETE ON observation BEGIN {_count("old", -1)} END;
CREATE TRIGGER observation_turn AFTER UPDATE OF until, deleted, cover, project, type, family, client, pc ON observation
BEGIN {_count("old", -1)} {_count("new", 1)} END;
"""

DERIVED_TABLES = ("facet", "observation", "tagged", "edge", "mark", "alias", "counter")

# Migrations: step k turns version k into k + 1. Append-only; each runs in one transaction together with its number.
_MIGRATIONS = (_TRUTH + _DERIVED + _TRIGGERS, vectors.DDL, chosen.DDL)


def version(db: apsw.Connection) -> int:
    return int(db.pragma("user_version"))


def refuse_newer(db: apsw.Connection, path: str) -> int:
    """The version of the file. Raises StoreNewer for one that this release must not touch."""
    found = version(db)
    if found > VERSION:
        raise StoreNewer(
            f"{path} was written by a newer kioku-mesh (schema {found}, this release knows {VERSION})",
            "update kioku-mesh on this machine; the file was not touched",
            found=found,
            known=VERSION,
        )
    return found


def admit(db: apsw.Connection, path: str) -> int:
    """The version of a file that is ours, 0 for an empty one. Raises StoreNewer, and StoreError for any other file."""
    found = refuse_newer(db, path)
    ours = db.pragma("application_id") == APPLICATION_ID if found else not db.pragma("schema_version")
    if not ours:
        raise StoreError(
            f"{path} is a database of another program",
            "move it away, or choose another state directory with KIOKU_MESH_STATE_DIR",
        )
    return found


def migrate(db: apsw.Connection, path: str) -> None:
    """Bring an older or empty file up to date. The caller holds the write lock."""
    while refuse_newer(db, path) < VERSION:
        db.execute("BEGIN IMMEDIATE")
        try:
            step = version(db)  # asked again: a directory that was replaced has had two locks for a moment
            if step < VERSION:
                _step(db, step)
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise


def _step(db: apsw.Connection, step: int) -> None:
    db.execute(_MIGRATIONS[step])
    if step == 0:
        fulltext.create(db)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    if step == 1:
        vocabulary.create(db)
    db.execute(f"PRAGMA user_version = {step + 1}")


def clear_derived(db: apsw.Connection) -> None:
    """Empty every derived table, inside the caller's transaction."""
    for table in DERIVED_TABLES:
        db.execute(f"DELETE FROM {table}")
    fulltext.clear(db)
    vectors.clear(db)
