"""Visibility: what the log means, decided by stamps alone, so that the order of arrival cannot matter.

    deleted(x)  a purge, or a tombstone that no undo names, names x
    life(y)     -inf if deleted; else until(y), or +inf
    cover(x)    max over edges y -> x of max(life(y), cover(y)); else -inf
    label(x, t) deleted | superseded if cover(x) > t | expired if until(x) <= t | live

An edge y -> x exists when y names x as superseded and stamp(y) > stamp(x), so edges form no cycle. `settle` recomputes
what changed in descending stamp order: each row at most once, ending in the unique fixpoint. Nothing here looks at
whether a body is present; what comes from bodies is kept by `content.py`.
"""

from __future__ import annotations

from bisect import insort

import apsw

from .. import wire
from ..values import NamedTuple
from . import atrest, sql
from .schema import NEVER, NO_COVER, SAID

MARKS = (wire.TOMBSTONE, wire.PURGE, wire.UNDO)

_ENTER = (
    f"INSERT INTO observation(n, scope, hlc, until, erase_at, {', '.join(SAID)}) VALUES (?{', ?' * (4 + len(SAID))})"
)

Key = tuple[int, bytes]  # scope and id


class Row(NamedTuple):
    """One observation as visibility sees it."""

    stamp: tuple[int, str, int]
    n: int
    until: int
    deleted: int
    cover: int
    rivals: int
    erase_at: int | None

    @property
    def life(self) -> int:
        return NO_COVER if self.deleted else self.until


def label(until: int, deleted: bool, cover: int, now: int) -> str:
    """The state of an observation at a time."""
    if deleted:
        return "deleted"
    if cover > now:
        return "superseded"
    return "expired" if until <= now else "live"


def holder(db: apsw.Connection, scope: int, id_: bytes) -> Row | None:
    """The row of (scope, id): held by the record with the smallest stamp."""
    found = sql.row(
        db,
        "SELECT o.hlc, s.origin, r.seq, o.n, o.until, o.deleted, o.cover, o.rivals, o.erase_at"
        " FROM record r JOIN observation o ON o.n = r.n JOIN stream s ON s.n = r.stream"
        " WHERE r.id = ? AND o.scope = ?",
        (id_, scope),
    )
    return Row(found[:3], *found[3:]) if found else None


def enter_observation(
    db: apsw.Connection, n: int, scope: int, header: wire.Header, held: Row | None, bodied: tuple[int | None, ...]
) -> set[Key]:
    """Give record `n` the row of its id, in place of `held`; returns the keys whose visibility may have changed.

    `bodied`: `erase_at` and what the body says, column by column.
    """
    id_ = bytes.fromhex(header.id)
    dirty: set[Key] = set()
    if held:
        dirty |= _leave_observation(db, held.n, scope, id_)
    until = NEVER if header.until is None else header.until
    db.execute(_ENTER, (n, scope, header.hlc, until, *bodied))
    for name in header.names:
        child = bytes.fromhex(name)
        db.execute("INSERT OR IGNORE INTO edge VALUES (?, ?, ?)", (scope, child, id_))
        dirty.add((scope, child))
    if dirty or _named(db, scope, id_):
        dirty.add((scope, id_))
    return dirty


def _leave_observation(db: apsw.Connection, n: int, scope: int, id_: bytes) -> set[Key]:
    """A record with a smaller stamp takes the row over."""
    children = sql.rows(db, "SELECT child FROM edge WHERE scope = ? AND parent = ?", (scope, id_))
    db.execute("DELETE FROM edge WHERE scope = ? AND parent = ?", (scope, id_))
    db.execute("DELETE FROM observation WHERE n = ?", (n,))
    return {(scope, child) for (child,) in children}


def _named(db: apsw.Connection, scope: int, id_: bytes) -> bool:
    """Has anything named this id before it came?"""
    return bool(
        sql.row(
            db,
            "SELECT 1 FROM mark WHERE scope = ?1 AND target = ?2 UNION ALL SELECT 1 FROM edge WHERE scope = ?1 AND child = ?2",
            (scope, id_),
        )
    )


