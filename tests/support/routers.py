"""A real zenohd with RocksDB in a test: built once by tests/zenohd/build, started on a port of its own, killed at will."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from kioku_mesh.mesh.storage_probe import Visit
from kioku_mesh.zenohd import config, selftest
from zenohd import pins


def built() -> Path:
    """The folder with zenohd and its libraries. Fails the test where it could be built and is not."""
    folder = pins.folder(os.environ)
    if not pins.complete(folder):
        pytest.fail("zenohd is not built: run tests/zenohd/build (once, about 20 minutes)")
    return folder


def free_port() -> int:
    """A port on the loopback address that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Router:
    """A zenohd in `folder`, with storages for `scopes`. Use it in a `with`; `start` it again after a `kill`."""

    def __init__(self, folder: Path, scopes: Sequence[str] = ("mesh",), text: str = "") -> None:
        self.program = built() / "zenohd"
        self.endpoint = f"tcp/127.0.0.1:{free_port()}"
        self.data = folder / "data"
        self.data.mkdir(parents=True, exist_ok=True)
        self.log = folder / "zenohd.log"
        self.file = folder / config.FILE
        self.file.write_text(text or config.text(config.Settings(tuple(scopes), str(self.data), (self.endpoint,))))
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Router:
        self.start()
        return self

    def __exit__(self, *_failure: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.process = selftest.start(str(self.program), str(self.file), str(self.log))
        selftest.visit(self.endpoint, self.process, 60).close()

    def kill(self) -> None:
        """End it as a power failure would."""
        assert self.process
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            selftest.stop(self.process)

    def visit(self) -> Visit:
        """A session with it."""
        return Visit(self.endpoint)

    def stores(self, key: str, payload: bytes) -> None:
        """Write, and wait until it can be read back."""
        with self.visit() as router:
            router.put(key, payload)
            assert router.settled(key, payload, 30), self.said()

    def holds(self, key: str) -> bytes | None:
        """What is stored under a key."""
        with self.visit() as router:
            return router.read(key)

    def said(self) -> str:
        return selftest.tail(str(self.log))
