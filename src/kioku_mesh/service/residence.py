"""The resident process as it is shown to people and programs."""

from __future__ import annotations

from contextlib import closing

from ..clock import now as read_clock
from ..results import Resident
from ..store.run import Run, Serve


def resident(state_dir: str) -> Resident | None:
    """What it last told of itself; None when there never was one, or when it was asked to end."""
    with closing(Run(state_dir, writes=False)) as table:
        row = table.serve()
    return None if row is None else shown(row)


def shown(row: Serve) -> Resident:
    running = row.alive(read_clock())
    return Resident(
        running, row.version, row.pid, row.started, row.beat or None, row.mode, row.engine, row.addresses, row.error
    )
