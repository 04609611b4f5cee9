"""Managed backups: what the program makes by itself comes and goes, what somebody asked for stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from kioku_mesh.clock import DAY, now
from kioku_mesh.errors import BadInput
from kioku_mesh.model import Query
from kioku_mesh.service.memory import Memory
from support.stores import memory, save


def kinds(opened: Memory) -> list[str | None]:
    return [file.kind for file in opened.backups()]


def a_day_later(opened: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next idle time of a process, a day after all that there is."""
    later = now() + 2 * DAY + len(opened.backups()) * DAY
    with monkeypatch.context() as patched:
        patched.setattr("kioku_mesh.service.upkeep.read_clock", lambda: later)
        patched.setattr("kioku_mesh.store.backup.read_clock", lambda: later)
        opened.tend()


def test_a_backup_removes_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a plain one nor those of every day take away what was asked for, or what was there before a restore."""
    with memory(tmp_path / "state") as opened:
        save(opened, 1)
        first = opened.backup()
        opened.backup()
        restored = opened.restore_backup(first.path)
        assert kinds(opened) == ["before_restore", "manual", "manual"]
        assert restored.before == opened.backups()[0].path
        a_day_later(opened, monkeypatch)
        a_day_later(opened, monkeypatch)
        assert kinds(opened) == ["automatic", "before_restore", "manual", "manual"]


def test_automatic_ones_are_counted_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`backup.keep` of them stay, the newest."""
    with memory(tmp_path / "state", **{"backup.keep": 2}) as opened:
        save(opened, 1)
        opened.backup()
        for _ in range(4):
            a_day_later(opened, monkeypatch)
        assert kinds(opened) == ["automatic", "automatic", "manual"]


def test_keep_removes_and_says_so(tmp_path: Path) -> None:
    """With a number only the newest of all stay, and the others are named."""
    with memory(tmp_path / "state") as opened:
        save(opened, 1)
        older = [opened.backup().path for _ in range(3)]
        made = opened.backup(keep=2)
        assert sorted(made.removed) == sorted(older[:2])
        assert [file.path for file in opened.backups()] == [made.path, older[2]]
        with pytest.raises(BadInput, match="folder of backups"):
            opened.backup(str(tmp_path / "own.db"), keep=1)


@pytest.mark.parametrize(("asked", "left"), [(True, "manual"), (False, "automatic")])
def test_a_purge_replaces_all(asked: bool, left: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """None still holds the text; the one that replaces them is kept as those were."""
    with memory(tmp_path / "state") as opened:
        gone, stays = save(opened, 1), save(opened, 2)
        a_day_later(opened, monkeypatch)
        if asked:
            opened.restore_backup(opened.backup().path)
        opened.purge([gone])
        assert kinds(opened) == [left]
        (one,) = opened.backups()
        opened.restore_backup(one.path)
        assert [hit.observation.observation_id for hit in opened.search(Query()).results] == [stays]
