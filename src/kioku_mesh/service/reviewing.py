"""What was captured from sessions and waits for the owner: kept beside the log, on this machine, until accepted or dropped."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from ..clock import now as read_clock
from ..errors import BadInput, NotFound
from ..model import Draft, Filter, Identity, Saved
from ..results import Pending
from ..search.alike import alike
from ..text import wording
from . import pending, saving
from .context import Context

MOST = 500  # that wait at once
_COMPARED = 5
_ID_LENGTH = 16  # hex digits


def propose(ctx: Context, findings: Iterable[tuple[str, str]], source: str) -> int:
    """Keep (type, text) of a session for review, unless it is known, waits already or was dropped; returns how many are new.

    `source`: the file that it was found in. Raises StoreUnwritable."""
    there = {each.id for each in pending.waiting(ctx.config.state_dir)}
    out = there | pending.dropped(ctx.config.state_dir)
    who, project = ctx.identity, ctx.config.project()[0]
    added = 0
    for kind, text in findings:
        id_ = hashlib.sha256(text.encode()).hexdigest()[:_ID_LENGTH]
        if id_ in out or len(there) + added >= MOST or _is_known(ctx, text):
            continue
        each = Pending(id_, text, kind, project, who.agent_family, who.client_id, who.session_id, read_clock(), source)
        pending.put(ctx.config.state_dir, each)
        out.add(id_)
        added += 1
    return added


def accept(ctx: Context, ids: Sequence[str], visibility: str | None = None) -> tuple[Saved, ...]:
    """Save what waits, as from the client that it was captured from; on this machine alone unless `visibility` says more.

    Raises NotFound, and what a save raises; what was not saved goes on waiting."""
    saved = []
    for each in _chosen(ctx, ids):
        who = Identity(
            each.agent_family, each.client_id, each.session_id, ctx.identity.user_id, ctx.identity.team_id,
            ctx.identity.node, ctx.identity.host,
        )  # fmt: skip
        draft = Draft(
            each.content, memory_type=each.memory_type, project=each.project, tags=("captured",),
            visibility=visibility or "local",
        )  # fmt: skip
        saved.append(saving.save(ctx._replace(identity=who), draft))
        pending.remove(ctx.config.state_dir, each.id)
    return tuple(saved)


def drop(ctx: Context, ids: Sequence[str]) -> tuple[Pending, ...]:
    """Throw away what waits; it does not come again. Raises NotFound."""
    chosen = _chosen(ctx, ids)
    for each in chosen:
        pending.throw_away(ctx.config.state_dir, each.id)
    return chosen


def _chosen(ctx: Context, ids: Sequence[str]) -> tuple[Pending, ...]:
    """Those of these ids, or beginnings of ids, that wait. Raises NotFound, BadInput."""
    waiting = pending.waiting(ctx.config.state_dir)
    chosen: dict[str, Pending] = {}
    for id_ in ids:
        fitting = [each for each in waiting if id_ and each.id.startswith(id_)]
        if not fitting:
            raise NotFound(f"nothing that waits has the id {id_[:40]}", "list it with `kioku-mesh review`")
        if len(fitting) > 1:
            raise BadInput(f"{id_} fits {len(fitting)} that wait", "give more digits")
        chosen[fitting[0].id] = fitting[0]
    return tuple(chosen.values())


def _is_known(ctx: Context, text: str) -> bool:
    """Does a memory say nearly the same?"""
    with ctx.store.read(ctx.scopes) as snapshot:
        rows = alike(snapshot, text, Filter(), read_clock(), _COMPARED)
        found = snapshot.texts(rows).values()
        return any(wording.near_duplicate((texts.subject, texts.content), ("", text)) for texts in found)
