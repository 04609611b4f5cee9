"""The log as plain data and back: what an export contains and an import takes in, in any order, any number of times."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .. import ids, wire
from ..clock import now as read_clock
from ..clock import parse_time, to_iso
from ..errors import BadInput, KiokuError
from ..model import MEMORY_TYPES, Draft, Filter
from ..results import Imported, Problem
from ..store.reading import Snapshot
from ..store.transaction import Transaction
from ..store.upkeep import PAUSE_S
from . import upkeep
from .checking import check
from .context import Context

KINDS = (wire.OBSERVATION, wire.TOMBSTONE, wire.UNDO, wire.PURGE, wire.ALIAS)
_SLICE_S = (
    0.05  # of work in one transaction: each costs a flush to disk, and a saver behind it waits about twice as long
)


def records(ctx: Context, where: Filter, include_local: bool) -> Iterator[dict[str, Any]]:
    """Every record of the reader's scopes. With a project or time: those observations, and what acts on them."""
    where = ctx.within(where)
    named: set[str] | None = None if where == Filter() else set()
    with ctx.store.read(ctx.scopes) as snapshot:
        for record in snapshot.records(include_local):
            plain = _plain(record)
            if plain is None or (named is not None and not _fits(snapshot, record, plain, where, named)):
                continue
            yield plain


def _fits(snapshot: Snapshot, record: wire.Record, plain: dict[str, Any], where: Filter, named: set[str]) -> bool:
    header = record.header
    if header.kind == wire.OBSERVATION:
        fits = where.project in (None, plain.get("project")) and (where.since or 0) <= header.hlc < (
            where.until or wire.INT_MAX
        )
    elif header.kind == wire.ALIAS:
        fits = where.project in (None, snapshot.projects.shown(plain["from"]))
    else:
        fits = bool(named.intersection(header.names))
    if fits:
        named.add(header.id)
    return fits


def _plain(record: wire.Record) -> dict[str, Any] | None:
    """None for a kind or body that this release cannot put into words."""
    header = record.header
    plain: dict[str, Any] = {
        "kind": header.kind,
        "stamp": f"{header.hlc}.{header.origin}.{header.seq}",
        "visibility": header.scope,
    }
    try:
        if header.kind == wire.OBSERVATION:
            if record.body is None:
                return None
            said = wire.read_observation(header, record.body)._asdict()
            said["created_at"] = to_iso(said["created_at"])
            told = {"observation_id": header.id, **said, "supersedes": header.names}
            told["expires_at"] = None if header.until is None else to_iso(header.until)
        elif header.kind in KINDS:
            said = wire.read_fields(record.body) if record.body else {}
            told = {
                "id": header.id,
                "names": header.names,
                "until": None if header.until is None else to_iso(header.until),
            }
            told |= {"from": said.get("from"), "to": said.get("to"), "reason": said.get("reason")}
            told["deleted_at"] = to_iso(header.hlc) if header.kind in (wire.TOMBSTONE, wire.PURGE) else None
        else:
            return None
    except wire.Malformed:
        return None
    return plain | {k: v for k, v in told.items() if v not in (None, (), "")}


def import_records(ctx: Context, lines: Iterable[Mapping[str, Any]], project: str | None, dry_run: bool) -> Imported:
    """Take in records as `records` gives them; plain ones need only `content` and an `observation_id`.

    What is known already is left alone. A line that cannot be taken is reported and does not stop the others.
    """
    wanted = list(lines)
    total, at = Imported(), 0
    while at < len(wanted):
        if dry_run:
            with ctx.store.read(ctx.scopes) as snapshot:
                part, at = _take(ctx, snapshot, None, wanted, at, project)
        else:
            with ctx.store.write() as transaction:
                part, at = _take(ctx, transaction.snapshot(ctx.scopes), transaction, wanted, at, project)
            time.sleep(PAUSE_S)
        total = _sum(total, part)
    if not dry_run:
        upkeep.after_save(ctx)
    return total


def _sum(a: Imported, b: Imported) -> Imported:
    return Imported(a.added + b.added, a.known + b.known, a.conflicts + b.conflicts, a.problems + b.problems)


def _take(
    ctx: Context,
    snapshot: Snapshot,
    transaction: Transaction | None,
    wanted: list[Mapping[str, Any]],
    at: int,
    project: str | None,
) -> tuple[Imported, int]:
    """Lines from `at` on, for as long as one transaction may last; the index of the first that is left."""
    added = known = conflicts = 0
    problems = []
    end = time.monotonic() + _SLICE_S
    while at < len(wanted) and (transaction is None or time.monotonic() < end):
        try:
            outcome = _Line(ctx, wanted[at], project).put(snapshot, transaction)
            added += outcome != "known"
            known += outcome == "known"
            conflicts += outcome == "conflict"
        except KiokuError as error:
            problems.append(Problem(at, error.code, error.message))
        at += 1
    return Imported(added, known, conflicts, tuple(problems)), at


