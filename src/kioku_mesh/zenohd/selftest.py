"""Does this zenohd keep what it is given? Start, write, stop, start, read, on a port and in a folder of its own."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from ..errors import KiokuError, NotAvailable
from ..mesh.storage_probe import Visit, available
from ..values import NamedTuple
from . import config

if TYPE_CHECKING:
    import subprocess

_STARTING = 15.0  # seconds until a router answers
_STORING = 10.0  # until what was written can be read
_STOPPING = 10.0
_KEY = "mem/log/mesh/self-test/0/0/1/0"


class Tested(NamedTuple):
    """How the self-test ended: `passed`, `failed` or `not_checked`, and why."""

    status: str
    message: str
    log: str = ""


def test(program: str) -> Tested:
    """Try the zenohd at `program`; the libraries it needs lie beside it."""
    import tempfile

    if not available():
        return Tested("not_checked", "the Zenoh library is not installed here, so nothing could be written or read")
    with tempfile.TemporaryDirectory(prefix="kioku-mesh-") as folder:
        endpoint = f"tcp/127.0.0.1:{_free_port()}"
        settings = config.Settings(("mesh",), os.path.join(folder, "data"), (endpoint,))
        file, log = os.path.join(folder, config.FILE), os.path.join(folder, "log")
        os.mkdir(settings.data)
        with open(file, "w", encoding="utf-8") as opened:
            opened.write(config.text(settings))
        payload = os.urandom(32)
        try:
            _round(program, file, log, endpoint, payload, write=True)
            _round(program, file, log, endpoint, payload, write=False)
        except KiokuError as problem:
            return Tested("failed", problem.message, tail(log))
    return Tested("passed", "what was written was there after a restart")


def _round(program: str, file: str, log: str, endpoint: str, payload: bytes, *, write: bool) -> None:
    """One life of a router, in which the payload is written or has to be there."""
    process = start(program, file, log)
    try:
        with visit(endpoint, process) as router:
            if write:
                router.put(_KEY, payload)
            if not router.settled(_KEY, payload, _STORING):
                raise NotAvailable("what was written was not stored" if write else "a restart lost what was written")
    finally:
        stop(process)


def start(program: str, file: str, log: str) -> subprocess.Popen[bytes]:
    """A zenohd with the configuration `file`; what it says goes to `log`. Raises NotAvailable."""
    import subprocess

    with open(log, "ab") as output:
        try:
            return subprocess.Popen([program, "-c", file], stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        except OSError as error:
            raise NotAvailable(f"{program} cannot be started: {error.strerror or error}") from None


def visit(endpoint: str, process: subprocess.Popen[bytes], patience: float = _STARTING) -> Visit:
    """A session with the router that is starting. Raises NotAvailable when it ends or does not answer in time."""
    until = time.monotonic() + patience
    while True:
        try:
            return Visit(endpoint, 1.0)
        except NotAvailable as problem:
            if process.poll() is not None:
                raise NotAvailable(f"zenohd ended with {process.returncode} when it was started") from None
            if time.monotonic() > until:
                raise NotAvailable(f"zenohd runs but does not answer: {problem.message}") from None
            time.sleep(0.05)


def stop(process: subprocess.Popen[Any]) -> None:
    """End the router and wait until it is gone."""
    import subprocess

    process.terminate()
    try:
        process.wait(_STOPPING)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def tail(log: str, characters: int = 2000) -> str:
    """The end of a log, for somebody who looks for the cause."""
    try:
        with open(log, encoding="utf-8", errors="replace") as file:
            return file.read()[-characters:]
    except OSError:
        return ""


def _free_port() -> int:
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
