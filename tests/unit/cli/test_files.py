"""`export`, `import`, `backup`, `restore-backup` and `rebuild` as a person uses them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kioku_mesh.errors import NotAvailable
from kioku_mesh.model import Filter
from kioku_mesh.results import BackupFile, Imported, Problem

from .conftest import IDS, Asked

RECORD = {"kind": "observation", "observation_id": IDS[0], "content": "日本語"}
FILE = BackupFile("/backups/a.db", 2048, 3, 1_769_817_600_000_000)


def test_export_to_a_file(cli: Any, tmp_path: Path) -> None:
    """The options reach the service; the answer says how much was written where."""
    memory = Asked(records=lambda *_: iter([RECORD]))
    target = tmp_path / "out.jsonl"
    ran = cli("export", str(target), "-p", "shop", "--since", "2026-01-31T00:00:00Z", "--include-local", memory=memory)
    assert ran.out == f"exported: 1 record to {target} ({target.stat().st_size} bytes)\n"
    assert memory.only("records") == (Filter(project="shop", since=1_769_817_600_000_000), True)
    assert cli("export", str(target), memory=memory).status == 2
    assert cli("export", str(target), "--force", "--json", memory=memory).json()["records"] == 1


def test_export_to_stdout(cli: Any) -> None:
    """`-` prints the lines and nothing else; it is JSON already, so --json is refused."""
    memory = Asked(records=lambda *_: iter([RECORD]))
    ran = cli("export", "-", memory=memory)
    assert (ran.status, ran.err) == (0, "")
    header, row = ran.out.splitlines()
    assert json.loads(header)["include_local"] is False
    assert json.loads(row) == RECORD
    assert cli("export", "-", "--json", memory=memory).error()["code"] == "bad_input"


def importing() -> Asked:
    def import_records(lines: Any, *_: Any) -> Imported:
        bad = [Problem(n, "too_large", "too long") for n, line in enumerate(lines) if line["content"] == "bad"]
        return Imported(len(lines) - len(bad), 0, 1, tuple(bad))

    return Asked(import_records=import_records)


def test_import_says_what_became_of_the_lines(cli: Any, tmp_path: Path) -> None:
    """Counts on stdout, bad lines with their numbers on stderr, status 1 when there was one."""
    source = tmp_path / "in.jsonl"
    source.write_text('{"content": "a"}\n{"content": "bad"}\n{\n')
    ran = cli("import", str(source), "-p", "shop", memory=importing())
    assert (ran.status, ran.out) == (1, "imported: 1 new, 0 known, 1 conflict, 2 bad lines\n")
    assert ran.err.splitlines() == ["note: line 3: not JSON in UTF-8", "note: line 2: too long"]


def test_import_from_stdin(cli: Any) -> None:
    """`-` reads a pipe, also twice when everything is looked at first."""
    for options in ([], ["--all-or-nothing"]):
        memory = importing()
        assert cli("import", "-", *options, memory=memory, stdin=b'{"content": "a"}\n').out.startswith(
            "imported: 1 new"
        )
        assert len(memory.asked("import_records")) == 1 + len(options)


def test_the_report_as_json(cli: Any) -> None:
    """The shape is pinned; the status is the same as without."""
    ran = cli("import", "-", "--dry-run", "--json", memory=importing(), stdin=b'{"content": "bad", "mood": 1}\n')
    assert ran.status == 1
    assert ran.err == ""
    assert ran.json() == {
        "added": 0,
        "known": 0,
        "conflicts": 1,
        "failed": 1,
        "errors": [{"line": 1, "code": "too_large", "message": "too long"}],
        "notes": [{"code": "foreign_fields", "message": "fields that are not ours were left out: mood"}],
        "dry_run": True,
    }


@pytest.mark.parametrize("place", ["missing.jsonl", "."])
def test_a_file_that_cannot_be_read_is_named(cli: Any, tmp_path: Path, place: str) -> None:
    """Status 2, and the service is not asked."""
    memory = importing()
    ran = cli("import", str(tmp_path / place), memory=memory)
    assert (ran.status, memory.calls) == (2, [])
    assert ran.err.startswith(f"error: cannot read {tmp_path / place}: ")


def test_a_backup_is_made_and_listed(cli: Any) -> None:
    """Path and number to keep reach the service; what was made is described."""
    memory = Asked(backup=FILE, backups=(FILE, FILE))
    ran = cli("backup", "/backups/a.db", "--keep", "3", memory=memory)
    assert ran.out == "backup: /backups/a.db  2026-01-31T00:00:00Z (2026-01-31)  3 records  2,048 bytes\n"
    assert memory.only("backup") == ("/backups/a.db", 3)
    for command in ("backup", "restore-backup"):
        assert len(cli(command, "--list", memory=memory).out.splitlines()) == 2
        (first, _) = cli(command, "--list", "--json", memory=memory).json()["backups"]
        assert first == {
            "path": "/backups/a.db",
            "bytes": 2048,
            "records": 3,
            "created_at": "2026-01-31T00:00:00Z",
            "kind": None,
        }


def test_a_backup_is_put_back(cli: Any) -> None:
    """By its file; without one the command asks which."""
    memory = Asked(restore_backup=FILE)
    assert cli("restore-backup", "/backups/a.db", memory=memory).out.startswith("restored: /backups/a.db")
    assert memory.only("restore_backup") == ("/backups/a.db",)
    assert cli("restore-backup", memory=memory).status == 2


def test_a_rebuild_says_how_much(cli: Any) -> None:
    """The numbers of records and of vectors, which are made in steps until there are none to make."""
    steps = iter((900, 100, 0))
    memory = Asked(rebuild=1234, embed=lambda _seconds: next(steps))
    assert cli("rebuild", memory=memory).out == "rebuilt from 1,234 records, 1,000 vectors\n"
    assert memory.only("rebuild") == (False,)
    assert cli("rebuild", "--json", memory=Asked(rebuild=1)).json() == {"records": 1, "vectors": 0}


def test_vectors_alone_are_made_anew(cli: Any) -> None:
    """Where there is no table of meanings, a note says so and everything else stands."""
    steps = iter((3, 0))
    memory = Asked(rebuild=0, embed=lambda _seconds: next(steps))
    assert cli("rebuild", "--vectors", memory=memory).out == "made anew: 3 vectors\n"
    assert memory.only("rebuild") == (True,)
    ran = cli("rebuild", memory=Asked(rebuild=2, embed=NotAvailable("no table", "install it again")))
    assert (ran.status, ran.out) == (0, "rebuilt from 2 records, 0 vectors\n")
    assert "no table" in ran.err
