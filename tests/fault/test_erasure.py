"""Erase, then rebuild: visibility never depends on a body that is gone, here or on a machine that is fed from here."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from kioku_mesh import wire
from kioku_mesh.clock import DAY
from kioku_mesh.clock import now as read_clock
from kioku_mesh.model import Draft
from kioku_mesh.service.memory import Memory
from kioku_mesh.store import upkeep
from kioku_mesh.store.store import Store
from support.histories import view, with_content
from support.stores import damage, everything, fact, fill, memory, save

Chain = tuple[str, str, str]


def three_revisions(opened: Memory) -> Chain:
    """v1 <- v2 <- v3."""
    first = save(opened, "v1")
    second = opened.revise(first, Draft(content=fact("v2"))).observation_id
    third = opened.revise(second, Draft(content=fact("v3"))).observation_id
    return first, second, third


def _purge(opened: Memory, chain: Chain) -> None:
    opened.purge([chain[1]])


def _delete_and_collect(opened: Memory, chain: Chain) -> None:
    opened.delete([chain[1]])
    opened.gc()


ERASURES: dict[str, Callable[[Memory, Chain], None]] = {"purged": _purge, "deleted and collected": _delete_and_collect}


def states(store: Store, chain: Chain) -> list[tuple[str, bool]]:
    """The state of each revision, and whether its text is here."""
    found = everything(store)
    return [(found[id_][0], bool(found[id_][1])) for id_ in chain]


def fed(folder: Path, store: Store, order: random.Random) -> Store:
    """A machine that receives everything from this one, in some order."""
    with store.read() as snapshot:
        carried = list(snapshot.records(include_local=False))
    order.shuffle(carried)
    other = Store(str(folder), node="other-0001")
    with other.write() as transaction:
        assert transaction.apply(carried).gaps == 0
    return other


@pytest.mark.parametrize("how", ERASURES)
def test_the_middle_revision_erased(how: str, tmp_path: Path) -> None:
    """With v2 erased, v3 is shown and v1 stays hidden: before and after a rebuild, and on a machine fed from here."""
    with memory(tmp_path / "a", retention_days=0) as opened:
        fill(opened.store, 10)
        chain = three_revisions(opened)
        ERASURES[how](opened, chain)
        expected = [("superseded", True), ("deleted", False), ("live", True)]
        assert states(opened.store, chain) == expected
        before = view(opened.store)
        opened.rebuild()
        assert view(opened.store) == before
        assert states(opened.store, chain) == expected
        for seed in range(5):
            other = fed(tmp_path / f"b{seed}", opened.store, random.Random(seed))
            assert states(other, chain) == expected
            assert with_content(other) == with_content(opened.store)
            assert view(other)["counter"] == view(opened.store)["counter"]
            assert damage(other) == []


def test_the_newest_revision_erased(tmp_path: Path) -> None:
    """With v3 purged, v2 is shown again, and its answer says so; v1 stays hidden."""
    with memory(tmp_path, retention_days=0) as opened:
        chain = three_revisions(opened)
        assert opened.purge([chain[2]]).live_again == (chain[1],)
        assert states(opened.store, chain) == [("superseded", True), ("live", True), ("deleted", False)]
        opened.rebuild()
        assert states(opened.store, chain) == [("superseded", True), ("live", True), ("deleted", False)]


def test_an_expired_revision_swept(tmp_path: Path) -> None:
    """A revision that expired and was swept covers v1 no longer, as it did not once it had expired; a rebuild agrees."""
    with memory(tmp_path / "a", retention_days=0) as opened:
        now = read_clock()
        first = save(opened, "v1")
        with opened.store.write(now) as transaction:
            body = wire.encode_body(
                {"content": fact("v2"), "memory_type": "note", "importance": 2, "created_at": now}
                | {"agent_family": "claude", "client_id": "test"}
            )
            second = transaction.append(wire.OBSERVATION, "mesh", body, names=[first], until=now + 1).id
        assert opened.gc().swept == 1
        found = everything(opened.store)
        assert (found[first][0], found[second]) == ("live", ("deleted", ""))
        before = view(opened.store)
        opened.rebuild()
        assert view(opened.store) == before
        other = fed(tmp_path / "b", opened.store, random.Random(1))
        assert everything(other) == found


def test_a_body_without_its_justification_is_a_gap(tmp_path: Path) -> None:
    """A record whose body is missing is not taken without the purge that explains it, and is taken together with it."""
    with memory(tmp_path / "a") as opened:
        (id_,) = fill(opened.store, 1)
        opened.purge([id_])
        with opened.store.read() as snapshot:
            observation, purge = snapshot.records(include_local=False)
    assert observation.body is None
    other = Store(str(tmp_path / "b"), node="other-0001")
    with other.write() as transaction:
        assert transaction.apply([observation]).gaps == 1
    assert everything(other) == {}
    with other.write() as transaction:
        applied = transaction.apply([observation, purge])
        assert (applied.added, applied.gaps) == (2, 0)
    assert everything(other)[id_] == ("deleted", "")


def test_a_purged_body_does_not_come_back(tmp_path: Path) -> None:
    """A machine that still has the text of what was purged here sends it again: it is not stored."""
    with memory(tmp_path / "a") as opened:
        (id_,) = fill(opened.store, 1)
        with opened.store.read() as snapshot:
            (kept,) = snapshot.records(include_local=False)
        opened.purge([id_])
        with opened.store.write() as transaction:
            transaction.apply([kept])
        opened.rebuild()
        assert everything(opened.store)[id_] == ("deleted", "")
        assert with_content(opened.store) == set()


def test_a_deletion_undone_elsewhere_after_erasure_is_body_lost(tmp_path: Path) -> None:
    """An undo that arrives after the text was erased here shows the memory as live and its text as lost, and a peer gives it back."""
    now = read_clock()
    with memory(tmp_path / "a", retention_days=0) as opened:
        id_ = save(opened, "kept elsewhere")
        with opened.store.read() as snapshot:
            (original,) = snapshot.records(include_local=False)
        with opened.store.write() as transaction:
            tomb = transaction.append(wire.TOMBSTONE, "mesh", wire.encode_body({}), names=[id_], until=now + DAY).id
        with opened.store.write(now + 2 * DAY) as transaction:
            body = wire.encode_body({})
            undo = wire.Header(
                1, "mem", "mesh", "other-0001." + "a" * 16, 1, "", 1, now + 60_000_000, wire.UNDO, "c" * 32, (tomb,), None,
                wire.digest(body), len(body),
            )  # fmt: skip
        assert upkeep.erase_step(opened.store, now=now + 2 * DAY) == 1
        with opened.store.write(now + 2 * DAY) as transaction:
            transaction.apply([wire.Record(undo, wire.encode_header(undo), body)])
        (lost,) = opened.get([id_]).results
        assert (lost.state, lost.body_lost, lost.content) == ("live", True, "")
        assert damage(opened.store) == []
        with opened.store.write() as transaction:
            assert transaction.apply([original]).added == 1
        (found,) = opened.get([id_]).results
        assert (found.state, found.content) == ("live", fact("kept elsewhere"))
        assert damage(opened.store) == []
