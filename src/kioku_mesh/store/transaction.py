"""The one door: whatever changes what a reader sees goes through `_accept`, in one transaction under the write lock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

import apsw

from .. import wire
from ..clock import MINUTE
from ..errors import BadInput, TooLarge
from ..ids import new_id
from ..values import NamedTuple
from . import content, erase, life, log, sql, view
from .life import Life
from .reading import Snapshot
from .schema import NEVER

AHEAD = 5 * MINUTE  # a stamp further in the future than this does not lift the clock


class Applied(NamedTuple):
    """What became of records from elsewhere: `gaps` lack a body that nothing justifies, `refused` are not for here."""

    added: int = 0
    known: int = 0
    gaps: int = 0
    refused: int = 0


class Transaction:
    """Open between `Store.write()` and its end. `now`: microseconds, read once."""

    def __init__(
        self, db: apsw.Connection, alive: life.Life, directory: str, now: int, shares: Callable[[], bool]
    ) -> None:
        """`shares`: does what is written now leave this machine? Asked once, and only where it matters."""
        self.db = db
        self.now = now
        self._life = alive
        self._directory = directory
        self._dirty: set[view.Key] = set()
        self._entries = content.Entries(db)
        self._cloned = False
        self._ask_shares = shares
        self._shared: bool | None = None

    @property
    def life(self) -> life.Life:
        return self._life

    def append(
        self,
        kind: str,
        scope: str,
        body: bytes,
        *,
        id: str = "",
        names: Sequence[str] = (),
        until: int | None = None,
        hlc: int | None = None,
        lane: str = "mem",
        shared: bool = False,
    ) -> wire.Header:
        """Write a record of this node. `hlc` is given only for what carries the time of another store.

        `shared`: into a stream that leaves the machine, whatever this machine does otherwise.
        """
        if self._cloned:
            self._renew(life.CLONED)
        stream = self._stream(lane, scope, log.SHARED if shared or self._shares() else log.ASK)
        tip = log.tip(self.db, stream.n)
        seq, prev = (tip.seq + 1, tip.digest) if tip else (1, "")
        header = wire.Header(
            v=wire.BODY_VERSION, lane=lane, scope=scope, origin=self._life.origin, seq=seq, prev=prev, floor=stream.floor,
            hlc=self._stamp_of(kind, scope, names, hlc), kind=kind, id=id or new_id(), names=tuple(names), until=until,
            body=wire.digest(body), size=len(body),
        )  # fmt: skip
        raw = wire.encode_header(header)
        if len(raw) + len(body) > wire.RECORD_MAX:
            raise TooLarge(
                f"the memory with all its fields has {len(raw) + len(body):,} bytes; a record holds {wire.RECORD_MAX:,}",
                "shorten the text, or the lists of tags, files and references",
                limit=wire.RECORD_MAX,
            )
        if header.hlc >= wire.INT_MAX or (until or 0) >= wire.INT_MAX:
            raise BadInput("the time lies beyond what a record can hold", "look at the times of what it names")
        self._life = self._life._replace(written=self._life.written + 1, last=wire.digest(raw))
        self._accept(stream, wire.Record(header, raw, body), tip)
        return header

    def _stream(self, lane: str, scope: str, withheld: int) -> log.Stream:
        """Where this node writes. A stream is shared whole or not at all, so what shall leave and what shall stay never
        stand in one: another incarnation begins."""
        stream = log.stream(self.db, lane, scope, self._life.origin, withheld)
        if stream.withheld != withheld and scope != "local":
            self._renew("this machine shares what is saved now" if withheld == log.SHARED else "this machine is local")
            stream = log.stream(self.db, lane, scope, self._life.origin, withheld)
        return stream

    def apply(self, records: Iterable[wire.Record], scopes: frozenset[str] | None = None) -> Applied:
        """Take in records written elsewhere, in any order, any number of times.

        `scopes`: what this node is entitled to; None for all. `local` is never taken from outside.
        """
        added = known = refused = 0
        bare: list[tuple[log.Stream, wire.Record]] = []
        # Marks first: whether a body may be here at all depends on every tombstone and undo of the batch.
        for record in sorted(records, key=lambda r: r.header.kind == wire.OBSERVATION):
            header = record.header
            if header.scope == "local" or (scopes is not None and header.scope not in scopes):
                refused += 1
                continue
            if record.body is not None and not wire.body_fits(header, record.body):
                refused += 1
                continue
            if not log.has_room(self.db, header):
                refused += 1
                continue
            stream = log.stream(self.db, header.lane, header.scope, header.origin)
            there = log.find(self.db, stream.n, header.seq, wire.digest(record.raw))
            if there and (there[1] or record.body is None):
                known += 1
            elif record.body is None:
                bare.append((stream, record))
            else:
                added += self._take(stream, record, there[0] if there else None)
        # What justifies a missing body may have come in the same batch.
        gaps = [record for stream, record in bare if not self._take_bare(stream, record)]
        return Applied(added + len(bare) - len(gaps), known, len(gaps), refused)

    def _take(self, stream: log.Stream, record: wire.Record, n: int | None) -> int:
        scope, id_ = self._key(record.header)
        gone = self._erasable(record.header) and view.deletion(self.db, scope, id_)[1] <= self.now
        if n is None:
            self._accept(stream, record._replace(body=None) if gone else record)
            self._cloned |= record.header.origin == self._life.origin
        elif not gone:
            erase.give_back(self.db, n, record)
            regain(self.db, n, scope, record, self._entries)
            self._dirty.add((scope, id_))
        return 1

    def _take_bare(self, stream: log.Stream, record: wire.Record) -> bool:
        if not self._erasable(record.header):
            return False
        self._accept(stream, record)
        self._cloned |= record.header.origin == self._life.origin
        return True

    def _erasable(self, header: wire.Header) -> bool:
        """Is it justified that this record comes without its body?"""
        since = view.erasable_from(self.db, *self._key(header))
        if since is None:
            return False
        return since == 0 or (header.kind == wire.OBSERVATION and since <= self.now)

    def _accept(self, stream: log.Stream, record: wire.Record, behind: log.Tip | None = None) -> None:
        if self._life.clock < record.header.hlc <= self.now + AHEAD:
            self._life = self._life._replace(clock=record.header.hlc)
        n = log.insert(self.db, stream, record, behind)
        self._dirty |= derive(self.db, n, self._scope(stream.scope), record, self._entries)

    def _key(self, header: wire.Header) -> view.Key:
        return self._scope(header.scope), bytes.fromhex(header.id)

    def _scope(self, scope: str) -> int:
        return self._entries.facet("scope", scope)

    def _stamp_of(self, kind: str, scope: str, names: Sequence[str], wanted: int | None) -> int:
        """A deletion holds whatever its stamp; so what somebody stamped at the end of all time can be deleted."""
        stamp = self.stamp(scope, names, wanted)
        return stamp if kind == wire.OBSERVATION else min(stamp, wire.INT_MAX - 1)

    def stamp(self, scope: str, names: Sequence[str], wanted: int | None = None) -> int:
        """What a record with these names is stamped: max(now, clock) + 1, and above every stamp it names."""
        stamp = wanted if wanted is not None else max(self.now, self._clock()) + 1
        for name in names:
            row = sql.row(
                self.db,
                "SELECT max(r.hlc) FROM record r JOIN stream s ON s.n = r.stream WHERE r.id = ? AND s.scope = ?",
                (bytes.fromhex(name), scope),
            )
            stamp = max(stamp, (row[0] or 0) + 1)
        return stamp

    def _clock(self) -> int:
        """The highest stamp that is not beyond now + 5 minutes: a machine that was in 2099 for a minute recovers."""
        if self._life.clock > self.now + AHEAD:
            found = sql.row(self.db, "SELECT max(hlc) FROM record WHERE hlc <= ?", (self.now + AHEAD,))[0]
            self._life = self._life._replace(clock=found or 0)
        return self._life.clock

    def part(self) -> None:
        """Another copy of this store goes by the same life: go on under a new one."""
        self._cloned = True

    def _shares(self) -> bool:
        if self._shared is None:
            self._shared = self._ask_shares()
        return self._shared

    def awake(self) -> Life:
        """The life that writes from now on: a new one where the streams of the last do not leave a machine that shares."""
        mine = sql.rows(
            self.db,
            "SELECT 1 FROM stream WHERE origin = ? AND withheld < ? AND scope <> 'local' LIMIT 1",
            (self._life.origin, log.SHARED),
        )
        if mine and self._shares():
            self._renew("this machine shares what is saved now")
        return self._life

    def _renew(self, why: str) -> None:
        if why != life.CLONED or life.may_part_again(self.db, self.now):
            self._life = life.mint(self.db, self._directory, self._life.node, why, self.now, self._life.clock)
        self._cloned = False

    def snapshot(self, scopes: frozenset[str]) -> Snapshot:
        """What a reader will see once this transaction has been committed."""
        self._settle_view()
        return Snapshot(self.db, scopes, self.now)

    def settle(self) -> None:
        """Bring the view to its fixpoint; called by the store before it commits."""
        if self._cloned:
            self._renew(life.CLONED)
        self._settle_view()
        life.write(self.db, self._life)

    def _settle_view(self) -> None:
        view.settle(self.db, self._dirty)
        self._dirty = set()
        self._entries.flush()


def derive(db: apsw.Connection, n: int, scope: int, record: wire.Record, entries: content.Entries) -> set[view.Key]:
    """Enter record `n` into the derived tables; returns the keys whose visibility has to be settled."""
    kind = record.header.kind
    if kind == wire.OBSERVATION:
        return _derive_observation(db, n, scope, record, entries)
    if kind == wire.PURGE:
        erase.purge_bodies(db, scope, record.header.names)
    if kind == wire.ALIAS:
        _derive_alias(db, n, scope, record)
    return view.enter_mark(db, n, scope, record.header) if kind in view.MARKS else set()


def _derive_observation(
    db: apsw.Connection, n: int, scope: int, record: wire.Record, entries: content.Entries
) -> set[view.Key]:
    """The record with the smallest stamp holds the row of an id, so a later arrival may take it over."""
    header, key = record.header, (scope, bytes.fromhex(record.header.id))
    is_copy = _is_copy(db, key[1])
    held = view.holder(db, *key) if is_copy else None
    dirty = {key} if held else set()
    if held is None or _precedes(db, record, held):
        if held:
            entries.flush()
            erase.unindex(db, held.n)
        said = _said(record)
        has_body = record.body is not None or (held is not None and held.erase_at is not None)
        columns = entries.columns(said) if said else content.NOTHING
        dirty |= view.enter_observation(db, n, scope, header, held, (NEVER if has_body else None, *columns))
        if said:
            entries.index(n, said)
    elif record.body is not None:
        content.hold(db, held.n)
    if is_copy and record.body is not None:
        content.compare_copies(db, *key)
    return dirty


def _precedes(db: apsw.Connection, record: wire.Record, held: view.Row) -> bool:
    """Clones of a machine that import the same file write equal stamps; then the digest decides, as anything would do
    but who came first."""
    if record.header.stamp != held.stamp:
        return record.header.stamp < held.stamp
    return wire.digest(record.raw) < wire.digest(log.read(db, held.n).raw)


def regain(db: apsw.Connection, n: int, scope: int, record: wire.Record, entries: content.Entries) -> None:
    """Derive what readers need from the body of record `n`, which was entered without it."""
    id_, holder = bytes.fromhex(record.header.id), n
    if record.header.kind == wire.ALIAS:
        _derive_alias(db, n, scope, record)
    if record.header.kind != wire.OBSERVATION:
        return
    if _is_copy(db, id_):
        content.compare_copies(db, scope, id_)
        held = view.holder(db, scope, id_)
        holder = held.n if held else n
    content.hold(db, holder)
    said = _said(record)
    if said and holder == n:
        content.fill(db, n, said, entries)


def _derive_alias(db: apsw.Connection, n: int, scope: int, record: wire.Record) -> None:
    if record.body is not None:
        with suppress(wire.Malformed):
            content.add_alias(db, n, scope, record.body)


def _said(record: wire.Record) -> wire.ObservationBody | None:
    """None for a body that is gone, and for one that this release cannot read: that waits for a later one."""
    if record.body is None:
        return None
    try:
        return wire.read_observation(record.header, record.body)
    except wire.Malformed:
        return None


def _is_copy(db: apsw.Connection, id_: bytes) -> bool:
    """Is there more than one record with this id?"""
    return bool(sql.row(db, "SELECT count(*) > 1 FROM record WHERE id = ?", (id_,))[0])
