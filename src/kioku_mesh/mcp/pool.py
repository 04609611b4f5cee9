"""A few threads for calls, started when there is work; none keeps the process alive."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

Job = Callable[[], None]


class Pool:
    """Runs jobs in the order they came, at most `size` at once. A job must not raise."""

    def __init__(self, size: int = 4) -> None:
        self._size = size
        self._jobs: deque[Job] = deque()
        self._threads = self._idle = 0
        self._change = threading.Condition()

    def submit(self, job: Job) -> None:
        with self._change:
            self._jobs.append(job)
            if self._idle < len(self._jobs) and self._threads < self._size:
                self._threads += 1
                threading.Thread(target=self._work, daemon=True).start()
            self._change.notify_all()

    def finish(self, seconds: float) -> bool:
        """Wait until nothing runs or waits; False when that took longer than `seconds`."""
        with self._change:
            return self._change.wait_for(self._is_quiet, seconds)

    def _is_quiet(self) -> bool:
        return not self._jobs and self._idle == self._threads

    def _work(self) -> None:
        while True:
            with self._change:
                self._idle += 1
                self._change.notify_all()
                self._change.wait_for(lambda: bool(self._jobs))
                self._idle -= 1
                job = self._jobs.popleft()
            job()
