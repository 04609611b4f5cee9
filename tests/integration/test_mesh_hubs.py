"""Several hubs that list each other: one of them is killed, spokes of different hubs, scopes that no hub declares."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support import meshed
from support.hosts import Host, network
from support.meshed import equal, files, ids, peers, until
from support.needs import needs

pytestmark = needs("network namespaces")


@pytest.fixture
def company(tmp_path: Path) -> Iterator[list[Host]]:
    """Two hubs, a spoke of both, and one of each."""
    with network(tmp_path) as lan:
        one, two = lan.host("one"), lan.host("two")
        for hub, other in ((one, two), (two, one)):
            where = ("--listen", hub.address, "--connect", other.address)
            hub.ok("init", "--mode", "hub", *where, "--node", hub.name)
        both, left, right = (
            meshed.spoke(lan, "both", one, two), meshed.spoke(lan, "left", one), meshed.spoke(lan, "right", two)
        )  # fmt: skip
        yield [one, two, both, left, right]


def test_one_of_two_hubs_is_killed(company: list[Host]) -> None:
    """Spokes of different hubs share; without the one the other carries on, and what was missed comes with its return."""
    one, _, both, left, right = company
    first = left.save("through two hubs")
    until(lambda: first in ids(right) and first in ids(both), "a spoke of one hub is found on a spoke of the other")
    until(lambda: set(peers(right)) == {"one", "two", "both", "left"}, "everybody is known to everybody, once")
    meshed.kill(one)
    gone = {both.save("saved by the spoke of both"), left.save("saved by the spoke of the dead hub")}
    after = right.save("saved by the spoke of the living hub")
    until(lambda: after in ids(both) and len(gone & ids(right)) == 1, "the living hub carries on")
    assert after not in ids(left)
    one.ok("serve")
    equal(*company)
    assert {first, after, *gone} <= ids(left)


def test_a_scope_that_no_hub_declares(company: list[Host]) -> None:
    """Two of a team on different hubs share what no hub may read: it passes through, and lies on no disk of theirs."""
    one, two, both, left, right = company
    meshed.join_team(left, right)
    secret = left.save("the team's plan is zebracrossing", "--visibility", "team")
    until(lambda: secret in ids(right), "the team shares it")
    last = left.save("afterwards")
    until(lambda: all(last in ids(host) for host in company), "what came later is everywhere")
    assert not any(b"zebracrossing" in files(host) for host in (one, two, both))
