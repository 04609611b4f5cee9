"""The write lock: one writer at a time, in arrival order, across threads and processes.

SQLite's own waiting polls and is unfair, so every write transaction and checkpoint takes this OS lock first. The lock
file is never deleted. Its first line says who holds it, its second is the high-water mark of the last commit, its third
what the database was after the last checkpoint (see checkpoint.py).
"""

from __future__ import annotations

import os
import sys
import threading
import time

from ..errors import StoreBusy

WAIT_S = 30.0
_WHO, _MARK, _BASE, _END = 0, 64, 320, 512  # where each line begins

if sys.platform == "win32":
    import msvcrt

    _REGION = 1 << 30  # beyond the text: Windows locks are mandatory, and others must be able to read who holds it

    def _lock(fd: int) -> None:
        while not _try(fd):
            time.sleep(0.002)

    def _try(fd: int) -> bool:
        os.lseek(fd, _REGION, os.SEEK_SET)
        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(fd: int) -> None:
        """Closing does it."""

    def _pread(fd: int, size: int, at: int) -> bytes:
        os.lseek(fd, at, os.SEEK_SET)
        return os.read(fd, size)

    def _pwrite(fd: int, data: bytes, at: int) -> None:
        os.lseek(fd, at, os.SEEK_SET)
        os.write(fd, data)

else:
    import fcntl

    _pread, _pwrite = os.pread, os.pwrite

    def _lock(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_EX)

    def _unlock(fd: int) -> None:
        """Closing alone leaves the lock to a child that another thread is just starting, until it runs its program."""
        fcntl.flock(fd, fcntl.LOCK_UN)

    def _try(fd: int) -> bool:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


class WriteLock:
    """One acquisition: a descriptor of its own, so that it excludes threads as well as processes."""

    def __init__(self, path: str, wait_s: float = WAIT_S) -> None:
        """Waits up to `wait_s` seconds. Raises StoreBusy, naming who holds the lock; OSError if it cannot be opened."""
        self._path = path
        self._fd = _open(path)
        try:
            self._acquire(wait_s)
            while not self.is_current():  # the directory was removed or replaced while we waited
                self.release()
                self._fd = _open(path)
                self._acquire(wait_s)
            self._put(_WHO, _MARK, f"{os.getpid()} {time.time_ns() // 1000}")
        except BaseException:
            self.release()  # a descriptor left open would hold the lock for as long as this process lives
            raise

    def _acquire(self, wait_s: float) -> None:
        if not _try(self._fd) and not (wait_s and self._wait(wait_s)):
            raise StoreBusy(
                f"the memory is locked by another process for more than {wait_s:g} s ({self._holder()})",
                "look at that process; if it hangs, end it (what it had acknowledged is safe) and try again",
            )

    def is_current(self) -> bool:
        """Is the file that is locked the one that others would lock? Raises OSError when there is none."""
        ours, there = os.fstat(self._fd), os.stat(self._path)
        return (ours.st_dev, ours.st_ino) == (there.st_dev, there.st_ino)

    def _wait(self, wait_s: float) -> bool:
        """Block in a thread: flock itself knows no time-out. An abandoned wait gives the lock back when it gets it."""
        waiter = _Waiter(self._fd)
        waiter.start()
        if waiter.won(wait_s):
            return True
        self._fd = _open(self._path)
        return False

    def _holder(self) -> str:
        pid, _, since = self._get(_WHO, _MARK).partition(" ")
        if not since.isdigit():
            return "unknown process"
        held = time.time_ns() // 1000 - int(since)
        return f"process {pid}, since {held // 1_000_000} s"

    def _get(self, begin: int, end: int) -> str:
        return _text(_pread(self._fd, end - begin, begin))

    def _put(self, begin: int, end: int, text: str) -> None:
        _pwrite(self._fd, text.encode().ljust(end - begin - 1) + b"\n", begin)

    @property
    def inode(self) -> int:
        return os.fstat(self._fd).st_ino

    @property
    def who(self) -> str:
        """Process and time of this acquisition: no other one has the same."""
        return self._get(_WHO, _MARK)

    @property
    def mark(self) -> str:
        """What the last commit left here; empty if nothing did."""
        return self._get(_MARK, _BASE)

    @mark.setter
    def mark(self, text: str) -> None:
        self._put(_MARK, _BASE, text)

    @property
    def checkpointed(self) -> str:
        """What the last checkpoint left here; empty while one is being made or was cut off."""
        return self._get(_BASE, _END)

    @checkpointed.setter
    def checkpointed(self, text: str) -> None:
        self._put(_BASE, _END, text)

    def release(self) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            try:
                _unlock(fd)
            finally:
                os.close(fd)


def is_held(path: str) -> bool:
    """Does somebody hold the lock? Whoever asks for it at this moment waits for us. Raises OSError."""
    try:
        fd = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        return not _try(fd)
    finally:
        os.close(fd)


def who(path: str) -> str:
    """The line of whoever acquired the lock last, read without the lock; empty if nobody did."""
    return _line(path, _WHO, _MARK)


def mark(path: str) -> str:
    """The line that the last commit left, read without the lock; empty if there is none."""
    return _line(path, _MARK, _BASE)


def checkpointed(path: str) -> str:
    """The line that the last checkpoint left, read without the lock; empty if there is none."""
    return _line(path, _BASE, _END)


def _line(path: str, begin: int, end: int) -> str:
    try:
        with open(path, "rb") as file:
            return _text(file.read(end)[begin:])
    except OSError:
        return ""


def _text(line: bytes) -> str:
    return line.decode(errors="replace").strip("\0 \n")


class _Waiter(threading.Thread):
    def __init__(self, fd: int) -> None:
        super().__init__(daemon=True)
        self._fd = fd
        self._guard = threading.Lock()
        self._state = "waiting"
        self._done = threading.Event()

    def run(self) -> None:
        _lock(self._fd)
        with self._guard:
            if self._state == "waiting":
                self._state = "held"
            else:
                os.close(self._fd)
        self._done.set()

    def won(self, wait_s: float) -> bool:
        self._done.wait(wait_s)
        with self._guard:
            if self._state == "waiting":
                self._state = "abandoned"
            return self._state == "held"


def _open(path: str) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0), 0o600)
