"""Addresses of the mesh: `ip`, `ip:port`, `[v6]:port`, `tcp/…`, `tls/…` in, `tcp/10.0.0.1:7447` out.

No regular expressions and no sockets: every command of a machine in a mesh reads its settings.
"""

from __future__ import annotations

PORT = 7447
PROTOCOLS = ("tcp", "tls")

_FORMS = "an address such as 10.0.0.1, 10.0.0.1:7447, [fd00::1]:7447, hub.example.org or tls/10.0.0.1"
_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.-_")
_HEX = frozenset("0123456789abcdef")


def normal(text: str) -> str:
    """One endpoint as it is stored and shown: protocol/host:port. Raises ValueError with what would be right."""
    protocol, slash, place = text.strip().lower().rpartition("/")
    protocol = protocol if slash else PROTOCOLS[0]
    if protocol not in PROTOCOLS:
        raise ValueError(f"{_FORMS}; protocols are {' and '.join(PROTOCOLS)}")
    host, port = _split(place)
    if not (port.isascii() and port.isdigit() and len(port) < 6 and 0 < int(port) < 65536):
        raise ValueError(f"{_FORMS}; a port is a whole number from 1 to 65535")
    if ":" in host:
        if not _is_v6(host):
            raise ValueError(f"{_FORMS}; an IPv6 address has up to eight groups of hex digits, without a zone")
        host = f"[{host}]"
    elif not _is_host(host):
        raise ValueError(_FORMS)
    return f"{protocol}/{host}:{int(port)}"


def several(text: str) -> tuple[str, ...]:
    """A list with commas between, each once. Raises ValueError as `normal`."""
    return tuple(dict.fromkeys(normal(piece) for piece in text.split(",") if piece.strip()))


def parts(endpoint: str) -> tuple[str, str, int]:
    """Protocol, host without brackets, and port of a normal endpoint."""
    protocol, _, place = endpoint.partition("/")
    host, port = _split(place)
    return protocol, host, int(port)


def _split(place: str) -> tuple[str, str]:
    """Host without brackets, and port."""
    if place.startswith("["):
        host, end, rest = place[1:].partition("]")
        return host if end and ":" in host else "", rest.removeprefix(":") if rest else str(PORT)
    if place.count(":") > 1:
        return place, str(PORT)
    host, colon, port = place.partition(":")
    return host, port if colon else str(PORT)


def _is_host(host: str) -> bool:
    """An IPv4 address or a name."""
    labels = host.split(".")
    if not set(host) <= _NAME:
        return False
    if all(label.isdigit() for label in labels):
        return len(labels) == 4 and all(len(label) < 4 and int(label) < 256 for label in labels)
    return len(host) < 254 and all(label and label[0] != "-" for label in labels)


def _is_v6(host: str) -> bool:
    head, gap, tail = host.partition("::")
    groups = [group for side in (head, tail) for group in side.split(":") if side]
    last = groups[-1] if groups else ""
    count = len(groups)
    if "." in last:  # ::ffff:10.0.0.1
        if not (_is_host(last) and last.replace(".", "").isdigit()):
            return False
        groups, count = groups[:-1], count + 1
    right = all(0 < len(group) < 5 and set(group) <= _HEX for group in groups)
    return right and "::" not in tail and (count < 8 if gap else count == 8)
