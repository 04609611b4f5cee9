"""What the resident process writes down of the others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kioku_mesh.clock import SECOND, now
from kioku_mesh.mesh import talk
from kioku_mesh.mesh.heads import Heads
from kioku_mesh.mesh.node import Node
from kioku_mesh.mesh.notes import NOTED, Notes
from kioku_mesh.mesh.peers import Address, Peer
from kioku_mesh.mesh.talk import Announcement
from kioku_mesh.store.exchange import Who
from kioku_mesh.store.log import Head, Tip
from kioku_mesh.store.run import Run
from support.meshes import Company, company


@pytest.fixture
def made() -> Iterator[Company]:
    with company() as found:
        for name in "ab":
            found.machine(name)
            found.save(name, f"of {name}")
        found.settle()
        yield found


def node(made: Company) -> Node:
    found = made.twin.stations["a"].node
    assert found
    return found


def write(made: Company, notes: Notes) -> None:
    """As after an announcement that says nothing new."""
    for peer in node(made).peers.values():
        peer.news = True
    made.twin.now += NOTED
    notes.write(node(made), made.twin.now)


def heads(folder: Path) -> int:
    return len(Run(str(folder)).heads("b"))


def test_only_what_changed_is_written_and_all_is_there(made: Company, tmp_path: Path) -> None:
    """Heads that were noted stay, and new ones come to them."""
    notes = Notes(str(tmp_path))
    write(made, notes)
    assert heads(tmp_path) == 2
    made.machine("c")
    made.save("c", "of c")
    made.settle()
    write(made, notes)
    assert heads(tmp_path) == 3


@pytest.mark.parametrize("how", ["forgotten", "another file"])
def test_what_others_dropped_is_written_again(made: Company, tmp_path: Path, how: str) -> None:
    """A machine that was forgotten and is heard again counts with all that it has."""
    notes = Notes(str(tmp_path))
    write(made, notes)
    if how == "forgotten":
        Run(str(tmp_path)).forget("b")
    else:
        for file in tmp_path.iterdir():
            file.unlink()
    write(made, notes)
    assert heads(tmp_path) == 2


HEAD = Head("mem", "mesh", "laptop-1a2b." + "0" * 16, 1, (Tip(3, "ab" * 32),))


def alone(peer: Peer) -> Any:
    return SimpleNamespace(who=Who("here-1", "f" * 16), peers={peer.address: peer})


def spoken(incarnation: str) -> Peer:
    peer = Peer(Address("desk-1", incarnation), now())
    digest = Heads([HEAD]).digest
    said = Announcement(
        "desk-1", incarnation, "mem", "mesh", 1, digest, (HEAD,), "desk", "1.0", talk.PROTOCOL, now(), ("mesh",), "tcp/10.0.0.1:7447"
    )  # fmt: skip
    peer.hear(said, now())
    return peer


@pytest.mark.parametrize(("incarnation", "holders"), [("a" * 16, (1, 1)), ("b" * 16, (0, 1))])
def test_what_was_said_stands_until_it_speaks_again(tmp_path: Path, incarnation: str, holders: tuple[int, int]) -> None:
    """After a restart here or there it is counted at once; of another life of it nothing is known but that."""
    notes = Notes(str(tmp_path))
    notes.write(alone(spoken("a" * 16)), now())
    silent = Peer(Address("desk-1", incarnation), now())
    notes.write(alone(silent), now() + SECOND)
    run = Run(str(tmp_path), writes=False)
    (noted,) = run.peers()
    assert (noted.incarnation, noted.up, noted.scopes, noted.host) == (incarnation, True, ("mesh",), "desk")
    assert run.holders("mem", "mesh", HEAD.origin, 3, now()) == holders
    notes.write(alone(Peer(Address("van-2", "c" * 16), now())), now() + 2 * SECOND)
    assert [peer.scopes for peer in run.peers()] == [("mesh",), ()]
    run.close()
