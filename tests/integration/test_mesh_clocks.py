"""Machines whose clocks are a day apart: they become equal, what is newer wins where it was seen, and it is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support import meshed
from support.hosts import Host, network
from support.meshed import check, ids, peers, until, view
from support.needs import needs

pytestmark = needs("network namespaces")
DAY_S = 86_400


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Host]]:
    """A hub that knows the time, a machine that is a day ahead of it, and one a day behind."""
    with network(tmp_path_factory.mktemp("lan")) as lan:
        hub = meshed.hub(lan)
        fast, late = meshed.spoke(lan, "fast", hub), meshed.spoke(lan, "late", hub)
        fast.set_clock(DAY_S)
        late.set_clock(-DAY_S)
        for host in (fast, late):
            host.ok("serve", "--stop")
        for host in (hub, fast, late):
            host.ok("serve")
        yield [hub, fast, late]


def shown_alone(company: list[Host], one: str, of: set[str], what: str) -> None:
    until(lambda: all(ids(host) & of == {one} for host in company), what)


def test_whoever_saw_the_other_one_wins(company: list[Host]) -> None:
    """A revision, a deletion and its undoing count after what they name, whatever the clocks say."""
    hub, fast, late = company
    first = fast.save("the port is 6543, says the one ahead")
    until(lambda: first in ids(late), "the one behind sees what the one ahead saved")
    second = late.json("revise", first, "the port is 7654, says the one behind")["observation_id"]
    shown_alone(company, second, {first, second}, "the later revision wins everywhere")
    third = hub.json("revise", second, "the port is 8765, says the hub")["observation_id"]
    all_of_it = {first, second, third}
    shown_alone(company, third, all_of_it, "and the one after it")
    late.ok("delete", third)
    shown_alone(company, second, all_of_it, "a deletion by the one behind hides what was stamped before it")
    fast.ok("restore", third)
    shown_alone(company, third, all_of_it, "and the one ahead brings it back")
    gone = fast.save("the word is xylophonequartz")
    until(lambda: gone in ids(late), "it is everywhere")
    late.ok("purge", gone, "--yes")
    until(lambda: not any(b"xylophonequartz" in meshed.files(host) for host in company), "it is erased everywhere")


def test_what_was_saved_apart_meets(company: list[Host]) -> None:
    """Memories of all three, saved without a way to each other, are everywhere in the end, and shown the same."""
    hub, fast, late = company
    for host in (fast, late):
        host.cut()
    apart = {host.save(f"apart {number} on {host.name}") for number in range(3) for host in (hub, fast, late)}
    for host in (fast, late):
        host.heal()
    until(lambda: apart <= ids(hub) and apart <= ids(fast) and apart <= ids(late), "everything is everywhere")
    assert view(hub) == view(fast) == view(late)
    assert hub.json("save", "seen by all", "--wait", "2", "--timeout", "60")["stored"]["peers"] == 2


def test_an_end_is_a_moment(company: list[Host]) -> None:
    """What expires does so when the clock of the machine that looks is past that moment; no machine erases it early."""
    hub, fast, late = company
    long, short = fast.save("true for long", "--ttl", "12h"), late.save("true for a while", "--ttl", "12h")
    until(lambda: view(hub).keys() >= {long, short}, "both are there")
    until(lambda: len({frozenset(view(host)) for host in company}) == 1, "everywhere")
    assert {name: view(hub)[name][0] for name in (long, short)} == {long: "live", short: "expired"}
    assert view(late)[short][0] == "live"
    assert view(fast)[short][0] == "expired"
    for host in company:
        host.ok("gc")
        assert view(host)[short][1] == "true for a while"


def test_it_is_told(company: list[Host]) -> None:
    """`mesh peers` shows by how much each clock differs, and `doctor` names the one that does, on every machine."""
    hub, fast, late = company
    for host in company:
        until(lambda host=host: [bool(p["scopes"]) for p in peers(host).values()] == [True, True], "all were heard")
    for host, other, expected in ((hub, "fast", 1), (hub, "late", -1), (fast, "hub", -1), (late, "fast", 2)):
        assert abs(float(peers(host)[other]["clock_offset_seconds"]) - expected * DAY_S) < 60
        said = check(host, "peer_clocks")
        assert said["status"] == "warn"
        assert f"the clock of {other} is {abs(expected) * 1440:,} minutes" in said["summary"]
    tomorrow = fast.save("stamped tomorrow")
    until(lambda: tomorrow in ids(hub), "the hub has it")
    assert "fast" in check(hub, "clock")["summary"]
