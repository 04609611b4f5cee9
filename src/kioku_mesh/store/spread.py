"""Which records of this machine may leave it, where each stands, and what somebody with other heads lacks."""

from __future__ import annotations

from typing import Any

import apsw

from .. import wire
from ..values import NamedTuple
from . import sql
from .log import SHARED


class Slot(NamedTuple):
    """One copy of an observation in the log."""

    lane: str
    scope: str
    origin: str
    seq: int


def slots(db: apsw.Connection, observation_id: str) -> tuple[Slot, ...]:
    """Where an observation stands in streams that leave the machine; several where it was shared once more."""
    rows = sql.rows(
        db,
        "SELECT s.lane, s.scope, s.origin, r.seq FROM record r JOIN stream s ON s.n = r.stream"
        " WHERE r.id = ? AND r.kind = ? AND s.withheld = ? AND s.scope <> 'local'",
        (bytes.fromhex(observation_id), wire.OBSERVATION, SHARED),
    )
    return tuple(Slot(*row) for row in rows)


def purges(db: apsw.Connection, scope: str, observation_id: str, shared: bool) -> tuple[Slot, ...]:
    """The records that purge an observation in this scope, oldest first; `shared`: only those that leave the machine."""
    rows = sql.rows(
        db,
        "SELECT s.lane, s.scope, s.origin, r.seq FROM mark m JOIN record r ON r.n = m.n JOIN stream s ON s.n = r.stream"
        " WHERE m.scope = (SELECT n FROM facet WHERE kind = 'scope' AND value = ?) AND m.target = ? AND m.kind = ?"
        " AND (s.withheld >= ? OR s.scope = 'local') ORDER BY r.hlc, s.origin",
        (scope, bytes.fromhex(observation_id), wire.PURGE, SHARED if shared else 0),
    )
    return tuple(Slot(*row) for row in rows)


def slots_of(*headers: wire.Header) -> tuple[Slot, ...]:
    """Where records that were just written stand; none for those that never leave the machine."""
    return tuple(Slot(h.lane, h.scope, h.origin, h.seq) for h in headers if h.scope != "local")


def kept(db: apsw.Connection) -> list[tuple[str, int, int]]:
    """Observations with a text that stay here although their scope does not: scope, ASK or WITHHELD, how many."""
    rows: list[Any] = sql.rows(
        db,
        "SELECT s.scope, s.withheld, count(DISTINCT r.id) FROM stream s JOIN record r ON r.stream = s.n"
        " WHERE s.scope <> 'local' AND s.withheld < ?1 AND r.kind = ?2 AND r.body IS NOT NULL AND NOT EXISTS ("
        " SELECT 1 FROM record c JOIN stream o ON o.n = c.stream"
        " WHERE c.id = r.id AND c.kind = ?2 AND o.scope = s.scope AND o.withheld = ?1) GROUP BY 1, 2 ORDER BY 1, 2",
        (SHARED, wire.OBSERVATION),
    )
    return [tuple(row) for row in rows]


def lives(db: apsw.Connection) -> set[str]:
    """The incarnations under which this store wrote."""
    return {incarnation for (incarnation,) in sql.rows(db, "SELECT incarnation FROM lives")}


def stamp(db: apsw.Connection, slot: Slot) -> int | None:
    """When the record in a slot was written, microseconds."""
    row = sql.row(
        db,
        "SELECT min(r.hlc) FROM record r JOIN stream s ON s.n = r.stream"
        " WHERE s.lane = ? AND s.scope = ? AND s.origin = ? AND r.seq = ?",
        slot,
    )
    return None if row[0] is None else int(row[0])
