"""Searching and listing: every answer says what limited it."""

from __future__ import annotations

from collections.abc import Sequence

from ..clock import now as read_clock
from ..errors import BadInput
from ..model import MODES, RESULT_MAX, STATES, Filter, Found, Hit, Notice, Query
from ..search import engine
from ..store.reading import Snapshot
from .context import Context


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
        notes = (*ranked.notes, *limits(snapshot, query, project, hits, now))
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


def limits(snapshot: Snapshot, query: Query, project: str | None, hits: Sequence[Hit], now: int) -> list[Notice]:
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
