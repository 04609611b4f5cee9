"""Each caller has a memory of its own, opened when it first calls."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kioku_mesh import ids
from kioku_mesh.mcp import sessions, tools
from kioku_mesh.mcp.caller import Caller
from kioku_mesh.mcp.protocol import META

MODERN = {META + "protocolVersion": "2026-07-28", META + "clientCapabilities": {}}


def named(name: str, **meta: Any) -> dict[str, Any]:
    return {
        "name": "get_memory_status",
        "_meta": {**MODERN, META + "clientInfo": {"name": name, "version": "1"}, **meta},
    }


def test_nothing_is_opened_before_a_call(client: Any, callers: list[Caller]) -> None:
    """Neither the handshake, nor lists, nor bad arguments, nor an unknown tool open a memory."""
    client.greet()
    client.ask("tools/list")
    client.ask("resources/list")
    client.ask("tools/call", {"name": "nothing"})
    assert client.call("search_memory", limit=0)["isError"]
    assert callers == []


def test_a_caller_is_opened_once(client: Any, callers: list[Caller]) -> None:
    """Later calls use the same memory."""
    client.greet()
    for _ in range(3):
        client.call("get_memory_status")
    assert len(callers) == 1


def test_callers_on_one_connection_are_kept_apart(client: Any, callers: list[Caller]) -> None:
    """Another name or another session is another caller."""
    for params in (named("a"), named("b"), named("a"), named("a", **{"x-codex-turn-metadata": {"session_id": "2"}})):
        client.ask("tools/call", params)
    assert [(c.client_id, c.session_id) for c in callers] == [("a", None), ("b", None), ("a", "2")]


def test_idle_memories_are_closed(make_client: Callable[..., Any], twin: Any) -> None:
    """A connection shared by ever new sessions keeps a bounded number of memories open, the last ones used."""
    opened: list[Any] = []

    def open_(_: Caller) -> Any:
        opened.append(type(twin)())
        return opened[-1]

    listed = tools.offered("default", read_only=False)
    client = make_client(listed, sessions.Sessions({t["name"]: t for t in listed}, open_, {}, "/work").run)
    for number in range(sessions.OPEN_MAX + 3):
        client.ask("tools/call", named(f"client-{number}"))
    assert [memory.closed for memory in opened] == [True] * 3 + [False] * sessions.OPEN_MAX


def test_the_last_memory_used_does_the_background_work(make_client: Callable[..., Any], twin: Any) -> None:
    """What the store leaves for later, and vectors of an embedder that was chosen."""
    listed = tools.offered("default", read_only=False)
    all_ = sessions.Sessions({t["name"]: t for t in listed}, lambda _: twin, {}, "/work")
    all_._tend()
    make_client(listed, all_.run).call("get_memory_status")
    assert twin.tended == []
    all_._tend()
    assert twin.tended == ["tend", "embed_chosen"]


def test_closing_closes_what_is_open(twin: Any, make_client: Callable[..., Any]) -> None:
    """At the end no memory stays open."""
    listed = tools.offered("default", read_only=False)
    all_ = sessions.Sessions({t["name"]: t for t in listed}, lambda _: twin, {}, "/work")
    make_client(listed, all_.run).call("get_memory_status")
    all_.close()
    assert twin.closed


def test_a_read_only_server_has_no_tool_that_writes(twin: Any, make_client: Callable[..., Any]) -> None:
    """A tool that is not listed cannot be called either."""
    listed = tools.offered("full", read_only=True)
    client = make_client(listed, sessions.Sessions({t["name"]: t for t in listed}, lambda _: twin, {}, "/work").run)
    assert (
        client.ask("tools/call", {"name": "save_observation", "arguments": {"content": "x"}})["error"]["code"] == -32602
    )
    assert twin.drafts == []


class TestOpener:
    @pytest.fixture
    def environ(self, tmp_path: Path) -> dict[str, str]:
        return {"HOME": str(tmp_path), "KIOKU_MESH_STATE_DIR": str(tmp_path / "state")}

    def test_the_memory_knows_its_caller(self, environ: dict[str, str], tmp_path: Path) -> None:
        """Family, client, session and folder of the caller are those of its saves; nothing is created."""
        (tmp_path / ".kioku-mesh.yaml").write_text("project: shop\n")
        with sessions.opener(environ, None)(Caller("claude", "claude-code", "s-1", str(tmp_path))) as memory:
            assert memory.identity[:3] == ("claude", "claude-code", "s-1")
            assert memory.config.project()[0] == "shop"
        assert not (tmp_path / "state").exists()

    def test_a_caller_without_a_session_gets_that_of_the_process(self, environ: dict[str, str], tmp_path: Path) -> None:
        """One session for the life of the server."""
        opener = sessions.opener(environ, None)
        found = {opener(Caller("x", "x", None, str(tmp_path))).identity.session_id for _ in range(2)}
        assert len(found) == 1
        assert ids.is_id(str(found.pop()))

    def test_the_environment_wins(self, environ: dict[str, str], tmp_path: Path) -> None:
        """What the person set is believed before what a client tells."""
        environ |= {"KIOKU_MESH_SESSION_ID": "mine", "KIOKU_MESH_AGENT_FAMILY": "own", "KIOKU_MESH_CLIENT_ID": "cl"}
        memory = sessions.opener(environ, None)(Caller("claude", "claude-code", "s-1", str(tmp_path)))
        assert memory.identity[:3] == ("own", "cl", "mine")

    def test_a_server_can_be_confined_to_a_project(self, environ: dict[str, str], tmp_path: Path) -> None:
        """The option is handed on."""
        assert sessions.opener(environ, "shop")(Caller("x", "x", None, str(tmp_path))).config.only_project == "shop"
