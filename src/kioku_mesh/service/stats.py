"""How the memory is used on this machine."""

from __future__ import annotations

from contextlib import closing

from ..clock import now as read_clock
from ..model import Filter
from ..results import Stats, Week
from ..store.usage import Usage, begin_of_week
from .context import Context

COUNTED = ("sessions", "searches", "recalls", "briefs", "reminders", "reads", "saves", "shown", "opened")
_LOOKED_AT = 1_000_000  # memories
_AT_ONCE = 500


def stats(ctx: Context, forget: bool = False) -> Stats:
    """Per client and week, and how many of the memories were ever shown. `forget`: start counting anew."""
    with closing(Usage(ctx.config.state_dir)) as usage:
        if forget:
            usage.forget()
        live, never = _never_shown(ctx, usage)
        return Stats(_weeks(usage), live, never)


def this_week(ctx: Context) -> tuple[Week, ...]:
    """What each client did so far."""
    with closing(Usage(ctx.config.state_dir)) as usage:
        begun = begin_of_week(read_clock())
        return tuple(week for week in _weeks(usage) if week.week == begun)


def _weeks(usage: Usage) -> tuple[Week, ...]:
    found: dict[tuple[int, str], dict[str, int]] = {}
    for week, client, what, count in usage.weeks():
        found.setdefault((week, client), {})[what] = count
    return tuple(
        Week(week, client, {name: counts.get(name, 0) for name in COUNTED}) for (week, client), counts in found.items()
    )


def _never_shown(ctx: Context, usage: Usage) -> tuple[int, int]:
    """How many memories are live, and how many of these nobody was ever shown."""
    now, where = read_clock(), Filter(ctx.config.only_project)
    with ctx.store.read(ctx.scopes, now) as snapshot:
        rows = snapshot.newest(where, now, _LOOKED_AT)
        ids = [id_ for at in range(0, len(rows), _AT_ONCE) for id_ in snapshot.ids(rows[at : at + _AT_ONCE])]
    return len(ids), len(usage.unknown(ids))
