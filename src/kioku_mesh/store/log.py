"""The log: streams of linked records. Appending and accepting are the same insertion."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import apsw

from .. import wire
from ..values import NamedTuple
from . import atrest, sql

# What may become of a stream (column `withheld`). Only one that is SHARED leaves the machine: it was begun while the
# machine shared, came from elsewhere, or its owner said so.
ASK, WITHHELD, SHARED = range(3)


class Stream(NamedTuple):
    n: int
    lane: str
    scope: str
    origin: str
    floor: int
    withheld: int


class Tip(NamedTuple):
    seq: int
    digest: str


class Head(NamedTuple):
    """What a node may announce of a stream: everything from floor to each tip is present and linked."""

    lane: str
    scope: str
    origin: str
    floor: int
    tips: tuple[Tip, ...]


def stream(db: apsw.Connection, lane: str, scope: str, origin: str, withheld: int = SHARED) -> Stream:
    """The stream, created at its first record; a new one is `withheld` as said here."""
    row = sql.row(
        db, "SELECT n, floor, withheld FROM stream WHERE lane = ? AND scope = ? AND origin = ?", (lane, scope, origin)
    )
    if row:
        return Stream(row[0], lane, scope, origin, row[1], row[2])
    db.execute("INSERT INTO stream(lane, scope, origin, withheld) VALUES (?, ?, ?, ?)", (lane, scope, origin, withheld))
    return Stream(db.last_insert_rowid(), lane, scope, origin, 1, withheld)


def tip(db: apsw.Connection, at: int) -> Tip | None:
    """Where a stream of this node goes on; None for its first record."""
    row = sql.row(db, "SELECT seq, digest FROM tip WHERE stream = ? ORDER BY seq DESC, digest DESC LIMIT 1", (at,))
    return Tip(row[0], row[1].hex()) if row else None


def heads(db: apsw.Connection) -> tuple[Head, ...]:
    """The heads of all streams that are shared; `local` scope is never among them."""
    return _heads(db, "TRUE")


def heads_since(db: apsw.Connection, n: int) -> tuple[Head, ...]:
    """Those of the shared streams into which something came behind record number `n`."""
    return _heads(db, "s.n IN (SELECT stream FROM record WHERE n > ?)", n)


def _heads(db: apsw.Connection, which: str, *values: object) -> tuple[Head, ...]:
    rows = sql.rows(
        db,
        "SELECT s.lane, s.scope, s.origin, s.floor, t.seq, lower(hex(t.digest)) FROM stream s"
        f" LEFT JOIN tip t ON t.stream = s.n WHERE s.withheld = ? AND s.scope <> 'local' AND {which}"
        " ORDER BY s.n, t.seq DESC, t.digest",
        (SHARED, *values),
    )
    return tuple(
        Head._make((*name, tuple(Tip(seq, digest) for *_, seq, digest in tips if seq is not None)))
        for name, tips in itertools.groupby(rows, lambda row: row[:4])
    )


def find(db: apsw.Connection, at: int, seq: int, digest: str) -> tuple[int, bool] | None:
    """Row number and presence of the body of the record in this slot with this digest."""
    rows = sql.rows(db, "SELECT n, header, body IS NOT NULL FROM record WHERE stream = ? AND seq = ?", (at, seq))
    for n, header, bodied in rows:
        if wire.digest(atrest.unpack(header)) == digest:
            return n, bool(bodied)
    return None


def insert(db: apsw.Connection, at: Stream, record: wire.Record, behind: Tip | None = None) -> int:
    """Put a record that is not there yet into the log, link what now links, and return its row number.

    `behind`: the tip that a record follows which was made just now, so that nothing can be waiting for it.
    """
    header = record.header
    linked = behind is not None or _links(db, at, header)
    db.execute(
        "INSERT INTO record(stream, seq, hlc, kind, id, linked, header, signature, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            at.n,
            header.seq,
            header.hlc,
            header.kind,
            bytes.fromhex(header.id),
            linked,
            atrest.pack(record.raw),
            record.signature or None,
            None if record.body is None else atrest.pack(record.body),
        ),
    )
    n = db.last_insert_rowid()
    if behind:
        reached = (header.seq, bytes.fromhex(wire.digest(record.raw)))
        was = (at.n, behind.seq, bytes.fromhex(behind.digest))
        db.execute("UPDATE tip SET seq = ?, digest = ? WHERE stream = ? AND seq = ? AND digest = ?", (*reached, *was))
    elif linked:
        _advance(db, at, header, wire.digest(record.raw))
    return n


def _links(db: apsw.Connection, at: Stream, header: wire.Header) -> bool:
    """Does the record before it stand in the linked part? True for the first of a stream."""
    if header.seq == at.floor:
        return True
    before = bytes.fromhex(header.prev)
    if sql.row(db, "SELECT 1 FROM tip WHERE stream = ? AND seq = ? AND digest = ?", (at.n, header.seq - 1, before)):
        return True
    rows = sql.rows(db, "SELECT header FROM record WHERE stream = ? AND seq = ? AND linked", (at.n, header.seq - 1))
    return any(wire.digest(atrest.unpack(raw)) == header.prev for (raw,) in rows)


def _advance(db: apsw.Connection, at: Stream, header: wire.Header, digest: str) -> None:
    """Make a linked record a tip in place of its predecessor, then whatever had been waiting for it, in turn."""
    reached = [(header.seq, header.prev, digest)]
    while reached:
        seq, prev, here = reached.pop()
        db.execute("DELETE FROM tip WHERE stream = ? AND seq = ? AND digest = ?", (at.n, seq - 1, bytes.fromhex(prev)))
        waiting = list(_waiting(db, at.n, seq + 1, here))
        if not waiting:
            db.execute("INSERT OR IGNORE INTO tip VALUES (?, ?, ?)", (at.n, seq, bytes.fromhex(here)))
        for n, found in waiting:
            db.execute("UPDATE record SET linked = 1 WHERE n = ?", (n,))
            reached.append((seq + 1, here, found))


def _waiting(db: apsw.Connection, at: int, seq: int, prev: str) -> Iterator[tuple[int, str]]:
    rows = sql.rows(db, "SELECT n, header FROM record WHERE stream = ? AND seq = ? AND NOT linked", (at, seq))
    for n, packed in rows:
        raw = atrest.unpack(packed)
        if wire.decode_header(raw).prev == prev:
            yield n, wire.digest(raw)


def read(db: apsw.Connection, n: int) -> wire.Record:
    """One record of the log. Raises Malformed when its bytes are damaged."""
    found = sql.row(db, "SELECT header, signature, body FROM record WHERE n = ?", (n,))
    if found is None:
        raise wire.Malformed(f"there is no record {n}")
    packed, signature, body = found
    raw = atrest.unpack(packed)
    record = wire.Record(wire.decode_header(raw), raw, None if body is None else atrest.unpack(body), signature or b"")
    if record.body is not None and not wire.body_fits(record.header, record.body):
        raise wire.Malformed(f"record {n}: its body is not the one its header names")
    return record


def page(db: apsw.Connection, at: int, after: int, limit: int) -> list[wire.Record]:
    """Records of a stream in slot order, beginning behind `after`."""
    rows = sql.rows(db, "SELECT n FROM record WHERE stream = ? AND seq > ? ORDER BY seq, n LIMIT ?", (at, after, limit))
    return [read(db, n) for (n,) in rows]
