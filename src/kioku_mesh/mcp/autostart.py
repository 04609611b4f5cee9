"""Having the resident process run while an agent works: looked at after calls, in the background, never waited for."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable

from ..errors import KiokuError

BREATH_S = 0.1  # the answer to the call goes out first
AGAIN_S, LONGEST_S = 60.0, 960.0  # between two looks; twice as long each time that it does not come up or stay up


class Autostart:
    """Calls `ensure` (was it started just now?) after the first call, and after later ones when that was a while ago."""

    def __init__(self, ensure: Callable[[], bool], breath_s: float = BREATH_S, again_s: float = AGAIN_S) -> None:
        self._ensure, self._breath_s, self._again_s = ensure, breath_s, again_s
        self._pause = again_s
        self._next = 0.0
        self._guard = threading.Lock()

    def touch(self) -> None:
        """A call has ended."""
        now = time.monotonic()
        with self._guard:
            if now < self._next:
                return
            self._next = now + self._pause
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        time.sleep(self._breath_s)
        runs = False
        try:
            runs = not self._ensure()
        except KiokuError as error:
            sys.stderr.write(f"note: {error.message}\n")
        with self._guard:
            self._pause = self._again_s if runs else min(self._pause * 2, LONGEST_S)
            self._next = time.monotonic() + self._pause
