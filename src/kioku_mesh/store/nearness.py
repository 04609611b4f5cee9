"""Which vectors point most nearly the same way as another one: every statement that compares them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import apsw

from ..values import NamedTuple
from . import meaning, sql

_WIDE, _WIDER = 2, 8  # times as many as are wanted, before a filter that leaves nearly all, or few
_ENOUGH = 20  # that meet the filter, to look no further
_FEW = 20_000  # memories of a narrow filter that are compared one by one
_COSINE = "1 - vec_distance_cosine(vec_int8(v.v), vec_int8(?1))"


class Space(NamedTuple):
    """Vectors that can be compared with each other. `cell`: the n of those in a cell `c.value`, and how `far` each is from
    ?1, by a measure that may be cheaper than the cosine and nearly agrees with it; `own`: the vector `v` of an observation
    `o`."""

    cell: str
    own: str


def nearest(
    db: apsw.Connection, space: Space, vector: bytes, cells: Sequence[int], compared: int, where_sql: str,
    params: Sequence[object], limit: int, narrow: bool,
) -> list[tuple[int, float]]:  # fmt: skip
    """(row, cosine) of the nearest memories that meet the condition, nearest first, among the `compared` first ones of these
    cells. `narrow`: few may meet it. Raises Fault."""
    extend(db)
    # The inner LIMITs keep SQLite from merging the parts, CROSS JOIN from another order: the nearest cells come first.
    found = sql.rows(
        db,
        f"SELECT o.n, {_COSINE} AS cosine FROM"
        f" (SELECT n FROM (SELECT {space.cell} LIMIT ?3) ORDER BY far LIMIT ?4) AS f"
        f" CROSS JOIN observation AS o ON o.n = f.n CROSS JOIN {space.own}"
        f" WHERE {numbered(where_sql, 5)} ORDER BY cosine DESC, o.n DESC LIMIT ?5",
        (vector, str(list(cells)), compared, (_WIDER if narrow else _WIDE) * limit, limit, *params),
    )
    if len(found) >= min(limit, _ENOUGH):
        return found
    # A filter that leaves little: every memory that meets it is compared, the newest if there are many.
    few = f"SELECT o.n FROM observation AS o WHERE {numbered(where_sql, 1)} ORDER BY o.hlc DESC"
    return _among(db, space, vector, few, "1", params, limit) or found


def among(
    db: apsw.Connection, space: Space, vector: bytes, some: str, where_sql: str, params: Sequence[object], limit: int
) -> list[tuple[int, float]]:
    """The same among some memories, the newest if there are many. `some`: a SELECT of their n, newest first. Raises Fault."""
    extend(db)
    return _among(db, space, vector, some, numbered(where_sql, 1), params, limit)


def _among(
    db: apsw.Connection, space: Space, vector: bytes, some: str, where_sql: str, params: Sequence[object], limit: int
) -> list[tuple[int, float]]:
    return sql.rows(
        db,
        f"SELECT o.n, {_COSINE} AS cosine FROM ({some} LIMIT {_FEW}) AS f CROSS JOIN observation AS o ON o.n = f.n"
        f" CROSS JOIN {space.own} WHERE {where_sql} ORDER BY cosine DESC, o.n DESC LIMIT {limit}",
        (vector, *params),
    )


def similarities(db: apsw.Connection, space: Space, vector: bytes, rows: Iterable[int]) -> Mapping[int, float]:
    """The cosine of each of these rows that has a vector. Raises Fault."""
    extend(db)
    found: dict[int, float] = {}
    for row in rows:
        got = sql.row(
            db, f"SELECT {_COSINE} FROM observation AS o CROSS JOIN {space.own} WHERE o.n = ?2", (vector, row)
        )
        if got:
            found[row] = got[0]
    return found


def extend(db: apsw.Connection) -> None:
    """Give a connection the distances, unless it has them. Raises Fault."""
    if not sql.row(db, "SELECT 1 FROM pragma_function_list WHERE name = 'vec_distance_l1' LIMIT 1"):
        meaning.load_extension(db)


def numbered(where_sql: str, used: int) -> str:
    """The condition with its parameters numbered behind those used before it."""
    parts = where_sql.split("?")
    return parts[0] + "".join(f"?{used + at}{part}" for at, part in enumerate(parts[1:], 1))
