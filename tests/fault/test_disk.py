"""Full disks, read-only places, files that may not be written or read: a clear error, and nothing acknowledged is lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from kioku_mesh.errors import DiskFull, NotFound, StoreError, StoreUnwritable
from kioku_mesh.model import Draft, Query
from kioku_mesh.service.memory import Memory
from kioku_mesh.store import checkpoint, upkeep
from support import needs
from support.mounts import fill_up, hand_over, let_pass, nobody, read_only, small_disk
from support.stores import contents, damage, die, fact, fill, memory, save


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of eight megabytes."""
    with small_disk(tmp_path / "disk", 8192) as folder:
        yield folder


def save_until_full(opened: Memory) -> list[str]:
    """Every acknowledged id; the last attempt was refused because the disk is full."""
    ids = []
    with pytest.raises(DiskFull) as refused:
        for number in range(10_000):
            ids.append(save(opened, number, tags=("t" * 50,) * 3))
    assert "nothing was saved" in refused.value.message
    assert refused.value.hint
    return ids


@needs("linux", "root")
def test_a_full_disk_loses_nothing(disk: Path) -> None:
    """Saves are refused, all that was acknowledged is found meanwhile, and with room again everything goes on."""
    with memory(disk / "state") as opened:
        first = save(opened, "first")
        ballast = fill_up(disk, spare=600_000)
        ids = save_until_full(opened)
        assert ids
        for _ in range(3):  # larger than what a refused save leaves in the write-ahead log
            with pytest.raises(DiskFull):
                opened.save(Draft(content=os.urandom(50_000).hex()))
        assert opened.search(Query(text=f"w{len(ids) - 1}x")).results[0].observation.observation_id == ids[-1]
        assert contents(opened.store).keys() == {first, *ids}
    with memory(disk / "state") as opened:
        assert contents(opened.store).keys() == {first, *ids}
        ballast.unlink()
        later = save(opened, "later")
        assert contents(opened.store).keys() == {first, *ids, later}
        assert damage(opened.store) == []


@needs("linux", "root")
def test_the_first_save_on_a_full_disk(disk: Path) -> None:
    """A store that could not be created is said to be empty, not damaged, and the next save creates it."""
    ballast = fill_up(disk)
    with memory(disk / "state") as opened:
        for _ in range(2):
            with pytest.raises(DiskFull):
                save(opened, "first")
        ballast.unlink()
        assert contents(opened.store) == {}
        first = save(opened, "first")
        assert contents(opened.store) == {first: fact("first")}
        assert damage(opened.store) == []


@needs("linux", "root")
@pytest.mark.parametrize("spare", range(0, 200_000, 16_384))
def test_creation_with_little_room(disk: Path, spare: int) -> None:
    """Wherever within the first save the disk gets full, either all of it is there or nothing, and it can be repeated."""
    ballast = fill_up(disk, spare)
    with memory(disk / "state") as opened:
        try:
            ids = {save(opened, "first")}
        except DiskFull:
            ids = set()
        with suppress(DiskFull):  # the index of the write-ahead log may find no room, and then nothing is read
            assert contents(opened.store).keys() == ids
        ballast.unlink()
        ids.add(save(opened, "second"))
        assert contents(opened.store).keys() == ids
        assert damage(opened.store) == []


