"""The plan: what to ask a peer for, from what is here and what it said it has."""

from __future__ import annotations

from kioku_mesh.mesh.plan import Compare, Pull, plan, unknown
from kioku_mesh.store.exchange import Local, Name
from kioku_mesh.store.log import Head, Tip

NAME = Name("mem", "mesh", "desk-1." + "0" * 16)


def tip(seq: int, life: str = "a") -> Tip:
    return Tip(seq, f"{seq:x}{life}".ljust(64, "0"))


def head(*tips: Tip) -> Head:
    return Head(*NAME, 1, tips)


def local(*tips: Tip, waiting: int | None = None) -> dict[Name, Local]:
    return {NAME: Local(head(*tips), waiting)}


def test_equal_needs_nothing() -> None:
    """The same tips, and a peer that has less."""
    assert plan(local(tip(5)), [head(tip(5))], ()) == []
    assert unknown(local(tip(5)), [head(tip(3))]) == [(NAME, tip(3))]
    assert plan(local(tip(5)), [head(tip(3))], {(NAME, tip(3))}) == []


def test_more_is_pulled() -> None:
    """From our highest number on, from the beginning when there is nothing."""
    assert plan(local(tip(5)), [head(tip(9))], ()) == [Pull(NAME, 5)]
    assert plan({}, [head(tip(9))], ()) == [Pull(NAME, 0)]


def test_a_hole_is_filled_up_to_what_is_here() -> None:
    """Live pushes came, what was before them did not."""
    assert plan(local(tip(5), waiting=9), [head(tip(12))], ()) == [Pull(NAME, 5, 8)]


def test_another_record_in_a_slot_is_a_fork() -> None:
    """Below our tip, or right behind it."""
    assert plan(local(tip(5)), [head(tip(4, "b"))], ()) == [Compare(NAME, tip(4, "b"))]
    assert plan(local(tip(5), waiting=6), [head(tip(7, "b"))], ()) == [Compare(NAME, tip(7, "b"))]


def test_each_life_of_a_fork_counts() -> None:
    """A peer that has one of our two tips and another one that we lack."""
    theirs = head(tip(7, "b"), tip(5))
    assert plan(local(tip(6), tip(5)), [theirs], ()) == [Pull(NAME, 6)]
    assert plan(local(tip(7, "b"), tip(5)), [theirs], ()) == []


def test_streams_without_records_need_nothing() -> None:
    """A peer may name a stream that it only heard of."""
    assert plan({}, [head()], ()) == []
