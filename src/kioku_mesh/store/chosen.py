"""The vectors of an embedder that somebody chose in place of the built-in one: a derived view, beside the vectors that every
memory has anyway.

All of them are of one embedder, the one that `embedder` tells; what another one made cannot be compared with them and is
forgotten first. Nothing here asks an embedder for anything: they are made in the background (`service/choosing.py`).
A memory lies at a place that puts together those of a cell, the same as its built-in vector has.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping, Sequence

import apsw

from ..values import NamedTuple
from . import sql
from .meaning import Fault
from .nearness import Space

SIZE_MAX = 4096  # numbers of a vector
REFUSED = -1  # in place of a place: the embedder makes no vector of this text

_ROOM = 1 << 40  # places of a cell
NOWHERE = 1024  # the cell of what the table of meanings knows nothing of
_RESET = 500  # rows that are forgotten at once

DDL = """
-- What made the vectors of `chosen`, at most one row. `count` of them, and a few of texts that have nothing in common,
-- add up to `sum`, each of length 1.
CREATE TABLE embedder(
  one INTEGER PRIMARY KEY CHECK(one = 1), made_by TEXT NOT NULL, size INTEGER NOT NULL, count INTEGER NOT NULL,
  others INTEGER NOT NULL, sum BLOB NOT NULL) STRICT;
