"""The resident process in the foreground: alone in its state directory, at work until it is asked to end."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from types import FrameType
from typing import Any, TextIO

from .. import __version__
from .. import config as settings
from ..clock import now as read_clock
from ..config import Config
from ..errors import KiokuError
from ..store.lock import WriteLock
from ..store.run import Run, Serve
from ..values import NamedTuple
from . import installed, lock
from .log import FILE, Log
from .parts import FIRST_S, Compose, Driver, told, where

BEAT_S = 1.0  # between two signs of life
TICK_S = 0.2  # between two looks whether it shall end
GRACE_S = 10.0  # for the parts to end
SANDBOX_S = 60.0  # without a part's work before giving up where it is forbidden
_REREAD = 10  # signs of life between two looks whether others see them
_LOOK_S = 5.0  # between two looks at the version on the disk
_GONE_LOOKS = 12  # looks at which nothing is installed before it counts as removed: an upgrade takes a moment


class _End(NamedTuple):
    """Why to end; status 0: somebody asked for it."""

    status: int
    reason: str


class Pace(NamedTuple):
    """How fast things are; tests are in more of a hurry."""

    beat_s: float = BEAT_S
    first_s: float = FIRST_S
    grace_s: float = GRACE_S
    sandbox_s: float = SANDBOX_S
    look_s: float = _LOOK_S


AT_EASE = Pace()


def run(
    config: Config,
    compose: Compose,
    ready: Callable[[], None] = lambda: None,
    echo: TextIO | None = None,
    pace: Pace = AT_EASE,
) -> int:
    """Be the resident process until asked to end; the exit status.

    `ready` is called once it is sure to be the only one; `echo`: where a person reads along. Threads of parts that do
    not end in time are left behind: end the process with `os._exit`. Raises Refused when another one runs already.
    """
    held = lock.take(config.state_dir)
    with closing(Log(os.path.join(config.state_dir, FILE), config.get("log"), echo=echo)) as log:
        try:
            with closing(Run(config.state_dir)) as table:
                return Resident(config, compose, log, held, table, pace).run(ready)
        except BaseException as error:
            log.error(f"ended by a failure: {told(error)}{where(error)}")
            raise
        finally:
            held.release()


class Resident:
    def __init__(
        self, config: Config, compose: Compose, log: Log, held: WriteLock, table: Run, pace: Pace = AT_EASE
    ) -> None:
        self._config, self._compose, self._log, self._held, self._table = config, compose, log, held, table
        self._pace = pace
        self._who = held.who
        self._drivers: list[Driver] = []
        self._settings_seen = _look(config.file)
        self._settings_error = ""
        self._signalled = False
        self._next_look = 0.0
        self._version_look: object = None
        self._looks_gone = 0
        self._beats = 0

    def run(self, ready: Callable[[], None]) -> int:
        self._listen()
        self._log.note(f"started: version {__version__}, process {os.getpid()}, mode {self._config.get('mode')}")
        self._begin()
        self._beat()
        ready()
        end = self._stay()
        left = self._end_parts()
        if left:
            end = end._replace(reason=f"{end.reason}; these did not end in time: {', '.join(left)}")
        self._log.note(f"ended: {end.reason}")
        if self._is_in_place():
            self._leave(end)
        return end.status

    # --- staying

    def _stay(self) -> _End:
        while True:
            end = self._follow_settings() or self._reason_to_end()
            if end:
                return end
            self._beat()
            until = time.monotonic() + self._pace.beat_s
            while time.monotonic() < until:
                if self._is_asked():
                    return _End(0, "asked to")
                time.sleep(min(TICK_S, self._pace.beat_s))

    def _is_asked(self) -> bool:
        return self._signalled or lock.is_asked(self._config.state_dir, self._who)

    def _reason_to_end(self) -> _End | None:
        if self._is_asked():
            return _End(0, "asked to")
        if not self._is_in_place():
            return _End(1, "the state directory was removed or replaced")
        confined = [driver for driver in self._drivers if driver.forbidden_s >= self._pace.sandbox_s]
        if confined:
            return _End(1, f"a sandbox keeps {confined[0].name} from its work: {confined[0].error}")
        return self._replaced()

    def _is_in_place(self) -> bool:
        try:
            return self._held.is_current()
        except OSError:
            return False

    def _replaced(self) -> _End | None:
        """Code that is not there any more cannot be imported later: whoever starts it next starts the other version."""
        if time.monotonic() < self._next_look:
            return None
        self._next_look = time.monotonic() + self._pace.look_s
        found = installed.version()
        self._looks_gone = 0 if found else self._looks_gone + 1
        if self._looks_gone >= _GONE_LOOKS:
            return _End(1, "this installation was removed")
        if found and found != __version__:
            return _End(1, f"version {found} was installed in the place of {__version__}")
        return None

    def _follow_settings(self) -> _End | None:
        """Changed settings come into force by parts made anew."""
        seen = _look(self._config.file)
        if seen == self._settings_seen:
            return None
        self._settings_seen = seen
        try:
            changed = settings.load(
                self._config.environ,
                self._config.cwd,
                {"state_dir": self._config.state_dir, "config_dir": self._config.config_dir},
            )
        except KiokuError as error:
            self._settings_error = f"settings: {told(error)}"
            self._log.error(f"{self._settings_error}; those before stay in force")
            return None
        self._settings_error = ""
        if _values(changed) == _values(self._config):
            return None
        self._log.note(f"settings changed: mode {changed.get('mode')}")
        self._log.show(changed.get("log"))
        left = self._end_parts()
        if left:
            return _End(1, f"the settings changed, and these did not end in time: {', '.join(left)}")
        self._config = changed
        self._begin()
        return None

    # --- parts

    def _begin(self) -> None:
        parts = self._compose(self._config, self._log)
        self._drivers = [Driver(part, self._log, self._pace.first_s) for part in parts]
        for driver in self._drivers:
            driver.begin()

    def _end_parts(self) -> list[str]:
        """End them all; the names of those that did not in time."""
        for driver in self._drivers:
            driver.end()
        until = time.monotonic() + self._pace.grace_s
        return [driver.name for driver in self._drivers if not driver.ended(until - time.monotonic())]

    # --- signs of life

    def _beat(self) -> None:
        self._beats += 1
        if self._beats % _REREAD == 0 and not self._is_seen():
            self._table.close()  # a file that was damaged behind our back is made anew by opening it
        self._table.put_serve(self._row(read_clock(), self._errors()))

    def _is_seen(self) -> bool:
        """Do others find what was told last? What we have in memory need not be what the file says."""
        with closing(Run(self._config.state_dir)) as other:
            row = other.serve()
        return row is not None and (row.pid, row.started) == lock.split(self._who)

    def _row(self, beat: int, error: str) -> Serve:
        pid, started = lock.split(self._who)
        addresses = tuple(address for driver in self._drivers for address in driver.addresses)
        mode, engine = self._config.get("mode"), self._config.get("engine")
        scopes = tuple(scope for driver in self._drivers for scope in driver.scopes)
        return Serve(pid, __version__, started, beat, mode, engine, addresses, error, scopes)

    def _errors(self) -> str:
        found = [f"{driver.name}: {driver.error}" for driver in self._drivers if driver.error]
        return "; ".join([self._settings_error, *found] if self._settings_error else found)

    def _leave(self, end: _End) -> None:
        """Nobody looks for a process that was asked to end; why another one ended stays there to be read."""
        if end.status:
            self._table.put_serve(self._row(0, end.reason))
        else:
            self._table.drop_serve()

    # --- signals

    def _listen(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return  # only the main thread may, and only it is told
        for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGBREAK"):
            with suppress(AttributeError, ValueError, OSError):
                signal.signal(getattr(signal, name), self._hear)

    def _hear(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Nothing but a mark: a signal may come while any lock is held. Whoever sends a second one is in a hurry."""
        if self._signalled:
            os._exit(1)
        self._signalled = True


def _look(path: str) -> object:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _values(config: Config) -> dict[str, Any]:
    return {row.key: row.value for row in config.rows()}
