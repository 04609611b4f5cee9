"""Files of other releases: a newer one is refused and left alone, also when it becomes newer under an open process."""

from __future__ import annotations

from pathlib import Path

import pytest

from kioku_mesh.errors import StoreNewer
from kioku_mesh.model import Query
from kioku_mesh.service.memory import Memory
from kioku_mesh.store import connection, schema
from support import Home
from support.stores import contents, memory, save


def become_newer(folder: Path, version: int = schema.VERSION + 1) -> None:
    """What a newer release does to the file when it first writes."""
    db = connection.writable(str(folder / "memory.db"))
    db.execute(f"PRAGMA user_version = {version}")
    db.close()


def refused(opened: Memory) -> None:
    """Every question and every save is refused with what to do."""
    for ask in (
        lambda: opened.search(Query()),
        lambda: opened.recall("w1x"),
        lambda: opened.status(),
        lambda: opened.projects(),
        lambda: opened.gc(),
        lambda: opened.backup(),
        lambda: opened.rebuild(),
        lambda: opened.import_records([{"observation_id": "0" * 32, "content": "x"}]),
        lambda: save(opened, "new"),
    ):
        with pytest.raises(StoreNewer) as error:
            ask()
        assert "update kioku-mesh" in error.value.hint


def test_a_newer_file_is_refused_and_untouched(tmp_path: Path) -> None:
    """Nothing of a file that a newer release wrote is read or changed, and going back to that release finds everything."""
    with memory(tmp_path) as opened:
        ids = {save(opened, n) for n in range(3)}
    become_newer(tmp_path)
    before = (tmp_path / "memory.db").read_bytes(), (tmp_path / "memory.db-wal").read_bytes()
    with memory(tmp_path) as opened:
        refused(opened)
    assert ((tmp_path / "memory.db").read_bytes(), (tmp_path / "memory.db-wal").read_bytes()) == before
    become_newer(tmp_path, schema.VERSION)
    with memory(tmp_path) as opened:
        assert contents(opened.store).keys() == ids


def test_two_releases_at_once(tmp_path: Path) -> None:
    """A process that has the file open while a newer release changes it refuses from then on, reading and writing."""
    with memory(tmp_path) as opened:
        ids = {save(opened, n) for n in range(3)}
        assert contents(opened.store).keys() == ids
        become_newer(tmp_path)
        refused(opened)
        become_newer(tmp_path, schema.VERSION)
        ids.add(save(opened, "again"))
        assert contents(opened.store).keys() == ids


def test_a_newer_backup_is_not_put_back(tmp_path: Path) -> None:
    """A backup of a newer release is refused before anything is changed."""
    with memory(tmp_path) as opened:
        save(opened, "first")
        copy = opened.backup(str(tmp_path / "copy.db"))
        ids = {*contents(opened.store), save(opened, "second")}
        db = connection.opened(copy.path)
        db.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
        db.close()
        with pytest.raises(StoreNewer):
            opened.restore_backup(copy.path)
        assert contents(opened.store).keys() == ids


def test_the_command_line_says_what_to_do(home: Home) -> None:
    """The error of a newer file has its own code and a hint that helps."""
    home.save("The first thing worth keeping here.")
    become_newer(home.state)
    error = home.run("search", "first", "--json", status=1).error()
    assert error["code"] == "store_newer"
    assert "update kioku-mesh" in error["hint"]
