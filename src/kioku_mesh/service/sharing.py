"""Memories that were saved before this machine shared any: withheld as a whole, shared one by one or all at once."""

from __future__ import annotations

from collections.abc import Sequence

from ..clock import now as read_clock
from ..errors import NotFound
from ..model import Filter
from ..results import Existing, Line, Shared
from ..store import sharing as rules
from ..store import spread
from ..store.log import ASK, WITHHELD
from .context import Context


def existing(ctx: Context) -> Existing:
    """What was saved while this machine shared nothing, as far as other machines have not got it since."""
    with ctx.store.read(ctx.scopes) as snapshot:
        rows = spread.kept(snapshot.db)
    return Existing(*({scope: count for scope, kept, count in rows if kept == mark} for mark in (ASK, WITHHELD)))


def withhold(ctx: Context) -> None:
    """What was saved while this machine shared nothing stays here; what is saved from now on is not affected."""
    with ctx.store.write() as transaction:
        rules.withhold(transaction)


def release(ctx: Context) -> None:
    """Share everything that was withheld."""
    with ctx.store.write() as transaction:
        rules.release(transaction)


def share(ctx: Context, ids: Sequence[str], where: Filter | None = None, dry_run: bool = False) -> Shared:
    """Share withheld memories: those with these ids, and the live ones that fit `where`. Raises NotFound."""
    now = read_clock()
    with ctx.store.read(ctx.scopes, now) as snapshot:
        rows = snapshot.newest(ctx.within(where), now, -1) if where else []
        absent = [id_ for id_ in ids if ctx.one(snapshot, id_) is None]
        if absent:
            raise NotFound(f"there is no memory {absent[0]}", "look for it with `kioku-mesh search`", ids=absent)
        wanted = dict.fromkeys([*ids, *snapshot.ids(rows)])
        withheld = [n for n in map(snapshot.row_of, wanted) if n is not None and snapshot.is_withheld(n)]
        found = [
            one for one in snapshot.observations(withheld) if one.state != "deleted" and ctx.sees(snapshot, one.project)
        ]
    preview = tuple(Line(o.observation_id, o.subject, o.project, o.memory_type, o.created_at, o.state) for o in found)
    if dry_run or not found:
        return Shared((), preview, dry_run)
    with ctx.store.write() as transaction:
        return Shared(rules.share(transaction, [o.observation_id for o in found], ctx.scopes), preview)
