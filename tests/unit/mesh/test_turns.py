"""When a node announces, in simulated time."""

from __future__ import annotations

import itertools
import random

import pytest

from kioku_mesh.clock import SECOND
from kioku_mesh.mesh.turns import CHANGED, IDLE, RARELY, Rarely, Turns

KEY = ("mem", "mesh")
NOW = 10**15


def turns(others: int) -> Turns:
    made = Turns([KEY], random.Random(1))
    made.others = others
    made.done(KEY, NOW)
    return made


def announced(made: Turns, seconds: int, own: bool) -> int:
    """How often, when there is a change all the time."""
    times = 0
    for now in range(NOW + 1, NOW + seconds * SECOND, 10_000):
        made.changed(KEY, now, own)
        if made.due(now):
            made.done(KEY, now)
            times += 1
    return times


@pytest.mark.parametrize("own", [True, False])
def test_what_all_say_together_does_not_grow_with_the_mesh(own: bool) -> None:
    """However many machines there are, a line carries about twenty announcements a second of a scope at most."""
    for others in (4, 10, 50, 200):
        assert announced(turns(others), 60, own) * others / 60 <= 21


def test_a_small_mesh_says_at_once_what_changed() -> None:
    """200 ms later, or as soon as the announcement before is so long ago."""
    made = turns(3)
    made.changed(KEY, NOW, own=False)
    assert made.next() == NOW + CHANGED


def test_a_large_mesh_says_at_once_what_was_saved_here() -> None:
    """After a pause the first one does not wait for the crowd."""
    made = turns(50)
    later = NOW + 60 * SECOND
    made.changed(KEY, later, own=True)
    assert made.next() == later + CHANGED


def test_idle_announcements_are_rarer_in_a_crowd() -> None:
    """Per machine in proportion to the number of machines, so that together they stay the same."""
    assert turns(5).next() - NOW <= IDLE * 1.2
    assert turns(50).next() - NOW >= IDLE * 5 * 0.8


def test_whoever_comes_is_told() -> None:
    """In a small mesh at once and a second later; in a crowd once, and not by all in one moment."""
    small, crowd = turns(3), turns(50)
    later = NOW + SECOND * 10
    for made in (small, crowd):
        made.came(later)
    assert small.due(later)
    assert later <= crowd.next() <= later + crowd.gap
    small.done(KEY, later)
    crowd.done(KEY, later)
    assert small.next() <= later + SECOND
    assert crowd.next() > later + 60 * SECOND


def test_what_does_not_help_is_done_more_and_more_rarely() -> None:
    """Wanted all the time: after a minute, two, four, at last once an hour; after a rest it begins anew."""
    rarely, done = Rarely(), []
    for now in range(NOW, NOW + 24 * 3600 * SECOND, 10 * SECOND):
        if rarely.may(now):
            done.append(now)
    pauses = [(after - before) // SECOND for before, after in itertools.pairwise(done)]
    assert pauses[:3] == [60, 120, 240]
    assert pauses == sorted(pauses)
    assert pauses[-1] == RARELY[1] // SECOND
    later = done[-1] + 2 * RARELY[1] + SECOND
    assert rarely.may(later)
    assert not rarely.may(later + 50 * SECOND)
    assert rarely.may(later + 60 * SECOND)
