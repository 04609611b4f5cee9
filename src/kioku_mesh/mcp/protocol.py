"""What the Model Context Protocol says about one message: its revision, its errors, the frame of an answer. Pure.

Revisions up to 2025-11-25 open with a handshake (`initialize`); 2026-07-28 has none, each request says in `_meta` who
asks and in which revision. Requests are told apart one by one, so a client may probe one way and go on the other.
"""

from __future__ import annotations

from typing import Any

from .. import __version__
from ..values import NamedTuple

HANDSHAKE = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
STATELESS = ("2026-07-28",)
STRUCTURED_SINCE = "2025-06-18"  # older clients get text alone: some would hand the model everything twice

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
UNSUPPORTED_VERSION = -32022
RESOURCE_NOT_FOUND = -32002  # before 2026-07-28
TOO_MANY = -32000

META = "io.modelcontextprotocol/"
SERVER = {"name": "kioku-mesh", "title": "kioku-mesh memory", "version": __version__}
CAPABILITIES: dict[str, Any] = {"tools": {}, "resources": {}}
LIST_TTL = 300_000  # milliseconds; lists change only with the options the server was started with

_CACHED = frozenset(
    ("server/discover", "tools/list", "resources/list", "resources/templates/list", "resources/read")
)  # fmt: skip


class Refusal(Exception):
    """A JSON-RPC error: the message itself is wrong, as opposed to a call that failed."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


class Request(NamedTuple):
    """`version` is the revision to answer in, `client` the name in clientInfo."""

    id: int | str
    method: str
    params: dict[str, Any]
    meta: dict[str, Any]
    version: str
    client: str | None

    @property
    def stateless(self) -> bool:
        return self.version in STATELESS


def usable_id(message: dict[str, Any]) -> int | str | None:
    """The id of a message if it can be answered to: a string or an integer."""
    value = message.get("id")
    return value if isinstance(value, (int, str)) and not isinstance(value, bool) else None


def read_params(message: dict[str, Any]) -> dict[str, Any]:
    """Raises Refusal if there are parameters that are not an object."""
    params = message.get("params")
    if params is None:
        return {}
    if not isinstance(params, dict):
        raise Refusal(INVALID_PARAMS, "params must be an object")
    return params


def read_request(id_: int | str, method: str, params: dict[str, Any], version: str, client: str | None) -> Request:
    """`version` and `client` are those of the handshake, if there was one. Raises Refusal on a bad envelope."""
    meta = params.get("_meta")
    meta = meta if isinstance(meta, dict) else {}
    wanted = meta.get(META + "protocolVersion")
    if wanted is None or method == "initialize":
        return Request(id_, method, params, meta, version, client)
    if wanted not in STATELESS:
        raise Refusal(
            UNSUPPORTED_VERSION,
            "unsupported protocol version",
            {"supported": [*STATELESS, *HANDSHAKE], "requested": str(wanted)[:40]},
        )
    if not isinstance(meta.get(META + "clientCapabilities"), dict):
        raise Refusal(INVALID_PARAMS, f"_meta lacks {META}clientCapabilities")
    return Request(id_, method, params, meta, wanted, client_name(meta.get(META + "clientInfo")))


def client_name(info: Any) -> str | None:
    name = info.get("name") if isinstance(info, dict) else None
    return name if isinstance(name, str) else None


def agree(params: dict[str, Any]) -> str:
    """The revision of a handshake: the one asked for, or the newest we know. Raises Refusal."""
    wanted = params.get("protocolVersion")
    if not isinstance(wanted, str):
        raise Refusal(INVALID_PARAMS, "initialize needs protocolVersion")
    return wanted if wanted in HANDSHAKE else HANDSHAKE[0]


def reply(request: Request, result: dict[str, Any]) -> dict[str, Any]:
    """The answer to a request, with what its revision wants around the result."""
    if request.stateless:
        result = {"resultType": "complete", **result}
        result["_meta"] = {META + "serverInfo": SERVER, **result.get("_meta", {})}
        if request.method in _CACHED:
            result["ttlMs"] = 0 if request.method == "resources/read" else LIST_TTL
            result["cacheScope"] = "private"
    elif request.version < STRUCTURED_SINCE:
        result = _without_structure(result)
    return {"jsonrpc": "2.0", "id": request.id, "result": result}


def tool_error(error: dict[str, Any]) -> dict[str, Any]:
    """The result of a call that failed; `error` as in every interface: code, message, hint, details."""
    text = error["message"] if not error["hint"] else f"{error['message']}. {error['hint']}"
    return {"content": [{"type": "text", "text": text}], "structuredContent": error, "isError": True}


def failure(id_: int | str | None, refusal: Refusal) -> dict[str, Any]:
    error: dict[str, Any] = {"code": refusal.code, "message": refusal.message}
    if refusal.data is not None:
        error["data"] = refusal.data
    return {"jsonrpc": "2.0", "id": id_, "error": error}


def notice(method: str, params: dict[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": method, "params": params}


def _without_structure(result: dict[str, Any]) -> dict[str, Any]:
    result = {key: value for key, value in result.items() if key != "structuredContent"}
    if "tools" in result:
        result["tools"] = [{k: v for k, v in tool.items() if k != "outputSchema"} for tool in result["tools"]]
    return result
