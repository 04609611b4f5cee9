"""What a store is like inside, for `doctor`: whole, true to its log, and of a time that can be. Reads only."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import apsw

from .. import wire
from ..values import NamedTuple
from . import atrest, life, lock, log, schema, sql, view
from .connection import LOCK, is_damage
from .schema import NEVER, NO_COVER
from .store import Store

SAMPLE = 200  # rows looked at of the newest, and again of all, by the quick checks
_SHOWN = 20  # problems named; the rest is more of the same

_KINDS = (wire.OBSERVATION, wire.TOMBSTONE, wire.UNDO, wire.PURGE, wire.ALIAS)
_NOT_KNOWN = ",".join(f"'{kind}'" for kind in _KINDS)
_COLUMNS = ("project", "type", "family", "client", "session", "pc")


class Unread(NamedTuple):
    """What is kept without being shown: bodies and kinds of later releases, and bodies that are lost."""

    bodies: int
    kinds: dict[str, int]
    lost: int


class Missing(NamedTuple):
    """Acknowledged records of this machine that the log does not hold; `behind`: the file is older than its mark."""

    records: int
    behind: int


def sqlite_version() -> tuple[int, ...]:
    """Of the library that writes the store."""
    return tuple(int(part) for part in apsw.sqlite_lib_version().split("."))


def can_lose_commits(version: tuple[int, ...]) -> bool:
    """Does this SQLite have the WAL-reset bug? Two connections at once could then lose acknowledged commits."""
    fixed = ((3, 44, 6), (3, 50, 7), (3, 51, 3))
    return not any(version >= fix and version[:2] == fix[:2] for fix in fixed) and version < fixed[-1]


def schema_versions(store: Store) -> tuple[int, int]:
    """(of the file, of this release). Raises StoreNewer."""
    with store.read():
        return schema.refuse_newer(store.reader(), store.path), schema.VERSION


def damaged_pages(store: Store, deep: bool) -> list[str]:
    """What SQLite's own check finds; `deep` also compares every index with its table."""
    with store.read():
        try:
            found = sql.rows(store.reader(), f"PRAGMA {'integrity_check' if deep else 'quick_check'}({_SHOWN})")
        except apsw.Error as error:
            if not is_damage(error):
                raise
            return [f"a page is not what was written: {error}"]
    return [str(line) for (line,) in found if line != "ok"]


def damaged_records(store: Store, deep: bool) -> tuple[int, list[str]]:
    """(records looked at, problems): bytes that are not what their header or the next record promises."""
    with store.read():
        db = store.reader()
        looked = 0
        problems: list[str] = []
        for n in _chosen(db, "record", deep):
            looked += 1
            problem = _record_problem(db, n)
            if problem and len(problems) < _SHOWN:
                problems.append(problem)
        return looked, problems


def missing(store: Store) -> Missing:
    """Compare the log with the high-water marks in it and beside it."""
    left = mark(store)  # before the snapshot: a commit in between must not look like a loss
    with store.read():
        db = store.reader()
        alive = life.read(db)
        if alive is None:
            return Missing(0, 0)
        here = sql.row(
            db, "SELECT count(*) FROM record r JOIN stream s ON s.n = r.stream WHERE s.origin = ?", (alive.origin,)
        )[0]
        incarnation, written, _ = (*left.split(" "), "", "", "")[:3]
        behind = int(written) - alive.written if incarnation == alive.incarnation and written.isdigit() else 0
        return Missing(max(alive.written - int(here), 0), max(behind, 0))


def mark(store: Store) -> str:
    """What the last commit left beside the database; empty if nothing did."""
    left = lock.mark(os.path.join(store.directory, LOCK))
    words = left.split(" ")
    return left if len(words) == 3 and words[1].isdigit() else ""


def untrue_projections(store: Store) -> list[str]:
    """Derived rows that differ from what the log says: totals of all, and a sample row by row."""
    with store.read():
        db = store.reader()
        problems = _totals(db)
        for n in _chosen(db, "record", deep=False):
            if len(problems) < _SHOWN:
                problems += _row_problems(db, n)
        return problems