class _Line:
    """One record of an import, checked."""

    def __init__(self, ctx: Context, plain: Mapping[str, Any], project: str | None) -> None:
        self._ctx = ctx
        self._plain = plain
        self._project = project
        self._kind = plain.get("kind", wire.OBSERVATION)
        if self._kind not in KINDS:
            raise BadInput(f"unknown kind {str(self._kind)[:40]!r}", f"known are {', '.join(KINDS)}")
        self._id = self._text("observation_id" if self._kind == wire.OBSERVATION else "id") or ""
        if not ids.is_id(self._id):
            raise BadInput(f"not an id: {self._id[:40]!r}", "an id has 32 lowercase hex digits")
        self._scope = self._visibility()
        self._names = self._ids("supersedes" if self._kind == wire.OBSERVATION else "names")

    def put(self, snapshot: Snapshot, transaction: Transaction | None) -> str:
        """`added`, `known` or `conflict`. Without a transaction only what would happen."""
        copies = snapshot.copies(self._id, self._scope)
        if self._kind != wire.OBSERVATION:
            body, until, outcome = self._act(), self._time("until"), "known" if copies else "added"
        else:
            draft = self._draft()
            body, until = self._observation(draft), self._time("expires_at")
            outcome = "added"
            if copies:
                outcome = "known" if draft.content in copies or None in copies else "conflict"
        if outcome != "known" and transaction:
            transaction.append(
                self._kind, self._scope, body, id=self._id, names=self._names, until=until, hlc=self._stamp()
            )
        return outcome

    def _draft(self) -> Draft:
        plain = self._plain
        derived = plain.get("derived") or ()
        kind = self._text("memory_type")
        importance = plain.get("importance")
        return check(
            Draft(
                content=self._text("content") or "",
                subject=None if "subject" in derived else self._text("subject"),
                summary=None if "summary" in derived else self._text("summary"),
                memory_type=kind if kind in MEMORY_TYPES else None,
                importance=importance if type(importance) is int and 1 <= importance <= 5 else None,
                project=self._project or self._text("project"),
                tags=self._texts("tags"),
                source_files=self._texts("source_files"),
                references=self._texts("references"),
            )
        )

    def _observation(self, draft: Draft) -> bytes:
        said = {k: getattr(draft, k) for k in wire.ObservationBody._fields if k in Draft._fields}
        said |= {k: self._text(k) for k in ("agent_family", "client_id", "session_id", "pc_id", "host")}
        said["agent_family"] = said["agent_family"] or "import"
        said["client_id"] = said["client_id"] or "import"
        said["created_at"] = self._time("created_at") or self._stamp() or read_clock()
        return wire.encode_body(said)

    def _act(self) -> bytes:
        said = {k: self._text(k) for k in ("from", "to", "reason")}
        if self._kind == wire.ALIAS and not (said["from"] and said["to"]):
            raise BadInput("an alias needs `from` and `to`", "see the description of the export format")
        if self._kind != wire.ALIAS and not self._names:
            raise BadInput(f"a {self._kind} needs `names`", "see the description of the export format")
        return wire.encode_body(said)

    def _stamp(self) -> int | None:
        stamp = self._text("stamp")
        if stamp is None:
            return self._time("created_at")
        first = stamp.partition(".")[0]
        if not (first.isascii() and first.isdigit() and int(first[:20]) < wire.INT_MAX):
            raise BadInput(f"not a stamp: {stamp[:40]!r}", "see the description of the export format")
        return int(first)

    def _visibility(self) -> str:
        said = self._text("visibility")
        if said is None or said in ("user", "team"):
            return self._ctx.scope(said)
        if not wire.is_scope(said):
            raise BadInput(f"not a visibility: {said[:40]!r}", "it is mesh, local, user/NAME or team/NAME")
        if said not in self._ctx.scopes:
            raise BadInput(f"visibility {said} is not yours", "set user_id or team_id to that name to import it")
        return said

    def _text(self, field: str) -> str | None:
        value = self._plain.get(field)
        if value is not None and not isinstance(value, str):
            raise BadInput(f"{field} is not a text", "see the description of the export format")
        return value

    def _texts(self, field: str) -> tuple[str, ...]:
        value = self._plain.get(field) or ()
        if not isinstance(value, (list, tuple)) or not all(isinstance(text, str) for text in value):
            raise BadInput(f"{field} is not a list of texts", "see the description of the export format")
        return tuple(value)

    def _ids(self, field: str) -> tuple[str, ...]:
        found = tuple(dict.fromkeys(self._texts(field)))
        if len(found) > wire.NAMES_MAX or not all(map(ids.is_id, found)):
            raise BadInput(f"{field} is not a list of ids", "an id has 32 lowercase hex digits")
        return found

    def _time(self, field: str) -> int | None:
        """A point in time; "7 days ago" would mean something else at each import."""
        text = self._text(field)
        if text is not None and "-" not in text:
            raise BadInput(f"{field} is not a time: {text[:40]!r}", "write it as 2026-01-31T12:00:00Z")
        return None if text is None else parse_time(text, local=False)
