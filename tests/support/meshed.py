"""Machines of a mesh as a test sets them up and asks them, whether they are hosts of their own or homes on one."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .home import Home
from .hosts import Host, Lan

PATIENCE = 90.0  # seconds until a condition that must become true is taken for false


def until(true: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.05)


def ids(home: Home) -> set[str]:
    """Of all memories that a search on this machine shows."""
    return {each["observation_id"] for each in home.json("search", "-n", "10000")["results"]}


def view(home: Home) -> dict[str, tuple[str, str]]:
    """id -> (state, content) of all memories on a machine, hidden ones too."""
    found = home.json("search", "-n", "10000", "--include", "superseded,expired,deleted")["results"]
    return {each["observation_id"]: (each["state"], each["content"]) for each in found}


def count(home: Home) -> int:
    """Of all memories here, hidden ones too; cheaper than to show them."""
    return sum(home.json("status")["counts"]["states"].values())


def equal(*homes: Home) -> None:
    until(lambda: len({frozenset(ids(home)) for home in homes}) == 1, "the machines show the same")


def peers(home: Home) -> dict[str, dict[str, Any]]:
    return {peer["node"]: peer for peer in home.json("mesh", "peers")["peers"]}


def check(home: Home, name: str) -> dict[str, Any]:
    """What `doctor` says of one thing."""
    (found,) = home.run("doctor", "--check", name, "--json").json()["checks"]
    return dict(found)


def hub(lan: Lan, name: str = "hub", *others: Host) -> Host:
    host = lan.host(name)
    connect = [word for other in others for word in ("--connect", other.address)]
    host.ok("init", "--mode", "hub", "--listen", host.address, *connect, "--node", name)
    return host


def spoke(lan: Lan, name: str, *hubs: Host, thin: int = 0) -> Host:
    """`thin`: bytes a second that its line carries."""
    host = lan.host(name)
    if thin:
        host.slow(thin)
    connect = [word for each in hubs for word in ("--connect", each.address)]
    host.ok("init", "--mode", "spoke", *connect, "--node", name)
    return host


def company(lan: Lan, *names: str) -> list[Host]:
    """A hub and spokes, each with its resident process."""
    first = hub(lan)
    hosts = [first, *(spoke(lan, name, first) for name in names)]
    for host in hosts:
        host.ok("serve")
    return hosts


def join_team(*hosts: Host) -> None:
    """From now on these are of team red."""
    for host in hosts:
        host.ok("config", "set", "team_id", "red")
        host.ok("serve", "--stop")
        host.ok("serve")


def fill(home: Home, number: int, size: int = 100, name: str = "fact") -> None:
    """Import so many memories of about so many characters, no two alike."""
    rng = random.Random(number)
    lines = home.work / f"{name}.jsonl"
    with lines.open("w") as file:
        for n in range(number):
            text = "".join(rng.choices("abcdefgh ", k=size))
            file.write(json.dumps({"content": f"{name} w{n}x {text}"}) + "\n")
    home.ok("import", str(lines), timeout=300)


def pid(home: Home) -> int:
    return int(home.json("serve", "--status")["serve"]["pid"])


def kill(home: Home, sign: int = signal.SIGKILL) -> int:
    """Send the resident process a signal; returns its number."""
    number = pid(home)
    os.kill(number, sign)
    return number


def megabytes(process: int) -> float:
    """Resident memory of a process."""
    (line,) = [line for line in Path(f"/proc/{process}/status").read_text().splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1024


def files(home: Home) -> bytes:
    """Everything that lies in the state directory."""
    return b"".join(path.read_bytes() for path in home.state.rglob("*") if path.is_file())
