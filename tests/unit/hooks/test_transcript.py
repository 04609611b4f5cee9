"""What was said, out of the files of several clients."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kioku_mesh.config import load
from kioku_mesh.hooks import transcript
from kioku_mesh.hooks.events import Event

CLAUDE = [
    {"type": "summary", "summary": "we decided nothing"},
    {"type": "user", "message": {"role": "user", "content": "asked"}},
    {"type": "user", "isMeta": True, "message": {"role": "user", "content": "meta"}},
    {"type": "user", "isCompactSummary": True, "message": {"role": "user", "content": "summary"}},
    {"type": "api-request-blob", "hash": "x", "message": {"role": "user", "content": "asked, with reminders"}},
    {"type": "assistant", "message": {"role": "assistant", "content": [
        {"type": "thinking", "thinking": "hidden"}, {"type": "text", "text": "answered"},
        {"type": "tool_use", "name": "Bash", "input": {"command": "text"}}]}},
    {"type": "user", "message": {"role": "user", "content": [{"type": "tool_result", "content": "result"}]}},
]  # fmt: skip
CODEX = [
    {"type": "session_meta", "payload": {"id": "x"}},
    {"type": "response_item", "payload": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "asked"}]}},
    {"type": "response_item", "payload": {"type": "reasoning", "summary": [{"text": "hidden"}]}},
    {"type": "response_item", "payload": {"type": "function_call_output", "output": "result"}},
    {"type": "response_item", "payload": {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "answered"}]}},
]  # fmt: skip
GEMINI = {"sessionId": "x", "messages": [
    {"type": "user", "content": "asked"}, {"type": "gemini", "content": "answered", "thoughts": [{"text": "hidden"}]},
]}  # fmt: skip
QWEN = [
    {"type": "user", "message": {"role": "user", "parts": [{"text": "asked"}]}},
    {
        "type": "assistant",
        "message": {"role": "model", "parts": [{"text": "answered"}, {"functionCall": {"name": "x"}}]},
    },
]
COPILOT = [
    {"type": "user.message", "data": {"content": "asked"}},
    {"type": "tool.execution_complete", "data": {"content": "result"}},
    {"type": "assistant.message", "data": {"content": "answered", "toolRequests": []}},
]


def lines(values: list[Any]) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


@pytest.mark.parametrize(
    "text",
    [lines(CLAUDE), lines(CODEX), lines(QWEN), lines(COPILOT), json.dumps(GEMINI), json.dumps(GEMINI, indent=2)],
    ids=["claude", "codex", "qwen", "copilot", "gemini", "gemini indented"],
)
def test_who_said_what(tmp_path: Path, text: str) -> None:
    """The person and the agent; not what it thought, and not what tools were given and gave."""
    file = tmp_path / "session"
    file.write_text(text)
    assert [(turn.own, turn.text) for turn in transcript.turns(str(file))] == [(True, "asked"), (False, "answered")]


def test_a_damaged_file(tmp_path: Path) -> None:
    """What cannot be read is left out, the rest counts; a last line may be half written."""
    file = tmp_path / "session"
    file.write_bytes(b"\xff\xfe nonsense\n" + lines(CLAUDE).encode() + b'{"type": "user", "mess')
    assert [turn.text for turn in transcript.turns(str(file))] == ["asked", "answered"]


@given(st.recursive(st.none() | st.booleans() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
    st.sampled_from(["type", "role", "content", "message", "data", "parts", "text", "messages"]), inner, max_size=4)))  # fmt: skip
def test_any_shape(tmp_path_factory: pytest.TempPathFactory, value: Any) -> None:
    """Whatever a client writes tomorrow, nothing fails."""
    file = tmp_path_factory.getbasetemp() / "any"
    file.write_text(json.dumps(value))
    assert all(turn.text for turn in transcript.turns(str(file)))


@pytest.mark.parametrize(
    ("client", "session", "told", "file"),
    [
        ("claude-code", "s", "/f", "/f"), ("claude-code", "s", None, None), ("copilot-cli", "s", "/f", "/f"),
        ("copilot-cli", "s-1", None, "/h/.copilot/session-state/s-1/events.jsonl"), ("copilot-cli", "../s", None, None),
        ("copilot-cli", None, None, None),
    ],
)  # fmt: skip
def test_where_the_file_is(client: str, session: str | None, told: str | None, file: str | None) -> None:
    """What a client tells; for one that does not tell it, where it is known to be, and nowhere else."""
    settings = load({"HOME": "/h"}, "/w")
    event = Event("session-end", "sessionEnd", client, session, None, transcript=told)
    assert transcript.file_of(event, settings) == file
    elsewhere = load({"HOME": "/h", "COPILOT_HOME": "/c"}, "/w")
    assert (transcript.file_of(event, elsewhere) or "").startswith("/c/") == (file or "").startswith("/h/")