-- place: cell and n; v: its numbers as signed bytes, the largest 127. No WITHOUT ROWID: a long v would leave the page.
CREATE TABLE chosen(place INTEGER PRIMARY KEY, v BLOB NOT NULL) STRICT;
-- the place in `chosen`, -1 for a text that is refused, null while there is none yet
ALTER TABLE observation ADD COLUMN chosen INTEGER;
CREATE INDEX observation_unchosen ON observation(scope, n) WHERE ifnull(chosen, -1) = -1 AND content IS NOT NULL;
"""

SPACE = Space(
    cell=f"v.place & {_ROOM - 1} AS n, vec_distance_cosine(vec_int8(v.v), vec_int8(?1)) AS far FROM json_each(?2) AS c"
    f" CROSS JOIN chosen AS v ON v.place BETWEEN c.value * {_ROOM} AND (c.value + 1) * {_ROOM} - 1",
    own="chosen AS v ON v.place = o.chosen",
)
HAS = f"o.chosen > {REFUSED}"
_UNCHOSEN = "ifnull(chosen, -1) = -1 AND content IS NOT NULL"  # as the index has it
LACKING = f"SELECT n FROM observation INDEXED BY observation_unchosen WHERE {_UNCHOSEN} ORDER BY n DESC"


class State(NamedTuple):
    """Whose vectors are here, how many numbers each has, and how many there are."""

    made_by: str
    size: int
    many: int


def packed(numbers: Sequence[float]) -> bytes:
    """A vector as it is kept. Raises Fault for what points nowhere."""
    most = max((abs(number) for number in numbers), default=0.0)
    if not (0.0 < most < math.inf and all(map(math.isfinite, numbers))):
        raise Fault("the embedder answered with what is no vector")
    return array("b", [round(number * 127 / most) for number in numbers]).tobytes()


def other_size(size: int, known: int) -> Fault:
    """Why a vector cannot be compared with those that are here."""
    return Fault(
        f"the embedder makes vectors of {size:,} numbers now, those that are here have {known:,}: it has another model; "
        "`kioku-mesh rebuild --vectors` makes all anew"
    )


def state(db: apsw.Connection) -> State | None:
    """None when there are no such vectors."""
    row = sql.row(db, "SELECT made_by, size, count FROM embedder")
    return State(*row) if row else None


def usual(db: apsw.Connection, vector: bytes) -> float:
    """The cosine that a vector has on average with those that are here, which says nothing: 0 to 0.99."""
    many, added = sql.row(db, "SELECT count + others, sum FROM embedder")
    numbers = array("b", vector)
    together = sum(here * number for here, number in zip(array("d", added), numbers, strict=True))
    mean: float = together / math.hypot(*numbers) / many
    return min(max(mean, 0.0), 0.99)


def begin(db: apsw.Connection, made_by: str, others: Sequence[bytes]) -> None:
    """The first vectors are to come, of an embedder that makes `others` of texts that have nothing in common."""
    size = len(others[0])
    db.execute(
        "INSERT INTO embedder VALUES (1, ?, ?, 0, ?, ?)", (made_by, size, len(others), _sum(size, others).tobytes())
    )


def put(db: apsw.Connection, made: Mapping[int, bytes | None]) -> None:
    """Give observations their vectors (None: it is refused), but for those whose text is gone or that have one.

    Raises Fault for those of another size than is here."""
    size = sql.row(db, "SELECT size FROM embedder")[0]
    others = {len(vector) for vector in made.values() if vector is not None and len(vector) != size}
    if others:
        raise other_size(others.pop(), size)
    fresh = []
    for n, vector in made.items():
        found = sql.row(db, "SELECT cell FROM observation WHERE n = ? AND chosen IS NULL AND content IS NOT NULL", (n,))
        if not found or found[0] is None:
            continue
        place = REFUSED if vector is None else _place(found[0], n)
        db.execute("UPDATE observation SET chosen = ? WHERE n = ?", (place, n))
        if vector is not None:
            db.execute("INSERT INTO chosen VALUES (?, ?)", (place, vector))
            fresh.append(vector)
    _add(db, fresh, 1)


def drop(db: apsw.Connection, n: int) -> None:
    """Take the vector of observation `n` off the disk."""
    place = _place_of(db, n)
    if place is None:
        return
    found = sql.row(db, "SELECT v FROM chosen WHERE place = ?", (place,))
    if found:
        db.execute("DELETE FROM chosen WHERE place = ?", (place,))
        _add(db, found, -1)
    db.execute("UPDATE observation SET chosen = NULL WHERE n = ?", (n,))


def move(db: apsw.Connection, n: int, cell: int) -> None:
    """Observation `n` lies in this cell from now on."""
    old, new = _place_of(db, n), _place(cell, n)
    if old not in (None, REFUSED, new):
        db.execute("UPDATE chosen SET place = ? WHERE place = ?", (new, old))
        db.execute("UPDATE observation SET chosen = ? WHERE n = ?", (new, n))


def forget_some(db: apsw.Connection) -> int:
    """Forget some of them, and in the end whose they were; returns how many there were."""
    db.execute("UPDATE embedder SET made_by = ''")  # what is left of them is of no use, whatever is chosen meanwhile
    rows = sql.rows(db, "SELECT place FROM chosen LIMIT ?", (_RESET,))
    for (place,) in rows:
        db.execute("DELETE FROM chosen WHERE place = ?", (place,))
        db.execute("UPDATE observation SET chosen = NULL WHERE n = ?", (place & (_ROOM - 1),))
    if len(rows) < _RESET:
        clear(db)
    return len(rows)


def clear(db: apsw.Connection) -> None:
    """Forget all of them."""
    db.execute("DELETE FROM chosen")
    db.execute("DELETE FROM embedder")
    db.execute("UPDATE observation SET chosen = NULL WHERE chosen IS NOT NULL")


def waiting(db: apsw.Connection, limit: int, local: bool) -> dict[int, bool]:
    """Rows of memories that have none yet, the newest first, and which are of visibility `local`; those only if asked."""
    found: list[tuple[int, bool]] = []
    for scope, name in _scopes(db, local):
        found += [
            (n, name == "local")
            for (n,) in sql.rows(
                db,
                f"SELECT n FROM observation WHERE scope = ? AND {_UNCHOSEN} AND chosen IS NULL AND cell IS NOT NULL"
                " ORDER BY n DESC LIMIT ?",
                (scope, limit),
            )
        ]
    return dict(sorted(found, reverse=True)[:limit])


def count_waiting(db: apsw.Connection, limit: int, local: bool) -> int:
    """How many have none yet, counted up to `limit`."""
    count = 0
    for scope, _ in _scopes(db, local):
        count += sql.row(
            db,
            f"SELECT count(*) FROM (SELECT 1 FROM observation WHERE scope = ? AND {_UNCHOSEN} AND chosen IS NULL LIMIT ?)",
            (scope, limit - count),
        )[0]
    return count


def _scopes(db: apsw.Connection, local: bool) -> list[tuple[int, str]]:
    return sql.rows(db, "SELECT n, value FROM facet WHERE kind = 'scope' AND (? OR value <> 'local')", (local,))


def _place(cell: int, n: int) -> int:
    return (NOWHERE if cell < 0 else cell) * _ROOM + n


def _place_of(db: apsw.Connection, n: int) -> int | None:
    place: int | None = sql.row(db, "SELECT chosen FROM observation WHERE n = ?", (n,))[0]
    return place


def _add(db: apsw.Connection, vectors: Sequence[bytes], sign: int) -> None:
    row = sql.row(db, "SELECT size, sum FROM embedder") if vectors else None
    if row:
        more = _sum(row[0], vectors)
        added = array("d", [here + sign * number for here, number in zip(array("d", row[1]), more, strict=True)])
        db.execute("UPDATE embedder SET count = count + ?, sum = ?", (sign * len(vectors), added.tobytes()))


def _sum(size: int, vectors: Sequence[bytes]) -> array[float]:
    """Of vectors made as long as 1."""
    added = [0.0] * size
    for vector in vectors:
        numbers = array("b", vector)
        length = math.hypot(*numbers)
        added = [here + number / length for here, number in zip(added, numbers, strict=True)]
    return array("d", added)
