"""What the resident process drives: parts that know nothing of each other, each in a thread of its own."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Protocol

from ..clock import now as read_clock
from ..config import Config
from ..errors import KiokuError, Sandboxed
from .log import Log

FIRST_S, LONGEST_S = 1.0, 60.0  # pauses after failures: each twice the one before
_HEALTHY_S = 60.0  # of work, after which the pauses begin small again
_STEP_S = (0.001, 3600.0)  # the least and the most between two steps
_ERROR = 300  # characters
_FRAMES = 6


class Part(Protocol):
    """One kind of background work. All calls come from one thread, beginning with `start`.

    When a call raises, the part is closed and, after a pause, started anew. It raises Sandboxed when whoever started
    this process forbids what it needs. Attributes `addresses` and `scopes`, if there are any: where others reach this
    machine, and what it shares with them.
    """

    name: str
    error: str  # what keeps it from its work although it runs, or ""

    def start(self) -> None: ...

    def step(self, now: int) -> float:
        """Do what is due; answers the seconds until it wants to be called again."""
        ...

    def close(self) -> None:
        """Also after a `start` that failed, and twice."""
        ...


Compose = Callable[[Config, Log], Sequence[Part]]  # the parts that these settings ask for


class Driver:
    """Keeps one part at work: a failure of one leaves the others alone, and is tried again with growing pauses."""

    def __init__(self, part: Part, log: Log, first_s: float = FIRST_S) -> None:
        self.name = part.name
        self._part, self._log, self._first_s = part, log, first_s
        self._pause = first_s
        self._failure = ""
        self._forbidden: float | None = None  # since when a sandbox is in the way
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"serve-{part.name}", daemon=True)

    @property
    def error(self) -> str:
        """What keeps it from its work, or ""."""
        return self._failure or self._part.error

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(getattr(self._part, "addresses", ()))

    @property
    def scopes(self) -> tuple[str, ...]:
        return tuple(getattr(self._part, "scopes", ()))

    @property
    def forbidden_s(self) -> float:
        """For how many seconds a sandbox has kept it from its work."""
        since = self._forbidden
        return 0.0 if since is None else time.monotonic() - since

    def begin(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """Ask it to end; `ended` waits."""
        self._over.set()

    def ended(self, seconds: float) -> bool:
        self._thread.join(max(seconds, 0))
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._over.is_set():
            began = time.monotonic()
            try:
                try:
                    self._work()
                finally:
                    self._close()
            except Exception as error:  # noqa: BLE001  the edge of a part: the others go on
                self._failed(error, began)
                self._over.wait(self._pause)

    def _work(self) -> None:
        self._part.start()
        while not self._over.is_set():
            seconds = self._part.step(read_clock())
            if self._failure and not self._over.is_set():
                self._log.note(f"{self.name}: works again")
            self._failure, self._forbidden = "", None
            least, most = _STEP_S
            self._over.wait(min(max(seconds, least), most))

    def _close(self) -> None:
        try:
            self._part.close()
        except Exception as error:  # noqa: BLE001  what it did before is what counts
            self._log.error(f"{self.name}: closing: {told(error)}{where(error)}")

    def _failed(self, error: Exception, began: float) -> None:
        healthy = time.monotonic() - began >= _HEALTHY_S
        self._pause = self._first_s if healthy or not self._failure else min(self._pause * 2, LONGEST_S)
        if not isinstance(error, Sandboxed):
            self._forbidden = None
        elif self._forbidden is None:
            self._forbidden = began
        self._failure = told(error)
        self._log.error(f"{self.name}: {self._failure}{where(error)}; again in {self._pause:g} s")


def told(error: BaseException) -> str:
    """A failure in a few words. Of one that is not ours only the kind: its text may quote a memory."""
    if isinstance(error, KiokuError):
        text = error.message
    elif isinstance(error, OSError):
        text = ": ".join(str(part) for part in (error.filename, error.strerror or type(error).__name__) if part)
    else:
        text = f"internal error ({type(error).__name__})"
    return text[:_ERROR].encode("utf-8", "replace").decode()  # a file may have any name


def where(error: BaseException) -> str:
    """The places in the code that a defect came through; nothing for what is no defect."""
    if isinstance(error, (KiokuError, OSError)):
        return ""
    frames: list[str] = []
    at: TracebackType | None = error.__traceback__
    while at is not None:
        code = at.tb_frame.f_code
        frames.append(f"{os.path.basename(code.co_filename)}:{at.tb_lineno} {code.co_name}")
        at = at.tb_next
    return " at " + " > ".join(frames[-_FRAMES:])
