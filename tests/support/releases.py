"""A web server on loopback that stands in for the place where releases are published, faults included."""

from __future__ import annotations

import hashlib
import io
import json
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from kioku_mesh.zenohd.fetch import Source


def zipped(**files: bytes) -> bytes:
    """An archive of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Releases:
    """Files by name, with the digests that the release names for them. Use it in a `with`.

    `cut` ends answers after so many bytes, `ranges` says whether downloads can be continued; `asked` is what came.
    """

    def __init__(self, files: dict[str, bytes], digests: dict[str, str] | None = None) -> None:
        self.files = files
        self.digests = {name: f"sha256:{digest(content)}" for name, content in files.items()}
        self.digests |= digests or {}
        self.cut: list[int] = []
        self.ranges = True
        self.asked: list[tuple[str, str]] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._answering())
        self.source = Source(self.address, self.address)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self) -> Releases:
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_failure: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def _answering(self) -> type[BaseHTTPRequestHandler]:
        releases = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                wanted = self.headers.get("Range", "")
                releases.asked.append((self.path, wanted))
                if self.path.startswith("/repos/"):
                    listed = [{"name": name, "digest": value} for name, value in releases.digests.items()]
                    self.answer(200, json.dumps({"assets": listed}).encode())
                    return
                content = releases.files.get(self.path.rpartition("/")[2])
                if content is None:
                    self.answer(404, b"")
                elif wanted and releases.ranges:
                    start = int(wanted.removeprefix("bytes=").rstrip("-"))
                    self.answer(206 if start < len(content) else 416, content[start:])
                else:
                    self.answer(200, content)

            def answer(self, status: int, content: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                cut = releases.cut.pop(0) if releases.cut and "/download/" in self.path else len(content)
                self.wfile.write(content[:cut])
                self.close_connection = True

            def log_message(self, *_arguments: Any) -> None:
                pass

        return Answer
