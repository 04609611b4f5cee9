"""Searching and listing: every answer says what limited it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..clock import now as read_clock
from ..errors import BadInput
from ..model import MODES, RESULT_MAX, STATES, Filter, Found, Hit, Notice, Query
from ..search import engine
from ..search.verdict import WEAK
from ..store.finding import WAITING_MAX
from ..store.reading import Snapshot
from .context import Context, Question
from .late import Late

if TYPE_CHECKING:
    from . import choosing, freshness, missed
else:
    missed = Late(".missed")  # few searches need it, and it needs much
    freshness, choosing = Late(".freshness"), Late(".choosing")

_LITTLE = 3  # fewer hits than this are few enough to look elsewhere

_UNKNOWN = "?"  # an id that no memory has


def search(ctx: Context, query: Query) -> Found:
    """Ranked memories, or the newest first when the text is empty. Raises BadInput."""
    _check(query)
    query = query._replace(where=ctx.within(query.where))
    asked = question(ctx, query)
    now = read_clock()
    project = ctx.config.project()[0]
    with ctx.store.read(ctx.scopes, now, asked.asked) as snapshot:
        if query.why_not and not _known(ctx, snapshot, query.why_not):
            query = query._replace(why_not=_UNKNOWN)
        ranked = engine.find(snapshot, query, project, now)
        hits = _side_by_side(
            Hit(snapshot.observation(hit.row), hit.score, hit.why, hit.explain if query.explain else None)
            for hit in ranked.hits
        )
        notes = (
            *ranked.notes,
            *asked.notes,
            *_sureness(snapshot, query, ranked.verdict),
            *limits(ctx, snapshot, query, project, hits, now),
        )
        why_not = _why_not(ctx, snapshot, query, ranked.why_not, now) if query.why_not else None
    looked_in = {
        "projects": [query.where.project] if query.where.project else "all",
        "states": list(query.where.states),
        "mode": query.mode,
    }
    if any(hit.observation.file_hashes for hit in hits):
        hits = freshness.marked_hits(ctx, hits)
    return Found(hits, len(hits), ranked.more, looked_in, notes, why_not, ranked.verdict)


def question(ctx: Context, query: Query) -> Question:
    """The question of a search, put to the embedder that was chosen: to be done before the store is read."""
    return choosing.ask(ctx, query) if ctx.chooses else Question()


def _side_by_side(hits: Iterable[Hit]) -> tuple[Hit, ...]:
    """The hits of a page, each in conflict followed at once by the other sides that are on it."""
    waiting = {hit.observation.observation_id: hit for hit in hits}
    order: list[Hit] = []
    while waiting:
        hit = waiting.pop(next(iter(waiting)))
        order.append(hit)
        order += [waiting.pop(id_) for id_ in hit.observation.conflicts_with if id_ in waiting]
    return tuple(order)


def _sureness(snapshot: Snapshot, query: Query, verdict: str | None) -> list[Notice]:
    """That nothing fits well, and that some memories were looked for by their words alone."""
    if query.mode != "auto" or not query.text.strip():
        return []
    notes = []
    if verdict == WEAK:
        notes.append(Notice("weak_answer", "nothing fits well: these are the nearest there are"))
    understood = snapshot.understood()
    if understood.fault:
        notes.append(Notice("words_only", f"looked for by words alone: {understood.fault}"))
    elif understood.waiting:
        many = f"{understood.waiting:,}{' or more' if understood.waiting == WAITING_MAX else ''}"
        notes.append(
            Notice("not_embedded", f"{many} memories were looked for by their words alone, as they have no vector yet")
        )
    return notes


def _why_not(ctx: Context, snapshot: Snapshot, query: Query, told: str | None, now: int) -> str | None:
    """The reason of the search, and for a hidden memory what hides it."""
    row = snapshot.row_of(query.why_not or "")
    if row is None or snapshot.state(row, now) in query.where.states:
        return told
    found = snapshot.observation(row)
    if ctx.config.only_project not in (None, found.project):
        return told
    return f"{told}; {missed.hiding(found)}"


def _known(ctx: Context, snapshot: Snapshot, observation_id: str) -> bool:
    """Is the memory there for this process?"""
    row = snapshot.row_of(observation_id)
    return row is not None and ctx.sees(snapshot, snapshot.observation(row).project)


def _check(query: Query) -> None:
    if query.mode not in MODES:
        raise BadInput(f"no such mode: {query.mode[:40]!r}", f"choose one of {', '.join(MODES)}")
    unknown = [s for s in query.where.states if s not in STATES]
    if unknown:
        raise BadInput(f"no such state: {unknown[0][:40]!r}", f"choose among {', '.join(STATES)}")
    if not 1 <= query.limit <= RESULT_MAX:
        raise BadInput(f"limit cannot be {query.limit}", f"it is a number from 1 to {RESULT_MAX:,}")
    if not 0 <= query.offset < 10**9:
        raise BadInput(f"offset cannot be {query.offset}", "it is the number of results to leave out")


def limits(
    ctx: Context, snapshot: Snapshot, query: Query, project: str | None, hits: Sequence[Hit], now: int
) -> list[Notice]:
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
    if not query.offset and len(hits) < min(_LITTLE, query.limit):
        notes += missed.missed(snapshot, query, hits, ctx.config.only_project is not None, now)
    if (
        query.where.project
        and not hits
        and not snapshot.count(Filter(project=query.where.project, states=STATES), now, 1)
    ):
        notes.append(Notice("unknown_project", f"no memory was ever saved in project {query.where.project!r} here"))
    return notes
