"""Reading the SQLite file of a program that runs: what it has committed, and not a trace of the reading."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from kioku_mesh.errors import BadInput
from kioku_mesh.transfer import databases
from kioku_mesh.transfer.entries import Bad

# Another process with the file open: it commits a row into its write-ahead log, begins a second, and waits.
WRITER = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute(f"PRAGMA journal_mode={sys.argv[2]}")
db.execute("PRAGMA wal_autocheckpoint=0")
db.execute("INSERT INTO t VALUES ('committed')")
db.execute("BEGIN EXCLUSIVE" if sys.argv[2] == "delete" else "BEGIN IMMEDIATE")
db.execute("INSERT INTO t VALUES ('not yet')")
print("ready", flush=True)
sys.stdin.readline()
db.execute("COMMIT")
db.execute("INSERT INTO t VALUES ('later')")
print("done", flush=True)
sys.stdin.readline()
"""


class Writer:
    """That process; `go` lets it commit and write on."""

    def __init__(self, path: Path, mode: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), mode], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._heard("ready")

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def go(self) -> None:
        assert self._process.stdin
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        self._heard("done")

    def _heard(self, word: str) -> None:
        assert self._process.stdout
        assert self._process.stdout.readline().strip() == word


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "folder with 100% # ?" / "a.db"
    path.parent.mkdir()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE t (a)")
        db.execute("INSERT INTO t VALUES ('first')")
    db.close()
    return path


def rows(path: Path) -> list[object]:
    with databases.opened(str(path), "hint") as db:
        return [row["a"] for row in db.rows("t", ("a",)) if not isinstance(row, Bad)]


def names(path: Path) -> set[str]:
    return set(os.listdir(path.parent))


def test_a_program_that_writes_goes_on(file: Path) -> None:
    """What it has committed to its log is read; it commits while it is read, and the reader keeps its view."""
    with Writer(file, "wal") as writer:
        before = names(file)
        with databases.opened(str(file), "hint") as db:
            found = db.rows("t", ("a",))
            assert next(found) == {"a": "first"}
            writer.go()
            assert [*found] == [{"a": "committed"}]
        assert rows(file) == ["first", "committed", "not yet", "later"]
        assert names(file) == before == {"a.db", "a.db-wal", "a.db-shm"}


def test_a_file_that_nobody_has_open_stays_alone(file: Path) -> None:
    """Even where it is kept with a write-ahead log, which a reader would begin anew."""
    with sqlite3.connect(file) as db:
        db.execute("PRAGMA journal_mode=wal")
    db.close()
    before = file.stat().st_mtime_ns
    assert rows(file) == ["first"]
    assert names(file) == {"a.db"}
    assert file.stat().st_mtime_ns == before


def test_what_a_dead_program_left_in_its_log_is_read(file: Path, tmp_path: Path) -> None:
    """The log belongs to the file, also where nothing else is left of the program."""
    with Writer(file, "wal"):
        copy = tmp_path / "copy" / "a.db"
        copy.parent.mkdir()
        for suffix in ("", "-wal"):
            copy.with_name(f"a.db{suffix}").write_bytes(file.with_name(f"a.db{suffix}").read_bytes())
    assert rows(copy) == ["first", "committed"]
    assert names(copy) == {"a.db", "a.db-wal"}


def test_a_file_that_is_held_is_copied(file: Path) -> None:
    """A program that locks everybody out and does nothing keeps nobody waiting for ever."""
    with Writer(file, "delete"):
        before = names(file)
        assert rows(file) == ["first", "committed"]
        assert names(file) == before


def test_columns_that_are_not_there(file: Path) -> None:
    """Older and newer versions have others."""
    with databases.opened(str(file), "hint") as db:
        assert [*db.rows("t", ("a", "b"))] == [{"a": "first", "b": None}]
        assert db.count("absent") == 0
        assert db.columns("absent") == set()


@pytest.mark.parametrize("data", [b"no database" * 100, b"SQLite format 3\0" + b"\xff" * 2000])
def test_what_is_no_database_is_refused(file: Path, data: bytes) -> None:
    """With the hint of who asked."""
    file.write_bytes(data)
    with pytest.raises(BadInput, match="cannot read") as error:
        rows(file)
    assert error.value.hint == "hint"
    file.unlink()
    with pytest.raises(BadInput, match="cannot read"):
        rows(file)
