"""The resident process as it is shown to people and programs."""

from __future__ import annotations

import os
from contextlib import closing

from ..clock import now as read_clock
from ..results import Resident
from ..store.lock import is_held
from ..store.run import LOCK, Run, Serve


def resident(state_dir: str) -> Resident | None:
    """What it last told of itself; None when there never was one, or when it was asked to end."""
    with closing(Run(state_dir, writes=False)) as table:
        row = table.serve()
    return None if row is None else shown(row, _is_held(os.path.join(state_dir, LOCK)))


def tried(state_dir: str) -> bool:
    """Does a process share the memories of this machine now, whatever its settings say?"""
    if not os.path.exists(os.path.join(state_dir, LOCK)):
        return False
    found = resident(state_dir)
    return found is not None and found.running and found.mode != "local"


def _is_held(path: str) -> bool:
    try:
        return is_held(path)
    except OSError:
        return True  # nobody can tell: its word counts


def shown(row: Serve, held: bool = True) -> Resident:
    """`held`: does somebody hold the lock of the resident process?"""
    running = held and row.alive(read_clock())
    return Resident(
        running, row.version, row.pid, row.started, row.beat or None, row.mode, row.engine, row.addresses, row.error,
        row.scopes,
    )  # fmt: skip
