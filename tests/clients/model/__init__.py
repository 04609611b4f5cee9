"""A model that is no model: it answers on loopback what real clients send to their providers, following a script.

It calls one tool as soon as the client offers it (through the client's own search for tools, where there is one), and
once that has answered it ends the turn with `ANSWER <what the client handed over>`. If the tool is never offered it
ends with `NO TOOL <what was offered>`. Speaks the formats of the clients we drive: Messages, Responses, chat
completions and generateContent.
"""

from __future__ import annotations

import gzip
import itertools
import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from . import chat, gemini, messages, responses
from .script import Body, Events, Move, Script, Seen, strings

__all__ = ["ScriptedModel", "strings"]


class Format(NamedTuple):
    read: Callable[[Body, Script], Seen]
    write: Callable[[Body, Move, int], Body | Events]


FORMATS = {  # by the end of the path
    "/messages": Format(messages.read, messages.write),
    "/responses": Format(responses.read, responses.write),
    "/chat/completions": Format(chat.read, chat.write),
    ":generateContent": Format(gemini.read, gemini.write),
    ":streamGenerateContent": Format(gemini.read, gemini.stream),
}
COUNTED = {"input_tokens": 10, "totalTokens": 10}


class ScriptedModel:
    """Serves from construction until `close`, or in a `with`. `requests` holds what clients sent to the model, oldest
    first."""

    def __init__(self, tool: str, arguments: Mapping[str, Any], server: str = "kioku-mesh") -> None:
        self.script = Script(tool, arguments, server)
        self._numbers = itertools.count(1)
        self.requests: list[Body] = []
        model = self

        class Handler(_Handler):
            def answer(self, path: str, body: Body) -> Body | Events:
                return model.answer(path, body)

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> ScriptedModel:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def answer(self, path: str, body: Body) -> Body | Events:
        """The response to one request: a body, or server-sent events."""
        form = next((form for end, form in FORMATS.items() if path.endswith(end)), None)
        if form is None:
            return COUNTED if path.lower().endswith(("count_tokens", "counttokens")) else {}
        self.requests.append(body)
        return form.write(body, self.script.move(form.read(body, self.script)), next(self._numbers))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, path: str, body: Body) -> Body | Events:
        raise NotImplementedError

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._send(b"", "application/json")

    def do_GET(self) -> None:
        self._send(b'{"object": "list", "data": [], "models": []}', "application/json")

    def do_POST(self) -> None:
        raw = self._read()
        answer = self.answer(self.path.split("?")[0], json.loads(raw or b"{}"))
        if isinstance(answer, dict):
            return self._send(json.dumps(answer).encode(), "application/json")
        return self._send("".join(map(_event, answer)).encode(), "text/event-stream")

    def _read(self) -> bytes:
        raw = b""
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            while size := int(self.rfile.readline().strip() or b"0", 16):
                raw += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        return gzip.decompress(raw) if self.headers.get("content-encoding") == "gzip" else raw

    def _send(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _event(event: tuple[str, Body | str]) -> str:
    name, content = event
    text = content if isinstance(content, str) else json.dumps(content)
    return (f"event: {name}\n" if name else "") + f"data: {text}\n\n"
