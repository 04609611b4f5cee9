"""Several machines, each with its own network address and resident process, over real Zenoh."""

from __future__ import annotations

import json
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import meshed
from support.hosts import Host, Lan, network
from support.meshed import check, equal, files, ids, peers, spoke, until
from support.needs import needs

pytestmark = needs("network namespaces")


@pytest.fixture
def lan(tmp_path: Path) -> Iterator[Lan]:
    with network(tmp_path) as made:
        yield made


@pytest.fixture
def company(lan: Lan) -> list[Host]:
    """A hub and three spokes, each with its resident process."""
    return meshed.company(lan, "ant", "bee", "cat")


def test_what_one_saves_all_find(company: list[Host]) -> None:
    """Spokes see each other through the hub; a revision and a deletion arrive as well."""
    hub, ant, bee, cat = company
    first = ant.save("the staging database moved to port 6543")
    until(lambda: first in ids(cat), "a memory of one spoke is found on another")
    second = cat.json("revise", first, "the staging database moved to port 7654")["observation_id"]
    until(lambda: ids(ant) == {second}, "the revision hides the first one where it was saved")
    bee.ok("delete", second)
    until(lambda: ids(hub) == ids(ant) == {first}, "the deletion shows the first one again")


def test_a_fresh_machine_gets_everything(lan: Lan, company: list[Host], tmp_path: Path) -> None:
    """Late joiners too, those who were saved before the mesh among them."""
    hub, ant, *_ = company
    lines = tmp_path / "lines.jsonl"
    lines.write_text("".join(json.dumps({"content": f"fact w{n}x of the harbour"}) + "\n" for n in range(1192)))
    ant.ok("import", str(lines))
    dog = spoke(lan, "dog", hub)
    dog.ok("serve")
    equal(ant, dog, hub)
    assert len(ids(dog)) == 1192


def test_a_link_that_is_cut_and_healed(company: list[Host]) -> None:
    """Both sides go on saving meanwhile; afterwards nothing is missing anywhere."""
    hub, ant, bee, cat = company
    equal(hub, ant, bee, cat)
    ant.cut()
    apart = {ant.save(f"saved apart {n}") for n in range(5)} | {bee.save(f"saved together {n}") for n in range(5)}
    until(lambda: len(ids(cat)) == 5, "the others go on")
    ant.heal()
    equal(hub, ant, bee, cat)
    assert apart <= ids(ant)


def test_the_hub_is_killed_and_comes_back(company: list[Host]) -> None:
    """Saving goes on without it; what was saved meanwhile passes when it is there again."""
    hub, ant, bee, cat = company
    hub.ok("serve", "--stop")
    saved = {ant.save("without a hub one"), bee.save("without a hub two")}
    hub.ok("serve")
    equal(hub, ant, bee, cat)
    assert saved <= ids(cat)


def test_scopes_stay_with_their_own(company: list[Host]) -> None:
    """A memory of a team is on no disk of a machine that is not in the team."""
    hub, ant, bee, cat = company
    meshed.join_team(ant, cat)
    secret = ant.save("the team's plan is zebracrossing", "--visibility", "team")
    until(lambda: secret in ids(cat), "the team shares it")
    mark = ant.save("afterwards")
    until(lambda: mark in ids(bee) and mark in ids(hub), "what came later is everywhere")
    for host in (hub, bee):
        stored = files(host)
        assert bytes.fromhex(secret) not in stored
        assert b"zebracrossing" not in stored


def test_replies_tell_the_truth(company: list[Host]) -> None:
    """A save says how many machines have it; one that waits sees all of them."""
    hub, ant, bee, cat = company
    equal(hub, ant, bee, cat)
    until(lambda: {"hub", "bee", "cat"} <= peers(ant).keys(), "the others are known")
    stored = ant.json("save", "waiting for all", "--wait", "--timeout", "30")["stored"]
    assert (stored["here"], stored["peers"], stored["of"]) == (True, 3, 3)
    bee.ok("serve", "--stop")
    stored = ant.json("save", "not all are there", "--wait", "2", "--timeout", "30")["stored"]
    assert (stored["peers"], stored["of"]) == (2, 3)


def test_a_purge_leaves_no_byte_anywhere(company: list[Host]) -> None:
    """On every disk, once its machine says that it has it."""
    hub, ant, bee, cat = company
    gone = ant.save("the word is xylophonequartz")
    equal(hub, ant, bee, cat)
    until(lambda: {"hub", "bee", "cat"} <= peers(ant).keys(), "the others are known")
    ant.ok("purge", gone, "--yes", "--wait", "--timeout", "60")
    for host in (hub, ant, bee, cat):
        assert b"xylophonequartz" not in files(host), f"{host.name} still has it"


