"""Deciding about what was saved while the machine shared nothing: it goes to others, stays here, or goes one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import apsw

from .. import wire
from . import log, sql
from .log import ASK, SHARED, WITHHELD, Head
from .store import Store
from .transaction import Transaction

_DELETING = (wire.TOMBSTONE, wire.UNDO, wire.PURGE)


def withhold(transaction: Transaction) -> None:
    """Keep to this machine what nobody was asked about yet; what it deleted of shared memories is deleted everywhere."""
    for record, names in list(_deletions(transaction.db)):
        header = record.header
        if record.body is not None:
            transaction.append(
                header.kind, header.scope, record.body, id=header.id, names=names, until=header.until, hlc=header.hlc,
                shared=True,
            )  # fmt: skip
    transaction.db.execute("UPDATE stream SET withheld = ? WHERE withheld = ?", (WITHHELD, ASK))


def _deletions(db: apsw.Connection) -> Iterable[tuple[wire.Record, list[str]]]:
    """What was deleted, undone or purged meanwhile, with what it names that other machines may have."""
    rows = sql.rows(
        db,
        "SELECT r.n FROM record r JOIN stream s ON s.n = r.stream WHERE s.withheld = ? AND s.scope <> 'local'"
        f" AND r.kind IN ({', '.join('?' * len(_DELETING))}) ORDER BY r.n",
        (ASK, *_DELETING),
    )
    sent: set[str] = set()  # tombstones: an undo names them
    for (n,) in rows:
        record = log.read(db, n)
        header = record.header
        names = [name for name in header.names if name in sent or _is_shared(db, header.scope, name)]
        if names:
            sent.add(header.id)
            yield record, names


def _is_shared(db: apsw.Connection, scope: str, id_: str) -> bool:
    return bool(
        sql.rows(
            db,
            "SELECT 1 FROM record r JOIN stream s ON s.n = r.stream WHERE r.id = ? AND s.scope = ? AND s.withheld = ?",
            (bytes.fromhex(id_), scope, SHARED),
        )
    )


def release(transaction: Transaction) -> None:
    """Share everything that stayed here."""
    transaction.db.execute("UPDATE stream SET withheld = ? WHERE withheld < ? AND scope <> 'local'", (SHARED, SHARED))


def share(transaction: Transaction, ids: Sequence[str], scopes: frozenset[str]) -> tuple[str, ...]:
    """Append observations that stayed here once more, with the same id, time and bytes, to a stream that is shared.

    Returns the ids that were appended; those that are shared already or not in `scopes` are left alone.
    """
    shared = []
    for id_ in ids:
        found = sql.rows(
            transaction.db,
            "SELECT r.n, s.withheld FROM record r JOIN stream s ON s.n = r.stream"
            " WHERE r.id = ? AND r.kind = ? AND s.scope <> 'local' ORDER BY r.n",
            (bytes.fromhex(id_), wire.OBSERVATION),
        )
        if not found or any(withheld == SHARED for _, withheld in found):
            continue
        header, _, body, _ = log.read(transaction.db, found[0][0])
        if body is not None and header.scope in scopes:
            transaction.append(
                header.kind, header.scope, body, id=id_, names=header.names, until=header.until, hlc=header.hlc,
                shared=True,
            )  # fmt: skip
            shared.append(id_)
    return tuple(shared)


def release_known(store: Store, heads: Iterable[Head]) -> bool:
    """What a peer proves to have, by the digest of one of its tips, is no secret: a restored backup may not know that
    its owner shared it since. True when there was such a stream."""
    with store.read():
        proven = [n for head in heads for n in _proven(store.reader(), head)]
    if proven:
        with store.write() as transaction:
            for n in proven:
                transaction.db.execute("UPDATE stream SET withheld = ? WHERE n = ?", (SHARED, n))
    return bool(proven)


def _proven(db: apsw.Connection, head: Head) -> list[int]:
    rows = sql.rows(
        db,
        "SELECT n FROM stream WHERE lane = ? AND scope = ? AND origin = ? AND withheld < ? AND scope <> 'local'",
        (*head[:3], SHARED),
    )
    return [n for (n,) in rows if any(log.find(db, n, tip.seq, tip.digest) for tip in head.tips)]
