"""Background work of a server that nobody talks to: what the store would otherwise leave for later."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

IDLE_S = 60.0


class Tender:
    """Runs `work` once whenever `idle_s` seconds have passed since the last call. `work` must not raise."""

    def __init__(self, work: Callable[[], None], idle_s: float = IDLE_S) -> None:
        self._work = work
        self._idle_s = idle_s
        self._last = 0.0
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def touch(self) -> None:
        """A call has ended."""
        self._last = time.monotonic()
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self._over.set()

    def _watch(self) -> None:
        done = 0.0
        while not self._over.wait(self._idle_s / 4):
            last = self._last
            if last != done and time.monotonic() - last >= self._idle_s:
                self._work()
                done = last
