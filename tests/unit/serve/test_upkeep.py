"""Background work on a real store: what is past its time goes, the log is emptied, a backup is kept."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kioku_mesh import app, config
from kioku_mesh.clock import now
from kioku_mesh.model import Draft
from kioku_mesh.serve.upkeep import Upkeep
from kioku_mesh.service.memory import Memory


class Machine:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = {"HOME": str(folder), "KIOKU_MESH_STATE_DIR": str(folder / "state")}
        self.part = Upkeep(self.open, 60)

    def open(self) -> Memory:
        return app.open_memory(config.load(self.environ, str(self.folder)))

    def step(self) -> float:
        return self.part.step(now())

    @property
    def log_size(self) -> int:
        return os.stat(self.folder / "state" / "memory.db-wal").st_size


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path)
    made.part.start()
    yield made
    made.part.close()
    made.part.close()


def test_nothing_is_made_where_nothing_was_saved(machine: Machine, tmp_path: Path) -> None:
    """It waits, and leaves no trace."""
    assert machine.step() == 60
    assert os.listdir(tmp_path) == []


def test_a_backup_is_kept(machine: Machine, tmp_path: Path) -> None:
    """The first step after the first save makes one, the next leaves it."""
    with machine.open() as memory:
        memory.save(Draft("the port is 5433"))
    machine.step()
    (made,) = (tmp_path / "state" / "backups").glob("*.db")
    machine.step()
    assert list((tmp_path / "state" / "backups").glob("*.db")) == [made]


def test_what_is_past_its_time_is_erased(machine: Machine, tmp_path: Path) -> None:
    """Of a deleted memory without a retention time nothing is left in any file."""
    machine.environ["KIOKU_MESH_CONFIG_DIR"] = str(tmp_path)
    (tmp_path / "config.toml").write_text("retention_days = 0\n")
    with machine.open() as memory:
        saved = memory.save(Draft("the zebra sleeps at noon"))
        memory.delete([saved.observation_id])
    machine.step()
    files = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
    assert files
    assert [path.name for path in files if b"zebra" in path.read_bytes()] == []


def test_the_log_is_emptied_when_nobody_writes(machine: Machine) -> None:
    """Not while somebody does: it would be in the way."""
    with machine.open() as memory:
        memory.save(Draft("one"))
        machine.step()
        memory.save(Draft("two"))
        machine.step()
        assert machine.log_size > 0
        machine.step()
        assert machine.log_size == 0
        memory.save(Draft("three"))
        assert machine.log_size > 0
