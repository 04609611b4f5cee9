"""What the examination of a store sees: nothing wrong with a healthy one, and every kind of damage by name."""

from __future__ import annotations

import os
import random
from pathlib import Path

import apsw
import pytest

from kioku_mesh import wire
from kioku_mesh.clock import DAY, now
from kioku_mesh.store import backup, compare, inspect, upkeep
from kioku_mesh.store.store import Store
from support import stores
from support.histories import random_history


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(str(tmp_path / "state"), host="desk")
    stores.fill(store, 40)
    return store


def change(store: Store, statement: str, *values: object) -> None:
    """Do to the file what no program of ours does."""
    store.close()
    db = apsw.Connection(store.path)
    db.execute(statement, values)
    db.close()


def busy(store: Store) -> None:
    """Revisions, deletions, expiry, erasure, aliases, a local memory."""
    with store.write() as t:
        ids = [t.append(wire.OBSERVATION, "mesh", stores.body(f"a{n}", t.now)).id for n in range(12)]
        for old in ids[:4]:
            t.append(wire.OBSERVATION, "mesh", stores.body("new", t.now), names=[old])
        t.append(wire.TOMBSTONE, "mesh", wire.encode_body({"reason": "old"}), names=ids[3:6], until=t.now)
        gone = t.append(wire.TOMBSTONE, "mesh", wire.encode_body({}), names=ids[6:7], until=t.now + DAY)
        t.append(wire.UNDO, "mesh", wire.encode_body({}), names=[gone.id])
        t.append(wire.PURGE, "mesh", wire.encode_body({}), names=ids[7:8])
        t.append(wire.OBSERVATION, "local", stores.body("here", t.now), until=t.now + 5)
        t.append(wire.ALIAS, "mesh", wire.encode_body({"from": "shop", "to": "store"}))
    upkeep.erase_all(store)


def test_nothing_is_wrong_with_a_healthy_store(store: Store) -> None:
    """A store in which everything happened that can happen passes the quick and the deep examination."""
    busy(store)
    for deep in (False, True):
        assert inspect.damaged_pages(store, deep) == []
        assert inspect.damaged_records(store, deep) == (62, [])
    assert inspect.untrue_projections(store) == compare.differences(store) == []
    assert inspect.missing(store) == (0, 0)
    assert inspect.unread(store) == (0, {}, 0)
    assert inspect.births(store, 0) == ["first save"]
    assert inspect.extent(store)[0] == 62
    assert os.listdir(store.directory).count(compare.COPY) == 0


@pytest.mark.parametrize("seed", range(12))
def test_no_history_looks_wrong(tmp_path: Path, seed: int) -> None:
    """Whatever other machines send, in any order, a projection that is right is never called wrong."""
    rng = random.Random(seed)
    records = random_history(rng, 60)
    rng.shuffle(records)
    store = Store(str(tmp_path), host="desk")
    with store.write() as transaction:
        transaction.apply(records)
    assert inspect.untrue_projections(store) == compare.differences(store) == []
    assert inspect.damaged_records(store, deep=True)[1] == []


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE observation SET deleted = 1 WHERE n = 20", "another state"),
        ("UPDATE observation SET until = 5 WHERE n = 20", "another state"),
        ("UPDATE observation SET cover = 9223372036854775807 WHERE n = 20", "another state"),
        ("UPDATE observation SET project = NULL WHERE n = 20", "indexed otherwise"),
        ("UPDATE observation SET importance = 5 WHERE n = 20", "indexed otherwise"),
        ("UPDATE observation SET content = NULL WHERE n = 20", "found by words"),
        ("DELETE FROM observation WHERE n = 20", "the log has 40"),
        ("DELETE FROM counter", "are counted"),
        ("DELETE FROM fulltext_docsize WHERE id = 20", "found by words"),
    ],
)
def test_a_changed_projection_is_seen(store: Store, statement: str, said: str) -> None:
    """A derived row that says something else than the log is found by the sample and by the comparison."""
    change(store, statement)
    assert said in " ".join(inspect.untrue_projections(store))
    assert compare.differences(store)


def test_lost_words_are_seen_by_the_comparison(store: Store) -> None:
    """A word that cannot be found any more, with every count still right, is found by rebuilding a copy."""
    change(store, "INSERT INTO fulltext(fulltext) VALUES ('delete-all')")
    change(store, "INSERT INTO fulltext(rowid, subject, body, extra) SELECT n, '', 'other', '' FROM observation")
    assert inspect.untrue_projections(store) == []
    assert any(found.startswith("words") for found in compare.differences(store))


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE record SET body = x'00' WHERE n = 20", "body"),
        ("UPDATE record SET header = x'00ff' WHERE n = 20", "record 20"),
        ("UPDATE record SET header = x'99' WHERE n = 20", "unknown packing"),
        ("UPDATE record SET hlc = hlc + 1 WHERE n = 20", "columns"),
        ("DELETE FROM record WHERE n = 20", "record before it"),
    ],
)
def test_a_changed_record_is_seen(store: Store, statement: str, said: str) -> None:
    """Bytes that are not those that were written, and a gap in a stream, are found."""
    change(store, statement)
    assert said in " ".join(inspect.damaged_records(store, deep=False)[1])


def test_a_record_gone_from_the_end_is_missed(store: Store) -> None:
    """The high-water mark tells that the newest record is gone, where no link could."""
    change(store, "DELETE FROM record WHERE n = 40")
    assert inspect.missing(store) == (1, 0)


def test_an_old_file_over_the_new_one_is_seen(store: Store, tmp_path: Path) -> None:
    """A database that lags behind the mark of the last commit lacks acknowledged saves."""
    copy = backup.make(store, str(tmp_path / "copy.db"))
    stores.fill(store, 3, 40)
    store.close()
    for part in ("-wal", "-shm"):
        Path(store.path + part).unlink(missing_ok=True)
    Path(store.path).write_bytes(Path(copy.path).read_bytes())
    assert inspect.missing(store) == (0, 3)


def test_what_a_later_release_wrote_is_counted(store: Store) -> None:
    """Bodies and kinds that this release does not know are counted, and are no damage."""
    with store.write() as transaction:
        transaction.append(wire.OBSERVATION, "mesh", wire.encode_body({"content": 7}))
        transaction.append("card", "mesh", wire.encode_body({}))
    assert inspect.unread(store) == (1, {"card": 1}, 0)
    assert inspect.untrue_projections(store) == compare.differences(store) == []


def test_stamps_of_the_future_name_their_machine(store: Store) -> None:
    """A save of a machine whose clock was ahead is found with its origin."""
    later = now() + 400 * DAY
    with store.write() as transaction:
        origin = transaction.append(wire.OBSERVATION, "mesh", stores.body("later", 1), hlc=later).origin
    assert inspect.future_stamps(store, now() + DAY) == [(origin, 1, later)]


@pytest.mark.parametrize(
    ("version", "bad"),
    [
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 46, 0), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((4, 0, 0), False),
    ],
)
def test_versions_with_the_bug(version: tuple[int, ...], bad: bool) -> None:
    """The releases of SQLite that can lose commits are told from those in which that was mended."""
    assert inspect.can_lose_commits(version) is bad


def test_the_library_in_use_has_no_such_bug() -> None:
    """What is installed for the tests is safe."""
    assert not inspect.can_lose_commits(inspect.sqlite_version())
