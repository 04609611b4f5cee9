"""What a record may say of its files, and that a memory is read whatever it says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kioku_mesh import seen, wire
from kioku_mesh.seen import Seen

COMMIT, HASH = "c" * 40, "a" * 32
FILES = ["a.py", "b.py"]


def test_what_was_seen_is_read() -> None:
    """Hashes and paths one for one; nothing told is nothing seen."""
    told = {"commit": COMMIT, "file_hashes": [HASH, ""], "file_paths": ["", "src/b.py"], "source_files": FILES}
    assert seen.read(told) == Seen(COMMIT, (HASH, ""), ("", "src/b.py"))
    assert seen.read({"file_hashes": (HASH, HASH), "source_files": FILES}) == Seen(None, (HASH, HASH))
    assert seen.read({"source_files": FILES}) == Seen()


BAD: list[dict[str, Any]] = [
    {"commit": "main"},
    {"commit": 5},
    {"commit": COMMIT},
    {"file_hashes": [HASH]},
    {"file_hashes": [HASH, HASH, HASH]},
    {"file_hashes": [HASH, "A" * 32]},
    {"file_hashes": [HASH, None]},
    {"file_hashes": HASH},
    {"file_hashes": [HASH, ""], "file_paths": ["src/a.py"]},
    {"file_hashes": [HASH, ""], "file_paths": ["/etc/passwd", ""]},
    {"file_hashes": [HASH, ""], "file_paths": ["a/../../b", ""]},
    {"file_hashes": [HASH, ""], "file_paths": ["a\0", ""]},
    {"file_hashes": [HASH, ""], "file_paths": [{}, ""]},
    {"file_paths": ["src/a.py", ""]},
]


@pytest.mark.parametrize("told", BAD, ids=str)
def test_what_cannot_be_is_refused(told: dict[str, Any]) -> None:
    """Whoever takes such fields in says so."""
    with pytest.raises(ValueError, match=r"commit is|file_hashes are|file_paths are"):
        seen.read({**told, "source_files": FILES})


def body(**fields: Any) -> bytes:
    said = {
        "content": "x",
        "memory_type": "note",
        "importance": 1,
        "created_at": 0,
        "agent_family": "a",
        "client_id": "b",
    }
    return json.dumps(said | {"source_files": FILES} | fields).encode()


def header(said: bytes) -> wire.Header:
    return wire.Header(
        1, "mem", "mesh", "desk-1a2b.0123456789abcdef", 1, "", 1, 0, "observation", "b" * 32, (), None, wire.digest(said), len(said)
    )  # fmt: skip


@pytest.mark.parametrize("told", BAD, ids=str)
def test_a_record_is_read_without_what_cannot_be(told: dict[str, Any]) -> None:
    """A memory is worth more than what is known of its files."""
    said = body(**told)
    read = wire.read_observation(header(said), said)
    assert read.content == "x"
    assert (read.commit, read.file_hashes, read.file_paths) == Seen()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda each: st.lists(each, max_size=3), max_leaves=5
)


@given(st.dictionaries(st.sampled_from(Seen._fields), JSON))
def test_whatever_is_told_of_files(told: dict[str, Any]) -> None:
    """The other fields are read, and what is told of the files has its shape."""
    said = body(**told)
    read = wire.read_observation(header(said), said)
    assert read.source_files == ("a.py", "b.py")
    assert seen.read(read._asdict()) == Seen(read.commit, read.file_hashes, read.file_paths)
