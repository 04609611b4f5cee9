"""Several hosts on one machine: network namespaces with addresses of their own on one switch. Needs root and `ip`."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .home import Home

NET = "10.77.0."
_CLOCK = """import time

_time, _time_ns = time.time, time.time_ns
time.time = lambda: _time() + {seconds}
time.time_ns = lambda: _time_ns() + {seconds} * 10**9
"""


class Host(Home):
    """A machine with a network of its own; `address` is where the others reach it."""

    def __init__(self, folder: Path, lan: Lan, name: str, number: int) -> None:
        super().__init__(folder)
        self.name, self.address = name, f"{NET}{number}"
        self._lan, self._space, self._port = lan, lan.space(name), f"p{number}"
        self.prefix = ("ip", "netns", "exec", self._space)
        self.before: tuple[str, ...] = ()  # folders that Python looks into before ours

    def env(self, **settings: str | None) -> dict[str, str]:
        env = super().env(**settings) | {"HOSTNAME": self.name}
        return env | {"PYTHONPATH": os.pathsep.join((*self.before, env["PYTHONPATH"]))}

    def set_clock(self, seconds: int) -> None:
        """Let the clock of this machine differ from now on, in every process that is started on it."""
        folder = self.folder / "clock"
        folder.mkdir(exist_ok=True)
        (folder / "sitecustomize.py").write_text(_CLOCK.format(seconds=seconds))
        self.before = (str(folder),)

    def cut(self) -> None:
        """Pull the cable: nothing arrives, nobody is told."""
        _ip("-n", self._lan.switch, "link", "set", self._port, "down")

    def heal(self) -> None:
        _ip("-n", self._lan.switch, "link", "set", self._port, "up")

    def slow(self, bytes_per_second: int) -> None:
        """A thin line to this host."""
        rate = f"{bytes_per_second * 8}bit"
        _run(
            "ip",
            "netns",
            "exec",
            self._lan.switch,
            "tc",
            "qdisc",
            "replace",
            "dev",
            self._port,
            "root",
            "tbf",
            "rate",
            rate,
            "burst",
            "16kb",
            "latency",
            "2s",
        )


class Lan:
    """A switch and the hosts on it."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._mark = folder, os.urandom(3).hex()
        self.switch = self.space("switch")
        self.hosts: list[Host] = []
        _ip("netns", "add", self.switch)
        _ip("-n", self.switch, "link", "add", "br0", "type", "bridge")
        _ip("-n", self.switch, "link", "set", "br0", "up")

    def space(self, name: str) -> str:
        return f"kioku-{self._mark}-{name}"

    def host(self, name: str) -> Host:
        number = len(self.hosts) + 1
        host = Host(self._folder / name, self, name, number)
        space, port = self.space(name), f"p{number}"
        _ip("netns", "add", space)
        self.hosts.append(host)
        _ip("-n", self.switch, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", space)
        _ip("-n", self.switch, "link", "set", port, "master", "br0", "up")
        _ip("-n", space, "addr", "add", f"{host.address}/24", "dev", "eth0")
        _ip("-n", space, "link", "set", "eth0", "up")
        _ip("-n", space, "link", "set", "lo", "up")
        return host

    def close(self) -> None:
        """Everything that still runs on the hosts is ended."""
        for space in [self.space(host.name) for host in self.hosts] + [self.switch]:
            with suppress(subprocess.CalledProcessError):
                for pid in _run("ip", "netns", "pids", space).split():
                    with suppress(ProcessLookupError):
                        os.kill(int(pid), 9)
            with suppress(subprocess.CalledProcessError):
                _ip("netns", "delete", space)


@contextmanager
def network(folder: Path) -> Iterator[Lan]:
    """A network that is gone afterwards, whatever happened on it."""
    lan = Lan(folder)
    try:
        yield lan
    finally:
        lan.close()


def _ip(*arguments: str) -> None:
    _run("ip", *arguments)


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
