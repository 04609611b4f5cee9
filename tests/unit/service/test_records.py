"""Importing records: a value that cannot be kept is a problem, never another value."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kioku_mesh.model import Draft, Query
from kioku_mesh.service.memory import Memory
from kioku_mesh.transfer.import_ import ImportReport, import_stream
from support import stores


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    with stores.memory(tmp_path / "s") as opened:
        yield opened


def imported(memory: Memory, *rows: str, project: str | None = None, dry_run: bool = False) -> ImportReport:
    return import_stream(memory, io.BytesIO("\n".join(rows).encode()), project, dry_run, False, lambda _done: None)


@pytest.mark.parametrize(
    "bad",
    [
        '"importance": 99',
        '"importance": 0',
        '"importance": 1e400',
        '"importance": NaN',
        '"importance": 2.5',
        '"importance": true',
        '"importance": "high"',
        '"memory_type": "zzz"',
        '"memory_type": 7',
        '"derived": 5',
        '"derived": "subject"',
        '"source_files": ["a"], "file_hashes": ["main"]',
        '"source_files": ["a"], "file_hashes": []  , "commit": "0123456789abcdef0123456789abcdef01234567"',
        '"file_hashes": ["00112233445566778899aabbccddeeff"]',
        '"source_files": ["a", "a"], "file_hashes": ["00112233445566778899aabbccddeeff", ""]',
        '"source_files": ["a"], "file_hashes": ["00112233445566778899aabbccddeeff"], "commit": "main"',
        '"source_files": ["a"], "file_hashes": ["00112233445566778899aabbccddeeff"], "file_paths": ["../a"]',
    ],
)
def test_a_value_that_cannot_be_kept_is_reported(memory: Memory, bad: str) -> None:
    """With its line; the others arrive."""
    report = imported(memory, '{"content": "good"}', f'{{"content": "text", {bad}}}')
    assert (report.added, report.failed) == (1, 1)
    assert (report.errors[0].line, report.errors[0].code) == (2, "bad_input")


@pytest.mark.parametrize(
    "fine", ["{}", '{"importance": null, "memory_type": null, "project": null}', '{"importance": 5}', '{"project": ""}']
)
def test_what_is_missing_takes_its_default(memory: Memory, fine: str) -> None:
    """Nothing to report."""
    assert imported(memory, json.dumps({"content": "text"} | json.loads(fine))).added == 1


def test_known_memories_that_stay_elsewhere_are_counted(memory: Memory) -> None:
    """`-p` moves nothing that is here already, and says so; what is there already is no news."""
    here = memory.save(Draft("Here already", project="shop")).observation_id
    there = memory.save(Draft("There already", project="site")).observation_id
    rows = [json.dumps(row) for row in (old(here, "Here already"), old(there, "There already"), {"content": "new"})]
    for dry_run in (True, False):
        report = imported(memory, *rows, project="site", dry_run=dry_run)
        assert (report.added, report.known) == (1, 2)
        assert [note.code for note in report.notes] == ["kept_project"]
        assert "1 of the known" in report.notes[0].message
    assert imported(memory, *rows[1:], project="site").notes == ()
    assert imported(memory, *rows).notes == ()
    assert {hit.observation.project for hit in memory.search(Query("here already")).results} >= {"shop"}


def old(observation_id: str, content: str) -> dict[str, Any]:
    return {"observation_id": observation_id, "content": content}


def test_what_files_were_is_kept(memory: Memory) -> None:
    """An import takes it as it stands, an export gives it, and what readers were shown of it is no part of either."""
    seen = {
        "source_files": ["cache.py:12", "notes.txt"],
        "commit": "0123456789abcdef0123456789abcdef01234567",
        "file_hashes": ["00112233445566778899aabbccddeeff", ""],
        "file_paths": ["src/cache.py", ""],
    }
    shown = {"freshness": "gone", "changed_files": ["notes.txt"], "gone_files": ["cache.py:12"]}
    report = imported(memory, json.dumps({"content": "text"} | seen | shown))
    assert (report.added, report.notes) == (1, ())
    (record,) = memory.records()
    assert {field: list(record[field]) if field != "commit" else record[field] for field in seen} == seen
    assert not shown.keys() & record.keys()
    assert memory.search(Query()).results[0].observation.freshness is None
