"""The digest of all heads, kept up in small steps, and what a peer is known to have."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kioku_mesh import wire
from kioku_mesh.mesh.heads import Heads, Here
from kioku_mesh.mesh.peers import Known
from kioku_mesh.mesh.talk import Announcement
from kioku_mesh.store import exchange, sharing
from kioku_mesh.store.log import Head, Tip
from kioku_mesh.store.store import Store
from support.stores import body

MESH = ("mem", "mesh")
SCOPES = frozenset(("mesh", "team/red"))
tips = st.lists(st.builds(Tip, st.integers(1, 5), st.sampled_from(("0" * 64, "f" * 64))), max_size=2).map(tuple)
heads = st.lists(
    st.builds(Head, st.just("mem"), st.just("mesh"), st.sampled_from(("a.0", "b.0", "c.0")), st.integers(1, 2), tips),
    unique_by=lambda head: head.origin,
)


@given(heads, heads)
def test_a_digest_is_that_of_the_heads_however_they_came(before: list[Head], after: list[Head]) -> None:
    """In any order, at once or one by one; streams of which nothing is here say nothing."""
    told = {head.origin: head for head in [*before, *after] if head.tips}
    step_by_step = Heads(before[::-1])
    for head in after:
        step_by_step = step_by_step.changed([head])
    assert step_by_step.digest == Heads(before).changed(after).digest == Heads(told.values()).digest
    assert set(step_by_step) == set(told.values())


@given(heads, heads)
def test_a_digest_tells_apart_what_differs(one: list[Head], other: list[Head]) -> None:
    """And `beside` says in what."""
    a, b = Heads(one), Heads(other)
    assert (a.digest == b.digest) == (set(a) == set(b))
    assert set(a.beside(b)) == set(a) - set(b)


@given(heads, heads)
def test_a_peer_has_what_it_said_last(first: list[Head], last: list[Head]) -> None:
    """Also when that is less: it was rolled back."""
    known = Known()
    known.replace(Heads(first))
    known.learn(Announcement("a", "0" * 16, "mem", "mesh", 5, Heads(last).digest, ()))
    assert known.whole == (Heads(last).digest == Heads(first).digest)
    known.replace(Heads(last))
    assert known.whole
    assert set(known.heads) == {head for head in last if head.tips}
    assert not known.learn(Announcement("a", "0" * 16, "mem", "mesh", 4, "late", ()))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(str(tmp_path), node="desk", host="desk")
    yield made
    made.close()


def save(store: Store, scope: str = "mesh") -> None:
    with store.write() as transaction:
        transaction.append(wire.OBSERVATION, scope, body(1, transaction.now))


def test_each_look_finds_what_changed(store: Store) -> None:
    """By scope; what changed is told once, and only when it is little."""
    here = Here(store, SCOPES)
    save(store)
    assert here.look() == [MESH]
    assert here.look() == []
    assert [head.tips[0].seq for head in here.tell(MESH, "x.0")] == [1]
    save(store)
    save(store, "team/red")
    assert set(here.look()) == {MESH, ("mem", "team/red")}
    assert [head.tips[0].seq for head in here.tell(MESH, "x.0")] == [2]
    assert here.tell(MESH, "x.0") == ()


def test_an_announcement_is_small(store: Store) -> None:
    """The node's own head is always told; of the others none when many changed."""
    here = Here(store, SCOPES)
    save(store)
    here.look()
    (own,) = exchange.heads(store, *MESH)
    assert here.wrote(MESH, own.origin)
    assert not here.wrote(MESH, "x.0")
    assert here.tell(MESH, own.origin, most=0) == (own,)
    assert not here.wrote(MESH, own.origin)
    save(store)
    here.look()
    assert here.tell(MESH, "x.0", most=0) == ()


def test_each_scope_has_a_digest_of_its_own(store: Store) -> None:
    """That of what is here."""
    here = Here(store, SCOPES)
    save(store)
    save(store, "team/red")
    here.look()
    assert here.heads(MESH).digest == Heads(exchange.heads(store, *MESH)).digest


def test_what_was_saved_alone_is_there_once_it_is_shared(tmp_path: Path) -> None:
    """Until then it is kept, and named."""
    with closing(Store(str(tmp_path), node="desk", host="desk", shares=lambda: False)) as store:
        here = Here(store, SCOPES)
        save(store)
        assert here.look() == []
        assert [name.scope for name in here.kept] == ["mesh"]
        with store.write() as transaction:
            sharing.release(transaction)
        assert here.look() == [MESH]
        assert len(here.heads(MESH)) == 1
        assert not here.kept
