"""The folders a client works in, asked for where the protocol allows it: a desktop program starts servers anywhere."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

PATIENCE = 0.5  # seconds a call waits for a client that has not told its folders yet


class Roots:
    def __init__(self, send: Callable[[dict[str, Any]], None]) -> None:
        self._send = send
        self._offered = False
        self._asked = 0
        self._uris: tuple[str, ...] = ()
        self._told = threading.Event()
        self._told.set()

    def declare(self, capabilities: Any) -> None:
        """What the client said in the handshake."""
        self._offered = isinstance(capabilities, dict) and isinstance(capabilities.get("roots"), dict)

    def ask(self) -> None:
        """Ask again, if this client answers such questions."""
        if self._offered:
            self._asked += 1
            self._told.clear()
            self._send({"jsonrpc": "2.0", "id": self._id(), "method": "roots/list"})

    def take(self, message: dict[str, Any]) -> None:
        """An answer of the client; others than the last one asked for are ignored, an error means no folders."""
        if message.get("id") != self._id():
            return
        result = message.get("result")
        roots = result.get("roots") if isinstance(result, dict) else None
        uris = [root.get("uri") for root in roots if isinstance(root, dict)] if isinstance(roots, list) else []
        self._uris = tuple(uri for uri in uris if isinstance(uri, str) and uri.startswith("file:///"))
        self._told.set()

    def paths(self) -> tuple[str, ...]:
        """The folders; waits a moment, once, for an answer that is on its way."""
        if not self._told.wait(PATIENCE):
            self._told.set()
        return tuple(map(_path, self._uris))

    def _id(self) -> str:
        return f"roots-{self._asked}"


def _path(uri: str) -> str:
    """`file:///home/me/shop` as `/home/me/shop`, `file:///c%3A/shop` as `c:/shop`."""
    from urllib.parse import unquote

    path = unquote(uri[len("file://") :])
    return path[1:] if path[2:3] == ":" else path
