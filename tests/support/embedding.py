"""A server of embeddings with an OpenAI-compatible interface, as tests want it: its vectors are sums of those of words, with
synonyms, so a question finds a memory that shares no word with it; it can also do everything wrong.

    python -m support.embedding HOST LOG     serves until it is killed; prints its port, writes each request to LOG
"""

from __future__ import annotations

import json
import random
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

SIZE = 48
ALIKE = 1.5  # of a direction that all texts have: two that have nothing in common are not at right angles
TELLING = 3.0  # the weight of a word with synonyms
SYNONYMS = {
    "zanzibar": "spice", "cloves": "spice", "quokka": "marsupial", "wallaby": "marsupial", "obelisk": "pillar", "stele": "pillar",
}  # fmt: skip


class Request(NamedTuple):
    path: str
    key: str | None
    body: dict[str, Any]


def vector(text: str, size: int = SIZE) -> list[float]:
    """The same for the same text for ever."""
    total = [ALIKE] + [0.0] * (size - 1)
    for word in sorted(set(re.findall(r"\w+", text.lower()))):
        some = random.Random(SYNONYMS.get(word, word))
        weight = (TELLING if word in SYNONYMS else 1.0) * size**-0.5
        total = [have + some.gauss(0, weight) for have in total]
    return total


def good(texts: list[str]) -> tuple[int, Any]:
    """What a server answers that does its work."""
    return 200, {"data": [{"index": at, "embedding": vector(text)} for at, text in enumerate(texts)]}


class Server:
    """`answer`: status and JSON value (or bytes) for the texts of a request; may be set anew while it runs. `before`: headers
    beside the usual ones, `delay` seconds before the answer."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.asked: list[Request] = []
        self.answer: Callable[[list[str]], tuple[int, Any]] = good
        self.headers: dict[str, str] = {}
        self.delay = 0.0
        self.log: str | None = None
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer._post(self)

            def do_GET(self) -> None:
                outer.asked.append(Request(self.path, None, {}))
                self.send_error(405)

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer((host, 0), Handler)
        self._http.daemon_threads = True
        self.port = int(self._http.server_address[1])
        self.address = f"http://{host}:{self.port}/v1"

    def _post(self, handler: BaseHTTPRequestHandler) -> None:
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        request = Request(handler.path, handler.headers.get("Authorization"), body)
        self.asked.append(request)
        if self.log:
            with open(self.log, "a", encoding="utf-8") as file:
                file.write(json.dumps(request) + "\n")
        time.sleep(self.delay)
        status, said = self.answer(body["input"])
        answer = said if isinstance(said, bytes) else json.dumps(said).encode()
        try:
            handler.send_response(status)
            for name, value in {"Content-Length": str(len(answer)), **self.headers}.items():
                handler.send_header(name, value)
            handler.end_headers()
            handler.wfile.write(answer)
        except OSError:
            pass  # who asked has gone

    @property
    def texts(self) -> list[str]:
        """All that it was ever told."""
        return [text for request in self.asked for text in request.body.get("input", ())]

    def start(self) -> None:
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        """From now on connections are refused."""
        self._http.shutdown()
        self._http.server_close()


@contextmanager
def serving(host: str = "127.0.0.1") -> Iterator[Server]:
    """A server on this machine."""
    server = Server(host)
    server.start()
    try:
        yield server
    finally:
        server.stop()


if __name__ == "__main__":
    made = Server(sys.argv[1])
    made.log = sys.argv[2]
    print(made.port, flush=True)
    made._http.serve_forever()
