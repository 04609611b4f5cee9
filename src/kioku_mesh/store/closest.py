"""Memories whose vectors point almost the same way as another one, looked for so narrowly that every save can afford it."""

from __future__ import annotations

from collections.abc import Sequence

import apsw

from . import nearness, sql, vectors
from .meaning import Model

COSINE = 0.9  # from which on two texts may say the same

_CELLS = 2  # the nearest ones
_NEWEST = 300  # vectors of each
_WEIGHED = 16  # of them, the nearest by the distance that costs less


def find(
    db: apsw.Connection, model: Model, vector: bytes, where_sql: str, params: Sequence[object], limit: int
) -> list[int]:
    """Rows of those with a cosine of at least COSINE that meet the condition, nearest first. Raises Fault."""
    if not vectors.usable(db):
        return []
    nearness.extend(db)
    return _find(db, model, vector, where_sql, params, limit)


def find_each(
    db: apsw.Connection, model: Model, rows: Sequence[int], where_sql: str, params: Sequence[object], limit: int
) -> list[list[int]]:
    """The same for each of these memories, which is none of its own; empty where there are no vectors. Raises Fault."""
    if not vectors.usable(db):
        return []
    nearness.extend(db)
    made = [_own(db, row) for row in rows]
    found = [_find(db, model, each, where_sql, params, limit + 1) if each else [] for each in made]
    return [[other for other in others if other != row] for row, others in zip(rows, found, strict=True)]


def _find(
    db: apsw.Connection, model: Model, vector: bytes, where_sql: str, params: Sequence[object], limit: int
) -> list[int]:
    some = " UNION ALL ".join(
        f"SELECT * FROM (SELECT n, v FROM vector WHERE cell = {cell} ORDER BY n DESC LIMIT {_NEWEST})"
        for cell in model.cells(vector, _CELLS)
    )
    # The inner LIMIT keeps SQLite from merging the two, CROSS JOIN from looking up each observation first.
    found = sql.rows(
        db,
        "SELECT f.n, 1 - vec_distance_cosine(vec_int8(f.v), vec_int8(?1)) AS cosine FROM"
        f" (SELECT n, v FROM ({some}) ORDER BY vec_distance_l1(vec_int8(v), vec_int8(?1)) LIMIT {_WEIGHED}) AS f"
        f" CROSS JOIN observation AS o ON o.n = f.n WHERE cosine >= {COSINE} AND {nearness.numbered(where_sql, 1)}"
        f" ORDER BY cosine DESC, f.n DESC LIMIT {limit}",
        (vector, *params),
    )
    return [n for n, _ in found]


def _own(db: apsw.Connection, row: int) -> bytes | None:
    """The vector of a memory; None while it has none, or says nothing that the table knows."""
    found = sql.row(
        db,
        "SELECT v.v FROM observation AS o CROSS JOIN vector AS v ON v.cell = o.cell AND v.n = o.n WHERE o.n = ?",
        (row,),
    )
    return found[0] if found else None
