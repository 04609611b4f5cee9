"""Mending: the least loss, told truthfully, and never a store made worse."""

from __future__ import annotations

import os
import random
from pathlib import Path

import apsw
import pytest

from kioku_mesh import wire
from kioku_mesh.errors import KiokuError, StoreBusy, StoreError, StoreNewer
from kioku_mesh.store import backup, inspect, places, repair
from kioku_mesh.store.store import Store
from support import stores


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "state"), host="desk")


def settle(store: Store) -> None:
    """Everything in the database file itself, nothing in the write-ahead log."""
    store.close()
    db = apsw.Connection(store.path)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def scribble(store: Store, seed: int, pages: int = 6) -> None:
    """Overwrite some pages behind the schema."""
    settle(store)
    rng = random.Random(seed)
    size = os.path.getsize(store.path) // 4096
    with open(store.path, "r+b") as file:
        for page in rng.sample(range(60, size), pages):
            file.seek(page * 4096)
            file.write(rng.randbytes(4096))


def test_derived_tables_are_made_anew(store: Store) -> None:
    """Where only derived tables are wrong, a rebuild is enough, and nothing is kept or lost."""
    stores.fill(store, 50)
    store.close()
    db = apsw.Connection(store.path)
    db.execute("DELETE FROM observation WHERE n < 20; DELETE FROM counter")
    db.close()
    assert repair.mend(store) == repair.Repaired("rebuilt", 50)
    assert stores.damage(store) == []


def test_a_damaged_file_without_backup_gives_back_what_is_readable(store: Store) -> None:
    """Without a backup every readable record survives, the rest is counted, and a copy of the damage is kept."""
    stores.fill(store, 600)
    known = stores.contents(store)
    scribble(store, 1)
    done = repair.mend(store)
    assert done.how == "salvaged"
    assert done.records + done.lost == 600
    assert 0 < done.lost < 150
    assert done.kept is not None
    assert Path(done.kept).stat().st_size > 0
    after = stores.contents(store)
    assert len(after) == done.records
    assert after.items() <= known.items()
    assert inspect.damaged_pages(store, True) + inspect.damaged_records(store, True)[1] == []
    stores.fill(store, 1, 600)


def test_a_backup_and_the_damaged_file_together_lose_less(store: Store) -> None:
    """Records of the backup and readable newer ones of the damaged file make one store."""
    stores.fill(store, 300)
    made = backup.make(store)
    stores.fill(store, 300, 300)
    known = stores.contents(store)
    scribble(store, 2)
    done = repair.mend(store)
    assert (done.how, done.backup) == ("restored", made)
    assert done.records == 300 + done.saved
    assert done.records + done.lost == 600
    after = stores.contents(store)
    assert len(after) == done.records
    assert after.items() <= known.items()
    assert inspect.untrue_projections(store) == []


def test_a_file_that_is_no_database_any_more(store: Store) -> None:
    """When nothing of the file can be read the backup comes back, and what is missing is told."""
    stores.fill(store, 30)
    backup.make(store)
    stores.fill(store, 7, 30)
    settle(store)
    with open(store.path, "r+b") as file:
        file.write(b"x" * 4096)
    done = repair.mend(store)
    assert (done.how, done.records, done.lost) == ("restored", 30, 7)
    assert len(stores.contents(store)) == 30


@pytest.mark.parametrize("way", ["removed", "emptied"])
def test_a_file_that_is_gone(store: Store, way: str) -> None:
    """A removed or emptied database comes back from its backup, and is never taken for a new store."""
    stores.fill(store, 10)
    backup.make(store)
    settle(store)
    if way == "removed":
        os.unlink(store.path)
    else:
        os.truncate(store.path, 0)
    done = repair.mend(store)
    assert (done.how, done.records, done.kept) == ("restored", 10, None)
    assert len(stores.contents(store)) == 10


