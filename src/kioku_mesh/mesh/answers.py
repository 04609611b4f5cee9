"""Answering what other nodes ask. Needs the store only, so it can run in any thread."""

from __future__ import annotations

from .. import wire
from ..store import exchange
from ..store.exchange import Name
from ..store.store import Store
from . import talk
from .heads import Heads


def answer(store: Store, scopes: frozenset[str], data: bytes) -> bytes | None:
    """The answer to a request, or None for one that is no request or asks for what this node is not to tell."""
    try:
        asked = talk.decode_request(data)
    except wire.Malformed:
        return None
    if asked.scope not in scopes:
        return None
    name = Name(asked.lane, asked.scope, asked.origin)
    if asked.ask == "heads":
        return talk.encode_heads(Heads(exchange.heads(store, asked.lane, asked.scope)), asked.digest)
    if asked.ask == "page":
        return talk.encode_page(exchange.page(store, name, asked.after, asked.until, asked.size))
    if asked.ask == "digests":
        high = wire.INT_MAX if asked.until is None else asked.until
        return talk.encode_digests(exchange.slots(store, name, asked.after, high))
    if asked.ask == "records":
        return talk.encode_page(exchange.picked(store, name, asked.slots, asked.size))
    return None
