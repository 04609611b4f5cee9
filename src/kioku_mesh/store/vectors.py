"""Vectors of memories, sorted into cells: a derived view of what their texts are about. Their words go into the vocabulary
at the same time.

A single save brings its vector along; everything else (imports, what other machines saved, a rebuild, a newer table of
meanings) gets them afterwards, in bounded steps. Until then a memory is found by its words alone.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import apsw

from .. import wire
from ..values import NamedTuple
from . import chosen, log, meaning, sql, vocabulary
from .meaning import Model
from .nearness import Space

if TYPE_CHECKING:
    from .store import Store

_NAME = "meaning"  # in `derived`
_ALL = 30_000  # memories up to which all vectors are compared
_SOME, _PART, _MOST = 15_000, 25, 40_000  # above that, of the nearest cells: so many, or the 25th part up to the last
_BATCH = 120  # memories that get theirs in one transaction
_RESET = 2_000  # rows
_NOWHERE = -1  # the cell of a memory whose text says nothing that the table knows

DDL = """
-- Where the meaning of a memory is found: v of `text_of` its body, in the cell whose centre is nearest.
CREATE TABLE vector(cell INTEGER NOT NULL, n INTEGER NOT NULL, v BLOB NOT NULL, PRIMARY KEY(cell, n)) STRICT, WITHOUT ROWID;
-- null while a memory has no vector yet
ALTER TABLE observation ADD COLUMN cell INTEGER;
CREATE INDEX observation_unplaced ON observation(n) WHERE cell IS NULL AND content IS NOT NULL;
"""

CELLS = 1024
SPACE = Space(
    # All are of one length, and this distance costs half of the cosine.
    cell="v.n, vec_distance_l1(vec_int8(v.v), vec_int8(?1)) AS far FROM json_each(?2) AS c"
    " CROSS JOIN vector AS v ON v.cell = c.value",
    own="vector AS v ON v.cell = o.cell AND v.n = o.n",
)


class Placed(NamedTuple):
    """A vector, its cell, and the words of the vocabulary, found before any lock is taken."""

    cell: int
    vector: bytes
    words: tuple[str, ...]


def text_of(body: wire.ObservationBody) -> str:
    """What of a memory its vector is made of."""
    return "\n".join(filter(None, (body.subject, body.content, body.summary)))


def words_of(body: wire.ObservationBody) -> tuple[str, ...]:
    """What of a memory goes into the vocabulary."""
    extra = "\n".join(filter(None, (body.project, *body.tags, *body.source_files, *body.references)))
    return vocabulary.words(f"{text_of(body)}\n{extra}")


def place(model: Model, body: wire.ObservationBody) -> Placed:
    """Raises Fault."""
    vector = model.vector(text_of(body))
    words = words_of(body)
    return Placed(model.cells(vector)[0], vector, words) if vector else Placed(_NOWHERE, b"", words)


def put(db: apsw.Connection, n: int, placed: Placed) -> None:
    """Give observation `n` its vector, unless it has one, or its text is gone."""
    found = sql.row(db, "SELECT 1 FROM observation WHERE n = ? AND cell IS NULL AND content IS NOT NULL", (n,))
    if not found or not _begin(db):
        return
    db.execute("UPDATE observation SET cell = ? WHERE n = ?", (placed.cell, n))
    if placed.cell != _NOWHERE:
        db.execute("INSERT INTO vector VALUES (?, ?, ?)", (placed.cell, n, placed.vector))
    chosen.move(db, n, placed.cell)
    vocabulary.add(db, n, placed.words)


def put_new(db: apsw.Connection, observation_id: str, placed: Placed) -> None:
    """The same for what was saved just now."""
    rows = sql.rows(
        db, "SELECT o.n FROM record r JOIN observation o ON o.n = r.n WHERE r.id = ?", (bytes.fromhex(observation_id),)
    )
    for (n,) in rows:
        put(db, n, placed)


def drop(db: apsw.Connection, n: int, body: wire.ObservationBody) -> None:
    """Take the vectors and the words of observation `n`, which says this, off the disk."""
    chosen.drop(db, n)
    cell = sql.row(db, "SELECT cell FROM observation WHERE n = ?", (n,))[0]
    if cell is not None:
        db.execute("DELETE FROM vector WHERE cell = ? AND n = ?", (cell, n))
        db.execute("UPDATE observation SET cell = NULL WHERE n = ?", (n,))
        vocabulary.remove(db, n, words_of(body))


def clear(db: apsw.Connection) -> None:
    """Forget all of them, those of a chosen embedder too, and the vocabulary."""
    chosen.clear(db)
    clear_own(db)


def clear_own(db: apsw.Connection) -> None:
    """Forget the built-in ones, and the vocabulary."""
    db.execute("DELETE FROM vector")
    db.execute("UPDATE observation SET cell = NULL WHERE cell IS NOT NULL")
    db.execute("DELETE FROM derived WHERE name = ?", (_NAME,))
    vocabulary.clear(db)


def _version(db: apsw.Connection) -> int | None:
    row = sql.row(db, "SELECT version FROM derived WHERE name = ?", (_NAME,))
    return None if row is None else int(row[0])


def _begin(db: apsw.Connection) -> bool:
    """Are the vectors here of the table that this release has? The first one decides."""
    found = _version(db)
    if found is None:
        db.execute("INSERT INTO derived VALUES (?, ?)", (_NAME, meaning.VERSION))
    return found in (None, meaning.VERSION)


# --- searching


def usable(db: apsw.Connection) -> bool:
    """Is there anything to compare with?"""
    return _version(db) == meaning.VERSION


def compared(db: apsw.Connection) -> int:
    """With how many vectors a query is compared."""
    last = sql.row(db, "SELECT max(n) FROM observation")[0] or 0
    return _ALL if last <= _ALL else min(max(_SOME, last // _PART), _MOST)


# --- what has none yet


def waiting(db: apsw.Connection, limit: int) -> list[int]:
    """Rows of memories that have no vector yet, the newest first."""
    rows = sql.rows(
        db, "SELECT n FROM observation WHERE cell IS NULL AND content IS NOT NULL ORDER BY n DESC LIMIT ?", (limit,)
    )
    return [n for (n,) in rows]


def fill(store: Store, seconds: float, at_once: int = _BATCH) -> int:
    """Give memories that have none their vectors, for about so long, `at_once` at least; returns how many.

    Raises Fault and StoreError."""
    end, done = time.monotonic() + seconds, 0
    while True:
        if _outdated(store):
            _forget_some(store)
        else:
            got = _fill_some(store, at_once)
            if not got:
                return done
            done += got
        if time.monotonic() >= end:
            return done


def _fill_some(store: Store, at_once: int) -> int:
    """What is slow is done before the lock is taken."""
    model = store.model()
    model.open()
    with store.read():
        db = store.reader()
        said = {n: read(db, n) for n in waiting(db, at_once)}
    placed = {n: place(model, body) for n, body in said.items()}
    if placed:
        with store.write() as transaction:
            for n, each in placed.items():
                put(transaction.db, n, each)
    return len(placed)


def read(db: apsw.Connection, n: int) -> wire.ObservationBody:
    """What a memory says; an empty one where it cannot be read: what is damaged is for others to tell."""
    try:
        record = log.read(db, n)
        if record.body is not None:
            return wire.read_observation(record.header, record.body)
    except wire.Malformed:
        pass
    return wire.ObservationBody("", "note", 1, 0, "", "")


def _outdated(store: Store) -> bool:
    with store.read():
        return _version(store.reader()) not in (None, meaning.VERSION)


def _forget_some(store: Store) -> None:
    """Vectors of another table cannot be compared with those of this one."""
    with store.write() as transaction:
        db = transaction.db
        rows = sql.rows(db, "SELECT cell, n FROM vector LIMIT ?", (_RESET,))
        for cell, n in rows:
            db.execute("DELETE FROM vector WHERE cell = ? AND n = ?", (cell, n))
            db.execute("UPDATE observation SET cell = NULL WHERE n = ?", (n,))
        if len(rows) < _RESET:
            clear_own(db)
