"""The digest of all heads, kept up in small steps, and what a peer is known to have."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kioku_mesh import wire
from kioku_mesh.mesh.heads import Heads, Here
from kioku_mesh.mesh.peers import Known
from kioku_mesh.mesh.talk import Announcement
from kioku_mesh.store import exchange
from kioku_mesh.store.log import Head, Tip
from kioku_mesh.store.store import Store
from support.stores import body

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
    assert here.look() == [("mem", "mesh")]
    assert here.look() == []
    assert [head.tips[0].seq for head in here.news(("mem", "mesh"), 10)] == [1]
    save(store)
    save(store, "team/red")
    assert set(here.look()) == {("mem", "mesh"), ("mem", "team/red")}
    assert [head.tips[0].seq for head in here.news(("mem", "mesh"), 10)] == [2]
    assert here.news(("mem", "mesh"), 10) == []
    assert here.news(("mem", "team/red"), 0) == []
    assert here.heads(("mem", "mesh")).digest == Heads(exchange.heads(store, "mem", "mesh")).digest


def test_streams_that_are_withheld_are_gone_at_the_next_look(store: Store) -> None:
    """And there again when they are shared."""
    here = Here(store, SCOPES)
    save(store)
    here.look()
    with store.write() as transaction:
        transaction.withhold()
    assert here.look() == [("mem", "mesh")]
    assert not here.heads(("mem", "mesh"))
    with store.write() as transaction:
        transaction.release()
    assert here.look() == [("mem", "mesh")]
    assert len(here.heads(("mem", "mesh"))) == 1
