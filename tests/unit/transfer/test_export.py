"""Writing files of records: whole or not at all, private, and read back as they were."""

from __future__ import annotations

import errno
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kioku_mesh.errors import BadInput, DiskFull, StoreError
from kioku_mesh.model import Filter
from kioku_mesh.transfer.export import Exported, export_file, export_stream
from kioku_mesh.transfer.import_ import import_stream
from support import needs

from .conftest import Shelf

RECORDS = [{"kind": "observation", "observation_id": f"{n}" * 32, "content": f"日本語 {n}\n"} for n in range(1, 4)]


def exported(shelf: Any, path: Path, force: bool = False, where: Filter = Filter(), local: bool = False) -> Exported:
    return export_file(shelf, str(path), where, local, force, lambda _done: None)


def test_an_export_is_read_back_as_it_was(tmp_path: Path) -> None:
    """Header first, one record a line, nothing escaped; an empty memory that imports it holds the same."""
    done = exported(Shelf(*RECORDS), tmp_path / "out.jsonl")
    data = (tmp_path / "out.jsonl").read_bytes()
    assert done == Exported(str(tmp_path / "out.jsonl"), 3, len(data))
    header, *rows = data.decode().splitlines()
    assert json.loads(header)["kioku_mesh_export"] == 1
    assert [json.loads(row) for row in rows] == RECORDS
    assert "日本語" in rows[0]
    other = Shelf()
    import_stream(other, io.BytesIO(data), None, False, False, lambda _done: None)
    assert list(other.kept.values()) == RECORDS


def test_the_header_says_what_was_exported(tmp_path: Path) -> None:
    """A reader sees which part of the memory the file holds."""
    shelf = Shelf()
    where = Filter(project="shop", since=1_769_817_600_000_000)
    exported(shelf, tmp_path / "x", where=where, local=True)
    header = json.loads((tmp_path / "x").read_text())
    told = {name: header[name] for name in ("project", "since", "include_local")}
    assert told == {"project": "shop", "since": "2026-01-31T00:00:00Z", "include_local": True}
    assert shelf.asked == [(where, True)]


@needs("posix")
def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    """Memories are private, so is the file."""
    exported(Shelf(*RECORDS), tmp_path / "x")
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o600


def test_a_file_is_replaced_only_by_force(tmp_path: Path) -> None:
    """What is there stays unless one insists, and through a link the target is replaced, not the link."""
    (tmp_path / "x").write_text("mine")
    with pytest.raises(BadInput, match="exists"):
        exported(Shelf(*RECORDS), tmp_path / "x")
    assert (tmp_path / "x").read_text() == "mine"
    (tmp_path / "link").symlink_to(tmp_path / "x")
    exported(Shelf(*RECORDS), tmp_path / "link", force=True)
    assert (tmp_path / "link").is_symlink()
    assert "kioku_mesh_export" in (tmp_path / "x").read_text()


@pytest.mark.parametrize(
    "failure", [StoreError("broken"), KeyboardInterrupt(), OSError(errno.EIO, "Input/output error")]
)
def test_a_failed_export_leaves_nothing(tmp_path: Path, failure: BaseException) -> None:
    """Neither half a file nor a temporary one, and the old file as it was."""

    class Breaking(Shelf):
        def records(self, *_: Any) -> Iterator[dict[str, Any]]:
            yield from RECORDS
            raise failure

    (tmp_path / "x").write_text("mine")
    with pytest.raises((StoreError, KeyboardInterrupt, BadInput)):
        exported(Breaking(), tmp_path / "x", force=True)
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert (tmp_path / "x").read_text() == "mine"


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    """No space left is its own error."""

    class Full(Shelf):
        def records(self, *_: Any) -> Iterator[dict[str, Any]]:
            raise OSError(errno.ENOSPC, "No space left on device")
            yield

    with pytest.raises(DiskFull):
        exported(Full(), tmp_path / "x")


@pytest.mark.parametrize("place", ["missing/x", "."])
def test_a_place_that_is_no_file_is_refused(tmp_path: Path, place: str) -> None:
    """A folder that is not there, and a folder, are bad input."""
    with pytest.raises(BadInput):
        exported(Shelf(*RECORDS), tmp_path / place, force=True)


@needs("posix")
def test_what_is_no_ordinary_file_is_never_replaced(tmp_path: Path) -> None:
    """A pipe or a device stays what it is, also by force."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadInput, match="not an ordinary file"):
        exported(Shelf(*RECORDS), tmp_path / "pipe", force=True)
    assert (tmp_path / "pipe").is_fifo()


def test_a_stream_gets_the_same_lines() -> None:
    """Stdout is written without a file in between."""
    file = io.BytesIO()
    done = export_stream(Shelf(*RECORDS), file, Filter(), False, lambda _done: None)
    assert done == Exported(None, 3, len(file.getvalue()))
    assert len(file.getvalue().splitlines()) == 4
