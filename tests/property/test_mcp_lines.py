"""Whatever comes in over the wire, the server lives on and every request gets exactly one answer."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kioku_mesh.errors import BadInput, KiokuError
from kioku_mesh.mcp import arguments, resources, tools, wire
from kioku_mesh.mcp.caller import identify
from kioku_mesh.mcp.connection import Connection, Offer
from kioku_mesh.mcp.protocol import META, Refusal

TOOLS = {tool["name"]: tool for tool in tools.offered("full", read_only=False)}
METHODS = (
    "initialize", "ping", "tools/list", "tools/call", "resources/list", "resources/read", "resources/templates/list",
    "server/discover", "subscriptions/listen", "prompts/list", "notifications/cancelled", "notifications/initialized",
    "notifications/roots/list_changed", "",
)  # fmt: skip
WORDS = ("protocolVersion", "capabilities", "roots", "clientInfo", "name", "uri", "arguments", "requestId", "_meta", "notifications",
         META + "protocolVersion", META + "clientCapabilities", META + "clientInfo", "x-codex-turn-metadata", "workspaces", "session_id")  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
    | st.sampled_from((*TOOLS, "2026-07-28", "2025-06-18", "kioku://brief", "file:///a")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
ENVELOPE = st.fixed_dictionaries(
    {META + "protocolVersion": st.sampled_from(("2026-07-28", "2030-01-01")), META + "clientCapabilities": st.just({})}
)
PARAMS = st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=5) | VALUES
WITH_ENVELOPE = st.builds(
    lambda params, meta: {**params, "_meta": meta},
    st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=4),
    ENVELOPE,
)
REQUESTS = st.fixed_dictionaries(
    {"jsonrpc": st.just("2.0"), "method": st.sampled_from(METHODS)}, optional={"params": PARAMS | WITH_ENVELOPE}
)
STRAY = st.dictionaries(st.sampled_from(("jsonrpc", "method", "params", "result", "error")), VALUES, max_size=4)
LINES = (
    st.binary(max_size=60)
    | VALUES.map(lambda value: json.dumps(value).encode())
    | STRAY.map(lambda value: json.dumps(value).encode())
)


class Talk:
    """A connection whose calls fail in every way."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        offer = Offer("", lambda: tuple(TOOLS.values()), resources.RESOURCES, resources.TEMPLATES)
        self.connection = Connection(offer, self._take, self._run)

    def _take(self, message: dict[str, Any]) -> None:
        line = wire.encode(message)
        assert line.endswith(b"\n")
        assert line.count(b"\n") == 1
        self.sent.append(json.loads(line))

    def _run(self, request: Any, roots: Any) -> dict[str, Any]:
        identify(request.client, request.meta, {}, roots, "/work")
        tool = TOOLS.get(str(request.params.get("name")))
        if tool is None:
            raise Refusal(-32602, "unknown tool")
        given = request.params.get("arguments")
        try:
            return {"content": [str(arguments.check(tool, given if isinstance(given, dict) else {}))]}
        except KiokuError:
            raise ValueError("a defect") from None


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(REQUESTS, st.integers(0, 3)) | LINES, max_size=12))
def test_every_request_gets_one_answer(messages: list[Any]) -> None:
    """Each request with an id is answered once, or not at all if it was cancelled; nothing ends the server."""
    talk, asked = Talk(), []
    for number, message in enumerate(messages):
        if isinstance(message, bytes):
            talk.connection.receive(message)
            continue
        request, kind = message
        id_ = {0: number, 1: f"id {number}"}.get(kind)
        if id_ is not None:
            asked.append(id_)
            request = {**request, "id": id_}
        talk.connection.receive(json.dumps(request).encode())
    talk.connection.receive(b'{"jsonrpc":"2.0","id":"last","method":"ping"}')
    assert talk.connection.finish(10)
    answers = Counter(str(m["id"]) for m in talk.sent if ("result" in m or "error" in m) and m["id"] is not None)
    assert answers["last"] == 1
    assert all(answers[str(id_)] <= 1 for id_ in asked)
    cancelled = any(not isinstance(m, bytes) and m[0]["method"] == "notifications/cancelled" for m in messages)
    if not cancelled and not any(b"cancelled" in m for m in messages if isinstance(m, bytes)):
        assert all(answers[str(id_)] == 1 for id_ in asked)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(TOOLS)), st.data())
def test_arguments_are_taken_as_the_schema_says_or_refused(name: str, data: st.DataObject) -> None:
    """Checked arguments have the types the calls rely on; everything else is bad input."""
    properties = TOOLS[name]["inputSchema"]["properties"]
    given_ = data.draw(st.dictionaries(st.sampled_from((*properties, "other")), VALUES, max_size=5))
    refused: BadInput | None = None
    try:
        taken = arguments.check(TOOLS[name], given_)
    except BadInput as error:
        refused, taken = error, {}
    assert refused is None or (refused.message and refused.hint)
    types = {"string": str, "integer": int, "boolean": bool, "array": tuple}
    for argument, value in taken.items():
        assert isinstance(value, types[properties[argument]["type"]])
        assert value is not None
