"""A proxy that lets nothing through: whoever asks the world is refused at once, instead of waiting for an answer."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Wall:
    """Stands from construction until `close`. `environment`: what sends programs here, except for this machine itself."""

    def __init__(self) -> None:
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _Refusal)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self.environment = {"HTTP_PROXY": url, "HTTPS_PROXY": url, "NO_PROXY": "127.0.0.1,localhost"}

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Refusal(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass

    def do_CONNECT(self) -> None:
        self.send_error(403)

    do_GET = do_HEAD = do_POST = do_CONNECT
