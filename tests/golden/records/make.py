"""Makes the frozen samples of this release that are not there yet: what was released stays as it is.

    PYTHONPATH=src:tests:tools python tests/golden/records/make.py

A new version of a format gets a new folder beside `v1`, and the old one stays for ever.
"""

from __future__ import annotations

import gzip
import json
import tempfile
from pathlib import Path
from typing import Any

from kioku_mesh import wire
from kioku_mesh.model import Draft
from kioku_mesh.service.memory import Memory
from kioku_mesh.store import chosen, schema, upkeep
from support.stores import everything, memory

HERE = Path(__file__).parent
SALT = "00112233445566778899aabb"
ORIGIN = "desk-1a2b.0123456789abcdef"


def body(**fields: Any) -> bytes:
    """A body as `wire.encode_body` writes it, with a salt that is not random."""
    return json.dumps({"salt": SALT, **fields}, ensure_ascii=False, separators=(",", ":")).encode()


FULL = {
    "content": "The cache key holds the branch name.\n\nTwo branches had shared one — überall, 日本語も、🗝.", "subject": "Cache key holds the branch",
    "summary": "Branch in the key", "memory_type": "decision", "importance": 4, "project": "shop", "tags": ["cache", "ci"],
    "source_files": ["src/cache.py"], "references": ["https://example.org/issues/7"], "agent_family": "claude",
    "client_id": "claude-code", "pc_id": "laptop-9f3c", "session_id": "s-1", "host": "laptop", "created_at": 1_760_000_000_000_000,
}  # fmt: skip
SEEN = FULL | {
    "source_files": ["cache.py:12", "docs/cache.md", "notes.txt"], "commit": "0123456789abcdef0123456789abcdef01234567",
    "file_hashes": ["00112233445566778899aabbccddeeff", "ffeeddccbbaa99887766554433221100", ""],
    "file_paths": ["src/cache.py", "", ""],
}  # fmt: skip
MINIMAL = {
    "content": "x", "memory_type": "note", "importance": 1, "agent_family": "human", "client_id": "cli", "created_at": 0,
}  # fmt: skip

# name -> kind, body, further header fields, whether the body stays with it
SAMPLES: dict[str, tuple[str, bytes, dict[str, Any], bool]] = {
    "observation-full": (
        wire.OBSERVATION,
        body(**FULL),
        {"names": ("e" * 32, "d" * 32), "until": 1_790_000_000_000_000},
        True,
    ),
    "observation-seen": (wire.OBSERVATION, body(**SEEN), {"scope": "team/red"}, True),
    "observation-minimal": (wire.OBSERVATION, body(**MINIMAL), {"seq": 1, "prev": "", "scope": "local"}, True),
    "observation-erased": (wire.OBSERVATION, body(**MINIMAL), {"scope": "user/kim"}, False),
    "tombstone": (
        wire.TOMBSTONE,
        body(reason="said twice"),
        {"names": ("e" * 32,), "until": 1_790_000_000_000_000},
        True,
    ),
    "undo": (wire.UNDO, body(), {"names": ("c" * 32,), "scope": "team/red"}, True),
    "purge": (wire.PURGE, body(), {"names": tuple(f"{n:032x}" for n in range(20))}, True),
    "alias": (wire.ALIAS, body(**{"from": "shop-old", "to": "shop"}), {}, True),
    "unknown-kind": ("dream", b"\x00 not even JSON", {"v": 3, "lane": "msg", "floor": 5}, True),
}


def sample(name: str) -> bytes:
    """The frame of one record."""
    kind, said, fields, bodied = SAMPLES[name]
    header = wire.Header(
        v=1, lane="mem", scope="mesh", origin=ORIGIN, seq=7, prev="a" * 64, floor=1, hlc=1_760_000_000_000_001, kind=kind,
        id="b" * 32, names=(), until=None, body=wire.digest(said), size=len(said),
    )._replace(**fields)  # fmt: skip
    return wire.encode_frame(wire.Record(wire.Header(*header), wire.encode_header(header), said if bodied else None))


def put(path: Path, data: bytes) -> None:
    if path.exists():
        return
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    print(path)


def choose(opened: Memory) -> None:
    """Vectors of another embedder than the built-in table, of all but one memory, of which one is refused."""
    with opened.store.write() as transaction:
        chosen.begin(transaction.db, "an embedder", [bytes((1, 2, 3, 4)), bytes((4, 3, 2, 1))])
        rows = list(chosen.waiting(transaction.db, 100, local=True))
        chosen.put(transaction.db, {n: bytes((n, 7, 127, 9)) for n in rows[2:]} | {rows[0]: None})


def database() -> tuple[bytes, bytes]:
    """A small store with some of everything, and what it shows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "state"
        with memory(folder, node="desk-1a2b", retention_days=0) as opened:
            ids = [
                opened.save(
                    Draft(content=f"Memory {n} speaks of {word} and of 日本語.", tags=(word,), project="shop")
                ).observation_id
                for n, word in enumerate(("apples", "pears", "plums", "figs", "dates", "limes"))
            ]
            newer = opened.revise(ids[0], Draft(content="Memory 6 speaks of apples no longer.")).observation_id
            opened.revise(ids[0], Draft(content="Memory 7 disagrees.", subject="Another view"))
            opened.revise(newer, Draft(content="Memory 8 is the newest.", importance=5, memory_type="decision"))
            opened.save(Draft(content="A private matter of the owner of this machine.", visibility="local"))
            opened.delete([ids[1]])
            opened.purge([ids[2]])
            opened.alias_project("store", "shop")
            opened.gc()
        with memory(folder, node="desk-1a2b") as opened:
            opened.delete([ids[3]], "a reason")
            opened.delete([ids[4]])
            opened.restore(ids[4])
            choose(opened)
            upkeep.empty_wal(opened.store)
            shown = everything(opened.store)
        data = gzip.compress((folder / "memory.db").read_bytes(), mtime=0)
    return data, (json.dumps(shown, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def main() -> None:
    folder = HERE / f"v{wire.BODY_VERSION}"
    for name in SAMPLES:
        put(folder / f"{name}.frame", sample(name))
    data, shown = database()
    put(HERE / f"schema-{schema.VERSION}.db.gz", data)
    put(HERE / f"schema-{schema.VERSION}.json", shown)


if __name__ == "__main__":
    main()
