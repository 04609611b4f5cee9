"""Withheld streams: what was saved before a machine shared anything stays there until somebody shares it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kioku_mesh import app, config
from kioku_mesh.model import Draft, Filter, Query
from kioku_mesh.service.memory import Memory
from kioku_mesh.store import log, sharing
from kioku_mesh.store.store import Store
from support import stores


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


def opened(tmp_path: Path, mode: str) -> Memory:
    return stores.memory(tmp_path / "s", mode=mode)


def test_what_was_saved_alone_is_not_announced_and_what_is_saved_later_is(tmp_path: Path) -> None:
    """Nobody has to say so: a stream that was begun in mode local stays, whatever the mode is afterwards, and the next
    one is shared. Reading shows both."""
    with opened(tmp_path, "local") as memory:
        memory.save(Draft("the old one, saved alone"))
        memory.save(Draft("only mine", visibility="user"))
        assert announced(memory.store) == {}
    with opened(tmp_path, "hub") as memory:
        assert memory.existing() == ({"mesh": 1, "user/kim": 1}, {})
        memory.save(Draft("the new one, for everybody"))
        assert list(announced(memory.store).values()) == [1]
        assert memory.search(Query()).count == 3
        memory.release()
        assert sorted(announced(memory.store).values()) == [1, 1]
        assert memory.existing() == ({}, {})


def test_what_was_shared_before_is_not_asked_about(tmp_path: Path) -> None:
    """After mesh, local and mesh again only what was saved in between is open; what others have stays shared."""
    with opened(tmp_path, "hub") as memory:
        memory.save(Draft("saved in the mesh"))
    with opened(tmp_path, "local") as memory:
        memory.save(Draft("saved alone"))
        memory.save(Draft("saved alone as well"))
        assert list(announced(memory.store).values()) == [1]
        assert memory.existing() == ({"mesh": 2}, {})
        memory.withhold()
        memory.save(Draft("saved alone after that"))
        assert memory.existing() == ({"mesh": 1}, {"mesh": 2})
        assert list(announced(memory.store).values()) == [1]


def test_what_was_deleted_meanwhile_is_deleted_everywhere(tmp_path: Path) -> None:
    """Withholding keeps memories, not the deletion of those that other machines have; nothing else goes with it."""
    peer = Store(str(tmp_path / "peer"), node="peer-0001")
    with opened(tmp_path, "hub") as memory:
        ids = [stores.save(memory, number) for number in range(4)]
        carry(memory.store, peer)
    with opened(tmp_path, "local") as memory:
        alone = stores.save(memory, "alone")
        memory.delete([ids[0], alone])
        memory.purge([ids[1]])
        memory.delete([ids[2]])
        memory.restore(ids[2])
        memory.delete([alone])
        memory.withhold()
        before = stores.everything(memory.store)
    with opened(tmp_path, "hub") as memory:
        carry(memory.store, peer)
        assert stores.everything(memory.store) == before
        assert stores.damage(memory.store) == []
    assert {id_: state for id_, (state, _) in stores.everything(peer).items()} == dict(
        zip(ids, ("deleted", "deleted", "live", "live"), strict=True)
    )
    with peer.read() as snapshot:
        assert alone not in {name for record in snapshot.records(True) for name in record.header.names}
    peer.close()


def test_what_a_peer_has_is_no_secret(tmp_path: Path) -> None:
    """A backup from before it was shared does not know that: the digest of a peer's tip proves it. A made up one does not."""
    peer = Store(str(tmp_path / "peer"), node="peer-0001")
    with opened(tmp_path, "local") as memory:
        stores.save(memory, "alone")
        backup = memory.backup().path
        memory.release()
        carry(memory.store, peer)
        memory.restore_backup(backup)
        assert announced(memory.store) == {}
        (head,) = log.heads(peer.reader())
        forged = head._replace(tips=(log.Tip(1, "ab" * 32),))
        assert not sharing.release_known(memory.store, [forged])
        assert announced(memory.store) == {}
        assert sharing.release_known(memory.store, [forged, head])
        assert list(announced(memory.store).values()) == [1]
        assert not sharing.release_known(memory.store, [head])
    peer.close()


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
