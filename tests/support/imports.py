"""What other products remember: the samples in tests/golden/imports, laid where the product would have them."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).parents[1] / "golden" / "imports"


def unpacked(name: str, place: Path) -> Path:
    """A database of the samples as a file."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(gzip.decompress((GOLDEN / f"{name}.db.gz").read_bytes()))
    return place


def copied(name: str, place: Path) -> Path:
    """A file or folder of the samples."""
    place.parent.mkdir(parents=True, exist_ok=True)
    source = GOLDEN / name
    if source.is_dir():
        shutil.copytree(source, place)
    else:
        shutil.copyfile(source, place)
    return place


def engram() -> dict[str, Any]:
    return dict(json.loads((GOLDEN / "engram_export.json").read_text()))


def engram_database(place: Path) -> Path:
    """Its sample as a database: the same fields under the names of its tables."""
    place.parent.mkdir(parents=True, exist_ok=True)
    tables = {"prompts": "user_prompts", "relations": "memory_relations"}
    with sqlite3.connect(place) as db:
        for name, rows in engram().items():
            if isinstance(rows, list):
                columns = list(dict.fromkeys(column for row in rows for column in row))
                table = tables.get(name, name)
                db.execute(f"CREATE TABLE {table} ({', '.join(columns)})")
                marks = ", ".join("?" * len(columns))
                values = [[row.get(column) for column in columns] for row in rows]
                db.executemany(f"INSERT INTO {table} VALUES ({marks})", values)
    db.close()
    return place


def furnish(home: Path) -> None:
    """Everything in its usual place."""
    for name in ("shop", "shared"):
        unpacked(f"mesh_{name}", home / f".mesh/mesh_{name}.db")
    unpacked("claude_mem", home / ".claude-mem/claude-mem.db")
    engram_database(home / ".engram/engram.db")
    npx = home / ".npm/_npx/1f/node_modules/@modelcontextprotocol/server-memory/dist"
    copied("server_memory.jsonl", npx / "memory.jsonl")
    copied("claude-code", home / ".claude")
    # under its own name the sample would speak to whoever works in this repository
    (home / ".claude/instructions.md").rename(home / ".claude/CLAUDE.md")
    copied("basic-memory", home / "notes")
    settings = {"projects": {"main": {"path": str(home / "notes")}}, "default_project": "main"}
    (home / ".basic-memory").mkdir()
    (home / ".basic-memory/config.json").write_text(json.dumps(settings))


def tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file with its content and its time: what must not change."""
    found = (Path(at) / name for at, _, names in os.walk(folder) for name in names)
    return {path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns) for path in found}
