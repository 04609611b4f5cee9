"""What a node wants to say; whoever drives it sends that."""

from __future__ import annotations

from .. import wire
from ..store.exchange import Name
from ..values import NamedTuple
from .peers import Address
from .talk import Announcement, Request


class Announce(NamedTuple):
    said: Announcement


class Push(NamedTuple):
    header: wire.Header
    digest: str
    frame: bytes


class Ask(NamedTuple):
    """Ask the node at `to`; the answer, or None, comes back with `number`."""

    number: int
    to: Address
    request: Request
    timeout: int


class Recall(NamedTuple):
    """Ask storages for the announcements that they kept of a scope."""

    lane: str
    scope: str
    timeout: int


class Load(NamedTuple):
    """Ask storages for all records of one bucket of a stream; the answer comes back with `number`."""

    number: int
    name: Name
    bucket: int
    timeout: int


Out = Announce | Push | Ask | Recall | Load
