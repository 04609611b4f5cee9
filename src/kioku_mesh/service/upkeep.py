"""`gc` and `rebuild`: what usually happens in small steps, done at once."""

from __future__ import annotations

from ..clock import DAY
from ..clock import now as read_clock
from ..results import Line, Swept
from ..store import backup
from ..store import store as stores
from ..store import upkeep as store_upkeep
from .context import Context

_PREVIEW = 10_000


def collect(ctx: Context, dry_run: bool = False) -> Swept:
    """Erase bodies past their time, sweep long expired memories, empty the write-ahead log, keep a backup."""
    store = ctx.store
    if not store.exists():
        return Swept(0, 0, 0, 0, dry_run=dry_run)
    retention = ctx.config.get("retention_days") * DAY
    before = store_upkeep.size(store)
    with store.read(ctx.scopes) as snapshot:
        due = snapshot.due(retention, _PREVIEW)
        shown = snapshot.observations((*due.erasable, *due.expired))
    preview = tuple(Line(o.observation_id, o.subject, o.project, o.memory_type, o.created_at, o.state) for o in shown)
    if dry_run:
        return Swept(len(due.erasable), len(due.expired), before, before, preview, True)
    swept = 0
    while done := store_upkeep.sweep(store, retention):
        swept += done
    erased = store_upkeep.erase_all(store)
    if erased:
        backup.replace_all(store)
    store_upkeep.empty_wal(store)
    _keep_backup(ctx)
    return Swept(erased, swept, before, store_upkeep.size(store), preview)


def _keep_backup(ctx: Context) -> None:
    """One managed backup, at most a day old."""
    keep = ctx.config.get("backup.keep")
    kept = backup.managed(ctx.store)
    if keep and (not kept or kept[0].created_at < read_clock() - DAY):
        backup.make(ctx.store, keep=keep)


def rebuild(ctx: Context) -> int:
    """Make everything derived anew from the log; returns the number of records."""
    if not ctx.store.exists():
        return 0
    with ctx.store.write() as transaction:
        return stores.rebuild(transaction.db)
