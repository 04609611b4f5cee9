"""The addresses of this machine's network interfaces, as far as the standard library can find them."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import suppress

from .values import NamedTuple

_V6_FILE = "/proc/net/if_inet6"
_GET_ADDRESS = 0x8915  # SIOCGIFADDR of Linux
_FAR = (("AF_INET", "192.0.2.1"), ("AF_INET6", "2001:db8::1"))  # nothing is sent there


class Interface(NamedTuple):
    """`name` is empty where only the address is known."""

    address: str
    name: str = ""


def interfaces() -> tuple[Interface, ...]:
    """Addresses at which other machines may reach this one: no loopback, none of one link alone. IPv4 first."""
    found: dict[str, Interface] = {}
    for each in (*_of_linux_v4(), *_of_linux_v6(), *_of_routes(), *_of_host_name()):
        if each.address and not each.address.startswith(("127.", "0.", "169.254.", "fe80:", "::1", "::")):
            found.setdefault(each.address, each)
    return tuple(sorted(found.values(), key=lambda each: ":" in each.address))


def _of_linux_v4() -> Iterator[Interface]:
    import socket

    try:
        import fcntl

        names = socket.if_nameindex()
    except (ImportError, AttributeError, OSError):
        return
    if not os.path.exists("/proc/net"):
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        for _, name in names:
            with suppress(OSError):  # an interface without an address
                answer = fcntl.ioctl(asked, _GET_ADDRESS, struct.pack("256s", name.encode()[:15]))
                yield Interface(socket.inet_ntoa(answer[20:24]), name)


def _of_linux_v6() -> Iterator[Interface]:
    import socket

    try:
        with open(_V6_FILE, encoding="ascii") as file:
            rows = [line.split() for line in file]
    except OSError:
        return
    for row in rows:
        if len(row) == 6:
            yield Interface(socket.inet_ntop(socket.AF_INET6, bytes.fromhex(row[0])), row[5])


def _of_routes() -> Iterator[Interface]:
    """The address that this machine would use to reach others."""
    import socket

    for family, far in _FAR:
        with suppress(OSError), socket.socket(getattr(socket, family), socket.SOCK_DGRAM) as asked:
            asked.connect((far, 9))
            yield Interface(asked.getsockname()[0])


def _of_host_name() -> Iterator[Interface]:
    import socket

    with suppress(OSError):
        for *_, place in socket.getaddrinfo(socket.gethostname(), None):
            yield Interface(str(place[0]).partition("%")[0])
