"""A hub and a spoke on this machine: how soon a memory is on the other side, catching up, and what idling costs."""

from __future__ import annotations

import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import texts
from calls import server
from lab import has, memories, pid_of
from measure import once, percentile, resident_mb, server_cpu
from places import Installed, copied, dataset, installed
from report import Row, ms

MISSED = 1192  # memories that a machine missed while it was away


@contextmanager
def machines(product: Installed, hub: Path, spoke: Path) -> Iterator[None]:
    """Both in one mesh, their resident processes not yet started; ended afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    run(product, hub, "init", "--mode", "hub", "--listen", address, "--node", "hub", "--share-existing", "yes")
    run(product, spoke, "init", "--mode", "spoke", "--connect", address, "--node", "spoke", "--share-existing", "yes")
    try:
        yield
    finally:
        for state in (hub, spoke):
            run(product, state, "serve", "--stop")


def run(product: Installed, state: Path, *words: str) -> None:
    subprocess.run(
        [product.command("kioku-mesh"), *words], env=product.at(state), check=True, capture_output=True, cwd=state
    )


def mesh(divisor: int) -> list[Row]:
    """Every figure of the mesh."""
    product = installed(byte_code=True)
    with copied(product, 0) as hub, copied(product, 0) as spoke, machines(product, hub, spoke):
        run(product, hub, "serve")
        run(product, spoke, "serve")
        rows = _spreading(product, hub, spoke, 300 // divisor)
        rows += _returning(product, hub, spoke, MISSED // divisor)
    return rows + _joining(product, 50_000 // divisor)


def _spreading(product: Installed, hub: Path, spoke: Path, rounds: int) -> list[Row]:
    """From the call of a save on one machine to finding it on the other."""
    lines, times, alone = texts.fresh(9), [], []
    with server(product, spoke) as agent:
        agent.call("save_observation", content=next(lines))
        has(hub, 1)
        for number in range(rounds):
            begin = time.perf_counter()
            agent.call("save_observation", content=next(lines))
            alone.append((time.perf_counter() - begin) * 1000)
            has(hub, number + 2)
            times.append((time.perf_counter() - begin) * 1000)
    seen = f"the save itself {percentile(alone, 50):.1f} ms"
    return [
        Row("save here to searchable there: p50", "", percentile(times, 50), 30, "ms", seen=seen),
        Row("save here to searchable there: p99", "", percentile(times, 99), 150, "ms"),
    ]


def _returning(product: Installed, hub: Path, spoke: Path, count: int) -> list[Row]:
    """The spoke was away; from its start until it has everything, beside importing as much."""
    run(product, spoke, "serve", "--stop")
    before = memories(hub)
    run(product, hub, "import", str(dataset(count)))
    run(product, spoke, "serve")
    begin = time.perf_counter()
    has(spoke, before + count)
    took = time.perf_counter() - begin
    with copied(product, 0) as state:
        alone = once(product.command("kioku-mesh"), "import", dataset(count), env=product.at(state))
    floor = 0.2 + 1.5 * alone.seconds
    seen = f"{ms(took)} from the start of its process, import {ms(alone.seconds)}"
    return [Row(f"returning peer, {count:,} missed", "0.2 s + 1.5 × import", took / floor, 1.0, seen=seen)]


def _joining(product: Installed, count: int) -> list[Row]:
    """A fresh machine gets everything; then both idle."""
    with copied(product, count) as hub, copied(product, 0) as spoke, machines(product, hub, spoke):
        run(product, hub, "serve")
        begin = time.perf_counter()
        run(product, spoke, "serve")
        has(spoke, count)
        took = time.perf_counter() - begin
        with copied(product, 0) as state:
            alone = once(product.command("kioku-mesh"), "import", dataset(count), env=product.at(state))
        rows = [
            Row(
                f"fresh peer, {count:,}",
                "their import",
                took / alone.seconds,
                2.0,
                seen=f"{took:.1f} s / {alone.seconds:.1f} s",
            )
        ]
        return rows + _idling(spoke)


def _idling(state: Path, seconds: float = 60.0) -> list[Row]:
    time.sleep(5)
    pid = pid_of(state)
    cpu, sent = server_cpu(pid), _bytes(pid)
    time.sleep(seconds)
    used, said = (server_cpu(pid) - cpu) / seconds * 100, (_bytes(pid) - sent) / seconds * 60
    return [
        Row("serve, idle: processor", "a core", used, 0.5, "%"),
        Row("serve, idle: resident memory", "", resident_mb(pid), 80, "MB"),
        Row("serve, idle: bytes sent and received in a minute", "", said, 180_000, "B"),
    ]


def _bytes(pid: int) -> int:
    """All that its connections sent and received so far, as `ss` tells."""
    told = subprocess.run(["ss", "-Htinp"], check=True, capture_output=True, text=True).stdout
    lines = told.replace("\n\t", " ").splitlines()
    found = [re.findall(r"bytes_(?:sent|received):(\d+)", line) for line in lines if f"pid={pid}," in line]
    return sum(int(number) for numbers in found for number in numbers)
