"""Peers that die, freeze or crawl: the transfer goes on where it was, nobody else waits, and memory stays bounded."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import meshed
from support.hosts import Host, Lan, network
from support.meshed import check, count, equal, fill, ids, megabytes, pid, until, view
from support.needs import needs

pytestmark = needs("network namespaces")
CEILING = 150  # megabytes of a resident process, however slow its peers are


@pytest.fixture
def lan(tmp_path: Path) -> Iterator[Lan]:
    with network(tmp_path) as made:
        yield made


def received(host: Host) -> int:
    """Bytes that have come in over the network."""
    text = subprocess.run([*host.prefix, "cat", "/proc/net/dev"], check=True, capture_output=True, text=True).stdout
    (line,) = [line for line in text.splitlines() if "eth0:" in line]
    return int(line.partition(":")[2].split()[0])


def killed_over_and_over(lan: Lan, memories: int, kills: int) -> None:
    (hub,) = meshed.company(lan)
    fill(hub, memories, 500)
    calm = meshed.spoke(lan, "calm", hub)
    calm.ok("serve")
    until(lambda: count(calm) == memories, "an undisturbed one gets everything")
    whole = received(calm)
    ant = meshed.spoke(lan, "ant", hub, thin=whole // 40)
    rng, died = random.Random(memories), 0
    while died < kills:
        ant.ok("serve")
        before = count(ant)
        until(lambda before=before: count(ant) > before, "it goes on")
        time.sleep(rng.uniform(0, 0.5))
        assert count(ant) < memories, "it had everything before it could be killed"
        meshed.kill(ant)
        died += 1
    ant.slow(10_000_000)
    ant.ok("serve")
    until(lambda: count(ant) == memories, "it gets the rest")
    assert view(ant) == view(hub)
    assert check(ant, "database")["status"] == "pass"
    # It begins with a small page each time, and what was on the way at a kill comes again; not what had arrived.
    assert received(ant) < 2 * whole, f"{received(ant):,} bytes instead of {whole:,}"


def test_killed_during_the_transfer(lan: Lan) -> None:
    """A fresh spoke that dies again and again goes on where it was, has everything in the end, and nothing twice."""
    killed_over_and_over(lan, 1000, 3)


@pytest.mark.long
def test_killed_twenty_times_during_a_larger_transfer(lan: Lan) -> None:
    """The same with twenty thousand memories."""
    killed_over_and_over(lan, 9000, 20)


def frozen(lan: Lan, seconds: float, many: int) -> None:
    hub, ant, bee, cat = meshed.company(lan, "ant", "bee", "cat")
    equal(hub, ant, bee, cat)
    stopped = meshed.kill(cat, signal.SIGSTOP)
    end, saved = time.monotonic() + seconds, []
    while not saved or time.monotonic() < end:
        saved.append(ant.save(f"while one is frozen {len(saved)}"))
        until(lambda: saved[-1] in ids(bee) and saved[-1] in ids(hub), "the others get it at once")
    fill(ant, many, name="many")
    until(lambda: count(bee) == count(hub) == len(saved) + many, "and many")
    assert megabytes(pid(hub)) < CEILING
    late = cat.save("saved on the frozen one")
    os.kill(stopped, signal.SIGCONT)
    until(lambda: count(cat) == len(saved) + 1 + many and late in ids(ant), "it catches up")
    equal(hub, ant, bee, cat)


def test_a_frozen_peer(lan: Lan) -> None:
    """Saves and everybody else go on as if it were not there; when it thaws it catches up."""
    frozen(lan, 3, 500)


@pytest.mark.long
def test_a_peer_frozen_for_a_minute(lan: Lan) -> None:
    """So long that its links are given up."""
    frozen(lan, 70, 5000)


def test_a_frozen_hub(lan: Lan) -> None:
    """Spokes save without waiting; all is shared when it thaws."""
    hub, ant, bee = meshed.company(lan, "ant", "bee")
    first = ant.save("before")
    until(lambda: first in ids(bee), "they share")
    stopped = meshed.kill(hub, signal.SIGSTOP)
    saved = {home.save(f"meanwhile {n} of {home.name}") for n in range(5) for home in (ant, bee)}
    os.kill(stopped, signal.SIGCONT)
    until(lambda: saved <= ids(ant) and saved <= ids(bee), "all is shared")


def crawling(lan: Lan, memories: int) -> None:
    hub, ant, bee = meshed.company(lan, "ant", "bee")
    snail = meshed.spoke(lan, "snail", hub)
    snail.slow(20_000)
    first = ant.save("before")
    until(lambda: first in ids(snail), "the slow one is there")
    fill(ant, memories, 300)
    until(lambda: count(bee) == count(hub) == memories + 1, "the others have everything")
    assert megabytes(pid(hub)) < CEILING
    for _ in range(3):
        before = count(snail)
        until(lambda before=before: count(snail) > before, "the slow one gets more")
    quick = snail.save("from the slow one")
    until(lambda: quick in ids(bee), "what it says arrives")
    assert megabytes(pid(hub)) < CEILING


@pytest.mark.long
def test_a_thin_line_while_others_push(lan: Lan) -> None:
    """A thousand memories pass between the others; the one at 20 kB/s makes progress; the hub keeps its size."""
    crawling(lan, 1000)


@pytest.mark.long
def test_a_thin_line_while_others_push_more(lan: Lan) -> None:
    """Five thousand."""
    crawling(lan, 5000)
