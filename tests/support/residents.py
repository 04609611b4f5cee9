"""Resident processes of tests: their states as seen from outside, and parts that do what a test wants."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from .home import SOURCE, Home

T = TypeVar("T")
PATIENCE = 60.0


def until(look: Callable[[], T], seconds: float = PATIENCE) -> T:
    """The first answer that is true."""
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.05)
    return found


def resident(home: Home) -> dict[str, Any] | None:
    """What `serve --status` tells of the one that runs."""
    told = home.run("serve", "--status", "--json").json()
    assert told["running"] == (told["serve"] is not None)
    return told["serve"]


def is_gone(pid: int) -> bool:
    """A process that has ended, though nobody may have asked how."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        return False
    return stat.rpartition(") ")[2].startswith("Z")


def end(home: Home) -> None:
    """Whatever a test left running in this home."""
    lock = home.state / "serve.lock"
    if not lock.exists():
        return
    if home.run("serve", "--stop").status:
        with suppress(OSError, ValueError):
            os.kill(int(lock.read_text().split()[0]), signal.SIGKILL)


def copy_package(folder: Path, version: str) -> Path:
    """The program as another version, in a tree of its own to be put in PYTHONPATH."""
    target = folder / f"version-{version}"
    shutil.copytree(Path(SOURCE) / "kioku_mesh", target / "kioku_mesh", ignore=shutil.ignore_patterns("__pycache__"))
    set_version(target, version)
    return target


def set_version(tree: Path, version: str) -> None:
    """As an upgrade in place does."""
    path = tree / "kioku_mesh" / "__init__.py"
    text = re.sub(r'__version__ = ".*"', f'__version__ = "{version}"', path.read_text())
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    os.replace(fresh, path)


class TwinPart:
    """A part that notes what it was asked, and raises or answers what it is told to."""

    def __init__(self, name: str = "twin", *, seconds: float = 0.01, **fails: BaseException | None) -> None:
        self.name = name
        self.error = ""
        self.addresses: tuple[str, ...] = ()
        self.calls: list[str] = []
        self.fails = fails
        self.seconds = seconds
        self.block: Any = None

    def start(self) -> None:
        self._called("start")

    def step(self, now: int) -> float:  # noqa: ARG002
        self._called("step")
        if self.block is not None:
            self.block.wait()
        return self.seconds

    def close(self) -> None:
        self._called("close")

    def count(self, call: str) -> int:
        return self.calls.count(call)

    def _called(self, call: str) -> None:
        self.calls.append(call)
        if (error := self.fails.get(call)) is not None:
            raise error


@contextmanager
def running(home: Home) -> Iterator[dict[str, Any]]:
    """One that was started by hand."""
    home.ok("serve")
    try:
        found = resident(home)
        assert found
        yield found
    finally:
        end(home)
