"""One request to a server and its answer: one address, no proxy, no redirection, never longer than it may take.

The address that a name stands for is looked up once, and connected to; what may not leave this machine is sent only when
the connection itself ends on this machine.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from ..store.meaning import Fault
from ..values import NamedTuple

if TYPE_CHECKING:
    from http.client import HTTPConnection

ANSWER_MAX = 16 << 20  # bytes
_CONNECT_S = 0.5  # to one address, for who is in a hurry
_ADDRESSES = 4  # of a name that are tried
_PORTS = {"http": 80, "https": 443}


class Answer(NamedTuple):
    status: int
    body: bytes


class Place(NamedTuple):
    """Where a server is. `at_home`: its name says that it is on this machine."""

    scheme: str
    host: str
    port: int
    path: str
    at_home: bool

    @classmethod
    def of(cls, address: str) -> Place:
        """Of an address such as http://127.0.0.1:11434/v1; without a path, /v1 is meant. Raises Fault."""
        scheme, _, rest = address.partition("://")
        where, _, path = rest.partition("/")
        host, port = _host_and_port(where, _PORTS[scheme])
        base = f"/{path}".rstrip("/") or "/v1"
        whole = base if base.endswith("/embeddings") else f"{base}/embeddings"
        return cls(scheme, host, port, whole, host.lower() == "localhost" or _is_loopback(host))


def _host_and_port(where: str, otherwise: int) -> tuple[str, int]:
    host, port = where, ""
    if where.startswith("["):
        host, _, port = where[1:].partition("]")
    elif where.count(":") == 1:
        host, _, port = where.partition(":")
    digits = port.removeprefix(":")
    if not host or (digits and not (digits.isdigit() and 0 < int(digits[:6]) < 65536)):
        raise Fault(f"{where} is no address of a server")
    return host, int(digits) if digits else otherwise


def _is_loopback(address: str) -> bool:
    from ipaddress import ip_address

    try:
        found = ip_address(address)
    except ValueError:
        return False
    inner = getattr(found, "ipv4_mapped", None)
    return bool((inner or found).is_loopback)


class Line:
    """For one request. `name`: of the server, in messages; `local`: what is sent may not leave this machine."""

    def __init__(self, place: Place, name: str, local: bool) -> None:
        self._place, self._name, self._local = place, name, local
        self._socket: socket.socket | None = None
        self._over = False
        self._answer: Answer | None = None
        self._problem = "the request failed"

    def post(self, body: bytes, key: str, seconds: float) -> Answer:
        """Send it and wait for the whole answer. Raises Fault."""
        # A thread, as nothing else bounds the look-up of a name, and what comes byte by byte.
        work = threading.Thread(target=self._run, args=(body, key, seconds), daemon=True)
        work.start()
        work.join(seconds)
        if self._answer is not None:
            return self._answer
        if work.is_alive():
            self._cut()
            raise Fault(f"{self._name} did not answer within {seconds:g} s")
        raise Fault(self._problem)

    def _cut(self) -> None:
        """End what still runs."""
        self._over = True
        opened = self._socket
        if opened is not None:
            with suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)

    def _run(self, body: bytes, key: str, seconds: float) -> None:
        from http.client import HTTPException

        try:
            self._answer = self._exchange(body, key, seconds)
        except Fault as problem:
            self._problem = str(problem)
        except TimeoutError:
            self._problem = f"{self._name} did not answer within {seconds:g} s"
        except OSError as problem:
            self._problem = f"{self._name} is not reached ({problem.strerror or type(problem).__name__})"
        except (HTTPException, ValueError) as problem:  # a header that is none, a key that cannot be sent
            self._problem = f"{self._name} does not speak HTTP with us ({type(problem).__name__})"

    def _exchange(self, body: bytes, key: str, seconds: float) -> Answer:
        connection = self._connected(seconds)
        try:
            sent = {"Content-Type": "application/json", "Accept": "application/json"}
            if key:
                sent["Authorization"] = f"Bearer {key}"
            connection.request("POST", self._place.path, body, sent)
            response = connection.getresponse()
            if response.status != 200:
                return Answer(response.status, b"")
            received = response.read(ANSWER_MAX + 1)
        finally:
            connection.close()
        if len(received) > ANSWER_MAX:
            raise Fault(f"{self._name} answered with more than {ANSWER_MAX >> 20} MB")
        return Answer(200, received)

    def _connected(self, seconds: float) -> HTTPConnection:
        """A connection that is open already, to the address that was found and no other."""
        from http.client import HTTPConnection

        place = self._place
        opened = self._reached(seconds)
        self._socket = opened
        try:
            if self._local and not _is_loopback(str(opened.getpeername()[0])):
                raise Fault(f"{self._name} is not on this machine, and what is local does not leave it")
            opened.settimeout(seconds)
            if place.scheme == "https":
                import ssl

                self._socket = opened = ssl.create_default_context().wrap_socket(opened, server_hostname=place.host)
            if self._over:
                raise TimeoutError
        except BaseException:
            opened.close()
            raise
        connection = HTTPConnection(place.host, place.port, timeout=seconds)
        connection.sock = opened
        return connection

    def _reached(self, seconds: float) -> socket.socket:
        place = self._place
        found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
        problem: OSError = ConnectionError(f"no address of {place.host}")
        for family, kind, protocol, _, address in found[:_ADDRESSES]:
            if self._over:
                break
            opened = socket.socket(family, kind, protocol)
            try:
                opened.settimeout(min(seconds, max(_CONNECT_S, seconds / 10)))
                opened.connect(address)
            except OSError as failed:
                opened.close()
                problem = failed
            else:
                return opened
        raise problem
