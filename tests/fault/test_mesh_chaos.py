"""Four machines under random saves, deletions, purges, kills and cut cables: nothing acknowledged is lost, all end equal."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from support.chaos import Chaos, View, unlike
from support.hosts import Host, network
from support.needs import needs

PAGE = 10_000

pytestmark = needs("network namespaces")


def everything(host: Host) -> View:
    """id -> (state, content) of all memories on a machine."""
    seen: View = {}
    more = True
    while more:
        found = host.json(
            "search", "-n", str(PAGE), "--offset", str(len(seen)), "--include", "superseded,expired,deleted"
        )
        seen |= {each["observation_id"]: (each["state"], each["content"]) for each in found["results"]}
        more = found["more"]
    return seen


def wreak(folder: Path, seconds: float, seed: int) -> Chaos:
    with network(folder) as lan:
        hosts = [lan.host(name) for name in ("hub", "ant", "bee", "cat")]
        hosts[0].ok("init", "--mode", "hub", "--listen", hosts[0].address, "--node", "hub")
        for host in hosts[1:]:
            host.ok("init", "--mode", "spoke", "--connect", hosts[0].address, "--node", host.name)
        for host in hosts:
            host.ok("serve")
        chaos = Chaos(hosts, seed)
        chaos.run(seconds)
        end = time.monotonic() + 120
        views = [everything(host) for host in hosts]
        while any(view != views[0] for view in views) and time.monotonic() < end:
            time.sleep(0.5)
            views = [everything(host) for host in hosts]
        assert not (told := unlike(hosts, views)), told
        lost = set(chaos.saved) - views[0].keys() - chaos.purged
        assert not lost, f"{len(lost)} acknowledged memories are lost"
        for host in hosts:
            assert host.json("doctor", "--check", "database", "--deep")["ok"]
        return chaos


def test_two_minutes_of_chaos(tmp_path: Path) -> None:
    """What CI has time for."""
    chaos = wreak(tmp_path, 120, random.randrange(10**6))
    print(f"chaos: {dict(chaos.done)}")
    assert chaos.done["save"] > 20
    assert chaos.done["killed"], "no resident process was killed"


@pytest.mark.long
def test_twenty_minutes_of_chaos(tmp_path: Path) -> None:
    """The same, longer; run with -s to see the counts."""
    chaos = wreak(tmp_path, 1200, random.randrange(10**6))
    print(f"chaos: {dict(chaos.done)}")
