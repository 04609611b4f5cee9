"""Whatever stands in an old store, reading it ends in lines or in a named bad record."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kioku_mesh.errors import BadInput
from kioku_mesh.transfer import kioku_mesh
from support import older

NAMES = (
    "content", "agent_family", "client_id", "pc_id", "session_id", "project", "tags", "observation_id", "created_at",
    "memory_type", "importance", "subject", "summary", "source_files", "references", "supersedes", "visibility", "scope_id",
    "expires_at", "reason", "deleted_at", "later",
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=400)
    | st.sampled_from((f"{1:032x}", f"{2:032x}", "2025-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "mesh", "user", "-")),
    lambda inner: st.lists(inner, max_size=60) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=60,
)  # fmt: skip
PAYLOADS = st.binary(max_size=60) | st.dictionaries(st.sampled_from(NAMES), VALUES).map(
    lambda said: json.dumps(said).encode()
)
KEYS = st.builds(
    older.key, st.sampled_from([f"{n:032x}" for n in (1, 2, 3)]), st.sampled_from(["", "mesh", "user/kim", "x"]),
    st.sampled_from(["obs", "tomb"]),
) | st.text(max_size=60)  # fmt: skip
TIMES = st.none() | st.integers(0, 2**53)


@given(st.lists(st.tuples(KEYS, PAYLOADS, TIMES), max_size=12, unique_by=lambda row: row[0]), st.randoms())
def test_any_store_becomes_lines_or_bad_records(rows: list[Any], random: Any) -> None:
    """No other error; every line is JSON with an id, a visibility and a stamp; any order gives the same."""
    found = []
    for key, payload, time in rows:
        try:
            item = kioku_mesh.parse(key, payload, time)
        except BadInput as error:
            assert error.message
            continue
        found.append(item._replace(scope=item.scope or "mesh"))
    lines = kioku_mesh.lines(found)
    for _, line in lines:
        assert {"visibility", "stamp"} <= set(line)
        assert len(line.get("observation_id") or line["id"]) == 32
        json.dumps(line)
    random.shuffle(found)
    assert json.dumps(kioku_mesh.lines(found)) == json.dumps(lines)


@given(st.lists(st.tuples(st.integers(0, 9), st.lists(st.integers(0, 9), max_size=4), st.integers(0, 59)), max_size=10))
def test_stamps_follow_revisions(rows: list[tuple[int, list[int], int]]) -> None:
    """Without a ring, whatever supersedes has the later stamp."""
    samples = [
        older.observation(own, created_at=f"2025-01-01T00:00:{second:02}Z", supersedes=[f"{n:032x}" for n in names if n < own])
        for own, names, second in {row[0]: row for row in rows}.values()
    ]  # fmt: skip
    lines = [line for _, line in kioku_mesh.lines([kioku_mesh.parse(*sample) for sample in samples])]
    stamps = {line["observation_id"]: int(line["stamp"]) for line in lines}
    for line in lines:
        assert all(stamps[name] < stamps[line["observation_id"]] for name in line["supersedes"] if name in stamps)
