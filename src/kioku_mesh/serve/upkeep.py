"""Background work on the store: erasing and sweeping what is past its time, emptying the write-ahead log, backups."""

from __future__ import annotations

import os
from collections.abc import Callable

from ..service.memory import Memory
from ..store import upkeep
from ..store.connection import translated
from ..store.store import Store

PAUSE_S = 60.0


class Upkeep:
    """A part of the resident process. `open_`: how it gets the memory."""

    name = "upkeep"

    def __init__(self, open_: Callable[[], Memory], pause_s: float = PAUSE_S) -> None:
        self.error = ""
        self._open, self._pause_s = open_, pause_s
        self._memory: Memory | None = None
        self._seen = 0  # bytes in the write-ahead log at the step before

    def start(self) -> None:
        self._memory = self._open()

    def step(self, now: int) -> float:  # noqa: ARG002
        assert self._memory is not None
        self._memory.tend()
        self._empty_log(self._memory.store)
        return self._pause_s

    def close(self) -> None:
        memory, self._memory = self._memory, None
        if memory is not None:
            memory.close()

    def _empty_log(self, store: Store) -> None:
        """When nobody has written since the last step: savers empty a large one themselves."""
        with translated(store.path):
            size = _size(store.path + "-wal")
            if size and size == self._seen:
                upkeep.empty_wal(store)
                size = _size(store.path + "-wal")
            self._seen = size


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0
