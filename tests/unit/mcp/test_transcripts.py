"""What goes over the wire in each revision, pinned: `>` is what a client sends, `<` what it gets.

A transcript that is meant to change is deleted; the test then writes it anew, and fails once so that somebody looks at it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import kioku_mesh
from kioku_mesh.mcp import sessions, tools
from kioku_mesh.mcp.protocol import HANDSHAKE, META, STATELESS

GOLDEN = Path(__file__).parents[2] / "golden" / "mcp"
OFFERED = [
    tool
    for tool in tools.offered("full", read_only=False)
    if tool["name"] in ("list_projects", "delete_memory", "get_memory_status")
]
SHARED: list[tuple[str, dict[str, Any] | None]] = [
    ("tools/list", None),
    ("tools/call", {"name": "delete_memory", "arguments": {"observation_id": "0" * 31 + "1"}}),
    ("tools/call", {"name": "delete_memory", "arguments": {"observation_id": "f" * 32}}),
    ("tools/call", {"name": "delete_memory", "arguments": {"observation_id": "f" * 32, "force": True}}),
    ("tools/call", {"name": "list_projects"}),
    ("tools/call", {"name": "unheard_of"}),
    ("resources/list", None),
    ("resources/templates/list", None),
    ("resources/read", {"uri": "kioku://brief"}),
    ("resources/read", {"uri": "kioku://nothing"}),
    ("prompts/list", None),
]


class Recorder:
    """A client that writes down both sides."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.lines: list[str] = []

    def ask(self, method: str, params: dict[str, Any] | None, id_: int) -> None:
        message = {"jsonrpc": "2.0", "id": id_, "method": method} | ({} if params is None else {"params": params})
        self._note(">", message)
        for answer in self.client.raw(json.dumps(message).encode()):
            self._note("<", answer)

    def tell(self, method: str) -> None:
        message = {"jsonrpc": "2.0", "method": method}
        self._note(">", message)
        self.client.connection.receive(json.dumps(message).encode())

    def _note(self, side: str, message: dict[str, Any]) -> None:
        self.lines.append(f"{side} {json.dumps(message, ensure_ascii=False)}")

    def text(self) -> str:
        return "\n".join(self.lines).replace(kioku_mesh.__version__, "VERSION") + "\n"


@pytest.fixture
def recorder(make_client: Callable[..., Any], twin: Any, make_observation: Callable[..., Any]) -> Recorder:
    twin.add(make_observation(1))
    calls = sessions.Sessions({tool["name"]: tool for tool in OFFERED}, lambda _: twin, {}, "/work")
    return Recorder(make_client(OFFERED, calls.run))


def matches(name: str, text: str) -> None:
    path = GOLDEN / name
    if not path.exists():
        path.write_text(text, "utf-8")
        pytest.fail(f"{name} was not there and has been written: read it, then run again", pytrace=False)
    assert text == path.read_text("utf-8")


@pytest.mark.parametrize("version", HANDSHAKE)
def test_a_conversation_with_a_handshake(recorder: Recorder, version: str) -> None:
    """The revisions up to 2025-11-25."""
    client = {"name": "claude-code", "version": "2.1"}
    recorder.ask("initialize", {"protocolVersion": version, "capabilities": {}, "clientInfo": client}, 0)
    recorder.tell("notifications/initialized")
    recorder.ask("ping", None, 1)
    for id_, (method, params) in enumerate(SHARED, 2):
        recorder.ask(method, params, id_)
    matches(f"{version}.txt", recorder.text())


@pytest.mark.parametrize("version", STATELESS)
def test_a_conversation_without_one(recorder: Recorder, version: str) -> None:
    """2026-07-28: every request carries its envelope."""
    envelope = {
        META + "protocolVersion": version,
        META + "clientInfo": {"name": "claude-code", "version": "2.1"},
        META + "clientCapabilities": {},
    }
    recorder.ask("server/discover", {"_meta": {**envelope, META + "protocolVersion": "2099-01-01"}}, 0)
    recorder.ask("server/discover", {"_meta": envelope}, 1)
    recorder.ask("ping", {"_meta": envelope}, 2)
    recorder.ask("subscriptions/listen", {"_meta": envelope, "notifications": {"toolsListChanged": True}}, 3)
    for id_, (method, params) in enumerate(SHARED, 4):
        recorder.ask(method, {**(params or {}), "_meta": envelope}, id_)
    recorder.client.connection.finish(1)
    recorder._note("<", recorder.client.sent[-1])
    matches(f"{version}.txt", recorder.text())


@pytest.mark.parametrize("profile", ["default", "full"])
def test_the_whole_list_of_tools(profile: str) -> None:
    """Every word that models read."""
    listed = json.dumps(tools.offered(profile, read_only=False), ensure_ascii=False, indent=1)
    matches(f"tools-{profile}.json", listed + "\n")
