"""The log as plain data and back: what an export contains and an import takes in, in any order, any number of times."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .. import ids, seen, wire
from ..clock import YEAR_10000, parse_time, to_iso
from ..clock import now as read_clock
from ..errors import BadInput, KiokuError
from ..model import Draft, Filter
from ..results import Imported, Problem
from ..seen import Seen
from ..store.reading import Snapshot
from ..store.transaction import Transaction
from ..store.upkeep import PAUSE_S
from . import checking, upkeep
from .checking import LABEL_MAX, REASON_MAX, check, text
from .context import Context

_DRAFTED = tuple(field for field in wire.ObservationBody._fields if field in Draft._fields)
_LABELS = ("agent_family", "client_id", "session_id", "pc_id", "host")
KINDS = (wire.OBSERVATION, wire.TOMBSTONE, wire.UNDO, wire.PURGE, wire.ALIAS)
_SLICE_S = (
    0.07  # of work in one transaction: each costs a flush to disk, and a saver behind it waits about twice as long
)


def records(ctx: Context, where: Filter, include_local: bool) -> Iterator[dict[str, Any]]:
    """Every record of the reader's scopes. With a project or time: those observations, and what acts on them."""
    return _records(ctx, ctx.within(where), include_local)  # a filter that is wrong is told before the first record


def _records(ctx: Context, where: Filter, include_local: bool) -> Iterator[dict[str, Any]]:
    named: set[str] | None = None if where == Filter() else set()
    with ctx.store.read(ctx.scopes) as snapshot:
        for record in snapshot.records(include_local):
            plain = _plain(record)
            if plain is None or (named is not None and not _fits(snapshot, record, plain, where, named)):
                continue
            yield plain


