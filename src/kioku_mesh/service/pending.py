"""The files of what was captured from sessions and waits for review: one each, beside the log, on this machine."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import Any

from ..clock import DAY
from ..clock import now as read_clock
from ..errors import StoreUnwritable
from ..results import Pending

KEPT = 30 * DAY  # what nobody looked at is dropped then
_FOLDER, _DROPPED = "pending", "dropped"


def waiting(state_dir: str) -> tuple[Pending, ...]:
    """The oldest first."""
    try:
        names = [name for name in os.listdir(_folder(state_dir)) if name.endswith(".json")]
    except OSError:
        return ()
    found = [each for name in names if (each := _read(os.path.join(_folder(state_dir), name)))]
    return tuple(sorted(found, key=lambda each: (each.captured_at, each.id)))


def put(state_dir: str, each: Pending) -> None:
    """Whole or not at all. Raises StoreUnwritable."""
    path = _path(state_dir, each.id)
    beside = f"{path}.{os.getpid()}"
    try:
        os.makedirs(_folder(state_dir), mode=0o700, exist_ok=True)
        with open(beside, "x", encoding="utf-8", opener=_private) as file:
            json.dump(each._asdict(), file, ensure_ascii=False)
        os.replace(beside, path)
    except OSError as error:
        with suppress(OSError):
            os.unlink(beside)
        raise StoreUnwritable(f"cannot write {path}: {error.strerror}", "make the folder writable") from None


def remove(state_dir: str, id_: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(_path(state_dir, id_))


def dropped(state_dir: str) -> frozenset[str]:
    """Ids of what was thrown away."""
    try:
        with open(os.path.join(_folder(state_dir), _DROPPED), encoding="ascii") as file:
            return frozenset(file.read().split())
    except OSError:
        return frozenset()


def throw_away(state_dir: str, id_: str) -> None:
    """Remove it, and remember that. Raises StoreUnwritable."""
    path = os.path.join(_folder(state_dir), _DROPPED)
    try:
        with open(path, "a", encoding="ascii", opener=_private) as file:
            file.write(f"{id_}\n")
    except OSError as error:
        raise StoreUnwritable(f"cannot write {path}: {error.strerror}", "make the folder writable") from None
    remove(state_dir, id_)


def prune(state_dir: str) -> None:
    """Remove what nobody looked at for long."""
    before = read_clock() - KEPT
    for each in waiting(state_dir):
        if each.captured_at < before:
            remove(state_dir, each.id)


def _read(path: str) -> Pending | None:
    """None for a file that is no longer there, or none of ours."""
    try:
        with open(path, encoding="utf-8") as file:
            got: dict[str, Any] = json.load(file)
        return Pending(**got)
    except (OSError, ValueError, TypeError):
        return None


def _folder(state_dir: str) -> str:
    return os.path.join(state_dir, _FOLDER)


def _path(state_dir: str, id_: str) -> str:
    return os.path.join(_folder(state_dir), f"{id_}.json")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
