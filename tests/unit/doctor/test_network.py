"""The checks of a machine that shares: each passes when all is well, and names what is wrong and what helps."""

from __future__ import annotations

import errno
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from kioku_mesh import __version__, config, doctor, wire
from kioku_mesh.cli.table import ENTRIES
from kioku_mesh.clock import DAY, MINUTE, now
from kioku_mesh.doctor import Check, network
from kioku_mesh.doctor.case import Case
from kioku_mesh.model import Draft
from kioku_mesh.store.log import Tip
from kioku_mesh.store.store import Store
from support import peers
from support.stores import memory

NAMES = (
    "serve",
    "peers",
    "peer_clocks",
    "peer_versions",
    "node_names",
    "hubs",
    "ports",
    "sharing",
    "zenohd",
    "admission",
)


class Machine:
    """A machine in a mesh, with settings of its own."""

    def __init__(self, folder: Path) -> None:
        self.state, self.config = folder / "state", folder / "config"
        self.config.mkdir()
        self.state.mkdir(mode=0o700)
        self.port = free_port()
        self.set(mode="hub", listen=f"127.0.0.1:{self.port}")

    def set(self, **values: str) -> None:
        (self.config / "config.toml").write_text("".join(f'{k} = "{v}"\n' for k, v in values.items()))

    def settings(self) -> config.Config:
        environ = {"HOME": str(self.state.parent), "KIOKU_MESH_STATE_DIR": str(self.state)}
        return config.load(environ | {"KIOKU_MESH_CONFIG_DIR": str(self.config)}, str(self.state.parent), tolerant=True)

    def check(self, name: str) -> Check:
        (check,) = doctor.examine(self.settings(), only=[name]).checks
        for command in re.findall(r"`kioku-mesh ([a-z-]+)", check.hint):
            assert command in ENTRIES, check.hint
        assert bool(check.hint) == (check.status in ("warn", "fail"))
        return check

    def save(self, text: str) -> None:
        with memory(self.state, mode="hub") as it:
            it.save(Draft(text))


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    made.save("the lease of the gateway is 30 s")
    return made


