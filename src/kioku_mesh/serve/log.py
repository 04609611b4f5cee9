"""`serve.log`: what the resident process did. Names, numbers and ids, never what a memory says."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from typing import TextIO

from ..clock import SECOND, now, to_iso
from ..store.places import PRIVATE_FILE

FILE = "serve.log"
LEVELS = ("error", "warning", "info", "debug")
BYTES = 1 << 20  # of a file before the next one is begun
KEPT = 2  # older files: serve.log.1 is the newer of them
_LINE = 1000  # characters


class Log:
    """Thread-safe; never raises: a full disk or a directory that is gone must not stop who writes."""

    def __init__(
        self, path: str, level: str = "warning", *, echo: TextIO | None = None, bytes: int = BYTES, kept: int = KEPT
    ) -> None:
        """`echo`: a stream for people that gets the same lines."""
        self._path, self._echo, self._bytes, self._kept = path, echo, bytes, kept
        self.show(level)
        self._guard = threading.Lock()
        self._fd = -1

    def show(self, level: str) -> None:
        """How much is written from now on."""
        self._shown = LEVELS.index(level)

    def error(self, text: str) -> None:
        self._write("error", text)

    def warning(self, text: str) -> None:
        self._write("warning", text)

    def info(self, text: str) -> None:
        self._write("info", text)

    def debug(self, text: str) -> None:
        self._write("debug", text)

    def note(self, text: str) -> None:
        """What is always worth a line: beginning and end."""
        self._put(f"{'note':<7} {text}")

    def close(self) -> None:
        with self._guard:
            self._shut()

    def _write(self, level: str, text: str) -> None:
        if LEVELS.index(level) <= self._shown:
            self._put(f"{level:<7} {text}")

    def _put(self, text: str) -> None:
        shown = "".join(c if c.isprintable() else " " for c in text[:_LINE])
        line = f"{to_iso(now() // SECOND * SECOND)} {shown}\n"
        with self._guard:
            if self._echo:
                with suppress(OSError, ValueError):
                    self._echo.write(line)
                    self._echo.flush()
            with suppress(OSError):
                self._append(line.encode("utf-8", "replace"))

    def _append(self, line: bytes) -> None:
        if self._fd < 0:
            self._fd = self._opened()
        if os.fstat(self._fd).st_size + len(line) > self._bytes:
            self._shut()
            self._turn()
            self._fd = self._opened()
        os.write(self._fd, line)

    def _opened(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE_FILE)

    def _turn(self) -> None:
        """serve.log becomes serve.log.1, and so on; the oldest goes."""
        names = [self._path, *(f"{self._path}.{number}" for number in range(1, self._kept + 1))]
        for older, newer in zip(names[:0:-1], names[-2::-1], strict=True):
            with suppress(FileNotFoundError):
                os.replace(newer, older)

    def _shut(self) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)
