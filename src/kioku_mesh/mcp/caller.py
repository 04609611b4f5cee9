"""Who calls: the client's name, its session and the folder it works in, from what clients hand over."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..values import NamedTuple

CLIENTS = {
    "claude-code": ("claude", "claude-code"),
    "codex-mcp-client": ("codex", "codex-cli"),
    "gemini-cli-mcp-client": ("gemini", "gemini-cli"),
    "opencode": ("opencode", "opencode"),
    "copilot-cli": ("copilot", "copilot-cli"),
    "qwen-cli-mcp-client": ("qwen", "qwen-code"),
    "@cline/core": ("cline", "cline"),
    "continue-cli-client": ("continue", "continue-cli"),
    "inspector-cli": ("inspector", "inspector"),
}
SESSIONS = {  # by client id: the environment variable in which it tells its session
    "claude-code": "CLAUDE_CODE_SESSION_ID",
    "copilot-cli": "COPILOT_AGENT_SESSION_ID",
    "qwen-code": "QWEN_CODE_SESSION_ID",
}
UNNAMED = ("agent", "mcp")
NAME_MAX = 64


class Caller(NamedTuple):
    """One memory is opened for each; `session_id` and `directory` are None where the client tells nothing."""

    agent_family: str
    client_id: str
    session_id: str | None
    directory: str | None


def identify(
    client: str | None,
    meta: Mapping[str, Any],
    environ: Mapping[str, str],
    roots: Callable[[], Sequence[str]],
    cwd: str,
) -> Caller:
    """`meta` is that of the request; `roots` is asked only where nothing better is known."""
    codex = _codex(meta)
    family, client_id = known(client)
    session = _text(codex.get("session_id")) or environ.get(SESSIONS.get(client_id, "")) or None
    folders = [environ["CLAUDE_PROJECT_DIR"]] if environ.get("CLAUDE_PROJECT_DIR") else _workspaces(codex)
    return Caller(family, client_id, session, _nearest(folders or roots(), cwd))


def known(client: str | None) -> tuple[str, str]:
    """Agent family and client id for a name in clientInfo; other names are kept as they are."""
    name = "".join(filter(str.isprintable, client or "")).strip()[:NAME_MAX]
    if not name or name == "mcp-test-client":
        return UNNAMED
    for start, identity in CLIENTS.items():
        if name == start or (start.endswith("-mcp-client") and name.startswith(start)):
            return identity
    return name, name


def _nearest(folders: Sequence[str], cwd: str) -> str | None:
    """The folder that the server was started in, if it is in one of them; else the first."""
    inside = [f for f in folders if cwd == f or cwd.startswith(f.rstrip("/") + "/")]
    return cwd if inside else next(iter(folders), None)


def _codex(meta: Mapping[str, Any]) -> Mapping[str, Any]:
    """Codex tells its session and workspaces with each call, as an object or as its text."""
    value = meta.get("x-codex-turn-metadata")
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}


def _workspaces(codex: Mapping[str, Any]) -> list[str]:
    spaces = codex.get("workspaces")
    return [s for s in spaces if isinstance(s, str)] if isinstance(spaces, (dict, list)) else []


def _text(value: Any) -> str | None:
    return value[:200] if isinstance(value, str) and value else None