@needs("linux", "root")
def test_a_save_stands_when_its_checkpoint_finds_no_room(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is committed is acknowledged, although moving the write-ahead log afterwards fails on the full disk."""
    large = 1 << 20
    with memory(disk / "state") as opened:
        log = disk / "state" / "memory.db-wal"
        ids = [save(opened, "first"), *fill(opened.store, 4000, at_once=4000)]
        monkeypatch.setattr(checkpoint, "LARGE", large)
        ballast = fill_up(disk, spare=800_000)  # enough for a save, not for what the log holds
        ids.append(save(opened, "beside"))
        assert log.stat().st_size > large
        fill_up(disk)
        with pytest.raises(DiskFull):
            upkeep.empty_wal(opened.store)
        assert contents(opened.store).keys() == set(ids)
        ballast.unlink()
        ids.append(save(opened, "last"))
        assert log.stat().st_size < large
        assert contents(opened.store).keys() == set(ids)
        assert damage(opened.store) == []


@needs("linux", "root")
def test_a_backup_on_a_full_disk(disk: Path) -> None:
    """It is refused, leaves no half of a file, keeps the older one, and the store is as before."""
    with memory(disk / "state") as opened:
        fill(opened.store, 300)
        good = opened.backup(keep=1)
        fill_up(disk, spare=100_000)
        with pytest.raises(DiskFull):
            opened.backup(keep=1)
        assert [str(path) for path in (disk / "state" / "backups").glob("*.*")] == [good.path]
        assert opened.backups()[0].records == 300
        with pytest.raises(DiskFull):
            opened.restore_backup(good.path)
        assert len(contents(opened.store)) == 300


@needs("linux", "root")
def test_an_import_on_a_full_disk_can_be_repeated(disk: Path) -> None:
    """It says that the disk is full; repeated with room it adds what was missing, each record once."""
    lines = [{"observation_id": f"{number:032x}", "content": fact(number)} for number in range(2500)]
    with memory(disk / "state") as opened:
        save(opened, "first")
        ballast = fill_up(disk, spare=1_500_000)
        with pytest.raises(DiskFull):
            opened.import_records(lines)
        ballast.unlink()
        done = opened.import_records(lines)
        assert done.added + done.known == len(lines)
        assert len(contents(opened.store)) == len(lines) + 1
        assert damage(opened.store) == []


@needs("linux", "root")
def test_a_purge_on_a_full_disk_is_not_said_to_be_done(disk: Path) -> None:
    """A purge that finds no room is refused, and repeated with room it leaves nothing."""
    with memory(disk / "state") as opened:
        fill(opened.store, 50)
        secret = opened.save(Draft(content="The word quicksilverfox must go.")).observation_id
        ballast = fill_up(disk)
        with pytest.raises(DiskFull):
            opened.purge([secret])
        ballast.unlink()
        opened.purge([secret])
        assert not [
            path for path in (disk / "state").rglob("*") if path.is_file() and b"quicksilverfox" in path.read_bytes()
        ]


@needs("linux", "root")
@pytest.mark.parametrize("moved", [False, True], ids=["log left", "log moved"])
def test_a_read_only_place_is_read(tmp_path: Path, moved: bool) -> None:
    """On a read-only file system everything is found that was saved, also what only the write-ahead log holds; a save is refused."""
    with memory(tmp_path / "state") as opened:
        ids = set(fill(opened.store, 20))
        if moved:
            upkeep.empty_wal(opened.store)
    with read_only(tmp_path / "state"), memory(tmp_path / "state") as opened:
        assert contents(opened.store).keys() == ids
        assert opened.search(Query(text="w7x")).count == 1
        with pytest.raises(StoreUnwritable) as refused:
            save(opened, "new")
        assert refused.value.hint
        assert opened.status().counts["states"]["live"] == 20
    with memory(tmp_path / "state") as opened:
        ids.add(save(opened, "new"))
        assert contents(opened.store).keys() == ids


@needs("linux", "root")
def test_a_read_only_place_without_the_index_of_the_log(tmp_path: Path) -> None:
    """Where the write-ahead log can only be read by somebody who may write, this is said; nothing is left out silently."""
    with memory(tmp_path / "state") as opened:
        ids = set(fill(opened.store, 20))
    (tmp_path / "state" / "memory.db-shm").unlink()
    with read_only(tmp_path / "state"), memory(tmp_path / "state") as opened:
        try:
            assert contents(opened.store).keys() == ids
        except StoreError as refused:
            assert "write-ahead log" in refused.message
            assert refused.hint


@needs("linux", "root")
def test_an_empty_read_only_place(tmp_path: Path) -> None:
    """Where nothing was ever saved and nothing can be, reading finds nothing and a save is refused."""
    (tmp_path / "state").mkdir()
    with read_only(tmp_path / "state"), memory(tmp_path / "state") as opened:
        assert contents(opened.store) == {}
        with pytest.raises(StoreUnwritable):
            save(opened, "new")


FORBIDDEN = {
    "directory": lambda state: state.chmod(0o555),
    "database": lambda state: (state / "memory.db").chmod(0o444),
    "log": lambda state: (state / "memory.db-wal").chmod(0o444),
    "lock": lambda state: (state / "write.lock").chmod(0o444),
    "index": lambda state: (state / "memory.db-shm").chmod(0o444),
}


@needs("posix")
@pytest.mark.parametrize("what", FORBIDDEN)
def test_what_may_not_be_written(tmp_path: Path, what: str) -> None:
    """With one file or the directory unwritable a save is refused or stored, and what was saved is found or an error is told."""
    state = tmp_path / "state"
    with memory(state) as opened:
        ids = {*fill(opened.store, 20), save(opened, "warm")}
        opened.search(Query(text="w7x"))
        opened.status()
    hand_over(state)
    let_pass(tmp_path)
    FORBIDDEN[what](state)
    with nobody(), memory(state) as opened:
        try:
            ids.add(save(opened, "new"))
        except StoreUnwritable as refused:
            assert refused.hint
        try:
            assert contents(opened.store).keys() == ids
            assert opened.search(Query(text="w7x")).count == 1
        except StoreUnwritable as refused:
            assert refused.hint
    for path in (state, *state.iterdir()):
        path.chmod(0o700 if path.is_dir() else 0o600)
    with memory(state) as opened:
        assert contents(opened.store).keys() == ids
        assert damage(opened.store) == []


@needs("posix")
@pytest.mark.parametrize("what", ["state", "memory.db", "memory.db-wal"])
def test_what_may_not_be_read_is_no_empty_store(tmp_path: Path, what: str) -> None:
    """A store that this user may not read is an error for every question, never a store without memories."""
    state = tmp_path / "state"
    with memory(state) as opened:
        ids = [save(opened, number) for number in range(3)]
        opened.search(Query(text="w1x"))
        opened.status()
        opened.get(ids)
        die(opened)
    hand_over(state)
    let_pass(tmp_path)
    (tmp_path / "state" / what if what != "state" else state).chmod(0)
    with nobody(), memory(state) as opened:
        for ask in (
            lambda: opened.search(Query(text="w1x")),
            lambda: opened.search(Query()),
            lambda: opened.get(ids),
            lambda: opened.recall("w1x"),
            lambda: opened.brief(),
            lambda: opened.projects(),
            lambda: opened.known("id", ""),
            lambda: opened.resolve(ids[0][:12]),
            lambda: list(opened.records()),
            lambda: opened.delete(ids),
            lambda: opened.backup(),
            lambda: opened.gc(),
            lambda: opened.status(),
        ):
            with pytest.raises(StoreError) as refused:
                ask()
            assert not isinstance(refused.value, NotFound)
            assert refused.value.hint
    for path in (state, state / "memory.db", state / "memory.db-wal"):
        path.chmod(0o700)
