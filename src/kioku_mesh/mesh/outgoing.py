"""What a node wants to say; whoever drives it sends that."""

from __future__ import annotations

from .. import wire
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


Out = Announce | Push | Ask
