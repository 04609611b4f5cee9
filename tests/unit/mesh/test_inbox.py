"""Records from outside: applied together, and a machine that cannot take them says why and goes on saving."""

from __future__ import annotations

from pathlib import Path

import pytest

from kioku_mesh import wire
from kioku_mesh.mesh.inbox import Inbox
from kioku_mesh.store import exchange, places
from kioku_mesh.store.store import Store
from support.histories import IDS, Writer
from support.stores import body

SCOPES = frozenset(("mesh",))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "s"), node="desk-1")


def records(count: int) -> list[wire.Record]:
    writer = Writer("ant-1", 1)
    return [writer.write(wire.OBSERVATION, "mesh", n + 1, IDS[n], said=f"text {n}") for n in range(count)]


def test_pushed_records_are_applied_together(store: Store) -> None:
    """What is no record, is more than one, or is of another scope is passed over."""
    inbox = Inbox(store, SCOPES)
    frames = [wire.encode_frame(record) for record in records(3)]
    foreign = Writer("ant-1", 2).write(wire.OBSERVATION, "team/red", 1, IDS[4])
    for frame in (*frames, b"junk", frames[0] + frames[1], wire.encode_frame(foreign)):
        inbox.put(frame)
    inbox.empty()
    assert inbox.arrived
    assert [head.tips[0].seq for head in exchange.heads(store, "mem", "mesh")] == [3]


def test_a_full_disk_stops_receiving_and_not_saving(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """And receiving goes on when there is room again."""
    inbox = Inbox(store, SCOPES)
    monkeypatch.setattr(places, "free_bytes", lambda _path: exchange.FREE_MIN)
    assert inbox.receive(records(3)) == 0
    assert "receiving has stopped" in inbox.error
    with store.write() as transaction:
        transaction.append(wire.OBSERVATION, "mesh", body(1, transaction.now))
    monkeypatch.undo()
    assert inbox.receive(records(3)) == 3
    assert inbox.error == ""


def test_a_store_that_cannot_be_written_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is raised: the mesh goes on answering others."""
    inbox = Inbox(store, SCOPES)
    monkeypatch.setattr(store, "_wait_s", 0.05)
    with store.locked():
        busy = Store(store.directory, node="desk-1", wait_s=0.05)
        other = Inbox(busy, SCOPES)
        assert other.receive(records(1)) == 0
        assert other.error
    assert inbox.receive(records(1)) == 1
