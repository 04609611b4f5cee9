"""Recalling for a task and the brief at the start of a session: blocks of text within a budget of tokens."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from ..clock import now as read_clock
from ..errors import BadInput
from ..model import Filter, Hit, Notice, Observation, Query
from ..patterns import pattern
from ..results import Recalled
from ..search import engine
from ..store.meant import Asked
from ..store.reading import Snapshot
from . import briefing, packing, related
from .context import Context
from .late import Late
from .searching import limits, question

if TYPE_CHECKING:
    from ..store.usage import Visit
    from . import freshness
else:
    freshness = Late(".freshness")

STANDING_TYPES = ("decision", "instruction", "preference", "process", "config")
_RECALL_HITS = 30
_FITTING = 0.25  # of the best score: less is what a search shows when it has nothing better
_STANDING = 40
_REMINDED = 5  # memories that a prompt is compared with
_PROMPT_MAX = 2000  # characters of a prompt
_RECENT = 30
_SYNTAX = pattern(r"[\"“”]|(?<!\S)-(?=\w)")
_SIDES = 5  # of a conflict that are told beside a hit
_RECALL_S, _BRIEF_S = 0.01, 0.1  # to see whether files have changed; a brief must not depend on how busy the machine is
_LEAST_TOKENS = 30  # that an entry takes: its id alone takes most of them


def recall(ctx: Context, task: str, where: Filter = Filter(), budget: int = 1200, only_clear: bool = False) -> Recalled:
    """Everything worth knowing before a task, as one block of text of at most `budget` tokens, its notes included.

    Files and references of `where` say what the task is about: what names them is told first, and nothing left out for them.
    `only_clear`: only what clearly belongs to the text, which is mostly nothing.
    """
    _check_budget(budget)
    if not task.strip():
        raise BadInput("recall needs a task", "say what you are about to do")
    where = ctx.within(where)
    now = read_clock()
    project = where.project or ctx.config.project()[0]
    anywhere = where._replace(source_files=(), references=())
    query = Query(text=task, where=anywhere, limit=_RECALL_HITS)
    asked = question(ctx, query)
    if only_clear:
        return _reminded(ctx, query, asked.asked, project, budget, now)
    with ctx.store.read(ctx.scopes, now, asked.asked) as snapshot:
        ranked = engine.find(snapshot, query, project, now)
        best = max((hit.score for hit in ranked.hits), default=0.0)
        fitting = [hit for hit in ranked.hits if hit.score >= _FITTING * best]
        hits = [Hit(snapshot.observation(h.row), h.score, h.why) for h in fitting]
        told = briefing.Told(
            hits=_with_other_sides(snapshot, hits, anywhere, now),
            named=related.named(snapshot, task, where, now),
            related=related.related(snapshot, [hit.observation for hit in hits], anywhere, now),
            rules=_standing(snapshot, anywhere._replace(project=project), now) if project else [],
        )
        notes = (*ranked.notes, *asked.notes, *limits(ctx, snapshot, query, project, hits, now))
    composed = _marked(ctx, briefing.compose_recall(told, project, notes, budget), budget)
    packed = packing.pack(composed.entries, budget, at=now, before=composed.before, after=composed.after)
    return _recalled(packed, composed, (*told.related, *told.named, *told.hits), notes)


def _reminded(
    ctx: Context, query: Query, asked: Asked | None, project: str | None, budget: int, now: int,
    known: Collection[str] = (),
) -> Recalled:  # fmt: skip
    """The few memories that somebody should be reminded of, without those whose ids are `known`; no text where there is
    none."""
    with ctx.store.read(ctx.scopes, now, asked) as snapshot:
        ranked = engine.find(snapshot, query, project, now)
        clear = [Hit(snapshot.observation(h.row), h.score, h.why) for h in ranked.hits if h.clear]
        new = [hit for hit in clear if hit.observation.observation_id not in known]
        hits = _with_other_sides(snapshot, new, query.where, now)
    composed = _marked(ctx, briefing.compose_reminder(hits), budget)
    packed = packing.pack(composed.entries, budget, at=now)
    return _recalled(packed, composed, hits, ())


def remind(ctx: Context, prompt: str, budget: int, known: Collection[str] = ()) -> Recalled:
    """What clearly belongs to a prompt and is not `known`; no text where there is nothing.

    By the built-in vectors alone: nobody asked for it, so a prompt is put to no other embedder, and nothing waits for one.
    """
    _check_budget(budget)
    if not prompt.strip():
        return Recalled("", (), 0, 0)
    # A prompt is no query: quotes in it demand nothing, and a word behind a minus is not unwanted.
    plain = _SYNTAX.sub(" ", prompt[:_PROMPT_MAX])
    query = Query(text=plain, where=ctx.within(Filter()), limit=_REMINDED)
    return _reminded(ctx, query, None, ctx.config.project()[0], budget, read_clock(), known)


def brief(ctx: Context, project: str | None = None, budget: int = 600, before: Visit | None = None) -> Recalled:
    """What an agent should know at the start of a session: conflicts, what others saved since it was here `before`,
    standing decisions, recent work."""
    _check_budget(budget)
    now = read_clock()
    project = ctx.within(Filter(project=project)).project or ctx.config.project()[0]
    with ctx.store.read(ctx.scopes, now) as snapshot:
        where = Filter(project=project)
        conflicts = [o for o in conflicting(snapshot, _STANDING) if not project or o.project in (project, None)]
        conflicts = [o for o in conflicts if ctx.sees(snapshot, o.project)]
        standing = _standing(snapshot, where, now)
        rows = snapshot.newest(where, now, _RECENT)
        recent = snapshot.observations(rows)
        fresh = [o for row, o in zip(rows, recent, strict=True) if before and row > before.row and not _own(ctx, o)]
    since = briefing.Since(before.last, fresh) if before and fresh else None
    composed = briefing.compose_brief(conflicts, standing, recent, project, budget, since)
    composed = _marked(ctx, composed, budget, _BRIEF_S)
    packed = packing.pack(composed.entries, budget, before=composed.before, after=composed.after, rest=briefing.REST)
    return _recalled(packed, composed, [], ())


def _own(ctx: Context, observation: Observation) -> bool:
    """Was it saved by the client that asks, on this machine?"""
    return observation.origin_here and observation.client_id == ctx.identity.client_id


def _with_other_sides(snapshot: Snapshot, hits: Sequence[Hit], where: Filter, now: int) -> list[Hit]:
    """The hits, each in conflict followed by the other sides that fit the filter, found or not."""
    found = {hit.observation.observation_id: hit for hit in hits}
    told: dict[str, Hit] = {}
    for hit in hits:
        told.setdefault(hit.observation.observation_id, hit)
        for id_ in hit.observation.conflicts_with[:_SIDES]:
            row = None if id_ in told else snapshot.row_of(id_)
            if row is not None and not snapshot.hidden(row, where, now):
                told[id_] = found.get(id_) or Hit(snapshot.observation(row), hit.score, "in conflict with a hit")
    return list(told.values())


def _marked(ctx: Context, composed: briefing.Composed, budget: int, seconds: float = _RECALL_S) -> briefing.Composed:
    """Those entries that there may be room for, with the freshness of what they tell."""
    shown = composed.entries[: budget // _LEAST_TOKENS]
    if not any(entry.observation.file_hashes for entry in shown):
        return composed
    found = freshness.marked(ctx, [entry.observation for entry in shown], seconds)
    marked = [entry._replace(observation=each) for entry, each in zip(shown, found, strict=True)]
    return composed._replace(entries=(*marked, *composed.entries[len(shown) :]))


def _recalled(
    packed: packing.Packed, composed: briefing.Composed, hits: Sequence[Hit], notes: Sequence[Notice]
) -> Recalled:
    known = {h.observation.observation_id: h for h in hits}
    shown = tuple(
        known.get(o.observation_id, Hit(o, 0.0, "standing"))._replace(observation=o)
        for o in (e.observation for e in composed.entries[: packed.shown])
    )
    return Recalled(packed.text, shown, len(shown), packed.withheld, composed.repeated, tuple(notes))


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
