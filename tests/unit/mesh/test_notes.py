"""What the resident process notes of the peers: what each said last, until it says something else."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kioku_mesh.clock import SECOND, now
from kioku_mesh.mesh import talk
from kioku_mesh.mesh.part import Notes
from kioku_mesh.mesh.peers import Address, Peer
from kioku_mesh.mesh.talk import Announcement
from kioku_mesh.store.exchange import Who
from kioku_mesh.store.log import Head, Tip
from kioku_mesh.store.run import Run

HEAD = Head("mem", "mesh", "laptop-1a2b." + "0" * 16, 1, (Tip(3, "ab" * 32),))


def node(peer: Peer) -> Any:
    return SimpleNamespace(who=Who("here-1", "f" * 16), peers={peer.address: peer})


def spoken(incarnation: str) -> Peer:
    peer = Peer(Address("desk-1", incarnation), now())
    digest = talk.digest_of([HEAD])
    said = Announcement(
        "desk-1", incarnation, "mem", "mesh", 1, digest, (HEAD,), "desk", "1.0", talk.PROTOCOL, now(), ("mesh",), "tcp/10.0.0.1:7447"
    )  # fmt: skip
    peer.hear(said, now())
    return peer


@pytest.mark.parametrize(("incarnation", "holders"), [("a" * 16, (1, 1)), ("b" * 16, (0, 1))])
def test_what_was_said_stands_until_it_speaks_again(tmp_path: Path, incarnation: str, holders: tuple[int, int]) -> None:
    """After a restart here or there it is counted at once; of another life of it nothing is known but that."""
    notes = Notes(str(tmp_path))
    notes.write(node(spoken("a" * 16)), now())
    silent = Peer(Address("desk-1", incarnation), now())
    notes.write(node(silent), now() + SECOND)
    run = Run(str(tmp_path), writes=False)
    (noted,) = run.peers()
    assert (noted.incarnation, noted.up, noted.scopes, noted.host) == (incarnation, True, ("mesh",), "desk")
    assert run.holders("mem", "mesh", HEAD.origin, 3, now()) == holders
    notes.write(node(Peer(Address("van-2", "c" * 16), now())), now() + 2 * SECOND)
    assert [peer.scopes for peer in run.peers()] == [("mesh",), ()]
    run.close()
