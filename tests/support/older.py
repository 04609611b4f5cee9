"""Stores of kioku-mesh 1.2 in tests: what it really wrote, kept in tests/golden, and more of the same shape."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from kioku_mesh.mesh import session

GOLDEN = Path(__file__).parents[1] / "golden" / "kioku_mesh_1_2"
PC = "e5" * 16


class Sample(NamedTuple):
    """A key, what stands under it, and when it was written."""

    key: str
    payload: bytes
    time: int


def samples() -> list[Sample]:
    """What the storage of a mesh of the older version held, legacy keys of its version 0.7 among them."""
    rows = map(json.loads, (GOLDEN / "mesh.jsonl").read_text().splitlines())
    return [Sample(key, payload.encode(), time) for key, payload, time in rows]


def database(path: Path, golden: str) -> Path:
    """One of its local files, made of the statements in `golden`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(path) as db:
        db.executescript((GOLDEN / golden).read_text())
    db.close()
    return path


def queue(path: Path, rows: Sequence[Sample]) -> Path:
    """Its queue of what could not be sent yet, holding these: the only local file that keeps keys."""
    path.unlink(missing_ok=True)
    database(path, "pending.sql")
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM pending_puts")
        told = [(row.key, "observation", row.key[-32:], row.payload.decode(), "") for row in rows]
        db.executemany("INSERT INTO pending_puts VALUES (?, ?, ?, ?, ?)", told)
    db.close()
    return path


def observation(number: int, tier: str = "mesh", **fields: Any) -> Sample:
    """One memory as the older version writes it; `tier` is the part of the key before `obs`, empty for a legacy one."""
    own = f"{number:032x}"
    tiers = tier.split("/")
    said = {
        "content": f"memory {number}", "agent_family": "claude", "client_id": "claude-code", "pc_id": PC,
        "session_id": "s-1", "project": "shop", "tags": ["a"], "observation_id": own,
        "created_at": f"2025-03-01T10:{number // 60 % 60:02}:{number % 60:02}.000001Z", "memory_type": "note",
        "importance": 2, "subject": f"subject {number}", "summary": "", "source_files": [], "references": [],
        "supersedes": [], "visibility": tiers[0], "scope_id": "".join(tiers[1:]), "expires_at": "",
    } | fields  # fmt: skip
    return Sample(key(own, tier), json.dumps(said, ensure_ascii=False).encode(), 1_740_823_200_000_000)


def tombstone(number: int, tier: str = "mesh", deleted_at: str = "2025-04-01T10:00:00.000000Z") -> Sample:
    """The deletion of that memory."""
    own = f"{number:032x}"
    said = {"observation_id": own, "reason": "wrong", "deleted_at": deleted_at}
    return Sample(key(own, tier, "tomb"), json.dumps(said).encode(), 1_743_501_600_000_000)


def key(own: str, tier: str = "mesh", marker: str = "obs") -> str:
    return "/".join(["mem", *([tier] if tier else []), marker, "claude", "claude-code", PC, "s-1", own])


def zenohd(endpoint: str, data: Path, stores: str = "mem/**") -> str:
    """The configuration of a zenohd as the older version's `init --mode hub` writes it, in a folder of the test."""
    volume = {"id": "rocksdb", "dir": str(data / "agent_mem"), "create_db": True}
    replication = {"interval": 10.0, "sub_intervals": 5, "hot": 6, "warm": 30, "propagation_delay": 250}
    storage = {"key_expr": stores, "strip_prefix": "mem", "replication": replication, "volume": volume}
    return json.dumps({
        "mode": "router",
        "listen": {"endpoints": [endpoint]},
        "scouting": session.settings((), ())["scouting"],
        "timestamping": {"enabled": {"router": True, "peer": True, "client": True}},
        "plugins_loading": {"enabled": True},
        "plugins": {"storage_manager": {"volumes": {"rocksdb": {}}, "storages": {"agent_mem": storage} if stores else {}}},
    })  # fmt: skip
