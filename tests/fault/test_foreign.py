"""Other programs that open the database: SQLite without our checksums."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from kioku_mesh.store import repair
from support import Home
from support.company import Companion, hold
from support.crashes import Nursery
from support.stores import contents, damage, everything, fill, memory, save


def look(folder: Path) -> int:
    """Open, read and close the file as any SQLite tool does; the last one to close it moves the write-ahead log."""
    db = sqlite3.connect(folder / "memory.db")
    (count,) = db.execute("SELECT count(*) FROM record").fetchone()
    db.close()
    return int(count)


def test_a_look_between_two_commands_does_no_harm(home: Home) -> None:
    """Each command leaves the log empty, so that nothing is left for another program to move."""
    home.save("The first of two memories about lighthouses.")
    assert os.path.getsize(home.state / "memory.db-wal") == 0
    assert look(home.state) == 1
    home.save("The second of two memories about lighthouses.")
    assert look(home.state) == 2
    assert home.json("search", "lighthouses")["count"] == 2
    home.ok("doctor", "--deep")


def test_a_look_while_an_agent_is_there_does_no_harm(tmp_path: Path) -> None:
    """Whoever is not the last to close the file moves nothing."""
    with memory(tmp_path) as opened:
        fill(opened.store, 20)
        reader = Companion(hold, tmp_path)
        reader.go()
        assert reader.hear() == "holding"
        save(opened, "more")
        assert look(tmp_path) == 21
        reader.go()
        reader.process.communicate()
        assert len(contents(opened.store)) == 21
        assert damage(opened.store) == []


def test_a_log_that_another_program_moved_is_mended(tmp_path: Path) -> None:
    """After the death of the only process, another program moves the log: that is noticed, and mending loses nothing."""
    with memory(tmp_path / "state") as opened:
        fill(opened.store, 20)
    with Nursery() as nursery:
        said = nursery.crash("saving", tmp_path / "state", tmp_path / "acks", 3, 0.01)
    saved = {words[1] for words in said if words[0] == "saved"}
    look(tmp_path / "state")
    with memory(tmp_path / "state") as opened:
        repair.mend(opened.store)
        assert saved <= everything(opened.store).keys()
        assert not [problem for problem in damage(opened.store) if not problem.startswith("numbering")]
