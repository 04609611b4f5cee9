"""Everything derived, made anew from the log."""

from __future__ import annotations

import apsw

from . import content, log, schema, sql, view
from .transaction import derive


def rebuild(db: apsw.Connection) -> int:
    """Replay the log into empty derived tables, inside the caller's transaction; returns how many records."""
    schema.clear_derived(db)
    entries = content.Entries(db)
    dirty: set[view.Key] = set()
    count, after = 0, 0
    while rows := sql.rows(
        db,
        "SELECT r.n, s.scope FROM record r JOIN stream s ON s.n = r.stream WHERE r.n > ? ORDER BY r.n LIMIT 1000",
        (after,),
    ):
        for after, scope in rows:
            dirty |= derive(db, after, entries.facet("scope", scope), log.read(db, after), entries)
            count += 1
        entries.flush()
    view.settle(db, dirty)
    return count
