"""Copied, restored and replaced databases that go on being written: no number is used twice, nothing is mixed up."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import apsw
import pytest

from kioku_mesh import wire
from kioku_mesh.errors import StoreError
from kioku_mesh.model import Query
from kioku_mesh.store import log, repair, sql, upkeep
from kioku_mesh.store.store import Store
from support.stores import clone, contents, damage, die, everything, fill, memory, save


def records(store: Store) -> list[wire.Record]:
    with store.read() as snapshot:
        return list(snapshot.records(include_local=True))


def origin(store: Store) -> str | None:
    with store.read() as snapshot:
        return snapshot.origin


def merged(folder: Path, *stores: Store) -> Store:
    """A machine that has received everything from all of them."""
    third = Store(str(folder), node="third-0001")
    for store in stores:
        with third.write() as transaction:
            assert transaction.apply(records(store)).gaps == 0
    return third


def forks(store: Store) -> int:
    """Slots with more than one record."""
    with store.read():
        heads = log.heads(store.reader())
    assert all(head.tips for head in heads)
    return sum(len(head.tips) - 1 for head in heads)


def test_a_copied_directory_is_a_life_of_its_own(tmp_path: Path) -> None:
    """The original and its copy both go on; whoever receives both has every memory of each, and no slot twice."""
    with memory(tmp_path / "a") as a:
        fill(a.store, 5)
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    with memory(tmp_path / "a") as a, memory(tmp_path / "b") as b:
        before = origin(a.store)
        ids = {save(a, "a1"), save(b, "b1"), save(a, "a2"), save(b, "b2")}
        assert origin(a.store) == before
        assert origin(b.store) != before
        third = merged(tmp_path / "c", a.store, b.store)
        assert ids <= contents(third).keys()
        assert len(contents(third)) == 9
        assert forks(third) == 0
        assert damage(third) == damage(a.store) == damage(b.store) == []


def test_a_copy_keeps_its_life_from_then_on(tmp_path: Path) -> None:
    """Only the first save after a copy begins a new life; later ones, of other processes too, go on with it."""
    with memory(tmp_path / "a") as a:
        save(a, 1)
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    lives = []
    for number in range(3):
        with memory(tmp_path / "b") as b:
            save(b, f"b{number}")
            lives.append(origin(b.store))
    assert len(set(lives)) == 1


def test_an_older_file_copied_over(tmp_path: Path) -> None:
    """`cp old memory.db` keeps the inode: it is noticed by the mark, missing memories are counted, numbers are not reused."""
    with memory(tmp_path / "a") as a:
        fill(a.store, 5)
        old = Path(a.backup(str(tmp_path / "old.db")).path)
        newer = {save(a, n) for n in ("x", "y", "z")}
        upkeep.empty_wal(a.store)
        third = merged(tmp_path / "c", a.store)
        inode = (tmp_path / "a" / "memory.db").stat().st_ino
    shutil.copyfile(old, tmp_path / "a" / "memory.db")
    assert (tmp_path / "a" / "memory.db").stat().st_ino == inode
    with memory(tmp_path / "a") as a:
        with a.store.read() as snapshot:
            assert snapshot.behind == 3
        assert len(contents(a.store)) == 5
        fresh = save(a, "fresh")
        assert damage(a.store) == []
        with third.write() as transaction:
            transaction.apply(records(a.store))
        assert contents(third).keys() >= {*newer, fresh}
        assert forks(third) == 0


@pytest.mark.parametrize("how", ["copied over", "moved over"])
@pytest.mark.parametrize("running", [True, False], ids=["while a process runs", "while none runs"])
def test_another_file_under_the_log(tmp_path: Path, how: str, running: bool) -> None:
    """With commits in the write-ahead log another file is not mixed with them: it is refused, and mending keeps all."""
    with memory(tmp_path / "a") as a:
        fill(a.store, 200)
        upkeep.empty_wal(a.store)
        old = Path(a.backup(str(tmp_path / "old.db")).path)
        fill(a.store, 200, 200)
        upkeep.empty_wal(a.store)
        ids = {*contents(a.store), *fill(a.store, 30, 400)}
        if not running:
            die(a)
        if how == "copied over":
            shutil.copyfile(old, tmp_path / "a" / "memory.db")
        else:
            os.replace(old, tmp_path / "a" / "memory.db")
        for ask in (
            lambda: a.search(Query(text="w7x")),
            lambda: save(a, "new"),
            lambda: a.get(list(ids)[:3]),
            lambda: a.gc(),
        ):
            with pytest.raises(StoreError, match="overwritten by another file") as refused:
                ask()
            assert "doctor --fix" in refused.value.hint
    with memory(tmp_path / "a") as a:
        repair.mend(a.store)
        assert len(contents(a.store)) >= 200
        fresh = save(a, "fresh")
        assert fresh in contents(a.store)
        assert not [problem for problem in damage(a.store) if not problem.startswith("numbering")]


def test_a_backup_put_back_over_a_mixture(tmp_path: Path) -> None:
    """What the error says works: the backup is put back whole, and saves go on."""
    with memory(tmp_path / "a") as a:
        fill(a.store, 100)
        old = a.backup(str(tmp_path / "old.db"))
        kept = everything(a.store)
        fill(a.store, 100, 100)
        upkeep.empty_wal(a.store)
        fill(a.store, 10, 200)
        shutil.copyfile(old.path, tmp_path / "a" / "memory.db")
        with pytest.raises(StoreError):
            save(a, "new")
        a.restore_backup(old.path)
        assert everything(a.store) == kept
        save(a, "new")
        assert damage(a.store) == []


def test_a_checkpoint_of_another_program_is_no_mixture(tmp_path: Path) -> None:
    """Somebody who looks at the file with another program, and so moves the log into it, stops nobody."""
    with memory(tmp_path / "a") as a:
        ids = {save(a, n) for n in range(5)}
        foreign = apsw.Connection(str(tmp_path / "a" / "memory.db"))
        foreign.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        ids.add(save(a, "more"))
        assert contents(a.store).keys() == ids
        foreign.close()
    os.utime(tmp_path / "a" / "memory.db")
    with memory(tmp_path / "a") as a:
        ids.add(save(a, "still"))
        assert contents(a.store).keys() == ids


def test_a_restored_backup_reuses_no_number(tmp_path: Path) -> None:
    """Who had received what was saved after the backup gets what is saved after its return as well, in other slots."""
    with memory(tmp_path / "a") as a:
        fill(a.store, 5)
        old = a.backup(str(tmp_path / "old.db"))
        after = {save(a, n) for n in ("x", "y")}
        third = merged(tmp_path / "c", a.store)
        a.restore_backup(old.path)
        assert len(contents(a.store)) == 5
        fresh = {save(a, n) for n in ("p", "q", "r")}
        with third.write() as transaction:
            transaction.apply(records(a.store))
        assert contents(third).keys() >= after | fresh
        assert forks(third) == 0
        assert damage(a.store) == damage(third) == []


def test_an_older_file_after_a_backup_was_put_back(tmp_path: Path) -> None:
    """An incarnation that has written nothing yet is told from an older one as well: no number is used twice."""
    with memory(tmp_path / "a") as opened:
        fill(opened.store, 2)
        upkeep.empty_wal(opened.store)
        older = opened.backup(str(tmp_path / "older.db")).path
        whole = opened.backup(str(tmp_path / "whole.db")).path
        fill(opened.store, 3, begin=10)
        opened.restore_backup(whole)
        before = {(record.header.origin, record.header.seq) for record in records(opened.store)}
        upkeep.empty_wal(opened.store)
    shutil.copyfile(older, tmp_path / "a" / "memory.db")
    with memory(tmp_path / "a") as opened:
        save(opened, "after")
        slots = {(record.header.origin, record.header.seq) for record in records(opened.store)}
        assert len(slots) == 3
        assert len({origin for origin, _ in slots}) == 2
        assert before < slots


def test_a_backup_and_its_return_within_one_second(tmp_path: Path) -> None:
    """A backup is not overwritten by the one that is made before it is put back."""
    with memory(tmp_path / "a") as a:
        first = save(a, "first")
        backed = a.backup(keep=5)
        save(a, "second")
        a.restore_backup(backed.path)
        assert contents(a.store).keys() == {first}
        assert max(file.records for file in a.backups()) == 2


def test_a_cloned_machine_forks_and_loses_nothing(tmp_path: Path) -> None:
    """Both records of a slot that two clones filled are kept, and the one that learns of it begins a new life."""
    with memory(tmp_path / "a") as a:
        save(a, "common")
    clone(tmp_path / "a", tmp_path / "b")
    with memory(tmp_path / "a") as a, memory(tmp_path / "b") as b:
        ids = {save(a, "a1"), save(b, "b1")}
        assert origin(a.store) == origin(b.store), "this was no clone"
        third = merged(tmp_path / "c", a.store, b.store)
        assert ids <= contents(third).keys()
        assert forks(third) == 1
        with a.store.write() as transaction:
            transaction.apply(records(b.store))
        ids.add(save(a, "a2"))
        assert origin(a.store) != origin(b.store)
        with third.write() as transaction:
            transaction.apply(records(a.store))
        assert ids <= contents(third).keys()
        assert forks(third) == 1
        assert contents(a.store) == contents(third)


def test_a_copy_of_a_running_store_is_whole_or_refused(tmp_path: Path) -> None:
    """Files copied one after another while saves and checkpoints go on are a store that is whole, or one that says it is not."""
    with memory(tmp_path / "a") as a:
        fill(a.store, 100)
        for number in range(4):
            target = tmp_path / f"copy{number}"
            target.mkdir()
            for name in ("incarnation", "memory.db", "memory.db-wal", "write.lock"):
                shutil.copy(tmp_path / "a" / name, target)
                fill(a.store, 20, 1000 * number + 20 * len(name))
                if number % 2:
                    upkeep.empty_wal(a.store)
            with memory(target) as b:
                try:
                    found = contents(b.store)
                    wrong = damage(b.store)
                except StoreError as refused:
                    assert refused.hint
                else:
                    assert found.items() <= contents(a.store).items()
                    assert not [problem for problem in wrong if not problem.startswith("missing")]


def test_rows_of_lives_say_why(tmp_path: Path) -> None:
    """Every new life is noted with its reason, for the one who asks what happened to this file."""
    with memory(tmp_path / "a") as a:
        save(a, 1)
        a.restore_backup(a.backup(str(tmp_path / "old.db")).path)
        save(a, 2)
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    with memory(tmp_path / "b") as b:
        save(b, 3)
        with b.store.read():
            why = [row[0] for row in sql.rows(b.store.reader(), "SELECT why FROM lives ORDER BY born")]
    assert why == ["first save", "a backup was put back", "the store was copied or moved"]