def test_nothing_to_mend_with(store: Store) -> None:
    """Without backup and without a readable record it says so, and leaves the file."""
    stores.fill(store, 10)
    settle(store)
    with open(store.path, "r+b") as file:
        file.write(b"x" * 4096)
    damaged = Path(store.path).read_bytes()
    with pytest.raises(StoreError, match="cannot be mended"):
        repair.mend(store)
    assert Path(store.path).read_bytes() == damaged


def test_a_damaged_record_comes_from_the_backup(store: Store) -> None:
    """A record whose bytes rotted is replaced by the same record of a backup."""
    stores.fill(store, 20)
    known = stores.contents(store)
    backup.make(store)
    store.close()
    db = apsw.Connection(store.path)
    db.execute("UPDATE record SET body = x'0123' WHERE n = 5")
    db.close()
    done = repair.mend(store)
    assert (done.records, done.lost) == (20, 0)
    assert stores.contents(store) == known


def test_a_damaged_backup_is_not_put_back(store: Store) -> None:
    """The newest backup counts only if every page and record of it is whole."""
    stores.fill(store, 20)
    good = backup.make(store)
    os.rename(good.path, good.path.replace("memory-2", "memory-1"))
    bad = backup.make(store)
    db = apsw.Connection(bad.path)
    db.execute("UPDATE record SET body = x'0123' WHERE n = 5")
    db.close()
    settle(store)
    os.unlink(store.path)
    done = repair.mend(store)
    assert done.backup is not None
    assert done.backup.path != bad.path
    assert done.records == 20


def test_erased_text_stays_erased(store: Store) -> None:
    """A purge that the damaged file still knows erases what an older backup brings back."""
    ids = stores.fill(store, 400)
    backup.make(store)
    with store.write() as transaction:
        transaction.append(wire.PURGE, "mesh", wire.encode_body({}), names=ids[:1])
    settle(store)
    with open(store.path, "r+b") as file:  # a page in the middle, so that the purge at the end survives
        file.seek(os.path.getsize(store.path) // 4096 // 2 * 4096)
        file.write(b"x" * 4096)
    assert repair.mend(store).how == "restored"
    assert ids[0] not in stores.contents(store)


def test_withheld_streams_stay_withheld(store: Store) -> None:
    """What was not to be shared is not to be shared after mending."""
    stores.fill(store, 400)
    store.close()
    db = apsw.Connection(store.path)
    db.execute("UPDATE stream SET withheld = 1")
    db.close()
    scribble(store, 3, 2)
    assert repair.mend(store).how == "salvaged"
    with store.read():
        assert store.reader().execute("SELECT DISTINCT withheld FROM stream").fetchall() == [(1,)]


def test_the_machine_keeps_its_name(store: Store) -> None:
    """After mending without a backup the memories are still those of this machine."""
    stores.fill(store, 400)
    before = inspect.node_of(store)
    scribble(store, 4, 2)
    repair.mend(store)
    assert inspect.node_of(store) == before


@pytest.mark.parametrize("reason", ["newer", "busy"])
def test_what_is_not_damage_is_not_mended(store: Store, tmp_path: Path, reason: str) -> None:
    """A store of a newer release, or one in use, is left exactly as it is."""
    stores.fill(store, 5)
    settle(store)
    if reason == "newer":
        db = apsw.Connection(store.path)
        db.execute("PRAGMA user_version = 99")
        db.close()
        settle(store)
    before = Path(store.path).read_bytes()
    expected: type[KiokuError] = StoreNewer if reason == "newer" else StoreBusy
    impatient = Store(store.directory, host="desk", wait_s=0.05)
    if reason == "newer":
        with pytest.raises(expected):
            repair.mend(impatient)
    else:
        with store.locked(), pytest.raises(expected):
            repair.mend(impatient)
    assert Path(store.path).read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == ["state"]
    assert not [name for name in os.listdir(store.directory) if places.DAMAGED in name]
