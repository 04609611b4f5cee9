"""Key expressions of the mesh. A scope is one chunk (`mesh`) or two (`user/ann`), a node and an incarnation one each."""

from __future__ import annotations

from .. import wire
from ..store.exchange import Name
from .peers import Address

BUCKET = 1000  # records of a stream under one key, so that a storage can be asked piece by piece


def record(header: wire.Header, digest: str) -> str:
    node, _, incarnation = header.origin.rpartition(".")
    place = f"{header.seq // BUCKET}/{header.seq}/{digest}"
    return f"{header.lane}/log/{header.scope}/{node}/{incarnation}/{place}"


def bucket(name: Name, number: int) -> str:
    """All records of a stream with numbers from `number` x BUCKET on, BUCKET of them."""
    node, _, incarnation = name.origin.rpartition(".")
    return f"{name.lane}/log/{name.scope}/{node}/{incarnation}/{number}/**"


def records(lane: str, scope: str) -> str:
    return f"{lane}/log/{scope}/**"


def announcement(lane: str, scope: str, of: Address) -> str:
    return f"{lane}/vv/{scope}/{of.node}/{of.incarnation}"


def announcements(lane: str, scope: str) -> str:
    return f"{lane}/vv/{scope}/*/*"


def sync(lane: str, scope: str, of: Address) -> str:
    return f"{lane}/sync/{scope}/{of.node}/{of.incarnation}"


def alive(lane: str, of: Address) -> str:
    return f"{lane}/alive/{of.node}/{of.incarnation}"


def all_alive(lane: str) -> str:
    return f"{lane}/alive/*/*"


def address(key: str) -> Address:
    """Whose key this is, by its last two chunks."""
    node, _, incarnation = key.rpartition("/")
    return Address(node.rpartition("/")[2], incarnation)
