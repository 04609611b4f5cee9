"""Machines with a network of their own each (namespaces on one switch; needs root and `ip`), and what their lines carried."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from places import Installed, scratch
from support.hosts import Host, Lan, network

LOOK_S = 0.001


class Machine:
    """One host with the product in it. `state` is its state and config directory."""

    def __init__(self, product: Installed, host: Host, state: Path) -> None:
        self.product, self.host, self.state = product, host, state
        self.state.mkdir(parents=True, exist_ok=True)

    def words(self, program: str, *words: object) -> list[str]:
        return [*self.host.prefix, str(self.product.command(program)), *map(str, words)]

    def run(self, *words: object) -> str:
        """A command of the product, which must succeed; what it printed."""
        done = subprocess.run(
            self.words("kioku-mesh", *words), env=self.product.at(self.state), cwd=self.state, capture_output=True,
            text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"error: {words} on {self.host.name} exited {done.returncode}: {done.stderr}")
        return done.stdout

    def inside(self, *words: object) -> subprocess.Popen[str]:
        """A function of `inside` in a process of this machine."""
        script = Path(__file__).with_name("inside.py")
        return subprocess.Popen(
            self.words("python", script, *words), env=self.product.at(self.state), cwd=self.state, text=True,
            stdout=subprocess.PIPE,
        )  # fmt: skip

    @property
    def pid(self) -> int:
        return pid_of(self.state)

    def kill(self, number: int = signal.SIGKILL) -> None:
        os.kill(self.pid, number)


class Lab:
    """A switch and machines. `bytes()`: by name, what each line carried to and from its machine so far."""

    def __init__(self, lan: Lan, product: Installed, folder: Path) -> None:
        self._lan, self._product, self.folder = lan, product, folder

    def machine(self, name: str) -> Machine:
        return Machine(self._product, self._lan.host(name), self.folder / name / "state")

    def bytes(self) -> dict[str, int]:
        told = subprocess.run(
            ["ip", "-n", self._lan.switch, "-s", "-j", "link"], check=True, capture_output=True, text=True
        )
        found: dict[str, int] = {}
        for link in json.loads(told.stdout):
            if link["ifname"].startswith("p"):
                number, seen = int(link["ifname"][1:]), link["stats64"]
                found[self._lan.hosts[number - 1].name] = seen["rx"]["bytes"] + seen["tx"]["bytes"]
        return found

    def during(self, seconds: float) -> dict[str, float]:
        """Bytes that each line carries in this time."""
        before = self.bytes()
        time.sleep(seconds)
        return {name: now - before.get(name, 0) for name, now in self.bytes().items()}

    def until_quiet(
        self, rate: float, calm_s: float = 3.0, limit_s: float = 300.0, first: dict[str, int] | None = None
    ) -> tuple[float, dict[str, int]]:
        """Wait until no line but the hub's carried more than `rate` bytes a second for `calm_s`.

        Returns the seconds until that began, and what each line carried since `first`, or since now.
        """
        begin, first = time.monotonic(), first or self.bytes()
        loud, before = begin, first
        while time.monotonic() - loud < calm_s:
            time.sleep(0.5)
            now = self.bytes()
            if any(now[name] - before.get(name, now[name]) > rate * 0.5 for name in now if name != "hub"):
                loud = time.monotonic()
            before = now
            if loud - begin > limit_s:
                raise SystemExit("error: the mesh does not become quiet")
        return loud - begin, {name: now - first.get(name, 0) for name, now in before.items()}


@contextmanager
def lab(product: Installed) -> Iterator[Lab]:
    with scratch() as folder, network(folder) as lan:
        yield Lab(lan, product, folder)


def pid_of(state: Path) -> int:
    """The resident process."""
    with sqlite3.connect(f"file:{state / 'run.db'}?mode=ro", uri=True) as db:
        return int(db.execute("SELECT pid FROM serve").fetchone()[0])


def count(state: Path) -> int:
    """Memories on a machine."""
    with sqlite3.connect(f"file:{state / 'memory.db'}?mode=ro", uri=True) as db:
        return int(db.execute("SELECT count(*) FROM observation").fetchone()[0])


def has(state: Path, wanted: int) -> None:
    """Until so many memories are there: rows and words come in one transaction."""
    until(lambda: _count(state) >= wanted, f"{wanted} memories in {state}")


def until(true: Callable[[], Any], what: str, limit_s: float = 600.0, look_s: float = LOOK_S) -> None:
    end = time.monotonic() + limit_s
    while not true():
        if time.monotonic() > end:
            raise SystemExit(f"error: never came: {what}")
        time.sleep(look_s)


def _count(state: Path) -> int:
    with suppress(sqlite3.OperationalError):  # not made yet
        return count(state)
    return -1
