"""Searching, recalling, reading by id, and the brief: every answer says what limited it."""

from __future__ import annotations

from collections.abc import Sequence

from .. import ids
from ..clock import now as read_clock
from ..errors import Ambiguous, BadInput, NotFound
from ..model import MODES, RESULT_MAX, STATES, Filter, Found, Got, Hit, Notice, Observation, Query, Recalled
from ..search import engine
from ..store.reading import Snapshot
from . import briefing, packing
from .context import Context

STANDING_TYPES = ("decision", "instruction", "preference", "process", "config")
GET_MAX = 1000
_RECALL_HITS = 30
_STANDING = 40
_RECENT = 30
_CANDIDATES = 20  # listed when a prefix fits several ids


def search(ctx: Context, query: Query) -> Found:
    """Ranked memories, or the newest first when the text is empty. Raises BadInput."""
    _check(query)
    query = query._replace(where=ctx.within(query.where))
    now = read_clock()
    project = ctx.config.project()[0]
    with ctx.store.read(ctx.scopes, now) as snapshot:
        ranked = engine.find(snapshot, query, project, now)
        hits = tuple(
            Hit(snapshot.observation(hit.row), hit.score, hit.why, hit.explain if query.explain else None)
            for hit in ranked.hits
        )
        notes = (*ranked.notes, *_limits(snapshot, query, project, hits, now))
    looked_in = {
        "projects": [query.where.project] if query.where.project else "all",
        "states": list(query.where.states),
        "mode": query.mode,
    }
    return Found(hits, len(hits), ranked.more, looked_in, notes, ranked.why_not)


def _check(query: Query) -> None:
    if query.mode not in MODES:
        raise BadInput(f"no such mode: {query.mode[:40]!r}", f"choose one of {', '.join(MODES)}")
    unknown = [s for s in query.where.states if s not in STATES]
    if unknown:
        raise BadInput(f"no such state: {unknown[0][:40]!r}", f"choose among {', '.join(STATES)}")
    if not 1 <= query.limit <= RESULT_MAX or not 0 <= query.offset < 10**9:
        raise BadInput(
            f"limit cannot be {query.limit} with offset {query.offset}", f"limit is a number from 1 to {RESULT_MAX:,}"
        )


def _limits(snapshot: Snapshot, query: Query, project: str | None, hits: Sequence[Hit], now: int) -> list[Notice]:
    """What the reader should know about the answer: scopes not looked in, other projects, hidden states."""
    notes = []
    outside = snapshot.outside()
    if outside:
        told = ", ".join(f"{count} of {scope}" for scope, count in sorted(outside.items()))
        notes.append(Notice("other_scopes", f"memories of others on this machine were not looked at ({told})"))
    others = {h.observation.project for h in hits if h.observation.project not in (project, None)}
    if project and not query.where.project and others:
        notes.append(
            Notice(
                "other_projects", "some results are from other projects: " + ", ".join(sorted(filter(None, others))[:5])
            )
        )
    if not hits and query.where.states == ("live",):
        hidden = snapshot.count(query.where._replace(states=("superseded", "expired", "deleted")), now, 1)
        if hidden and not query.text:
            notes.append(
                Notice("hidden_states", "only superseded, expired or deleted memories fit; include them to see them")
            )
    if (
        query.where.project
        and not hits
        and not snapshot.count(Filter(project=query.where.project, states=STATES), now, 1)
    ):
        notes.append(Notice("unknown_project", f"no memory was ever saved in project {query.where.project!r} here"))
    return notes


def recall(ctx: Context, task: str, where: Filter = Filter(), budget: int = 1200) -> Recalled:
    """Everything worth knowing before a task, as one block of text of at most `budget` tokens."""
    _check_budget(budget)
    if not task.strip():
        raise BadInput("recall needs a task", "say what you are about to do")
    where = ctx.within(where)
    now = read_clock()
    project = where.project or ctx.config.project()[0]
    with ctx.store.read(ctx.scopes, now) as snapshot:
        ranked = engine.find(snapshot, Query(text=task, where=where, limit=_RECALL_HITS), project, now)
        hits = [Hit(snapshot.observation(h.row), h.score, h.why) for h in ranked.hits]
        rules = _standing(snapshot, where._replace(project=project), now) if project else []
        notes = (*ranked.notes, *_limits(snapshot, Query(text=task, where=where), project, hits, now))
    composed = briefing.compose_recall(hits, rules, project)
    packed = packing.pack(composed.entries, budget, at=now, before=composed.before, after=composed.after)
    return _recalled(packed, composed, hits, notes)


