"""From rows to what a reader is shown: the observation with its state, its revisions and its conflicts."""

from __future__ import annotations

import apsw

from .. import wire
from ..errors import StoreError
from ..model import Observation
from ..text.derive import derive
from ..values import NamedTuple
from . import log, sql, view
from .conditions import Projects

_DAMAGED = "run `kioku-mesh doctor --deep` to see what is damaged, and `kioku-mesh doctor --fix` to mend it"


def record(db: apsw.Connection, n: int) -> wire.Record:
    """Record `n`, verified. Raises StoreError when the stored bytes are not what they promise."""
    try:
        return log.read(db, n)
    except ValueError as damage:
        raise StoreError(f"a stored memory is damaged (row {n}: {damage})", _DAMAGED) from None


class Said(NamedTuple):
    """An observation's header and what it says; `body` is None when it was erased or this release cannot read it."""

    header: wire.Header
    body: wire.ObservationBody | None


def said(db: apsw.Connection, n: int) -> Said:
    """Raises StoreError for damaged bytes."""
    found = record(db, n)
    if found.body is None:
        return Said(found.header, None)
    try:
        return Said(found.header, wire.read_observation(found.header, found.body))
    except wire.Malformed:
        return Said(found.header, None)


def observe(db: apsw.Connection, n: int, found: Said, now: int, projects: Projects, node: str | None) -> Observation:
    """Everything known of observation `n`, which was read before, at a time."""
    scope, until, deleted, cover, clash = sql.row(
        db, "SELECT scope, until, deleted, cover, clash FROM observation WHERE n = ?", (n,)
    )
    header, told = found
    state = view.label(until, bool(deleted), cover, now)
    by, against = _relations(db, scope, header, now)
    gone = _deletion(db, scope, bytes.fromhex(header.id)) if deleted else Deletion()
    writer = header.origin.rpartition(".")[0]
    subject, summary = derive(told.content) if told and not (told.subject and told.summary) else ("", "")
    said = told or wire.ObservationBody("", "note", 1, header.hlc, "", "", writer)
    return Observation(
        observation_id=header.id,
        content=said.content,
        subject=said.subject or subject,
        summary=said.summary or summary,
        derived=tuple(f for f in ("subject", "summary") if told and not getattr(told, f)),
        memory_type=said.memory_type,
        importance=said.importance,
        project=projects.shown(said.project),
        tags=said.tags,
        source_files=said.source_files,
        references=said.references,
        supersedes=header.names,
        superseded_by=by,
        conflicts_with=(header.id, *against) if clash else against,
        visibility=header.scope,
        agent_family=said.agent_family,
        client_id=said.client_id,
        session_id=said.session_id,
        pc_id=said.pc_id,
        host=said.host,
        created_at=said.created_at,
        expires_at=header.until,
        state=state,
        body_lost=told is None and state != "deleted",
        origin_here=writer == node,
        stamp=f"{header.hlc}.{header.origin}.{header.seq}",
        deleted_at=gone.at,
        deleted_by=gone.by,
        deleted_reason=gone.reason,
        purged=gone.purged,
        commit=said.commit,
        file_hashes=said.file_hashes,
        file_paths=said.file_paths,
    )


class Deletion(NamedTuple):
    """When, by whom and why a memory was deleted; all None for one that was not."""

    at: int | None = None
    by: str | None = None
    reason: str | None = None
    purged: bool = False


def _deletion(db: apsw.Connection, scope: int, id_: bytes) -> Deletion:
    """What hides a memory: its purge, else the first tombstone in force. A body that cannot be read says nothing."""
    in_force = {(kind, mark) for kind, mark, _ in view.deletions(db, scope, id_)}
    found = sql.rows(
        db, "SELECT kind, id, n, hlc FROM mark WHERE scope = ? AND target = ? ORDER BY hlc, n", (scope, id_)
    )
    marks = sorted((row for row in found if row[:2] in in_force), key=lambda row: row[0] != wire.PURGE)
    if not marks:
        return Deletion()
    told = [_fields(db, n) for _, _, n, _ in marks]
    reason = next((each["reason"] for each in told if each.get("reason")), None)
    who = "/".join(dict.fromkeys(told[0][name] for name in ("agent_family", "client_id") if told[0].get(name)))
    host = told[0].get("host")
    return Deletion(marks[0][3], f"{who}@{host}" if who and host else who or None, reason, marks[0][0] == wire.PURGE)


def _fields(db: apsw.Connection, n: int) -> dict[str, str]:
    """The texts in the body of a deletion; none when it is not readable."""
    try:
        body = log.read(db, n).body
        return {k: v for k, v in wire.read_fields(body).items() if isinstance(v, str)} if body else {}
    except ValueError:
        return {}


def _relations(
    db: apsw.Connection, scope: int, header: wire.Header, now: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Ids that supersede this one, and live ones that supersede what this one supersedes."""
    by = tuple(parent for parent, _ in _parents(db, scope, bytes.fromhex(header.id), header.stamp, now))
    against: dict[str, None] = {}
    for name in header.names:
        child = view.holder(db, scope, bytes.fromhex(name))
        rivals = _parents(db, scope, bytes.fromhex(name), child.stamp, now) if child else []
        live = [other for other, label in rivals if label == "live"]
        if header.id in live:
            against.update(dict.fromkeys(other for other in live if other != header.id))
    return by, tuple(against)


def _parents(
    db: apsw.Connection, scope: int, child: bytes, stamp: tuple[int, str, int], now: int
) -> list[tuple[str, str]]:
    """Ids that supersede `child` and are not deleted, each with its label."""
    parents = []
    for (parent,) in sql.rows(
        db, "SELECT parent FROM edge WHERE scope = ? AND child = ? ORDER BY parent", (scope, child)
    ):
        row = view.holder(db, scope, parent)
        if row and row.stamp > stamp and not row.deleted:
            parents.append((parent.hex(), view.label(row.until, False, row.cover, now)))
    return parents


_NEIGHBOURS = "SELECT child FROM edge WHERE scope = ?1 AND parent = ?2 UNION SELECT parent FROM edge WHERE scope = ?1 AND child = ?2"


def chain(db: apsw.Connection, n: int) -> list[int]:
    """Rows of all revisions that observation `n` belongs to, oldest first."""
    scope, id_ = sql.row(db, "SELECT o.scope, r.id FROM observation o JOIN record r ON r.n = o.n WHERE o.n = ?", (n,))
    seen: set[bytes] = set()
    todo = [id_]
    while todo:
        at = todo.pop()
        if at not in seen:
            seen.add(at)
            todo += [other for (other,) in sql.rows(db, _NEIGHBOURS, (scope, at))]
    found = [row for row in (view.holder(db, scope, at) for at in seen) if row]
    return [row.n for row in sorted(found)]
