"""What a mesh reads of the log and puts into it. Forks, holes and erased bodies are seen here as they are.

A stream is named by (lane, scope, origin). Withheld streams and scope `local` are never among what is read.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import apsw

from .. import wire
from ..values import NamedTuple
from . import atrest, life, log, places, sql, view
from .log import Head, Tip
from .store import Store
from .transaction import Applied
from .upkeep import PAUSE_S

DIGESTS_MAX = 1000  # slots in one list
FREE_MIN = 1 << 30  # bytes of disk below which nothing is received; saving goes on

_SLICE_S = 0.05  # of work in one transaction: each costs a flush to disk; a saver behind it waits about twice as long
_AT_ONCE = 16  # records between two looks at the clock
_PAGE_ROWS = 4000


class Name(NamedTuple):
    """Which stream."""

    lane: str
    scope: str
    origin: str


class Local(NamedTuple):
    """What is here of a stream. `waiting`: the lowest number above the highest tip that is here and not linked."""

    head: Head
    waiting: int | None = None


class Page(NamedTuple):
    """Frames in the order of their numbers; `high`: the last number looked at; `more`: there is something behind it.

    Behind them stands, for what has no body, what justifies that: whoever lacks it, because it comes later or in a stream
    that waits for this one, could not take the record in, and the stream would end there.
    """

    frames: tuple[bytes, ...]
    high: int
    more: bool


class Who(NamedTuple):
    """This node as it writes now."""

    node: str
    incarnation: str

    @property
    def origin(self) -> str:
        return f"{self.node}.{self.incarnation}"


@contextmanager
def _reading(store: Store) -> Iterator[apsw.Connection]:
    with store.read():
        yield store.reader()


def awake(store: Store) -> Who:
    """Who writes this store; a store that is empty is begun."""
    with store.write() as transaction:
        alive = transaction.awake()
    return Who(alive.node, alive.incarnation)


def part(store: Store) -> None:
    """Another machine goes by our name and incarnation: begin a new one, as far as that is not done too often."""
    with store.write() as transaction:
        transaction.part()


def writer(store: Store) -> Who | None:
    """Who writes this store now; None before anything was saved."""
    with _reading(store) as db:
        alive = life.read(db)
    return Who(alive.node, alive.incarnation) if alive else None


class Looked(NamedTuple):
    """What changed between two looks; `anew`: all are to be taken as they are now, some may be gone."""

    changed: Sequence[Name]
    anew: bool


class Streams:
    """All streams that are shared, as they were at the last look, and which are `kept` here although their scope is not.
    A look costs what has changed since the one before."""

    def __init__(self, store: Store) -> None:
        self.all: dict[Name, Local] = {}
        self.kept: frozenset[Name] = frozenset()
        self._store = store
        self._newest = -1
        self._shape: object = None

    def look(self) -> Looked:
        with _reading(self._store) as db:
            newest = _newest(db)
            # Sharing and floors change without a record.
            shape = sql.row(
                db,
                "SELECT total(n * (? - withheld)), total(floor - 1) FROM stream WHERE scope <> 'local'",
                (log.SHARED,),
            )
            anew = newest < self._newest or shape != self._shape
            if anew:
                self.all = {Name(*head[:3]): Local(head, _waiting(db, head)) for head in log.heads(db)}
                changed = list(self.all)
                self.kept = _kept(db)
            else:
                heads = log.heads_since(db, self._newest)
                changed = [Name(*head[:3]) for head in heads]
                self.all.update((Name(*head[:3]), Local(head, _waiting(db, head))) for head in heads)
            self._newest, self._shape = newest, shape
        return Looked(changed, anew)


def heads(store: Store, lane: str, scope: str) -> list[Head]:
    """Of all streams of a scope that are shared."""
    with _reading(store) as db:
        return [head for head in log.heads(db) if head[:2] == (lane, scope)]


def _waiting(db: apsw.Connection, head: Head) -> int | None:
    top = head.tips[0].seq if head.tips else head.floor - 1
    at = _number(db, Name(*head[:3]))
    found = sql.row(db, "SELECT min(seq) FROM record WHERE stream = ? AND seq > ? AND NOT linked", (at, top))
    return None if found[0] is None else int(found[0])


def _number(db: apsw.Connection, name: Name) -> int | None:
    row = sql.row(
        db,
        "SELECT n FROM stream WHERE lane = ? AND scope = ? AND origin = ? AND withheld = ? AND scope <> 'local'",
        (*name, log.SHARED),
    )
    return None if row is None else int(row[0])


def _kept(db: apsw.Connection) -> frozenset[Name]:
    rows = sql.rows(db, "SELECT lane, scope, origin FROM stream WHERE withheld < ? AND scope <> 'local'", (log.SHARED,))
    return frozenset(Name(*row) for row in rows)


def page(store: Store, name: Name, after: int, until: int | None, size: int) -> Page:
    """Records behind number `after` (and up to `until`) in at most `size` bytes, at least one."""
    with _reading(store) as db:
        at = _number(db, name)
        if at is None:
            return Page((), after, False)
        last = wire.INT_MAX if until is None else until
        rows = sql.rows(
            db,
            "SELECT n, seq FROM record WHERE stream = ? AND seq > ? AND seq <= ? ORDER BY seq, n LIMIT ?",
            (at, after, last, _PAGE_ROWS),
        )
        return _filled(db, rows, after, size)


def _filled(db: apsw.Connection, rows: Sequence[tuple[int, int]], after: int, size: int) -> Page:
    """As many as fit; all records of one slot travel together, so that `high` is the truth."""
    frames: dict[int, bytes] = {}
    reasons: dict[int, bytes] = {}
    used, high, more = 0, after, len(rows) == _PAGE_ROWS
    for n, seq in rows:
        record = log.read(db, n)
        frame = wire.encode_frame(record)
        if frames and used + len(frame) > size and seq != high:
            more = True
            break
        frames[n] = frame
        used, high = used + len(frame), seq
        for row, reason in _reasons(db, record).items():
            used += 0 if row in reasons else len(reason)
            reasons[row] = reason
    return Page((*frames.values(), *(reasons[n] for n in reasons.keys() - frames.keys())), high, more)


def _reasons(db: apsw.Connection, record: wire.Record) -> dict[int, bytes]:
    """Row and frame of what justifies that a record has no body; nothing for one that has, or where it stays here."""
    if record.body is not None:
        return {}
    row = view.justifying(db, record.header.scope, bytes.fromhex(record.header.id))
    if row is None or not sql.row(
        db, "SELECT 1 FROM stream s JOIN record r ON r.stream = s.n WHERE r.n = ? AND s.withheld = ?", (row, log.SHARED)
    ):
        return {}
    return {row: wire.encode_frame(log.read(db, row))}


def slots(store: Store, name: Name, low: int, high: int) -> list[Tip]:
    """Number and digest of what is here from `low` to `high`, the highest DIGESTS_MAX of them."""
    with _reading(store) as db:
        rows = sql.rows(
            db,
            "SELECT seq, header FROM record WHERE stream = ? AND seq BETWEEN ? AND ? ORDER BY seq DESC LIMIT ?",
            (_number(db, name), low, high, DIGESTS_MAX),
        )
        return [Tip(seq, wire.digest(atrest.unpack(header))) for seq, header in reversed(rows)]


def picked(store: Store, name: Name, wanted: Iterable[Tip], size: int) -> Page:
    """Single records, as many as fit into `size` bytes, at least one."""
    with _reading(store) as db:
        at = _number(db, name)
        found = [log.find(db, at, tip.seq, tip.digest) for tip in wanted] if at is not None else []
        frames: list[bytes] = []
        reasons: dict[int, bytes] = {}
        more = False
        for row in filter(None, found):
            record = log.read(db, row[0])
            frame = wire.encode_frame(record)
            if frames and sum(map(len, frames)) + len(frame) > size:
                more = True
                break
            frames.append(frame)
            reasons |= _reasons(db, record)
        return Page((*frames, *reasons.values()), 0, more)


def present(store: Store, wanted: Iterable[tuple[Name, Tip]]) -> set[tuple[Name, Tip]]:
    """Which of these records are here and linked."""
    with _reading(store) as db:
        return {(name, tip) for name, tip in wanted if _linked(db, name, tip)}


def _linked(db: apsw.Connection, name: Name, tip: Tip) -> bool:
    at = _number(db, name)
    found = None if at is None else log.find(db, at, tip.seq, tip.digest)
    return bool(found and sql.row(db, "SELECT linked FROM record WHERE n = ?", (found[0],))[0])


def newest(store: Store) -> int:
    """The number of the last record that arrived or was saved here."""
    with _reading(store) as db:
        return _newest(db)


def _newest(db: apsw.Connection) -> int:
    return int(sql.row(db, "SELECT coalesce(max(n), 0) FROM record")[0])


def saved_since(store: Store, n: int, limit: int) -> tuple[list[wire.Record], int]:
    """What this node saved after record number `n`, and the number to go on from."""
    with _reading(store) as db:
        rows = sql.rows(
            db,
            "SELECT r.n, s.origin = life.node || '.' || life.incarnation AND s.withheld = ? AND s.scope <> 'local'"
            " FROM record r JOIN stream s ON s.n = r.stream, life WHERE r.n > ? ORDER BY r.n LIMIT ?",
            (log.SHARED, n, limit),
        )
        found = []
        for row, ours in rows:
            n = row
            if ours:
                found.append(log.read(db, row))
        return found, n


def lost(store: Store, limit: int) -> dict[Name, tuple[Tip, ...]]:
    """Records of memories that are shown again although their text was erased here; a peer may still have it."""
    with _reading(store) as db:
        rows = sql.rows(
            db,
            "SELECT s.lane, s.scope, s.origin, r.seq, r.header FROM observation o JOIN record r ON r.n = o.n"
            " JOIN stream s ON s.n = r.stream WHERE o.erase_at IS NULL AND NOT o.deleted AND r.body IS NULL"
            " AND s.withheld = ? AND s.scope <> 'local' LIMIT ?",
            (log.SHARED, limit),
        )
        found: dict[Name, tuple[Tip, ...]] = {}
        for lane, scope, origin, seq, header in rows:
            name = Name(lane, scope, origin)
            found[name] = (*found.get(name, ()), Tip(seq, wire.digest(atrest.unpack(header))))
        return found


class Receiver:
    """Takes records in, in transactions short enough that a saver hardly waits."""

    def __init__(self, store: Store, scopes: frozenset[str]) -> None:
        self._store, self._scopes = store, scopes

    def take(self, records: Sequence[wire.Record]) -> Applied:
        """Apply these. What came without a body goes last: what justifies that may be among the others."""
        ordered = sorted(records, key=lambda record: record.body is None)
        total, at = Applied(), 0
        while at < len(ordered):
            if at:
                time.sleep(PAUSE_S)
            # Only work counts: were waiting for the lock and the disk part of it, a slow disk would make each
            # transaction smaller, and so all of them slower.
            with self._store.write() as transaction:
                end = time.monotonic() + _SLICE_S
                while at < len(ordered) and time.monotonic() < end:
                    done = transaction.apply(ordered[at : at + _AT_ONCE], self._scopes)
                    total = Applied(*(a + b for a, b in zip(total, done, strict=True)))
                    at += _AT_ONCE
        return total

    def has_room(self) -> bool:
        return places.free_bytes(self._store.directory) > FREE_MIN