def unread(store: Store) -> Unread:
    """Count what this release keeps and cannot show."""
    with store.read():
        db = store.reader()
        bodies, lost = sql.row(
            db,
            "SELECT count(*) FILTER (WHERE r.body IS NOT NULL AND o.content IS NULL),"
            " count(*) FILTER (WHERE r.body IS NULL AND o.deleted = 0) FROM observation o JOIN record r ON r.n = o.n"
            " WHERE o.content IS NULL",
        )
        kinds = sql.rows(db, f"SELECT kind, count(*) FROM record WHERE kind NOT IN ({_NOT_KNOWN}) GROUP BY kind")
    return Unread(bodies, dict(kinds), lost)


def future_stamps(store: Store, after: int) -> list[tuple[str, int, int]]:
    """(origin, how many, newest) of memories stamped later than `after` that are not deleted."""
    with store.read():
        return sql.rows(
            store.reader(),
            "SELECT s.origin, count(*), max(o.hlc) FROM observation o JOIN record r ON r.n = o.n"
            " JOIN stream s ON s.n = r.stream WHERE o.hlc > ? AND o.deleted = 0 GROUP BY s.origin ORDER BY 3 DESC",
            (after,),
        )


def births(store: Store, since: int) -> list[str]:
    """Why each incarnation since then began."""
    with store.read():
        return [
            why for (why,) in sql.rows(store.reader(), "SELECT why FROM lives WHERE born > ? ORDER BY born", (since,))
        ]


def extent(store: Store) -> tuple[int, int, int]:
    """(records, first stamp, last stamp)."""
    with store.read():
        found = sql.row(store.reader(), "SELECT count(*), ifnull(min(hlc), 0), ifnull(max(hlc), 0) FROM record")
    return int(found[0]), int(found[1]), int(found[2])


def node_of(store: Store) -> str | None:
    with store.read() as snapshot:
        return snapshot.node


