"""Backups of stores of every size and state, made and put back while others work."""

from __future__ import annotations

import os
import random
import threading
from pathlib import Path

import pytest

from kioku_mesh.clock import DAY, SECOND
from kioku_mesh.errors import KiokuError, StoreError
from kioku_mesh.store import backup, inspect, restore, schema
from kioku_mesh.store.connection import BIRTH
from support.damage import change, flip, pages
from support.stores import contents, damage, fill, memory, save


def test_a_large_store_whose_pages_are_in_its_log(tmp_path: Path) -> None:
    """More pages than SQLite keeps in memory, none of them in the file yet: the backup is whole, and so is a deep check."""
    with memory(tmp_path / "a") as opened:
        fill(opened.store, 3000, at_once=3000)
        made = opened.backup()
        assert made.records == 3000
        backup.verify(made.path)
        assert damage(opened.store) == []
    with memory(tmp_path / "b") as other:
        save(other, "other")
        other.restore_backup(made.path)
        assert len(contents(other.store)) == 3000


def test_nothing_is_put_back_over_what_could_not_be_backed_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the backup of a healthy store fails, putting another one back fails as well and changes nothing."""
    with memory(tmp_path / "a") as opened:
        old = opened.backup(str(save(opened, "first") and tmp_path / "old.db")).path
        save(opened, "second")

        def fail(path: str) -> None:
            if path.endswith(".part"):
                raise StoreError("this copy is bad")

        monkeypatch.setattr(backup, "verify", fail)
        with pytest.raises(StoreError, match="this copy is bad"):
            opened.restore_backup(old)
        assert len(contents(opened.store)) == 2


@pytest.mark.parametrize("table", ["observation", "record_id", "fulltext_data", "tagged"])
def test_a_backup_is_put_back_over_a_damaged_page(table: str, tmp_path: Path) -> None:
    """Whatever page of the live file is damaged, a backup replaces it, and what was purged since stays purged."""
    with memory(tmp_path / "a") as opened:
        fill(opened.store, 50)
        purged = save(opened, "purged")
        old = opened.backup(str(tmp_path / "old.db")).path
        opened.purge([purged])
    path = tmp_path / "a" / "memory.db"
    change(path, pages(path)[table][0], flip, random.Random(1))
    with memory(tmp_path / "a") as opened:
        opened.restore_backup(old)
        assert len(contents(opened.store)) == 50
        assert damage(opened.store) == []


def test_many_purge_at_once(tmp_path: Path) -> None:
    """Purges at the same time, each replacing the managed backups, do not get in each other's way."""
    with memory(tmp_path / "a") as opened:
        ids = fill(opened.store, 200)
        opened.backup()
    failed: list[KiokuError] = []

    def purge(part: list[str]) -> None:
        with memory(tmp_path / "a") as other:
            for id_ in part:
                try:
                    other.purge([id_])
                except KiokuError as error:
                    failed.append(error)

    threads = [threading.Thread(target=purge, args=(ids[n * 3 : n * 3 + 3],)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with memory(tmp_path / "a") as opened:
        assert len(contents(opened.store)) == 188
        assert [file.records for file in opened.backups()] == [212]


def test_a_file_in_the_place_of_the_backups(tmp_path: Path) -> None:
    """A save stands and says so, although no backup can be made; asking for one says what is in the way."""
    with memory(tmp_path / "a") as opened:
        save(opened, "first")
        past = opened.store.born() / SECOND - 2 * DAY / SECOND
        (tmp_path / "a" / "backups").write_text("in the way")
        os.utime(tmp_path / "a" / BIRTH, (past, past))
        save(opened, "second")
        assert len(contents(opened.store)) == 2
        opened.get([next(iter(contents(opened.store)))])
        with pytest.raises(StoreError, match="backups"):
            opened.backup()
        with pytest.raises(StoreError, match="backups"):
            opened.tend()


def test_a_backup_is_put_back_over_a_store_of_an_older_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The live file is brought up to date under the lock that is held already."""
    with memory(tmp_path / "a") as opened:
        save(opened, "first")
        old = opened.backup(str(tmp_path / "old.db")).path
    monkeypatch.setattr(schema, "_MIGRATIONS", (*schema._MIGRATIONS, "CREATE TABLE later(n INTEGER) STRICT;"))
    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 1)
    with memory(tmp_path / "a", wait_s=2.0) as opened:
        opened.restore_backup(old)
        assert len(contents(opened.store)) == 1


def test_the_safety_copy_is_the_newest_backup(tmp_path: Path) -> None:
    """What was there before a backup was put back can be put back in turn."""
    with memory(tmp_path / "a") as opened:
        save(opened, "first")
        old = opened.backup(str(tmp_path / "old.db")).path
        second = save(opened, "second")
        opened.restore_backup(old)
        assert second not in contents(opened.store)
        opened.restore_backup(opened.backups()[0].path)
        assert second in contents(opened.store)
        assert inspect.damaged_pages(opened.store, deep=True) == []
        assert not os.path.exists(tmp_path / "a" / restore.PART)