def enter_mark(db: apsw.Connection, n: int, scope: int, header: wire.Header) -> set[Key]:
    """Note whom the header of record `n` names; returns the keys whose visibility may have changed."""
    id_ = bytes.fromhex(header.id)
    until = NEVER if header.until is None else header.until
    targets = [bytes.fromhex(name) for name in header.names]
    for target in targets:
        row = (scope, target, n, header.kind, id_, header.hlc, until)
        db.execute("INSERT OR IGNORE INTO mark VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    if header.kind != wire.UNDO:
        return {(scope, target) for target in targets}
    # An undo names tombstones; what changes is what those name.
    return {(scope, name) for target in targets for name in names_of_tombstones(db, scope, target)}


def names_of_tombstones(db: apsw.Connection, scope: int, id_: bytes) -> list[bytes]:
    rows = sql.rows(
        db,
        "SELECT r.header FROM record r JOIN stream s ON s.n = r.stream JOIN facet f ON f.kind = 'scope' AND f.value = s.scope"
        " WHERE r.id = ? AND r.kind = ? AND f.n = ?",
        (id_, wire.TOMBSTONE, scope),
    )
    return [bytes.fromhex(name) for (raw,) in rows for name in wire.decode_header(atrest.unpack(raw)).names]


def erasable_from(db: apsw.Connection, scope: int, id_: bytes) -> int | None:
    """From when on a record without its body is justified: 0 after a purge, a tombstone's `until`; None if neither."""
    found: int | None = sql.row(
        db,
        "SELECT min(CASE kind WHEN 'purge' THEN 0 ELSE until END) FROM mark"
        " WHERE scope = ? AND target = ? AND kind IN ('purge', 'tombstone')",
        (scope, id_),
    )[0]
    return found


def justifying(db: apsw.Connection, scope: str, id_: bytes) -> int | None:
    """The row of a purge, or else of the tombstone that lasts shortest, that names an id: why its body may be missing."""
    found = sql.row(
        db,
        "SELECT m.n FROM mark AS m JOIN facet AS f ON f.n = m.scope AND f.kind = 'scope' AND f.value = ?"
        " WHERE m.target = ? AND m.kind IN ('purge', 'tombstone') ORDER BY m.kind, m.until, m.n LIMIT 1",
        (scope, id_),
    )
    return None if found is None else int(found[0])


def deletions(db: apsw.Connection, scope: int, id_: bytes) -> list[tuple[str, bytes, int]]:
    """(kind, id, until) of every purge that names an id and every tombstone that no undo in time names."""
    return sql.rows(
        db,
        "SELECT kind, id, until FROM mark AS m WHERE scope = ?1 AND target = ?2"
        " AND (kind = 'purge' OR kind = 'tombstone' AND NOT EXISTS (SELECT 1 FROM mark AS u"
        " WHERE u.scope = ?1 AND u.target = m.id AND u.kind = 'undo' AND u.hlc < m.until))",
        (scope, id_),
    )


def deletion(db: apsw.Connection, scope: int, id_: bytes) -> tuple[int, int]:
    """deleted (0 or 1), and when the body may be erased (NEVER while nothing deletes it)."""
    marks = deletions(db, scope, id_)
    if not marks:
        return 0, NEVER
    return 1, min(0 if kind == wire.PURGE else until for kind, _, until in marks)


def _covering(db: apsw.Connection, scope: int, id_: bytes, stamp: tuple[int, str, int]) -> tuple[int, int]:
    """cover, and how many observations that nothing deletes or covers for ever supersede this one."""
    cover, rivals = NO_COVER, 0
    for (parent,) in sql.rows(db, "SELECT parent FROM edge WHERE scope = ? AND child = ?", (scope, id_)):
        row = holder(db, scope, parent)
        if row is None or row.stamp <= stamp:
            continue
        cover = max(cover, row.life, row.cover)
        rivals += not row.deleted and row.cover != NEVER
    return cover, rivals


def settle(db: apsw.Connection, dirty: set[Key]) -> None:
    """Bring deleted, cover, rivals and erase_at of everything reachable from `dirty` to the fixpoint."""
    queue: list[tuple[tuple[int, str, int], Key]] = []
    for key in dirty:
        row = holder(db, *key)
        if row:
            queue.append((row.stamp, key))
    queue.sort()
    queued = {key for _, key in queue}
    while queue:
        stamp, (scope, id_) = queue.pop()
        queued.discard((scope, id_))
        if not _recompute(db, scope, id_):
            continue
        for (child,) in sql.rows(db, "SELECT child FROM edge WHERE scope = ? AND parent = ?", (scope, id_)):
            row = holder(db, scope, child)
            if row and row.stamp < stamp and (scope, child) not in queued:
                queued.add((scope, child))
                insort(queue, (row.stamp, (scope, child)))


def _recompute(db: apsw.Connection, scope: int, id_: bytes) -> bool:
    """Recompute one row; True when something that others depend on has changed."""
    row = holder(db, scope, id_)
    assert row is not None
    deleted, erase_at = deletion(db, scope, id_)
    cover, rivals = _covering(db, scope, id_, row.stamp)
    if (deleted, cover, rivals) != (row.deleted, row.cover, row.rivals):
        db.execute(
            "UPDATE observation SET deleted = ?, cover = ?, rivals = ? WHERE n = ?", (deleted, cover, rivals, row.n)
        )
    if row.erase_at is not None and erase_at != row.erase_at:
        db.execute("UPDATE observation SET erase_at = ? WHERE n = ?", (erase_at, row.n))
    return (deleted, cover) != (row.deleted, row.cover)
