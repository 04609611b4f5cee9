"""Who is asked, and when, by a node that many others call."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from pathlib import Path

import pytest

from kioku_mesh.clock import SECOND
from kioku_mesh.mesh import talk, tasks
from kioku_mesh.mesh.heads import Heads
from kioku_mesh.mesh.node import Node
from kioku_mesh.mesh.outgoing import Ask
from kioku_mesh.mesh.peers import Address
from kioku_mesh.mesh.talk import Announcement
from kioku_mesh.store import exchange
from kioku_mesh.store.log import Head, Tip
from kioku_mesh.store.store import Store

NOW = 10**15


class Desk:
    """A node, and nobody who answers it: requests end when their time is over, unless the line is `dead`."""

    dead = False

    def __init__(self, folder: Path) -> None:
        self.store = Store(str(folder), node="desk")
        self.node = Node(self.store, exchange.awake(self.store), frozenset(("mesh",)))
        self.now = NOW
        self.asked: list[Address] = []
        self.ends: list[tuple[int, int]] = []  # when, and number of the request

    def announce(self, address: Address, streams: int, counter: int = 1, of: str = "") -> None:
        """That it has so many streams, of its own or `of` another node."""
        origin = of or address.node
        heads = [Head("mem", "mesh", f"{origin}.{n:016x}", 1, (Tip(5, "ab" * 32),)) for n in range(streams)]
        said = Announcement(
            *address, "mem", "mesh", counter, Heads(heads).digest, tuple(heads), scopes=("mesh",), now=NOW
        )
        self.node.heard(talk.encode_announcement(said), self.now)

    def run(self, duration: int) -> None:
        """Let time pass."""
        end = self.now + duration
        while self.now < end:
            while self.ends and self.ends[0][0] <= self.now:
                self.node.answered(heapq.heappop(self.ends)[1], None, self.now)
            due = self.node.step(self.now)
            for message in self.node.out:
                if isinstance(message, Ask):
                    self.asked.append(message.to)
                    if not self.dead:
                        heapq.heappush(self.ends, (self.now + message.timeout, message.number))
            self.node.out.clear()
            self.now = max(self.now + 1000, min(due, *(at for at, _ in self.ends), end))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.store.close()


def test_who_waits_for_a_turn_gets_it_before_those_who_had_one(desk: Desk) -> None:
    """Twelve have thirty streams each that they never send. One that often failed to answer is asked among them."""
    mute = [Address(f"mute-{n:x}", f"{n:016x}") for n in range(12)]
    for each in mute:
        desk.announce(each, 30)
    desk.run(3 * tasks.TIMEOUT)
    late = Address("late-1", "a" * 16)
    desk.announce(late, 1)
    desk.node.peers[late].silent = 9
    desk.asked.clear()
    desk.run(4 * tasks.TIMEOUT)
    assert late in desk.asked
    assert set(mute) <= {*desk.asked}, "every other one has its turn as well"


def test_who_spoke_comes_before_those_who_only_show_that_they_are_there(desk: Desk) -> None:
    """However many of them wait."""
    for n in range(300):
        desk.node.up(Address(f"token-{n:x}", f"{n:016x}"), desk.now)
    desk.run(2 * tasks.TIMEOUT)
    late = Address("late-1", "a" * 16)
    desk.announce(late, 1)
    desk.node.peers[late].silent = 2
    desk.asked.clear()
    desk.run(2 * tasks.TIMEOUT)
    assert late in desk.asked


def test_nobody_is_asked_without_end(desk: Desk) -> None:
    """What never answers costs at most as many requests as there are turns, and no time of the processor between them."""
    for n in range(12):
        desk.announce(Address(f"mute-{n:x}", f"{n:016x}"), 30)
    desk.run(60 * SECOND)
    assert len(desk.asked) <= (60 * SECOND // tasks.TIMEOUT + 1) * tasks.TASKS_MAX


@pytest.mark.parametrize("shown", [True, False])
def test_who_is_heard_and_cannot_be_asked_is_found(desk: Desk, shown: bool) -> None:
    """Speaking again and again, answering nothing and not even there as far as the router says: the line is at fault."""
    one = Address("deaf-1", "a" * 16)
    if shown:
        desk.node.up(one, desk.now)
    for counter in range(1, 4):
        desk.announce(one, 1, counter)
        desk.run(30 * SECOND)
        assert counter > 1 or not desk.node.unasked, "once is not again and again"
    assert desk.node.unasked is not shown
    desk.node.down(one)
    assert not desk.node.unasked


def test_a_request_that_never_ends_blocks_no_stream(desk: Desk) -> None:
    """The line may not even say that it is over, as when its router died: another peer is asked before long."""
    desk.dead = True
    one, other = Address("one-1", "a" * 16), Address("other-1", "b" * 16)
    for each in (one, other):
        desk.node.up(each, desk.now)
        desk.announce(each, 1, of="somebody-1")
    desk.run(10 * SECOND)
    assert len(desk.asked) == 1, "a stream is asked for in one place at a time"
    desk.run(3 * (tasks.TIMEOUT + tasks.GRACE))
    assert {*desk.asked} == {one, other}


def test_a_peer_that_is_there_anew_is_asked_at_once(desk: Desk) -> None:
    """What it was asked before it went is nothing to wait for, whether or not anybody saw it go."""
    desk.dead = True
    one = Address("one-1", "a" * 16)
    for counter in (1, 2):
        desk.node.up(one, desk.now)
        desk.announce(one, 1, counter)
        desk.run(SECOND)
    assert desk.asked == [one, one]
