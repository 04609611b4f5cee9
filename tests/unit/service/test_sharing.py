"""Withheld streams: what was saved before a machine shared anything stays there until somebody shares it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kioku_mesh import app, config
from kioku_mesh.model import Draft, Filter, Query
from kioku_mesh.service.memory import Memory
from kioku_mesh.store import log
from kioku_mesh.store.store import Store


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    with app.open_memory(
        config.load({"KIOKU_MESH_STATE_DIR": str(tmp_path / "s"), "HOME": str(tmp_path)}, str(tmp_path))
    ) as it:
        yield it


def announced(store: Store) -> dict[str, int]:
    """origin -> newest number of every stream that may leave the machine."""
    return {head.origin: head.tips[0].seq for head in log.heads(store.reader())}


def carry(store: Store, to: Store) -> None:
    """What a peer gets: every record of the streams that are announced."""
    db = store.reader()
    for head in log.heads(db):
        with to.write() as transaction:
            transaction.apply(log.page(db, log.stream(db, head.lane, head.scope, head.origin).n, 0, 1000))


def test_withheld_memories_are_not_announced_and_new_ones_are(memory: Memory) -> None:
    """Withholding begins a new incarnation: the old stream stays, the new one is shared, and reading shows both."""
    memory.save(Draft("the old one, saved alone"))
    memory.withhold()
    assert announced(memory.store) == {}
    memory.save(Draft("the new one, for everybody"))
    assert list(announced(memory.store).values()) == [1]
    assert memory.search(Query()).count == 2
    memory.release()
    assert sorted(announced(memory.store).values()) == [1, 1]


def test_a_chosen_memory_is_shared_under_its_own_id(memory: Memory, tmp_path: Path) -> None:
    """A peer gets the chosen memory with id and content, and no other; here it stays one memory."""
    kept = memory.save(Draft("stays here", project="home")).observation_id
    chosen = memory.save(Draft("goes out", project="work")).observation_id
    memory.withhold()
    assert [line.observation_id for line in memory.share(where=Filter(project="work"), dry_run=True).preview] == [
        chosen
    ]
    assert memory.share(where=Filter(project="work")).shared == (chosen,)
    assert memory.share([chosen]).shared == (), "it is shared already"
    assert memory.search(Query()).count == 2
    assert memory.get([chosen]).results[0].conflicts_with == ()
    peer = Store(str(tmp_path / "peer"), node="peer-0001")
    carry(memory.store, peer)
    with peer.read() as snapshot:
        assert snapshot.row_of(kept) is None
        row = snapshot.row_of(chosen)
        assert row is not None
        assert snapshot.observation(row).content == "goes out"
    peer.close()


def test_local_memories_are_never_shared(memory: Memory) -> None:
    """`local` is no scope that leaves the machine, withheld or not."""
    local = memory.save(Draft("only here", visibility="local")).observation_id
    memory.withhold()
    assert memory.share([local]).shared == ()
    memory.release()
    assert announced(memory.store) == {}
