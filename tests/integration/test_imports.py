"""Importing from other products through the command: from their usual places, while they run, and told truthfully."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kioku_mesh.transfer.sources import SOURCES
from support import imports
from support.home import Home

KINDS = [name for name, source in SOURCES.items() if source.read and source.usual]
OUTCOME = ("added", "known", "revised", "conflicts", "failed")


@pytest.fixture
def furnished(home: Home) -> Home:
    """Somebody's home with everything in its usual place."""
    imports.furnish(home.folder)
    return home


def outcome(report: dict[str, Any]) -> tuple[int, ...]:
    return tuple(report[name] for name in OUTCOME)


@pytest.mark.parametrize("kind", KINDS)
def test_a_product_is_imported_and_found(furnished: Home, kind: str) -> None:
    """The dry run changes nothing and says what comes; then it is there, with vectors; a second import adds nothing."""
    before = imports.tree(furnished.folder)
    plan = furnished.json("import", "--from", kind, "--dry-run")
    assert plan["added"] > 0
    assert plan["preview"]
    assert not furnished.database.exists()
    report = furnished.json("import", "--from", kind)
    assert {**report, "dry_run": True} == plan
    found = furnished.json("search", "-n", "1000", "--include", "superseded")["results"]
    assert len(found) == report["added"] == sum(report["found"].values())
    assert all(each["references"][0].startswith(f"{kind}:") for each in found)
    assert furnished.json("status")["meaning"]["waiting"] == 0
    assert outcome(furnished.json("import", "--from", kind)) == (0, report["added"], 0, 0, 0)
    after = imports.tree(furnished.folder)
    assert {name: after[name] for name in before} == before
    assert all(name.startswith(("state/", "config/")) for name in after.keys() - before.keys())


def test_people_are_told_where_it_was_and_what_is_left_out(furnished: Home) -> None:
    """The place that was read, counts by type and project, reasons, and the first subjects of what would come."""
    told = furnished.ok("import", "--from", "engram", "--dry-run").out
    assert str(furnished.folder / ".engram/engram.db") in told
    assert "5 memories (1 bug, 2 decision, 1 preference, 1 summary)" in told
    assert "projects: blog (1), shop (4)" in told
    assert "deleted there (1); prompts, which are no memories (1)" in told
    assert "would import: 5 new, 0 known" in told
    assert "コミットは英語で" in told
    assert furnished.ok("import", "--from", "engram").out.splitlines()[-1] == "imported: 5 new, 0 known"


# The product, running: it has saved what nobody has moved out of its write-ahead log, and goes on saving.
RUNNING = """
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
db.execute("PRAGMA journal_mode=wal")
db.execute("PRAGMA wal_autocheckpoint=0")
columns = "id, namespace, content, created_at, accessed_at"
db.execute(f"INSERT INTO memories ({columns}) VALUES ('a', 'shop', 'said a moment ago', '2025-01-01', '2025-01-01')")
print("ready", flush=True)
n = 0
while True:
    n += 1
    time.sleep(0.001)
    db.execute(f"INSERT INTO memories ({columns}) VALUES (?, 'shop', ?, '2025-01-01', '2025-01-01')", (f"n{n}", f"later {n}"))
"""


def test_while_the_other_program_runs(furnished: Home) -> None:
    """What it has saved is taken, it saves on meanwhile without an error, and the rest comes with the next import."""
    database = furnished.folder / ".mesh" / "mesh_shop.db"
    started = subprocess.Popen(
        [sys.executable, "-c", RUNNING, str(database)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        assert started.stdout
        assert started.stdout.readline() == b"ready\n"
        first = furnished.json("import", "--from", "mesh")
        assert first["failed"] == 0
        assert started.poll() is None
    finally:
        started.kill()
        started.communicate()
    assert furnished.json("search", "said a moment ago", "--mode", "exact")["count"] == 1
    second = furnished.json("import", "--from", "mesh")
    assert (second["known"], second["failed"]) == (first["added"], 0)
    assert second["added"] > 0


def test_bad_entries_are_told_and_fail_the_command_at_the_end(furnished: Home) -> None:
    """The good ones are there."""
    file = furnished.work / "memory.jsonl"
    file.write_text('{"type": "entity", "name": "a", "entityType": "b", "observations": ["good"]}\nnonsense\n')
    result = furnished.run("import", "--from", "server-memory", str(file), status=1)
    assert "imported: 1 new, 0 known, 1 bad entry" in result.out
    assert "line 2: not JSON" in result.err
    assert furnished.json("search", "good")["count"] == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_foreign_file_is_an_error_with_what_to_do(home: Home, kind: str) -> None:
    """A clear one, and nothing is written; and so is nothing at all, in the usual place."""
    file = home.work / "config.json"
    file.write_text(json.dumps({"something": "else"}))
    if kind != "claude-code":  # to which any text is a note
        result = home.run("import", "--from", kind, str(file), "--json", status=2)
        assert result.error()["code"] == "bad_input"
        assert result.error()["hint"]
    error = home.run("import", "--from", kind, "--json", status=3).error()
    assert (error["code"], bool(error["hint"])) == ("not_found", True)
    assert not home.database.exists()


def test_kinds_are_told(home: Home) -> None:
    """An unknown one names those that are known."""
    wrong = home.run("import", "--from", "nonsense", status=2)
    told = "".join(home.ok("import", "--help").out.split())
    for kind in SOURCES:
        assert kind in wrong.err
        assert kind in told


def test_only_one_project_is_written_to(furnished: Home) -> None:
    """A process that works in one project alone takes what belongs to it, and names the rest."""
    env = furnished.env(only_project="shop")
    report = furnished.run("import", "--from", "claude-mem", "--json", status=1, env=env).json()
    assert (report["added"], report["failed"]) == (4, 1)


def test_a_machine_in_a_mesh_says_that_it_shares(furnished: Home) -> None:
    """Before somebody imports for everybody."""
    furnished.ok("init", "--mode", "hub", "--listen", "127.0.0.1:1", "--share-existing", "yes", "--yes")
    plan = furnished.json("import", "--from", "engram", "--dry-run")
    assert "shared" in [note["code"] for note in plan["notes"]]


def large(folder: Path) -> None:
    folder.mkdir()
    for number in range(1200):
        (folder / f"{number}.md").write_text(f"note {number} says something of its own")


def test_more_than_one_transaction(home: Home) -> None:
    """Many notes come in groups, and the second import is as quick a look."""
    large(home.work / "notes")
    assert outcome(home.json("import", "--from", "markdown", "notes")) == (1200, 0, 0, 0, 0)
    (home.work / "notes" / "7.md").write_text("note 7 says something else")
    assert outcome(home.json("import", "--from", "markdown", "notes", "--dry-run")) == (1, 1199, 1, 0, 0)
    assert outcome(home.json("import", "--from", "markdown", "notes")) == (1, 1199, 1, 0, 0)
