"""`run.db` may be lost, damaged or written by another version at any time, and nobody notices but for what it says."""

from __future__ import annotations

import os
from pathlib import Path

import apsw
import pytest

from kioku_mesh.clock import DAY, SECOND
from kioku_mesh.store.log import Head, Tip
from kioku_mesh.store.run import Peer, Run, Serve
from support import needs
from support.mounts import read_only

ORIGIN = "laptop-1a2b." + "0" * 16
NOW = 10**15
PEER = Peer("desk-1", "0" * 16, "desk", "1.0", 1, "tcp/10.0.0.1:7447", True, NOW, 3, 0, ("mesh", "user/ann"))


def head(seq: int, scope: str = "mesh") -> Head:
    return Head("mem", scope, ORIGIN, 1, (Tip(seq, "ab" * 32),))


def test_nothing_is_there_before_anything_was_written(tmp_path: Path) -> None:
    """Asking makes no file."""
    run = Run(str(tmp_path))
    assert (run.serve(), run.peers(), run.heads("x"), run.holders("mem", "mesh", ORIGIN, 1, NOW)) == (
        None,
        (),
        (),
        (0, 0),
    )
    assert os.listdir(tmp_path) == []


def test_what_one_writes_another_reads(tmp_path: Path) -> None:
    """The resident process tells, commands read."""
    writer, reader = Run(str(tmp_path)), Run(str(tmp_path))
    serve = Serve(42, "1.0", NOW, NOW, "hub", "embedded", ("tcp/10.0.0.1:7447",), "")
    writer.put_serve(serve)
    writer.put_peer(PEER)
    writer.put_heads("desk-1", [head(4), head(2, "user/ann")], whole=True)
    assert (reader.serve(), reader.peers()) == (serve, (PEER,))
    assert set(reader.heads("desk-1")) == {head(4), head(2, "user/ann")}
    assert oct(os.stat(writer.path).st_mode)[-3:] == "600"
    writer.drop_serve()
    assert reader.serve() is None


def test_a_record_is_where_a_peer_said_that_it_has_it(tmp_path: Path) -> None:
    """A peer that is not entitled to the scope, was silent for a month or was forgotten is not waited for."""
    run = Run(str(tmp_path))
    run.put_peer(PEER)
    run.put_peer(PEER._replace(node="old", heard=NOW - 31 * DAY))
    run.put_peer(PEER._replace(node="other", scopes=("user/ann",)))
    run.put_heads("desk-1", [head(4)], whole=True)
    run.put_heads("old", [head(9)], whole=True)
    assert run.holders("mem", "mesh", ORIGIN, 4, NOW) == (1, 1)
    assert run.holders("mem", "mesh", ORIGIN, 5, NOW) == (0, 1)
    assert run.holders("mem", "user/ann", ORIGIN, 1, NOW) == (0, 2)
    assert run.forget("desk-1")
    assert not run.forget("nobody")
    assert run.holders("mem", "mesh", ORIGIN, 4, NOW) == (0, 0)
    run.put_peer(PEER)
    assert "desk-1" in [peer.node for peer in run.peers()]


def test_heads_are_those_last_heard(tmp_path: Path) -> None:
    """A peer that was rolled back is believed."""
    run = Run(str(tmp_path))
    run.put_heads("desk-1", [head(4), head(7, "user/ann")], whole=True)
    run.put_heads("desk-1", [head(2)], whole=False)
    assert set(run.heads("desk-1")) == {head(2), head(7, "user/ann")}
    run.put_heads("desk-1", [head(3)], whole=True)
    assert run.heads("desk-1") == (head(3),)


@pytest.mark.parametrize("damage", [b"", b"not a database" * 100, None])
def test_a_damaged_file_is_made_anew(tmp_path: Path, damage: bytes | None) -> None:
    """Nothing is raised, and what is written next is there."""
    first = Run(str(tmp_path))
    first.put_peer(PEER)
    first.close()
    path = Path(first.path)
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(damage)
    run = Run(str(tmp_path))
    assert run.peers() == ()
    run.put_peer(PEER)
    assert Run(str(tmp_path)).peers() == (PEER,)


def test_a_file_that_was_removed_under_its_user_is_made_anew(tmp_path: Path) -> None:
    """Whoever has it open does not go on with a file that nobody else sees; asking makes none."""
    writer, reader = Run(str(tmp_path)), Run(str(tmp_path))
    writer.put_peer(PEER)
    assert reader.peers() == (PEER,)
    for path in tmp_path.iterdir():
        path.unlink()
    assert reader.peers() == ()
    assert os.listdir(tmp_path) == []
    writer.put_peer(PEER)
    assert reader.peers() == (PEER,)


def test_a_place_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    """What may be lost is lost."""
    run = Run(str(tmp_path / "none"))
    run.put_peer(PEER)
    assert run.peers() == ()


def test_alive_is_who_said_so_lately() -> None:
    """By the last beat, whichever way the clock went since."""
    serve = Serve(42, "1.0", NOW, NOW, "hub", "embedded")
    assert serve.alive(NOW + 4 * SECOND)
    assert not serve.alive(NOW + 6 * SECOND)
    assert not serve.alive(NOW - 60 * SECOND)  # the clock was set back


def test_who_only_reads_waits_for_nobody_and_makes_nothing(tmp_path: Path) -> None:
    """A file that is damaged or of another version answers as an empty one, and stays as it is; a locked one is read."""
    writer = Run(str(tmp_path))
    writer.put_peer(PEER)
    assert Run(str(tmp_path), writes=False).peers() == (PEER,)
    writer.close()
    path = Path(writer.path)
    db = apsw.Connection(str(path))
    db.execute("BEGIN EXCLUSIVE")
    assert Run(str(tmp_path), writes=False).peers() == (PEER,)
    db.execute("ROLLBACK; PRAGMA user_version = 7")
    db.close()
    for damage in (None, b"not a database" * 100, b""):
        if damage is not None:
            path.write_bytes(damage)
        before = path.read_bytes()
        assert Run(str(tmp_path), writes=False).peers() == ()
        assert path.read_bytes() == before


@needs("root", "linux")
def test_in_a_read_only_place_it_is_read(tmp_path: Path) -> None:
    """Who is known is told there as well."""
    folder = tmp_path / "state"
    folder.mkdir()
    writer = Run(str(folder))
    writer.put_peer(Peer("desk-1", "0" * 16, scopes=("mesh",)))
    writer.close()
    with read_only(folder):
        reader = Run(str(folder), writes=False)
        assert [peer.node for peer in reader.peers()] == ["desk-1"]
        reader.close()
