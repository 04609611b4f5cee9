"""What clients send at an event, and the form in which they take an answer."""

from __future__ import annotations

import json

import pytest

from kioku_mesh.errors import BadInput
from kioku_mesh.hooks.events import COMPACT, END, PROMPT, START, answer, named, read


@pytest.mark.parametrize(
    ("told", "event"),
    [
        ("SessionStart", START), ("sessionStart", START), ("session-start", START), ("UserPromptSubmit", PROMPT),
        ("userPromptSubmitted", PROMPT), ("BeforeAgent", PROMPT), ("beforeSubmitPrompt", PROMPT), ("PreCompact", COMPACT),
        ("PreCompress", COMPACT), ("SessionEnd", END), ("sessionEnd", END), ("prompt", PROMPT),
    ],
)  # fmt: skip
def test_events_by_all_their_names(told: str, event: str) -> None:
    """Every client has its own."""
    assert named(told) == event


@pytest.mark.parametrize("told", ["Stop", "AfterAgent", "", "sessions"])
def test_no_other_events(told: str) -> None:
    """Above all none at which a text for the agent would make it go on."""
    with pytest.raises(BadInput, match="no such event"):
        named(told)


@pytest.mark.parametrize(
    ("client", "sent", "session", "folder", "prompt"),
    [
        ("claude-code", {"session_id": "s", "cwd": "/w", "prompt": "p"}, "s", "/w", "p"),
        ("copilot-cli", {"sessionId": "s", "cwd": "/w", "initialPrompt": "p"}, "s", "/w", "p"),
        ("cursor", {"conversation_id": "s", "workspace_roots": ["/w", "/v"], "prompt": "p"}, "s", "/w", "p"),
        ("gemini-cli", {"prompt": "<hook_context>the\nbrief</hook_context>\n\np <hook_context>"}, None, None, "p <hook_context>"),
        ("opencode", {"prompt": '"why is \\"a b\\" slow?"'}, None, None, 'why is "a b" slow?'),
        ("opencode", {"prompt": '"a b" and "c d"'}, None, None, '"a b" and "c d"'),
        ("codex-cli", {"prompt": '"a b"'}, None, None, '"a b"'),
        ("qwen-code", {"session_id": 5, "cwd": None, "prompt": ["p"], "new": {}}, None, None, ""),
    ],
)  # fmt: skip
def test_fields_of_each_client(client: str, sent: object, session: str, folder: str, prompt: str) -> None:
    """Other names for the same; a field of another shape is as if it was not there, a new one is ignored."""
    event = read("prompt", client, json.dumps(sent).encode())
    assert (event.session, event.folder, event.prompt) == (session, folder, prompt)


@pytest.mark.parametrize("data", [b"[]", b"{", b"nonsense", b"5", b"[" * 100_000])
def test_what_is_no_object(data: bytes) -> None:
    """An error that the edge of the hook writes into its log."""
    with pytest.raises(BadInput):
        read("prompt", "claude-code", data)


def test_nothing_on_stdin() -> None:
    """Some clients send nothing."""
    assert read("session-start", "claude-code", b"").name == START


def test_the_form_of_an_answer() -> None:
    """Each client takes it in its own; silence is silence in all of them."""

    def said(client: str, name: str = "SessionStart") -> object:
        event = read("session-start", client, json.dumps({"hook_event_name": name}).encode())
        assert answer(event, "") == ""
        return json.loads(answer(event, "東"))

    for client in ("claude-code", "codex-cli", "gemini-cli", "qwen-code"):
        assert said(client) == {"hookSpecificOutput": {"hookEventName": "SessionStart", "additionalContext": "東"}}
    assert said("copilot-cli", "sessionStart") == {"additionalContext": "東"}
    assert said("cursor", "sessionStart") == {"additional_context": "東"}
