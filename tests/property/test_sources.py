"""Whatever other programs left behind, reading it ends in memories, in reasons, or in named errors."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kioku_mesh.errors import BadInput
from kioku_mesh.service.checking import CONTENT_MAX
from kioku_mesh.transfer import entries, lines, notes
from kioku_mesh.transfer.entries import Bad, Passed, Said
from kioku_mesh.transfer.sources import SOURCES

LINES = st.sampled_from((
    "---", "---\n", "title: a", "tags: [a, b]", "tags:", "- a", "  - b", "metadata:", "  type: user", "a: &x [*x]", "b: *x",
    "!!python/object:os.system x", "? [a]", "{a: b}", "date: 2026-99-99", "created: 2026-01-01", "title: |", "title: [", "\t: a",
    "# h", "## h", "- [a] b #c", "- [ ] d", "  e", "```", "[[x]]", "#", "text", "", "%YAML 9.9", "<<: a", "\0", "\x85", "=", "~",
))  # fmt: skip
DOCUMENTS = st.lists(LINES | st.text(max_size=20), max_size=20).map("\n".join)


@given(DOCUMENTS)
def test_any_text_is_a_note(written: str) -> None:
    """Front matter of any kind raises nothing, and no line of the text is lost."""
    document = notes.parse(written)
    assert isinstance(document.title, str)
    found, rest = notes.observations(document.body)
    said = "\n".join([*(f"{each.category} {each.text}" for each in found), rest])
    for line in document.body.split("\n"):
        words = line.lstrip("-*+ \t[").replace("]", " ").split()
        if not line.startswith("#"):
            assert all(word in said for word in words)
    told = "\n".join(text for _, text in notes.sections(document.body))
    assert all(line.strip() in told for line in document.body.split("\n") if not line.startswith("#"))


NAMES = (
    "id", "content", "namespace", "memory_type", "tags", "created_at", "updated_at", "ttl_days", "decay_start_at", "local_only",
    "quarantined", "secret_ref", "source_agent", "sync_id", "session_id", "type", "title", "project", "scope", "topic_key",
    "deleted_at", "expires_at", "summary", "source_id", "target_id", "relation", "judgment_status", "name", "entityType",
    "observations", "from", "to", "relationType",
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=400)
    | st.sampled_from(("a", "b", "2025-01-01T00:00:00Z", "2999-01-01 00:00:00", "entity", "relation", "supersedes", "judged", "[]")),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=8),
    max_leaves=40,
)  # fmt: skip
ROWS = st.lists(VALUES | st.dictionaries(st.sampled_from(NAMES), VALUES), max_size=6)
FILES = {
    "mesh": st.fixed_dictionaries({"memories": ROWS}, optional={"namespace": VALUES, "work_items": VALUES, "skipped_local_only": VALUES}),
    "engram": st.fixed_dictionaries({"sessions": ROWS, "observations": ROWS}, optional={"relations": ROWS, "prompts": VALUES}),
    "server-memory": st.fixed_dictionaries({"entities": ROWS}, optional={"relations": VALUES}),
    "basic-memory": st.fixed_dictionaries({"projects": VALUES}),
}  # fmt: skip


@settings(max_examples=60)
@given(st.sampled_from(sorted(FILES)).flatmap(lambda kind: st.tuples(st.just(kind), FILES[kind] | VALUES)))
def test_any_json_becomes_entries(made: tuple[str, Any]) -> None:
    """No other error than one that says what was expected; every memory makes a line that can be written."""
    kind, written = made
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.json"
        path.write_bytes(json.dumps(written).encode())
        read = SOURCES[kind].read
        assert read
        try:
            for entry in read(str(path), folder):
                check(entry, kind)
        except BadInput as error:
            assert error.hint


def check(entry: entries.Entry, kind: str) -> None:
    if isinstance(entry, Said):
        line = entries.fit(entry, kind, SOURCES[kind].types).line
        json.dumps(line)
        assert len(line["observation_id"]) == 32
    else:
        assert isinstance(entry, (Bad, Passed))


TEXTS = st.text(max_size=40) | st.sampled_from(("x" * 600, "a\nb", "TBD", "", " ", "y " * 5000))


WORDS = st.lists(TEXTS, max_size=60).map(tuple)
TIMES = st.none() | st.integers(0, 2**53)
SAID = st.fixed_dictionaries(
    {"key": TEXTS, "content": TEXTS},
    optional={
        **dict.fromkeys(("within", "title", "summary", "type", "project", "agent", "session"), TEXTS),
        **dict.fromkeys(("tags", "files", "references"), WORDS),
        **dict.fromkeys(("created", "changed", "expires"), TIMES),
    },
).map(lambda fields: Said(**fields))


@given(SAID)
def test_what_was_said_fits(said: Said) -> None:
    """Nothing is cut: title, summary and text are in the line, whole."""
    line = entries.fit(said, "mesh", {}).line
    assert lines.encode(line)
    kept = "\n".join((line["content"], line.get("subject", ""), line.get("summary", "")))
    assert said.content.strip() in line["content"]
    assert len(line["content"].encode()) <= CONTENT_MAX
    for text in (" ".join(said.title.split()), said.summary.strip()):
        assert text in kept or not any(sign.isalnum() for sign in text) or text == "TBD"
    assert len(line.get("tags", ())) <= 50
    assert all(len(entry) <= 500 and "\n" not in entry for entry in (*line.get("tags", ()), *line["references"]))