def brief(ctx: Context, project: str | None = None, budget: int = 600) -> Recalled:
    """What an agent should know at the start of a session: conflicts, standing decisions, recent work of others."""
    _check_budget(budget)
    now = read_clock()
    project = ctx.within(Filter(project=project)).project or ctx.config.project()[0]
    with ctx.store.read(ctx.scopes, now) as snapshot:
        where = Filter(project=project)
        conflicts = [o for o in conflicting(snapshot, _STANDING) if not project or o.project in (project, None)]
        standing = _standing(snapshot, where, now)
        recent = snapshot.observations(snapshot.newest(where, now, _RECENT))
    composed = briefing.compose_brief(conflicts, standing, recent, project)
    packed = packing.pack(composed.entries, budget, before=composed.before, after=composed.after)
    return _recalled(packed, composed, [], ())


def _recalled(
    packed: packing.Packed, composed: briefing.Composed, hits: Sequence[Hit], notes: Sequence[Notice]
) -> Recalled:
    known = {h.observation.observation_id: h for h in hits}
    shown = tuple(
        known.get(o.observation_id, Hit(o, 0.0, "standing"))
        for o in (e.observation for e in composed.entries[: packed.shown])
    )
    return Recalled(packed.text, shown, len(shown), packed.withheld, tuple(notes))


def _check_budget(budget: int) -> None:
    if not 50 <= budget <= 100_000:
        raise BadInput(f"a budget of {budget} tokens is out of range", "give a number from 50 to 100000")


def _standing(snapshot: Snapshot, where: Filter, now: int) -> list[Observation]:
    rows = snapshot.newest(where._replace(memory_types=STANDING_TYPES), now, _STANDING)
    return snapshot.observations(rows)


def conflicting(snapshot: Snapshot, limit: int) -> list[Observation]:
    """Live memories that contradict each other: several revisions of one, or one id with two contents."""
    found: dict[str, Observation] = {}
    for row in snapshot.disputed(limit):
        for observation in snapshot.observations(snapshot.chain(row)):
            if observation.state == "live" and observation.conflicts_with:
                found[observation.observation_id] = observation
    return list(found.values())


def get(ctx: Context, wanted: Sequence[str], history: bool = False, prefixes: bool = False) -> Got:
    """Memories by id, whatever their state. Raises NotFound when none of them is here, Ambiguous for a prefix."""
    if not 1 <= len(wanted) <= GET_MAX:
        raise BadInput(f"{len(wanted)} ids at once", f"give 1 to {GET_MAX} ids")
    whole = [resolve(ctx, text) if prefixes else text for text in wanted]
    for text in whole:
        if not ids.is_id(text):
            raise BadInput(f"not an id: {text[:40]!r}", "an id has 32 hex digits")
    with ctx.store.read(ctx.scopes) as snapshot:
        rows = {id_: snapshot.row_of(id_) for id_ in whole}
        found = [o for o in (snapshot.observation(row) for row in rows.values() if row is not None) if _allowed(ctx, o)]
        chain = _chain(snapshot, list(rows.values())) if history else ()
    here = {o.observation_id for o in found}
    missing = tuple(id_ for id_ in rows if id_ not in here)
    if not found:
        raise NotFound(f"there is no memory {missing[0]}", "look for it with a search", ids=list(missing))
    notes = tuple(
        Notice("body_lost", f"the text of {o.observation_id} is not on this machine") for o in found if o.body_lost
    )
    return Got(tuple(found), missing, chain, notes)


def _allowed(ctx: Context, observation: Observation) -> bool:
    only = ctx.config.only_project
    return not only or observation.project == only


def _chain(snapshot: Snapshot, rows: Sequence[int | None]) -> tuple[Observation, ...]:
    found: dict[int, None] = {}
    for row in rows:
        if row is not None:
            found.update(dict.fromkeys(snapshot.chain(row)))
    return tuple(snapshot.observations(found))


def resolve(ctx: Context, text: str) -> str:
    """The whole id that a prefix of at least 8 digits means. Raises BadInput, NotFound, Ambiguous."""
    text = text.strip().lower().removeprefix("id:")
    if ids.is_id(text):
        return text
    if not ids.is_prefix(text):
        raise BadInput(f"not an id: {text[:40]!r}", f"give the 32 hex digits, or at least the first {ids.PREFIX_MIN}")
    with ctx.store.read(ctx.scopes) as snapshot:
        found = sorted(snapshot.rows_with_prefix(text, _CANDIDATES))
        if len(found) > 1:
            candidates = [{"observation_id": i, "subject": snapshot.observation(row).subject} for i, row in found]
            raise Ambiguous(f"{text} fits {len(found)} memories", "give more digits", candidates=candidates)
    if not found:
        raise NotFound(f"there is no memory whose id begins with {text}", "look for it with `kioku-mesh search`")
    return found[0][0]
