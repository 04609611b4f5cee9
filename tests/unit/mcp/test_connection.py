"""One connection: every message gets its answer, whoever sends what."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from kioku_mesh.mcp import connection as connection_module
from kioku_mesh.mcp import protocol
from kioku_mesh.mcp.protocol import META, Refusal

MODERN = {
    META + "protocolVersion": "2026-07-28",
    META + "clientCapabilities": {},
    META + "clientInfo": {"name": "claude-code", "version": "2"},
}


def modern(**params: Any) -> dict[str, Any]:
    return {**params, "_meta": MODERN}


def code(message: dict[str, Any]) -> int | None:
    return message.get("error", {}).get("code")


@pytest.mark.parametrize(
    ("line", "expected", "id_"),
    [
        (b"nonsense", -32700, None),
        (b'{"id":NaN}', -32700, None),
        (b"[" * 50_000, -32700, None),
        (b"[]", -32600, None),
        (b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600, None),
        (b"3", -32600, None),
        (b"null", -32600, None),
        (b'{"id":1,"method":"ping"}', -32600, 1),
        (b'{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600, 1),
        (b'{"jsonrpc":"2.0","id":7}', -32600, 7),
        (b'{"jsonrpc":"2.0","id":7,"method":5}', -32600, 7),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600, None),
        (b'{"jsonrpc":"2.0","id":true,"method":"ping"}', -32600, None),
        (b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600, None),
        (b'{"jsonrpc":"2.0","id":[1],"method":"ping"}', -32600, None),
        (b'{"jsonrpc":"2.0","id":"x","method":"ping","params":[1]}', -32602, "x"),
        (b'{"jsonrpc":"2.0","id":1,"method":"prompts/list"}', -32601, 1),
        (b'{"jsonrpc":"2.0","id":1,"method":"server/discover"}', -32601, 1),
        (b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}', -32602, 1),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"nothing"}}', -32602, 1),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":["a"]}}', -32602, 1),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call"}', -32602, 1),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_memory","arguments":[]}}', -32602, 1),
        (b'{"jsonrpc":"2.0","id":1,"method":"resources/read"}', -32602, 1),
        (None, -32600, None),
    ],
)  # fmt: skip
def test_a_bad_message_is_refused_and_the_next_one_served(
    client: Any, line: bytes | None, expected: int, id_: Any
) -> None:
    """Each kind of bad message has its code, carries its id where it had one, and harms nothing."""
    [answer] = client.raw(line)
    assert (code(answer), answer["id"]) == (expected, id_)
    assert answer["error"]["message"]
    assert client.ask("ping", id="after") == {"jsonrpc": "2.0", "id": "after", "result": {}}


@pytest.mark.parametrize(
    "message",
    [{"method": "notifications/whatever"}, {"method": "notifications/cancelled"}, {"method": "notifications/cancelled", "params": {"requestId": {}}},
     {"method": "tools/call", "params": {"name": "get_memory_status"}}, {"id": 9, "result": {}}, {"id": "roots-0", "error": {"code": 1}},
     {"id": "roots-0", "result": {"roots": 5}}, {"method": "notifications/cancelled", "params": [1]}],
)  # fmt: skip
def test_notifications_and_stray_answers_get_no_answer(client: Any, message: dict[str, Any]) -> None:
    """Whatever has no id, and whatever answers nothing we asked, is taken in silence."""
    client.connection.receive(json.dumps({"jsonrpc": "2.0", **message}).encode())
    client.ask("ping")
    assert len(client.sent) == 1


@pytest.mark.parametrize("version", protocol.HANDSHAKE)
def test_a_known_revision_is_agreed_to(client: Any, version: str) -> None:
    """The handshake answers in the revision that was asked for."""
    assert client.greet(version)["result"]["protocolVersion"] == version


@pytest.mark.parametrize("version", ["2026-07-28", "1999-01-01", "zzz", ""])
def test_any_other_revision_is_answered_with_the_newest_of_the_handshake(client: Any, version: str) -> None:
    """A client of another age is told what is spoken here."""
    assert client.greet(version)["result"]["protocolVersion"] == "2025-11-25"


@pytest.mark.parametrize(
    ("version", "structured"),
    [("2024-11-05", False), ("2025-03-26", False), ("2025-06-18", True), ("2025-11-25", True)],
)
def test_structured_content_goes_to_those_who_know_it(client: Any, version: str, structured: bool) -> None:
    """Clients older than structured content get neither it nor the schemas of it."""
    client.greet(version)
    listed = client.ask("tools/list")["result"]["tools"]
    assert any("outputSchema" in tool for tool in listed) == structured
    assert ("structuredContent" in client.call("get_memory_status")) == structured
    assert all("annotations" in tool for tool in listed)


def test_a_stateless_request_needs_no_handshake(client: Any) -> None:
    """Discover, list and call work at once, with the frame of 2026-07-28 around each result."""
    found = client.ask("server/discover", modern())["result"]
    assert found["supportedVersions"][0] == "2026-07-28"
    assert found["instructions"]
    listed = client.ask("tools/list", modern())["result"]
    called = client.ask("tools/call", modern(name="get_memory_status"))["result"]
    for result in (found, listed, called):
        assert result["resultType"] == "complete"
        assert result["_meta"][META + "serverInfo"]["name"] == "kioku-mesh"
    for result in (found, listed):
        assert result["ttlMs"] > 0
        assert result["cacheScope"] == "private"
    assert "ttlMs" not in called


def test_both_ways_of_asking_work_on_one_connection(client: Any) -> None:
    """A client may probe without a handshake and then make one."""
    client.ask("server/discover", modern())
    client.greet("2024-11-05")
    assert "resultType" not in client.ask("tools/list")["result"]
    assert client.ask("tools/list", modern())["result"]["resultType"] == "complete"


@pytest.mark.parametrize("method", ["ping", "logging/setLevel", "resources/subscribe"])
def test_methods_that_a_revision_has_dropped_are_unknown_in_it(client: Any, method: str) -> None:
    """What 2026-07-28 took out is not there for stateless requests."""
    assert code(client.ask(method, modern())) == -32601


def test_an_unsupported_stateless_revision_is_named_with_those_we_speak(client: Any) -> None:
    """The error tells the client what to retry with."""
    answer = client.ask("tools/list", {"_meta": {**MODERN, META + "protocolVersion": "2031-01-01"}})
    assert code(answer) == -32022
    assert answer["error"]["data"]["requested"] == "2031-01-01"
    assert "2026-07-28" in answer["error"]["data"]["supported"]


def test_a_stateless_request_without_capabilities_is_refused(client: Any) -> None:
    """The envelope must be whole."""
    meta = {key: value for key, value in MODERN.items() if "Capabilities" not in key}
    assert code(client.ask("tools/list", {"_meta": meta})) == -32602


def test_the_identity_comes_from_the_handshake_or_from_each_request(client: Any, callers: list[Any]) -> None:
    """A stateless request is taken from whom it says, whatever the handshake said."""
    client.greet(name="codex-mcp-client")
    client.call("get_memory_status")
    client.ask("tools/call", modern(name="get_memory_status"))
    assert [(c.agent_family, c.client_id) for c in callers] == [("codex", "codex-cli"), ("claude", "claude-code")]


def test_a_subscription_is_acknowledged_kept_and_ended(client: Any) -> None:
    """The first frame acknowledges nothing to come; the answer comes when the server ends."""
    acknowledged = client.ask("subscriptions/listen", modern(notifications={"toolsListChanged": True}), id="sub")
    assert acknowledged["method"] == "notifications/subscriptions/acknowledged"
    assert acknowledged["params"] == {"_meta": {META + "subscriptionId": "sub"}, "notifications": {}}
    client.connection.finish(1)
    assert client.sent[-1]["id"] == "sub"
    assert client.sent[-1]["result"]["_meta"][META + "subscriptionId"] == "sub"


def test_a_cancelled_subscription_is_over(client: Any) -> None:
    """After the client has cancelled it nothing more is said of it."""
    client.ask("subscriptions/listen", modern(notifications={}), id=5)
    client.tell("notifications/cancelled", {"requestId": 5})
    client.connection.finish(1)
    assert len(client.sent) == 1


def test_subscriptions_are_bounded(client: Any) -> None:
    """A client that subscribes without end is stopped."""
    for number in range(connection_module.LISTENING_MAX):
        client.ask("subscriptions/listen", modern(), id=number)
    assert code(client.ask("subscriptions/listen", modern(), id="more")) == protocol.TOO_MANY


class Gate:
    """A call that waits until it is let through."""

    def __init__(self) -> None:
        self.begun, self.open, self.ran = threading.Semaphore(0), threading.Event(), []

    def run(self, request: Any, _: Any) -> dict[str, Any]:
        self.ran.append(request.id)
        self.begun.release()
        assert self.open.wait(30)
        return {"content": []}


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def gated(gate: Gate, make_client: Callable[..., Any]) -> Any:
    return make_client([], gate.run)


def start(client: Any, id_: Any) -> None:
    client.connection.receive(json.dumps({"jsonrpc": "2.0", "id": id_, "method": "tools/call", "params": {}}).encode())


def test_the_connection_answers_while_calls_run(gated: Any, gate: Gate) -> None:
    """A slow call holds up nothing but itself."""
    start(gated, 1)
    assert gate.begun.acquire(timeout=10)
    assert gated.ask("ping", id=2)["id"] == 2
    gate.open.set()
    assert gated.connection.finish(10)
    assert [m["id"] for m in gated.sent] == [2, 1]


def test_a_cancelled_call_is_not_answered(gated: Any, gate: Gate) -> None:
    """The reply of a call that runs is dropped, and one that still waits never runs."""
    for id_ in range(1, 7):
        start(gated, id_)
    for _ in range(4):
        assert gate.begun.acquire(timeout=10)
    for id_ in (1, 6):
        gated.tell("notifications/cancelled", {"requestId": id_, "reason": "the user"})
    gate.open.set()
    assert gated.connection.finish(10)
    assert sorted(m["id"] for m in gated.sent) == [2, 3, 4, 5]
    assert sorted(gate.ran) == [1, 2, 3, 4, 5]


def test_cancelling_looks_at_the_type_of_the_id(gated: Any, gate: Gate) -> None:
    """A text and a number that look alike are different requests."""
    start(gated, 1)
    gated.tell("notifications/cancelled", {"requestId": "1"})
    gate.open.set()
    assert gated.connection.finish(10)
    assert [m["id"] for m in gated.sent] == [1]


def test_an_id_that_is_still_in_use_is_refused(gated: Any, gate: Gate) -> None:
    """A second request with the same id gets an error instead of a race."""
    start(gated, 1)
    start(gated, 1)
    gate.open.set()
    assert gated.connection.finish(10)
    assert [code(m) for m in gated.sent] == [protocol.INVALID_REQUEST, None]


def test_a_flood_of_calls_is_bounded(gated: Any, gate: Gate) -> None:
    """Beyond the limit calls are refused at once, and all others are answered in the end."""
    for id_ in range(connection_module.RUNNING_MAX + 5):
        start(gated, id_)
    assert [code(m) for m in gated.sent] == [protocol.TOO_MANY] * 5
    gate.open.set()
    assert gated.connection.finish(30)
    assert len(gated.sent) == connection_module.RUNNING_MAX + 5


def test_a_defect_in_a_call_ends_that_call_alone(
    make_client: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """The client gets a tool error without a traceback, stderr gets the traceback, the next call is served."""

    def run(request: Any, _: Any) -> dict[str, Any]:
        if request.id == "bad":
            raise ZeroDivisionError("deep inside")
        return {"content": []}

    client = make_client([], run)
    result = client.ask("tools/call", {}, id="bad")["result"]
    assert result["isError"]
    assert result["structuredContent"]["code"] == "internal"
    assert "deep inside" not in json.dumps(result)
    assert "deep inside" in capsys.readouterr().err
    assert client.ask("tools/call", {}, id="good")["result"] == {"content": []}
    assert code(client.ask("resources/read", {}, id="bad")) == protocol.INTERNAL_ERROR


def test_a_refusal_from_a_call_is_a_protocol_error(make_client: Callable[..., Any]) -> None:
    """What a call finds wrong with the request itself keeps its code and data."""

    def run(*_: Any) -> dict[str, Any]:
        raise Refusal(-32002, "resource not found", {"uri": "x"})

    assert make_client([], run).ask("resources/read", {})["error"] == {
        "code": -32002,
        "message": "resource not found",
        "data": {"uri": "x"},
    }


def test_warming_begins_when_the_tools_were_listed(client: Any) -> None:
    """Nothing is prepared for a client that only shakes hands."""
    client.greet()
    assert client.warmed == 0
    client.ask("tools/list")
    assert client.warmed == 1


class Where:
    """A call that answers with the folders of the client."""

    def run(self, _: Any, roots: Callable[[], tuple[str, ...]]) -> dict[str, Any]:
        return {"content": list(roots())}


@pytest.fixture
def where(make_client: Callable[..., Any]) -> Any:
    return make_client([], Where().run)


def test_the_folders_of_the_client_are_asked_for_once_it_is_ready(where: Any) -> None:
    """A client that has roots tells them after the handshake; a call waits for that answer."""
    where.greet(roots={"listChanged": True})
    where.tell("notifications/initialized")
    asked = where.sent[-1]
    assert asked["method"] == "roots/list"
    roots = [{"uri": "file:///home/me/my%20shop"}, {"uri": "https://x"}, {"uri": 5}, 7, {"uri": "file:///c%3A/shop"}]
    where.connection.receive(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": {"roots": roots}}).encode())
    assert where.ask("tools/call", {}, id=2)["result"]["content"] == ["/home/me/my shop", "c:/shop"]


def test_a_change_of_folders_is_followed(where: Any) -> None:
    """The last answer counts, an old one that comes late does not."""
    where.greet(roots={})
    where.tell("notifications/initialized")
    where.tell("notifications/roots/list_changed")
    old, new = (m["id"] for m in where.sent[-2:])
    for id_, name in ((new, "new"), (old, "old")):
        message = {"jsonrpc": "2.0", "id": id_, "result": {"roots": [{"uri": f"file:///{name}"}]}}
        where.connection.receive(json.dumps(message).encode())
    assert where.ask("tools/call", {}, id=2)["result"]["content"] == ["/new"]


def test_a_client_without_folders_is_not_asked(where: Any) -> None:
    """No question to clients that did not offer to answer it."""
    where.greet()
    where.tell("notifications/initialized")
    assert where.ask("tools/call", {}, id=2)["result"]["content"] == []
    assert len(where.sent) == 2


def test_a_client_that_never_tells_its_folders_is_waited_for_once(where: Any) -> None:
    """Silence means no folders."""
    where.greet(roots={})
    where.tell("notifications/initialized")
    assert where.ask("tools/call", {}, id=2)["result"]["content"] == []
    assert where.ask("tools/call", {}, id=3)["result"]["content"] == []