def _chosen(db: apsw.Connection, table: str, deep: bool) -> Sequence[int]:
    """Rows to look at: all, or the newest and some spread evenly over the rest."""
    if deep:
        return [n for (n,) in sql.rows(db, f"SELECT n FROM {table} ORDER BY n")]
    top = sql.row(db, f"SELECT ifnull(max(n), 0) FROM {table}")[0]
    step = max(top // SAMPLE, 1)
    spread = {n for (n,) in sql.rows(db, f"SELECT n FROM {table} WHERE n % ? = 0 LIMIT ?", (step, SAMPLE))}
    newest = {n for (n,) in sql.rows(db, f"SELECT n FROM {table} ORDER BY n DESC LIMIT ?", (SAMPLE,))}
    return sorted(spread | newest)


def _record_problem(db: apsw.Connection, n: int) -> str:
    try:
        header = log.read(db, n).header
    except ValueError as damage:
        return f"record {n}: {damage}"
    stream, seq, hlc, kind, id_, linked = sql.row(
        db, "SELECT stream, seq, hlc, kind, hex(id), linked FROM record WHERE n = ?", (n,)
    )
    if (seq, hlc, kind, id_.lower()) != (header.seq, header.hlc, header.kind, header.id):
        return f"record {n}: its columns differ from its header"
    if not linked or not header.prev:
        return ""
    floor = sql.row(db, "SELECT floor FROM stream WHERE n = ?", (stream,))[0]
    before = sql.rows(db, "SELECT header FROM record WHERE stream = ? AND seq = ?", (stream, seq - 1))
    if seq > floor and header.prev not in _digests(before):
        return f"record {n}: the record before it in its stream is missing or another one"
    return ""


def _digests(packed: list[tuple[Any, ...]]) -> set[str]:
    found = set()
    for (raw,) in packed:
        try:
            found.add(wire.digest(atrest.unpack(raw)))
        except ValueError:
            continue
    return found


def _totals(db: apsw.Connection) -> list[str]:
    """Counts that must agree, whatever the rows say."""
    observations = sql.row(db, "SELECT count(*) FROM observation")[0]
    logged = sql.row(
        db,
        "SELECT count(*) FROM (SELECT DISTINCT s.scope, r.id FROM record r JOIN stream s ON s.n = r.stream"
        " WHERE r.kind = ?)",
        (wire.OBSERVATION,),
    )[0]
    indexed = sql.row(db, "SELECT count(*) FROM observation WHERE content IS NOT NULL")[0]
    counted = sql.row(db, "SELECT ifnull(sum(count), 0) FROM counter")[0]
    found = []
    if observations != logged:
        found.append(f"{observations} memories are shown, the log has {logged}")
    if indexed != (words := _count_words(db)):
        found.append(f"{indexed} memories have a text, {words} can be found by words")
    if counted != observations:
        found.append(f"{counted} memories are counted, there are {observations}")
    return found


def _count_words(db: apsw.Connection) -> int:
    """Rows in the full text, from the table in which FTS5 notes their sizes."""
    return int(sql.row(db, "SELECT count(*) FROM fulltext_docsize")[0])


def _has_words(db: apsw.Connection, n: int) -> bool:
    return sql.row(db, "SELECT 1 FROM fulltext_docsize WHERE id = ?", (n,)) is not None


def _row_problems(db: apsw.Connection, n: int) -> list[str]:
    """How the derived row of one observation differs from what its record says."""
    try:
        record = log.read(db, n)
    except ValueError:
        return []  # a matter of the log
    header = record.header
    if header.kind != wire.OBSERVATION:
        return []
    scope = sql.row(db, "SELECT n FROM facet WHERE kind = 'scope' AND value = ?", (header.scope,))
    row = view.holder(db, scope[0], bytes.fromhex(header.id)) if scope else None
    if row is None:
        return [f"memory {header.id} is in the log and not shown"]
    if row.n != n:
        return []
    deleted, cover = view.deletion(db, scope[0], bytes.fromhex(header.id))[0], _cover(db, scope[0], row)
    found = []
    if (row.until, row.deleted, row.cover) != (NEVER if header.until is None else header.until, deleted, cover):
        found.append(f"memory {header.id} has another state than the log gives it")
    if record.body is not None and not _says_the_same(db, n, record):
        found.append(f"memory {header.id} is indexed otherwise than its text says")
    return found


def _cover(db: apsw.Connection, scope: int, row: view.Row) -> int:
    """The definition, as one query: the longest life among what supersedes the row, and what covers that."""
    cover = sql.row(
        db,
        "SELECT max(max(CASE WHEN p.deleted THEN ?3 ELSE p.until END, p.cover)) FROM edge e"
        " JOIN record r ON r.id = e.parent JOIN observation p ON p.n = r.n AND p.scope = e.scope"
        " JOIN stream s ON s.n = r.stream WHERE e.scope = ?1 AND e.child = (SELECT id FROM record WHERE n = ?2)"
        " AND (p.hlc, s.origin, r.seq) > (?4, ?5, ?6)",
        (scope, row.n, NO_COVER, *row.stamp),
    )[0]
    return NO_COVER if cover is None else int(cover)


def _says_the_same(db: apsw.Connection, n: int, record: wire.Record) -> bool:
    columns = ", ".join(f"(SELECT value FROM facet WHERE n = o.{name})" for name in _COLUMNS)
    found = sql.row(db, f"SELECT content IS NOT NULL, importance, {columns} FROM observation AS o WHERE n = ?", (n,))
    try:
        body = wire.read_observation(record.header, record.body or b"")
    except wire.Malformed:
        return not found[0]
    said = (body.project, body.memory_type, body.agent_family, body.client_id, body.session_id, body.pc_id)
    same = found[1:] == (body.importance, *(value or None for value in said))
    return bool(found[0]) and same and _has_words(db, n)