def _fits(snapshot: Snapshot, record: wire.Record, plain: dict[str, Any], where: Filter, named: set[str]) -> bool:
    header, shown = record.header, snapshot.projects.shown
    if header.kind == wire.OBSERVATION:
        fits = where.project is None or shown(where.project) == shown(plain.get("project"))
        fits = fits and (where.since or 0) <= header.hlc < (where.until or wire.INT_MAX)
    elif header.kind == wire.ALIAS:
        fits = where.project is None or shown(where.project) == shown(plain.get("from"))
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

    What is known already is left alone. A line that cannot be taken is reported and does not stop the others. Raises
    BadInput and Refused for a `project` that cannot be.
    """
    if project is not None:
        project = ctx.project(checking.project(project))
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
    problems, elsewhere = a.problems + b.problems, a.elsewhere + b.elsewhere
    return Imported(a.added + b.added, a.known + b.known, a.conflicts + b.conflicts, problems, elsewhere)


def _take(
    ctx: Context,
    snapshot: Snapshot,
    transaction: Transaction | None,
    wanted: list[Mapping[str, Any]],
    at: int,
    project: str | None,
) -> tuple[Imported, int]:
    """Lines from `at` on, for as long as one transaction may last; the index of the first that is left."""
    added = known = conflicts = elsewhere = 0
    problems = []
    end = time.monotonic() + _SLICE_S
    while at < len(wanted) and (transaction is None or time.monotonic() < end):
        try:
            outcome = _Line(ctx, wanted[at], project).put(snapshot, transaction)
            added += outcome in ("added", "conflict")
            known += outcome in ("known", "elsewhere")
            conflicts += outcome == "conflict"
            elsewhere += outcome == "elsewhere"
        except KiokuError as error:
            problems.append(Problem(at, error.code, error.message))
        at += 1
    return Imported(added, known, conflicts, tuple(problems), elsewhere), at


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
        """`added`, `conflict`, `known`, or `elsewhere`: known, in another project than the one asked for.

        Without a transaction only what would happen.
        """
        self._confine(snapshot)
        copies = snapshot.copies(self._id, self._scope)
        created = self._time("created_at")
        stamp = self._stamp(created)
        if self._kind != wire.OBSERVATION:
            body, until, outcome = self._act(), self._time("until"), "known" if copies else "added"
        else:
            draft = self._draft()
            body, until = self._observation(draft, created or stamp or read_clock()), self._time("expires_at")
            outcome = "added"
            if copies:
                outcome = self._known(snapshot) if draft.content in copies or None in copies else "conflict"
        if outcome in ("added", "conflict") and transaction:
            transaction.append(self._kind, self._scope, body, id=self._id, names=self._names, until=until, hlc=stamp)
        return outcome

    def _known(self, snapshot: Snapshot) -> str:
        """How a memory is known that was asked for in a project."""
        body = self._body(snapshot, self._id) if self._project else None
        shown = snapshot.projects.shown
        return "elsewhere" if body and shown(body.project) != shown(self._project) else "known"

    def _body(self, snapshot: Snapshot, observation_id: str) -> wire.ObservationBody | None:
        row = snapshot.row_of(observation_id)
        return None if row is None else snapshot.body(row)

    def _confine(self, snapshot: Snapshot) -> None:
        """Raises BadInput for what would reach outside the only project of this process, if there is one."""
        only = self._ctx.config.only_project
        if not only:
            return
        if self._kind == wire.ALIAS:
            raise BadInput(f"an alias joins projects, and this process works in project {only!r} alone")
        project = self._own_project() if self._kind == wire.OBSERVATION else only
        if not self._ctx.sees(snapshot, project):
            raise BadInput(f"it belongs to another project, and this process works in project {only!r} alone")
        touched = [self._id, *self._names]
        touched += [
            name for tombstone in self._names if self._kind == wire.UNDO for name in snapshot.targets(tombstone)
        ]
        bodies = [self._body(snapshot, name) for name in touched]
        if not all(self._ctx.sees(snapshot, body.project) for body in bodies if body):
            raise BadInput(f"it acts on another project, and this process works in project {only!r} alone")

    def _own_project(self) -> str | None:
        """What the line says, unless the import says otherwise; outside all projects only where there are others."""
        said = (self._text("project") or "").strip()
        return self._project or said or self._ctx.config.only_project

    def _draft(self) -> Draft:
        derived = self._texts("derived")
        return check(
            Draft(
                content=self._text("content") or "",
                subject=None if "subject" in derived else self._text("subject"),
                summary=None if "summary" in derived else self._text("summary"),
                memory_type=self._text("memory_type") or None,
                importance=self._plain.get("importance"),
                project=self._own_project(),
                tags=self._texts("tags"),
                source_files=self._texts("source_files"),
                references=self._texts("references"),
            )
        )

    def _observation(self, draft: Draft, created: int) -> bytes:
        said = {field: getattr(draft, field) for field in _DRAFTED}
        said |= {field: self._label(field) for field in _LABELS if field in self._plain}
        said["agent_family"] = said.get("agent_family") or "import"
        said["client_id"] = said.get("client_id") or "import"
        said["created_at"] = created
        said |= self._seen(draft)
        return wire.encode_body(said)

    def _seen(self, draft: Draft) -> dict[str, Any]:
        """What its files were when it was saved, of which there must be as many as are kept."""
        told = {field: self._plain.get(field) for field in Seen._fields}
        try:
            return seen.read(told | {"source_files": draft.source_files})._asdict()
        except ValueError as wrong:
            raise BadInput(str(wrong), "see the description of the export format") from None

    def _act(self) -> bytes:
        said = {"from": self._label("from"), "to": self._label("to"), "reason": self._label("reason", REASON_MAX)}
        if self._kind == wire.ALIAS and not (said["from"] and said["to"]):
            raise BadInput("an alias needs `from` and `to`", "see the description of the export format")
        if self._kind != wire.ALIAS and not self._names:
            raise BadInput(f"a {self._kind} needs `names`", "see the description of the export format")
        return wire.encode_body(said)

    def _stamp(self, created: int | None) -> int | None:
        stamp = self._text("stamp")
        if stamp is None:
            return created
        first = stamp.partition(".")[0]
        if not (first.isascii() and first.isdigit() and int(first[:20]) < YEAR_10000):
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

    def _label(self, field: str, limit: int = LABEL_MAX) -> str | None:
        value = self._text(field)
        return None if value is None else text(value, field, limit)

    def _texts(self, field: str) -> tuple[str, ...]:
        value = self._plain.get(field)
        if not value:
            return ()
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
        said = self._text(field)
        if said is not None and "-" not in said:
            raise BadInput(f"{field} is not a time: {said[:40]!r}", "write it as 2026-01-31T12:00:00Z")
        return None if said is None else parse_time(said, local=False)
