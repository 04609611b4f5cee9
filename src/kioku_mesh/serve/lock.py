"""One resident process per state directory: the OS lock decides, never a process id. And how it is asked to end.

Whoever holds the lock is named in its file by process and time, which no other one has the same. A request to end names
that line: one that comes late, after another process took over, is none to the new one.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress

from ..errors import Refused, StoreBusy
from ..store import places
from ..store.connection import translated
from ..store.lock import WriteLock, is_held
from ..store.lock import who as last_holder
from ..store.run import LOCK as FILE

REQUEST = "serve.stop"
_WAIT_S, _BREATH_S = 1.0, 0.02  # whoever only looks whether it is held holds it for a moment


def take(directory: str) -> WriteLock:
    """The right to be the resident process. Raises Refused when another one is, StoreUnwritable where none can be."""
    with translated(directory):
        places.prepare(directory)
        places.refuse_network(directory)
        held = _tried(_in(directory, FILE))
        if held is None:
            pid = last_holder(_in(directory, FILE)).partition(" ")[0]
            raise Refused(
                f"the resident process of {directory} runs already (process {pid})",
                "`kioku-mesh serve --status` shows it, `kioku-mesh serve --stop` ends it",
                pid=int(pid) if pid.isdigit() else 0,
            )
        with suppress(FileNotFoundError):
            os.unlink(_in(directory, REQUEST))
    return held


def _tried(path: str) -> WriteLock | None:
    """The lock, if it is free within a moment. Nobody is left waiting for it who would hold it when it is released."""
    end = time.monotonic() + _WAIT_S
    while True:
        try:
            return WriteLock(path, 0)
        except StoreBusy:
            if time.monotonic() >= end:
                return None
        time.sleep(_BREATH_S)


def holder(directory: str) -> str:
    """Who is the resident process now; empty when there is none. Raises StoreError."""
    with translated(directory):
        path = _in(directory, FILE)
        return (last_holder(path) or "0 0") if is_held(path) else ""


def split(who: str) -> tuple[int, int]:
    """The process and since when, in microseconds, that a holder is named by."""
    pid, _, since = who.partition(" ")
    return (int(pid), int(since)) if pid.isdigit() and since.isdigit() else (0, 0)


def ask_to_end(directory: str, who: str) -> None:
    """Raises StoreError where nothing can be written."""
    path = _in(directory, REQUEST)
    with translated(directory):
        begun = f"{path}.{os.getpid()}"
        places.begin(begun)
        with open(begun, "w", encoding="ascii") as file:
            file.write(who)
        os.replace(begun, path)


def is_asked(directory: str, who: str) -> bool:
    """Was the process of this name asked to end?"""
    path = _in(directory, REQUEST)
    if not os.path.exists(path):
        return False
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read(200) == who
    except OSError:
        return False


def _in(directory: str, name: str) -> str:
    return os.path.join(directory, name)
