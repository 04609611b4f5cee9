"""Erasure: bodies, words and labels leave the file; headers stay. Local, and it asks nobody."""

from __future__ import annotations

from collections.abc import Sequence

import apsw

from .. import wire
from ..values import NamedTuple
from . import atrest, content, sql


class Due(NamedTuple):
    """Rows whose body may be erased, and rows of this node that expired longer ago than the retention time."""

    erasable: tuple[int, ...]
    expired: tuple[int, ...]


def upcoming(db: apsw.Connection, now: int, retention: int, limit: int) -> Due:
    rows = sql.rows(
        db,
        "SELECT o.n FROM observation o JOIN record r ON r.n = o.n JOIN stream s ON s.n = r.stream, life"
        " WHERE o.until < ? AND o.deleted = 0 AND o.erase_at IS NOT NULL"
        " AND substr(s.origin, 1, length(s.origin) - 17) = life.node ORDER BY o.until LIMIT ?",
        (now - retention, limit),
    )
    return Due(tuple(due(db, now, limit)), tuple(n for (n,) in rows))


def due(db: apsw.Connection, now: int, limit: int) -> list[int]:
    """Observations whose body may go: purged, or past the `until` of their tombstone."""
    rows = sql.rows(
        db,
        "SELECT n FROM observation WHERE erase_at < 9223372036854775807 AND erase_at <= ? ORDER BY erase_at LIMIT ?",
        (now, limit),
    )
    return [n for (n,) in rows]


def erase(db: apsw.Connection, n: int) -> None:
    """Erase the body of observation `n` and of every other record with its id and scope."""
    unindex(db, n)
    db.execute("UPDATE observation SET erase_at = NULL WHERE n = ?", (n,))
    db.execute(
        "UPDATE record SET body = NULL WHERE n IN (SELECT r.n FROM record r JOIN stream s ON s.n = r.stream"
        " WHERE r.id = (SELECT id FROM record WHERE n = ?1) AND s.scope = (SELECT s.scope FROM record r JOIN stream s"
        " ON s.n = r.stream WHERE r.n = ?1))",
        (n,),
    )


def unindex(db: apsw.Connection, n: int) -> None:
    """Take the words and labels of observation `n` out of the derived tables."""
    row = sql.row(db, "SELECT header, body FROM record WHERE n = ?", (n,))
    indexed = sql.row(db, "SELECT content IS NOT NULL FROM observation WHERE n = ?", (n,))
    if row and row[1] is not None and indexed and indexed[0]:
        header = wire.decode_header(atrest.unpack(row[0]))
        content.remove(db, n, wire.read_observation(header, atrest.unpack(row[1])))


def purge_bodies(db: apsw.Connection, scope: int, names: Sequence[str]) -> None:
    """Erase at once what is small and unindexed: bodies of records that are no observations."""
    for name in names:
        rows = sql.rows(
            db,
            "SELECT r.n FROM record r JOIN stream s ON s.n = r.stream JOIN facet f ON f.kind = 'scope' AND f.value = s.scope"
            " WHERE r.id = ? AND r.kind <> ? AND f.n = ?",
            (bytes.fromhex(name), wire.OBSERVATION, scope),
        )
        for (n,) in rows:
            db.execute("UPDATE record SET body = NULL WHERE n = ?", (n,))
            db.execute("DELETE FROM alias WHERE n = ?", (n,))


def give_back(db: apsw.Connection, n: int, record: wire.Record) -> None:
    """Fill in a body that was missing here and that a peer still had."""
    assert record.body is not None
    db.execute("UPDATE record SET body = ? WHERE n = ?", (atrest.pack(record.body), n))
