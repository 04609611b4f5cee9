"""One connection: every message that comes in, answered at once or handed to the pool."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from ..values import NamedTuple
from . import protocol, wire
from .pool import Pool
from .protocol import META, Refusal, Request
from .roots import Roots

RUNNING_MAX = 200  # calls taken at once, running or waiting
LISTENING_MAX = 50

Result = dict[str, Any]
Answer = Callable[[Request], Result | None]


class Offer(NamedTuple):
    """What can be told without the memory. `tools` as tools/list shows them, asked for when they are listed."""

    instructions: str
    tools: Callable[[], tuple[dict[str, Any], ...]]
    resources: tuple[dict[str, Any], ...]
    templates: tuple[dict[str, Any], ...]


class Connection:
    """Never raises, whatever comes in.

    `run` does tools/call and resources/read on a thread of the pool and may raise Refusal; it gets the request and a
    function that tells the client's folders. `warm` is called when the client has seen the tools.
    """

    def __init__(
        self,
        offer: Offer,
        send: Callable[[dict[str, Any]], None],
        run: Callable[[Request, Callable[[], tuple[str, ...]]], Result],
        warm: Callable[[], None] = lambda: None,
    ) -> None:
        self._offer = offer
        self._send = send
        self._run = run
        self._warm = warm
        self._version = protocol.HANDSHAKE[0]
        self._client: str | None = None
        self._roots = Roots(send)
        self._pool = Pool()
        self._lock = threading.Lock()
        self._running: dict[str, bool] = {}  # id -> is the answer still wanted?
        self._listening: dict[str, int | str] = {}
        both: dict[str, Answer] = {
            "tools/list": self._list_tools,
            "tools/call": self._call,
            "resources/list": lambda _: {"resources": offer.resources},
            "resources/templates/list": lambda _: {"resourceTemplates": offer.templates},
            "resources/read": self._call,
        }
        self._handshake = both | {"initialize": self._initialize, "ping": lambda _: {}}
        self._stateless = both | {"server/discover": self._discover, "subscriptions/listen": self._listen}

    def receive(self, line: bytes | None) -> None:
        """Take one line; None is one that was too long."""
        id_ = None
        try:
            if line is None:
                raise Refusal(protocol.INVALID_REQUEST, f"a message may have at most {wire.LINE_MAX} bytes")
            message = _parse(line)
            id_ = protocol.usable_id(message)
            if message.get("jsonrpc") != "2.0":
                raise Refusal(protocol.INVALID_REQUEST, "jsonrpc must be 2.0")
            if "method" in message:
                self._take(message, id_)
            elif "result" in message or "error" in message:
                self._roots.take(message)
            else:
                raise Refusal(protocol.INVALID_REQUEST, "method is missing")
        except Refusal as refusal:
            self._send(protocol.failure(id_, refusal))

    def finish(self, seconds: float) -> bool:
        """Wait for running calls, at most so long, and end the subscriptions; False if calls still run."""
        quiet = self._pool.finish(seconds)
        for id_ in self._listening.values():
            meta = {META + "serverInfo": protocol.SERVER, META + "subscriptionId": id_}
            self._send({"jsonrpc": "2.0", "id": id_, "result": {"resultType": "complete", "_meta": meta}})
        return quiet

    def _take(self, message: dict[str, Any], id_: int | str | None) -> None:
        method = message["method"]
        if not isinstance(method, str):
            raise Refusal(protocol.INVALID_REQUEST, "method must be a string")
        if "id" not in message:
            return self._hear(method, message.get("params"))
        if id_ is None:
            raise Refusal(protocol.INVALID_REQUEST, "id must be a string or an integer")
        request = protocol.read_request(id_, method, protocol.read_params(message), self._version, self._client)
        answer = (self._stateless if request.stateless else self._handshake).get(method)
        if answer is None:
            raise Refusal(protocol.METHOD_NOT_FOUND, f"unknown method: {method[:100]}")
        result = answer(request)
        if result is not None:
            self._send(protocol.reply(request, result))
            if method == "tools/list":
                self._warm()
        return None

    def _hear(self, method: str, params: Any) -> None:
        """Notifications: no answer, whatever they say."""
        if method == "notifications/cancelled" and isinstance(params, dict):
            key = repr(params.get("requestId"))
            with self._lock:
                self._listening.pop(key, None)
                if key in self._running:
                    self._running[key] = False
        elif method in ("notifications/initialized", "notifications/roots/list_changed"):
            self._roots.ask()

    def _initialize(self, request: Request) -> Result:
        self._version = protocol.agree(request.params)
        self._client = protocol.client_name(request.params.get("clientInfo"))
        self._roots.declare(request.params.get("capabilities"))
        return {
            "protocolVersion": self._version,
            "capabilities": protocol.CAPABILITIES,
            "serverInfo": protocol.SERVER,
            "instructions": self._offer.instructions,
        }

    def _discover(self, _: Request) -> Result:
        return {
            "supportedVersions": [*protocol.STATELESS, *protocol.HANDSHAKE],
            "capabilities": protocol.CAPABILITIES,
            "instructions": self._offer.instructions,
        }

    def _list_tools(self, _: Request) -> Result:
        return {"tools": self._offer.tools()}

    def _listen(self, request: Request) -> None:
        """Acknowledged and kept, though nothing here ever changes: clients treat a refusal as a fault."""
        with self._lock:
            if len(self._listening) >= LISTENING_MAX:
                raise Refusal(protocol.TOO_MANY, "too many subscriptions")
            self._listening[repr(request.id)] = request.id
        meta = {META + "subscriptionId": request.id}
        self._send(protocol.notice("notifications/subscriptions/acknowledged", {"_meta": meta, "notifications": {}}))

    def _call(self, request: Request) -> None:
        key = repr(request.id)
        with self._lock:
            if key in self._running:
                raise Refusal(protocol.INVALID_REQUEST, "a request with this id is still running")
            if len(self._running) >= RUNNING_MAX:
                raise Refusal(protocol.TOO_MANY, "too many calls at once; wait for an answer")
            self._running[key] = True
        self._pool.submit(partial(self._work, request, key))

    def _work(self, request: Request, key: str) -> None:
        message = self._outcome(request) if self._running[key] else {}
        with self._lock:
            wanted = self._running.pop(key)
        if wanted:
            self._send(message)

    def _outcome(self, request: Request) -> dict[str, Any]:
        """The edge of a call: a defect ends this call, with its traceback on stderr, not the server."""
        try:
            return protocol.reply(request, self._run(request, self._roots.paths))
        except Refusal as refusal:
            return protocol.failure(request.id, refusal)
        except Exception as error:  # noqa: BLE001
            sys.excepthook(type(error), error, error.__traceback__)
            what = f"internal error ({type(error).__name__})"
            if request.method != "tools/call":
                return protocol.failure(request.id, Refusal(protocol.INTERNAL_ERROR, what))
            hint = "try again; the log of the client has the details"
            return protocol.reply(request, protocol.tool_error({"code": "internal", "message": what, "hint": hint}))


def _parse(line: bytes) -> dict[str, Any]:
    try:
        message = wire.decode(line)
    except ValueError as error:
        raise Refusal(protocol.PARSE_ERROR, f"not JSON: {error}") from None
    if isinstance(message, list):
        raise Refusal(protocol.INVALID_REQUEST, "one message per line; no batches")
    if not isinstance(message, dict):
        raise Refusal(protocol.INVALID_REQUEST, "not a JSON-RPC message")
    return message
