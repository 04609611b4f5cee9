"""`gc` and `rebuild`: what usually happens in small steps, done at once."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ..clock import DAY
from ..clock import now as read_clock
from ..errors import KiokuError, NotAvailable
from ..results import Line, Swept
from ..store import backup, replay, vectors
from ..store import upkeep as store_upkeep
from ..store.connection import translated
from . import embedding, pending, usage
from .context import Context
from .late import Late

if TYPE_CHECKING:
    from . import choosing
else:
    choosing = Late(".choosing")

_PREVIEW = 10_000
_LONG_S, _IDLE_S = 60.0, 1.0  # of making vectors at once
QUICK_BACKUP = 2 << 20  # bytes of a store that is copied within a few milliseconds


def collect(ctx: Context, dry_run: bool = False) -> Swept:
    """Erase bodies past their time, sweep long expired memories, empty the write-ahead log, keep a backup."""
    store = ctx.store
    if not store.exists():
        return Swept(0, 0, 0, 0, dry_run=dry_run)
    retention = ctx.config.get("retention_days") * DAY
    before = store_upkeep.size(store)
    with store.read(ctx.scopes) as snapshot:
        due = snapshot.due(retention, _PREVIEW)
        # What is due is everybody's; shown is what this reader may see.
        due_ones = snapshot.observations((*due.erasable, *due.expired))
        shown = [o for o in due_ones if o.visibility in ctx.scopes and ctx.sees(snapshot, o.project)]
    preview = tuple(Line(o.observation_id, o.subject, o.project, o.memory_type, o.created_at, o.state) for o in shown)
    if dry_run:
        return Swept(len(due.erasable), len(due.expired), before, before, preview, True)
    swept, erased = _work(ctx)
    with suppress(NotAvailable):
        while embedding.embed(ctx, _LONG_S):
            pass
    return Swept(erased, swept, before, store_upkeep.size(store), preview)


def tend(ctx: Context) -> None:
    """What `gc` does, for a process that is idle anyway: in slices, and nothing is written when nothing is due."""
    store = ctx.store
    if not store.exists():
        return
    with store.read(ctx.scopes) as snapshot:
        due = snapshot.due(ctx.config.get("retention_days") * DAY, 1)
    if any(due) or store_upkeep.has_traces(store):
        _work(ctx)
    else:
        with translated(store.path):
            _keep_backup(ctx)
    with suppress(NotAvailable):
        embedding.embed(ctx, _IDLE_S)
    if not ctx.chooses:
        choosing.fill(ctx, _IDLE_S)  # forgets those of one that was chosen before
    usage.prune(ctx)
    pending.prune(ctx.config.state_dir)


def after_save(ctx: Context) -> None:
    """A bounded step for a process that has no idle time: a little erasing, a backup as long as that is quick.

    Never a reason for a save to fail: what cannot be done now is done after a later one.
    """
    embedding.after_save(ctx)
    with suppress(KiokuError), translated(ctx.store.path):
        store_upkeep.erase_if_due(ctx.store)
        if store_upkeep.size(ctx.store) <= QUICK_BACKUP:
            if store_upkeep.has_traces(ctx.store):
                store_upkeep.scrub(ctx.store, tries=1)
            elif ctx.store.born() < read_clock() - DAY:
                _keep_backup(ctx)


def _work(ctx: Context) -> tuple[int, int]:
    """How many were swept and erased."""
    store = ctx.store
    swept = 0
    with translated(store.path):
        while done := store_upkeep.sweep(store, ctx.config.get("retention_days") * DAY):
            swept += done
        erased = store_upkeep.erase_all(store)
        store_upkeep.empty_wal(store)
        _keep_backup(ctx)
    return swept, erased


def _keep_backup(ctx: Context) -> None:
    """A managed backup that is at most a day old."""
    keep = ctx.config.get("backup.keep")
    newest = backup.newest(ctx.store)
    if keep and (newest is None or newest < read_clock() - DAY):
        backup.make_automatic(ctx.store, keep)


def rebuild(ctx: Context, vectors_alone: bool = False) -> int:
    """Make everything derived anew from the log; returns the number of records."""
    if not ctx.store.exists():
        return 0
    with ctx.store.write() as transaction:
        if vectors_alone:
            vectors.clear(transaction.db)
            return 0
        return replay.rebuild(transaction.db)
