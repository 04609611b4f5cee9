"""Answering others: what they may have, and nothing else, whatever they ask."""

from __future__ import annotations

from pathlib import Path

import pytest

from kioku_mesh import wire
from kioku_mesh.mesh import talk
from kioku_mesh.mesh.answers import answer
from kioku_mesh.mesh.heads import Heads
from kioku_mesh.mesh.talk import Request
from kioku_mesh.store import exchange, sharing
from kioku_mesh.store.store import Store
from support.stores import body

SCOPES = frozenset(("mesh", "team/red"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """With two memories of each scope, that of another team among them."""
    return filled(tmp_path)


def filled(tmp_path: Path, shares: bool = True) -> Store:
    made = Store(str(tmp_path / "s"), node="desk-1", shares=lambda: shares)
    for number, scope in enumerate(("mesh", "team/red", "team/blue", "local") * 2):
        with made.write() as transaction:
            transaction.append(wire.OBSERVATION, scope, body(number, transaction.now))
    return made


def ask(store: Store, request: Request) -> bytes | None:
    return answer(store, SCOPES, talk.encode_request(request))


def origin(store: Store) -> str:
    return exchange.awake(store).origin


@pytest.mark.parametrize("what", ["heads", "page", "digests", "records"])
@pytest.mark.parametrize("scope", ["team/blue", "local", "user/kim"])
def test_nothing_of_a_scope_that_is_not_served(store: Store, what: str, scope: str) -> None:
    """A hub that is not in a team tells nobody what it may have of it, and `local` never leaves."""
    at = exchange.Name("mem", scope, origin(store))
    slots = tuple(exchange.slots(store, at, 1, 9))
    assert ask(store, Request(what, *at, slots=slots)) is None


def test_heads_and_pages(store: Store) -> None:
    """All heads of a scope; pages of as many bytes as were asked for, at least one record."""
    heads = talk.decode_heads(ask(store, Request("heads", "mem", "team/red")) or b"", "mem", "team/red") or ()
    assert [(head.origin, head.tips[0].seq) for head in heads] == [(origin(store), 2)]
    first = talk.decode_page(ask(store, Request("page", *heads[0][:3], size=1)) or b"")
    assert ([r.header.seq for r in first.records], first.more) == ([1], True)
    rest = talk.decode_page(ask(store, Request("page", *heads[0][:3], after=first.high)) or b"")
    assert ([r.header.seq for r in rest.records], rest.more) == ([2], False)


def test_heads_that_the_asker_has_too_are_not_told(store: Store) -> None:
    """After a hub was away everybody asks everybody; what is equal everywhere must not travel."""
    heads = talk.decode_heads(ask(store, Request("heads", "mem", "mesh")) or b"", "mem", "mesh") or ()
    ours = Heads(heads).digest
    told = ask(store, Request("heads", "mem", "mesh", digest=ours)) or b""
    assert talk.decode_heads(told, "mem", "mesh", ours) is None
    assert heads[0].origin.encode() not in told
    other = ask(store, Request("heads", "mem", "mesh", digest="0" * 32)) or b""
    assert talk.decode_heads(other, "mem", "mesh", "0" * 32) == heads


def test_records_by_their_slots(store: Store) -> None:
    """What is not here is left out."""
    at = exchange.Name("mem", "mesh", origin(store))
    slots = talk.decode_digests(ask(store, Request("digests", *at, after=1, until=9)) or b"")
    wanted = (slots[1], talk.Tip(7, "ab" * 32))
    page = talk.decode_page(ask(store, Request("records", *at, slots=wanted)) or b"")
    assert [r.header.seq for r in page.records] == [2]


def test_withheld_streams_are_not_told(tmp_path: Path) -> None:
    """Neither announced nor served, until they are shared."""
    store = filled(tmp_path, shares=False)
    at = exchange.Name("mem", "mesh", origin(store))
    assert talk.decode_heads(ask(store, Request("heads", "mem", "mesh")) or b"", "mem", "mesh") == ()
    assert talk.decode_page(ask(store, Request("page", *at)) or b"").records == ()
    assert talk.decode_digests(ask(store, Request("digests", *at, after=1)) or b"") == ()
    with store.write() as transaction:
        sharing.release(transaction)
    assert len(talk.decode_page(ask(store, Request("page", *at)) or b"").records) == 2


@pytest.mark.parametrize("data", [b"", b"{}", b"x" * 100, b'{"ask":"heads"}'])
def test_what_is_no_request_is_not_answered(store: Store, data: bytes) -> None:
    """Nor does it do any harm."""
    assert answer(store, SCOPES, data) is None