@pytest.fixture
def listener() -> Iterator[int]:
    """A port at which somebody answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


def test_a_mesh_that_is_well(machine: Machine) -> None:
    """Every check of a machine that shares is made and passes, and looking changes nothing."""
    peers.hear(machine.state, "desk-1", version=__version__)
    at = machine.settings().get("listen")
    with socket.create_server(("127.0.0.1", machine.port)), peers.running(machine.state, addresses=at):
        report = doctor.examine(machine.settings())
    found = {check.name: check for check in report.checks}
    assert {found[name].status for name in NAMES} == {"pass"}
    assert "everything is everywhere" in found["peers"].summary
    assert "no one enforces" in found["admission"].summary


def test_alone_nothing_of_a_mesh_is_checked(machine: Machine) -> None:
    """In mode local these checks are not made; asked for by name they say why."""
    machine.set(mode="local")
    report = doctor.examine(machine.settings())
    assert not {check.name for check in report.checks} & set(NAMES)
    assert [machine.check(name).status for name in NAMES] == ["not_checked"] * len(NAMES)


def test_peers_that_lag_fail_or_are_silent(tmp_path: Path) -> None:
    """One that is away lacks something and that is normal; one that is there must not for long."""
    machine = Machine(tmp_path)
    store = Store(str(machine.state))
    with store.write(now() - DAY) as transaction:
        body = wire.encode_body({"content": "saved yesterday", "created_at": now() - DAY})
        transaction.append(wire.OBSERVATION, "mesh", body, hlc=now() - DAY)
    store.close()
    machine.save("saved today")
    peers.hear(machine.state, "desk-1", (), up=False, heard=now() - DAY)
    assert machine.check("peers").status == "pass"
    peers.hear(machine.state, "desk-1", ())
    with peers.running(machine.state):
        check = machine.check("peers")
    assert check.summary == "desk-1 is there and lacks 2 records"
    assert check.details["peers"]["desk-1"]["lag_records"] == 2
    peers.hear(machine.state, "desk-1", heard=now() - 31 * DAY, up=False)
    assert machine.check("peers").hint.endswith("kioku-mesh mesh forget desk-1")
    peers.hear(machine.state, "van-2", error="its disk is full")
    assert machine.check("peers").summary == "van-2: its disk is full"


@pytest.mark.parametrize(("ahead", "said"), [(6 * MINUTE, "6 minutes ahead of"), (-DAY, "1,440 minutes behind")])
def test_clocks_that_differ(machine: Machine, ahead: int, said: str) -> None:
    """By more than five minutes, in either direction."""
    peers.hear(machine.state, "desk-1", ahead=4 * MINUTE)
    assert machine.check("peer_clocks").status == "pass"
    peers.hear(machine.state, "desk-1", ahead=ahead)
    assert said in machine.check("peer_clocks").summary


def test_versions_and_protocols_that_differ(machine: Machine) -> None:
    """Another version is a warning; another protocol a failure."""
    peers.hear(machine.state, "desk-1", version="0.9")
    check = machine.check("peer_versions")
    assert (check.status, "desk-1 0.9" in check.summary) == ("warn", True)
    peers.hear(machine.state, "van-2", protocol=2)
    check = machine.check("peer_versions")
    assert (check.status, "protocol 1: van-2 2;" in check.summary) == ("fail", True)


def test_two_machines_with_one_name(machine: Machine) -> None:
    """Another machine under our name, and a stream that two copies of one machine wrote."""
    store = Store(str(machine.state))
    with store.read() as snapshot:
        node, own = str(snapshot.node), str(snapshot.origin)
    peers.hear(machine.state, node, incarnation=own.rpartition(".")[2])
    assert machine.check("node_names").status == "pass"
    peers.hear(machine.state, node)
    assert f"called {node} too" in machine.check("node_names").summary
    peers.hear(machine.state, "desk-1")
    other = Tip(1, "ab" * 32)
    db = store.writer()
    db.execute("INSERT INTO tip SELECT n, ?, ? FROM stream LIMIT 1", (other.seq, bytes.fromhex(other.digest)))
    store.close()
    peers.hear(machine.state, node, incarnation=own.rpartition(".")[2])
    check = machine.check("node_names")
    assert (check.summary, check.details["streams"]) == (
        f"two copies of {node} have written lately; what both wrote is kept",
        [own],
    )
    later = Case(machine.settings(), Store(str(machine.state)), deep=False, now=now() + 8 * DAY)
    assert "1 stream forked long ago" in network.node_names(later).summary
    later.store.close()


def test_hubs_are_reached_or_not(machine: Machine, listener: int) -> None:
    """One of several away is a warning, all of them a failure; the hint fits the cause."""
    closed = free_port()
    machine.set(mode="spoke", connect=f"127.0.0.1:{listener}")
    assert machine.check("hubs").status == "pass"
    machine.set(mode="spoke", connect=f"127.0.0.1:{listener},127.0.0.1:{closed}")
    check = machine.check("hubs")
    assert (check.status, "nothing listens there" in check.summary) == ("warn", True)
    assert str(closed) in check.hint
    machine.set(mode="spoke", connect=f"127.0.0.1:{closed}")
    assert machine.check("hubs").status == "fail"
    machine.set(mode="spoke")
    assert machine.check("hubs").status == "fail"
    machine.set(mode="hub", listen="127.0.0.1")
    assert machine.check("hubs").status == "pass"


@pytest.mark.parametrize(
    ("code", "said", "hint"),
    [
        (errno.ETIMEDOUT, "no answer", "sudo ufw allow 7447/tcp"),
        (errno.ENOENT, "the name is not known", "spelling"),
        (errno.EHOSTUNREACH, "off, or not in this network", "in one network"),
    ],
)
def test_the_hint_fits_the_cause(machine: Machine, code: int, said: str, hint: str) -> None:
    """A firewall, a wrong name, another network."""
    machine.set(mode="spoke", connect="hub.example.org")
    case = Case(machine.settings(), Store(str(machine.state)), deep=False, now=now())
    check = network.hubs(case, lambda *_: code)
    assert said in check.summary
    assert hint in check.hint


def test_ports_to_listen_at(machine: Machine, listener: int) -> None:
    """Free, taken by another, not ours, or silent although we run."""
    assert "free" in machine.check("ports").summary
    with peers.running(machine.state, addresses=machine.settings().get("listen")):
        assert "nothing answers" in machine.check("ports").summary
    machine.set(mode="hub", listen=f"0.0.0.0:{listener}")
    with peers.running(machine.state, addresses=machine.settings().get("listen")):
        assert ": open" in machine.check("ports").summary
    with peers.running(machine.state, error="it cannot listen there"):
        assert "another program" in machine.check("ports").summary
    assert "another program" in machine.check("ports").summary
    machine.set(mode="hub", listen="203.0.113.77")
    assert "no address of this machine" in machine.check("ports").summary
    machine.set(mode="hub")
    assert machine.check("ports").status == "fail"
    machine.set(mode="spoke", connect="127.0.0.1")
    assert machine.check("ports").status == "pass"


def test_a_broken_store_is_no_reason_to_guess(machine: Machine) -> None:
    """What compares the store with the peers is not checked then."""
    peers.hear(machine.state, "desk-1")
    (machine.state / "memory.db").write_bytes(b"no database" * 1000)
    report = doctor.examine(machine.settings(), only=["database", "peers", "node_names"])
    assert [check.status for check in report.checks] == ["fail", "not_checked", "not_checked"]


def test_a_zenohd_that_is_not_there(machine: Machine) -> None:
    """Only where it is to carry the mesh; then the check names the command that gets it."""
    assert machine.check("zenohd").status == "pass"
    machine.set(mode="hub", engine="zenohd", listen=f"127.0.0.1:{machine.port}")
    check = machine.check("zenohd")
    assert (check.status, check.hint) == ("fail", "kioku-mesh zenohd install")
