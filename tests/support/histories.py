"""Random histories of records by several writers, and a slow, obviously right reading of them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

from kioku_mesh import wire
from kioku_mesh.model import STATES, Filter
from kioku_mesh.store import sql
from kioku_mesh.store.store import Store

IDS = [f"{n:032x}" for n in range(1, 7)]
TOMBS = [f"{n:032x}" for n in range(101, 105)]
SCOPES = ("mesh", "team/red")
SPAN = 40  # stamps and untils lie between 1 and this: small, so that they collide


class Writer:
    """One origin that writes linked streams."""

    def __init__(self, node: str, number: int) -> None:
        self.origin = f"{node}.{number:016x}"
        self._heads: dict[str, tuple[int, str]] = {}

    @classmethod
    def after(cls, record: wire.Record) -> Writer:
        """A writer that goes on behind a record, as a copy of its machine would."""
        node, _, incarnation = record.header.origin.rpartition(".")
        writer = cls(node, int(incarnation, 16))
        writer._heads[record.header.scope] = (record.header.seq, wire.digest(record.raw))
        return writer

    def write(
        self,
        kind: str,
        scope: str,
        hlc: int,
        id_: str,
        names: Sequence[str] = (),
        until: int | None = None,
        said: str = "",
    ) -> wire.Record:
        seq, prev = self._heads.get(scope, (0, ""))
        if kind == wire.OBSERVATION:
            fields = {"content": said or id_, "memory_type": "note", "importance": 2, "created_at": hlc}
            fields |= {
                "agent_family": "claude",
                "client_id": "test",
                "project": f"p{int(id_, 16) % 3}",
                "tags": [id_[-2:]],
            }
        else:
            fields = {"reason": said}
        body = wire.encode_body(fields)
        header = wire.Header(
            1, "mem", scope, self.origin, seq + 1, prev, 1, hlc, kind, id_, tuple(names), until, wire.digest(body), len(body)
        )  # fmt: skip
        raw = wire.encode_header(header)
        self._heads[scope] = (seq + 1, wire.digest(raw))
        return wire.Record(header, raw, body)


def random_history(rng: random.Random, length: int) -> list[wire.Record]:
    """Observations (some with the same id), tombstones, undos, purges, over a few ids, with names that may be unknown."""
    writers = [Writer("ant", 1), Writer("bee", 2), Writer("cat", 3)]
    records = []
    for _ in range(length):
        writer, scope = rng.choice(writers), rng.choice(SCOPES)
        hlc, until = rng.randint(1, SPAN), rng.choice([None, None, rng.randint(1, SPAN)])
        kind = rng.choice([wire.OBSERVATION] * 5 + [wire.TOMBSTONE, wire.TOMBSTONE, wire.UNDO, wire.PURGE])
        if kind == wire.OBSERVATION:
            names = rng.sample(IDS, rng.choice([0, 0, 1, 1, 2]))
            records.append(writer.write(kind, scope, hlc, rng.choice(IDS), names, until, f"said {rng.randint(1, 3)}"))
        elif kind == wire.TOMBSTONE:
            records.append(writer.write(kind, scope, hlc, rng.choice(TOMBS), rng.sample(IDS, 1), until))
        elif kind == wire.UNDO:
            records.append(writer.write(kind, scope, hlc, f"{rng.getrandbits(128):032x}", rng.sample(TOMBS, 1)))
        else:
            records.append(writer.write(kind, scope, hlc, f"{rng.getrandbits(128):032x}", rng.sample(IDS, 1)))
    return records


def expected(records: Iterable[wire.Record], scope: str, now: int) -> dict[str, str]:
    """id -> label by the definitions of the design, written for clarity and nothing else."""
    headers = [r.header for r in records if r.header.scope == scope]
    rows: dict[str, wire.Header] = {}
    for h in headers:
        if h.kind == wire.OBSERVATION and (h.id not in rows or h.stamp < rows[h.id].stamp):
            rows[h.id] = h
    infinity = float("inf")

    def undone(tomb: wire.Header) -> bool:
        end = infinity if tomb.until is None else tomb.until
        return any(u.kind == wire.UNDO and tomb.id in u.names and u.hlc < end for u in headers)

    def deleted(id_: str) -> bool:
        return any(
            id_ in h.names and (h.kind == wire.PURGE or (h.kind == wire.TOMBSTONE and not undone(h))) for h in headers
        )

    def life(h: wire.Header) -> float:
        return -infinity if deleted(h.id) else infinity if h.until is None else h.until

    def cover(x: wire.Header) -> float:
        above = [y for y in rows.values() if x.id in y.names and y.stamp > x.stamp]
        return max((max(life(y), cover(y)) for y in above), default=-infinity)

    def label(x: wire.Header) -> str:
        if deleted(x.id):
            return "deleted"
        if cover(x) > now:
            return "superseded"
        return "expired" if x.until is not None and x.until <= now else "live"

    return {id_: label(h) for id_, h in rows.items()}


def seen(store: Store, scope: str, now: int) -> dict[str, str]:
    """id -> label as the store answers, through states as search filters them."""
    labels = {}
    with store.read(frozenset((scope,)), now) as snapshot:
        for state in STATES:
            for id_ in snapshot.ids(snapshot.newest(Filter(states=(state,)), now, 1000)):
                assert id_ not in labels, "one id in two states"
                labels[id_] = state
    return labels


_VIEW = {
    "observation": "SELECT s.origin, s.scope, r.seq, hex(r.id), o.hlc, until, deleted, cover, rivals, clash, erase_at,"
    " p.value, t.value, f.value, c.value, m.value, importance, content FROM observation o JOIN record r ON r.n = o.n"
    " JOIN stream s ON s.n = r.stream LEFT JOIN facet p ON p.n = project LEFT JOIN facet t ON t.n = type"
    " LEFT JOIN facet f ON f.n = family LEFT JOIN facet c ON c.n = client LEFT JOIN facet m ON m.n = pc",
    "tagged": "SELECT f.kind, f.value, s.origin, s.scope, r.seq FROM tagged g JOIN facet f ON f.n = g.facet"
    " JOIN record r ON r.n = g.n JOIN stream s ON s.n = r.stream",
    "edge": "SELECT f.value, hex(child), hex(parent) FROM edge JOIN facet f ON f.n = scope",
    "mark": "SELECT f.value, hex(target), k.kind, hex(k.id), k.hlc, k.until, s.origin, r.seq FROM mark k"
    " JOIN facet f ON f.n = k.scope JOIN record r ON r.n = k.n JOIN stream s ON s.n = r.stream",
    "facet": "SELECT kind, value FROM facet",
    "counter": "SELECT s.value, p.value, t.value, f.value, k.value, m.value, c.standing, c.count FROM counter c"
    " JOIN facet s ON s.n = c.scope LEFT JOIN facet p ON p.n = c.project LEFT JOIN facet t ON t.n = c.type"
    " LEFT JOIN facet f ON f.n = c.family LEFT JOIN facet k ON k.n = c.client LEFT JOIN facet m ON m.n = c.pc"
    " WHERE c.count <> 0",
    "tip": "SELECT s.origin, s.scope, t.seq, hex(t.digest) FROM tip t JOIN stream s ON s.n = t.stream",
}


def view(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """Everything derived, without row numbers: equal for equal sets of records."""
    db = store.reader()
    return {name: sorted(sql.rows(db, query), key=repr) for name, query in _VIEW.items()}


def words(store: Store, word: str) -> set[str]:
    """Ids whose full text contains a word."""
    db = store.reader()
    rows = sql.rows(
        db, "SELECT hex(r.id) FROM fulltext JOIN record r ON r.n = fulltext.rowid WHERE fulltext MATCH ?", (word,)
    )
    return {id_.lower() for (id_,) in rows}


def with_content(store: Store) -> set[str]:
    """Ids whose body is here and readable."""
    query = "SELECT hex(r.id) FROM observation o JOIN record r ON r.n = o.n WHERE o.content IS NOT NULL"
    return {id_.lower() for (id_,) in sql.rows(store.reader(), query)}
