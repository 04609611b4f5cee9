"""Where a hook says what went wrong, as it must not say it to its client."""

from __future__ import annotations

import os
from contextlib import suppress

from ..clock import now, to_iso

FILE = "hooks.log"
_SIZE_MAX = 64 * 1024  # bytes; then the older half goes


def write(state_dir: str, line: str) -> None:
    """One line, if it can be written."""
    path = os.path.join(state_dir, FILE)
    with suppress(OSError):
        if not os.path.isdir(state_dir):
            return
        if os.path.exists(path) and os.path.getsize(path) > _SIZE_MAX:
            _shorten(path)
        with open(path, "a", encoding="utf-8", errors="replace", opener=_private) as file:
            file.write(f"{to_iso(now())} {' '.join(line.split())}\n")


def last(state_dir: str) -> str:
    """The last line; "" if there is none."""
    try:
        with open(os.path.join(state_dir, FILE), encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
    except OSError:
        return ""
    return lines[-1] if lines else ""


def _shorten(path: str) -> None:
    with open(path, "rb") as file:
        kept = file.read()[-_SIZE_MAX // 2 :].partition(b"\n")[2]
    with open(path, "wb", opener=_private) as file:
        file.write(kept)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
