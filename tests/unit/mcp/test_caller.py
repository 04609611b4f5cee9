"""Who calls is read from what each client hands over."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kioku_mesh.mcp.caller import UNNAMED, Caller, identify, known


def nowhere() -> tuple[str, ...]:
    return ()


@pytest.mark.parametrize(
    ("name", "identity"),
    [
        ("claude-code", ("claude", "claude-code")),
        ("codex-mcp-client", ("codex", "codex-cli")),
        ("gemini-cli-mcp-client", ("gemini", "gemini-cli")),
        ("opencode", ("opencode", "opencode")),
        ("copilot-cli", ("copilot", "copilot-cli")),
        ("qwen-cli-mcp-client-kioku-mesh", ("qwen", "qwen-code")),
        ("@cline/core", ("cline", "cline")),
        ("continue-cli-client", ("continue", "continue-cli")),
        ("inspector-cli", ("inspector", "inspector")),
        ("Some Editor", ("Some Editor", "Some Editor")),
        ("claude-code-router", ("claude-code-router", "claude-code-router")),
        ("mcp-test-client", UNNAMED),
        ("", UNNAMED),
        (None, UNNAMED),
        ("a\x1b[31mb\n", ("a[31mb", "a[31mb")),
        ("x" * 500, ("x" * 64, "x" * 64)),
    ],
)
def test_names_of_clients(name: str | None, identity: tuple[str, str]) -> None:
    """Known clients have their family; others keep their name, made harmless; a health check has none."""
    assert known(name) == identity


def test_claude_code_tells_its_session_and_folder_in_the_environment() -> None:
    """Both are taken, and the client is not asked for its folders."""

    def never() -> tuple[str, ...]:
        raise AssertionError

    environ = {"CLAUDE_CODE_SESSION_ID": "abc", "CLAUDE_PROJECT_DIR": "/home/me/shop"}
    assert identify("claude-code", {}, environ, never, "/work") == Caller(
        "claude", "claude-code", "abc", "/home/me/shop"
    )


@pytest.mark.parametrize(
    ("client", "session"),
    [("copilot-cli", "c"), ("qwen-cli-mcp-client-kioku-mesh", "q"), ("claude-code", "a"), ("opencode", None)],
)
def test_clients_tell_their_sessions_in_variables_of_their_own(client: str, session: str | None) -> None:
    """One that was started by another one inherits the other's variables, and does not take its session."""
    environ = {"COPILOT_AGENT_SESSION_ID": "c", "QWEN_CODE_SESSION_ID": "q", "CLAUDE_CODE_SESSION_ID": "a"}
    assert identify(client, {}, environ, nowhere, "/work").session_id == session


@pytest.mark.parametrize("form", [lambda value: value, json.dumps], ids=["object", "text"])
@pytest.mark.parametrize(
    "workspaces", [{"/home/me/shop": {"has_changes": True}}, ["/home/me/shop"]], ids=["map", "list"]
)
def test_codex_tells_its_session_and_folder_with_each_call(form: Any, workspaces: Any) -> None:
    """Session and workspace are read in every shape they come in."""
    meta = {"x-codex-turn-metadata": form({"session_id": "s-1", "workspaces": workspaces, "turn_id": "t"})}
    assert identify("codex-mcp-client", meta, {}, nowhere, "/work") == Caller(
        "codex", "codex-cli", "s-1", "/home/me/shop"
    )


@pytest.mark.parametrize(
    "value",
    [None, 5, "{", "[]", "[" * 5000, {"session_id": 5, "workspaces": 7}, {"workspaces": [1, None]}, {"session_id": ""}],
)
def test_a_strange_envelope_tells_nothing(value: Any) -> None:
    """Whatever stands there instead is passed over."""
    assert identify("codex-mcp-client", {"x-codex-turn-metadata": value}, {}, nowhere, "/w") == Caller(
        "codex", "codex-cli", None, None
    )


@pytest.mark.parametrize(
    ("roots", "cwd", "directory"),
    [
        ((), "/work", None),
        (("/a", "/b"), "/work", "/a"),
        (("/a", "/b"), "/b/src", "/b/src"),
        (("/a/",), "/a/src", "/a/src"),
        (("/a",), "/ab", "/a"),
    ],
)
def test_the_folder_is_the_one_the_server_runs_in_or_else_the_first(
    roots: tuple[str, ...], cwd: str, directory: str | None
) -> None:
    """The working directory is believed where it lies in a folder of the client."""
    assert identify("x", {}, {}, lambda: roots, cwd).directory == directory