def test_the_mesh_in_the_foreground(lan: Lan) -> None:
    """`mesh start` on one machine, `mesh join` on another: nothing else, and both show what arrives."""
    hub, ant = lan.host("hub"), lan.host("ant")
    before = ant.save("saved before there was a mesh")
    started = hub.start("mesh", "start", hub.address)
    assert ant.run("mesh", "join", hub.address).status == 2, "nobody was asked whether it may leave the machine"
    joined = ant.start("mesh", "join", hub.address, "--share-existing", "yes")
    until(lambda: before in ids(hub), "what was saved before comes too")
    after = hub.save("the fox is red")
    until(lambda: after in ids(ant), "what one saves the other finds")
    saved = ant.json("save", "the owl is white", "--wait", "1", "--timeout", "60")
    assert saved["stored"] == {"here": True, "peers": 1, "of": 1, "mesh": True}
    assert "everything is everywhere" in ant.ok("mesh", "sync").out
    assert "runs already" in ant.run("mesh", "join", hub.address, status=1).err
    for process in (joined, started):
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        assert process.returncode == 0, err
    assert "observation of" in out.decode()
    assert "is there" in out.decode()
    assert hub.json("config", "get", "mode")["value"] == "local"
    hub.save("saved when it was over")
    details = hub.run("init", "--mode", "hub", "--listen", hub.address, "--json", status=2).error()["details"]
    assert details["existing"]["open"] == {"mesh": 1}
    assert ant.json("init", "--mode", "spoke", "--connect", hub.address)["written"]


def test_sync_waits_for_all(company: list[Host]) -> None:
    """And says truthfully when it is not so in time."""
    _, ant, _, cat = company
    ant.save("for everybody")
    until(lambda: {"hub", "bee", "cat"} <= peers(ant).keys(), "the others are known")
    assert "everything is everywhere" in ant.ok("mesh", "sync").out
    cat.ok("serve", "--stop")
    ant.save("not for everybody yet")
    late = ant.run("mesh", "sync", "--timeout", "2s", "--json")
    assert (late.status, late.error()["code"]) == (1, "timeout")


def test_a_machine_behind_a_thin_line(lan: Lan, company: list[Host], tmp_path: Path) -> None:
    """At 20 kB/s it gets everything in its time, and nobody else waits for it."""
    hub, ant, bee, _ = company
    slow = spoke(lan, "snail", hub)
    slow.slow(20_000)
    slow.ok("serve")
    lines = tmp_path / "lines.jsonl"
    filler = "".join(random.Random(3).choices("abcdefgh ", k=700))
    lines.write_text("".join(json.dumps({"content": f"fact w{n}x {filler[n:]}"}) + "\n" for n in range(400)))
    ant.ok("import", str(lines))
    equal(ant, bee, hub)
    assert len(ids(bee)) == 400
    until(lambda: len(ids(slow)) == 400, "the slow one has everything")


def test_two_machines_of_one_name(lan: Lan, company: list[Host]) -> None:
    """Both go on saving, nothing is lost, all become equal, and each of the two is told, as are the others."""
    hub, ant, bee, _ = company
    twin = lan.host("other")
    twin.ok("init", "--mode", "spoke", "--connect", hub.address, "--node", "ant")
    twin.ok("serve")
    saved = {home.save(f"number {n} of {home.name}") for n in range(5) for home in (ant, twin)}
    until(lambda: all(saved <= ids(host) for host in (hub, ant, bee, twin)), "all have what both saved")
    ant.ok("delete", next(iter(saved)))
    equal(hub, ant, bee, twin)
    for host in (hub, bee):
        until(lambda host=host: "call themselves ant" in check(host, "peers")["summary"], "the others tell of it")
    for host in (ant, twin):
        until(lambda host=host: "another machine is called ant too" in check(host, "node_names")["summary"], "and it")
        assert "init --node" in check(host, "node_names")["hint"]
    twin.ok("init", "--node", "auk", "--yes")
    until(lambda: "mesh forget ant" in check(ant, "node_names")["hint"], "with another name it is as good as over")
    ant.ok("mesh", "forget", "ant")
    assert check(ant, "node_names")["status"] == "pass"
    until(lambda: "auk" in peers(hub) and not peers(hub)["ant"]["last_error"], "everywhere")
    last = twin.save("of auk")
    until(lambda: last in ids(ant) and last in ids(bee), "what it saves goes on to all")
