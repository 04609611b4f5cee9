"""Memories that name the same files and references."""

from __future__ import annotations

from collections.abc import Sequence

import apsw

from . import conditions, sql

COMMON = 100  # what more memories name says nothing of which of them belong together


def naming(
    db: apsw.Connection, kinds: dict[str, tuple[str, ...]], where_sql: str, params: Sequence[object]
) -> list[tuple[int, float]]:
    """(row, weight) of memories that meet the condition and have any of these labels (kind of label: values), the heaviest
    first, then the newest. A label that n memories have adds 1/n to each of them, one of more than COMMON nothing."""
    weight: dict[int, float] = {}
    for kind, names in kinds.items():
        for facet in conditions.numbers(db, kind, names) if names else ():
            rows = sql.rows(db, "SELECT n FROM tagged WHERE facet = ? LIMIT ?", (facet, COMMON + 1))
            for (n,) in rows if len(rows) <= COMMON else ():
                weight[n] = weight.get(n, 0.0) + 1 / len(rows)
    if not weight:
        return []
    listed = ",".join(map(str, weight))
    fitting = sql.rows(db, f"SELECT o.n, o.hlc FROM observation AS o WHERE {where_sql} AND o.n IN ({listed})", params)
    return [(n, weight[n]) for n, _ in sorted(fitting, key=lambda row: (-weight[row[0]], -row[1], -row[0]))]
