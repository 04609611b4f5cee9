"""Memories that say nearly the same as a new one, or have its subject: suggestions, never more."""

from __future__ import annotations

from ..clock import now as read_clock
from ..errors import StoreError
from ..model import Draft, Filter, Notice, Similar
from ..search.alike import alike, titled
from ..store.reading import Snapshot
from ..text import wording
from .context import Context

_COMPARED = 3  # memories that a new one is compared with, found by each way


def similar(ctx: Context, draft: Draft, project: str | None, vector: bytes) -> tuple[tuple[Similar, ...], list[Notice]]:
    """What to tell of a draft before it is saved, whose vector this is (or b"")."""
    if draft.supersedes:
        return (), []
    try:
        with ctx.store.read(ctx.scopes) as snapshot:
            return _compare(snapshot, draft, project, vector), []
    except StoreError as error:
        return (), [Notice("similar_unknown", f"similar memories could not be looked for: {error.message}")]


def _compare(snapshot: Snapshot, draft: Draft, project: str | None, vector: bytes) -> tuple[Similar, ...]:
    where, now = Filter(project=project), read_clock()
    rows = dict.fromkeys(alike(snapshot, draft.content, where, now, _COMPARED))
    if draft.subject:
        rows |= dict.fromkeys(titled(snapshot, draft.subject, where, now, _COMPARED))
    new = draft.subject or "", draft.content
    meant = snapshot.closest(vector, where, now, _COMPARED) if vector else []
    found = []
    for row, texts in snapshot.texts(list(rows | dict.fromkeys(meant))).items():
        if wording.near_duplicate((texts.subject, texts.content), new, row in meant):
            relation = "near_duplicate"
        elif draft.subject and wording.normal(texts.subject) == wording.normal(draft.subject):
            relation = "same_subject"
        else:
            continue
        old = snapshot.observation(row)
        found.append(Similar(old.observation_id, old.subject, old.created_at, relation))
    return tuple(found)
