"""Whose turn it is: a peer that does not answer keeps nobody who does from being asked."""

from __future__ import annotations

from collections.abc import Generator

from kioku_mesh.clock import SECOND
from kioku_mesh.mesh import tasks
from kioku_mesh.mesh.outgoing import Ask, Out
from kioku_mesh.mesh.peers import Address, Peer
from kioku_mesh.mesh.plan import Pull
from kioku_mesh.mesh.talk import Request
from kioku_mesh.mesh.tasks import Tasks
from kioku_mesh.store.exchange import Name


class Driver:
    def __init__(self) -> None:
        self.said: list[Ask] = []
        self.looks: list[tuple[Address, int]] = []
        self.all: list[int] = []  # when all were to be looked at
        self.tasks = Tasks(
            self.say, lambda address, _lane, _scope, at: self.looks.append((address, at)), self.all.append
        )
        self.streams = 0

    def say(self, message: Out) -> None:
        assert isinstance(message, Ask)
        self.said.append(message)

    def begin(self, peer: Peer, now: int = 0) -> None:
        def work() -> Generator[Request, bytes | None, bool]:
            return (yield Request("page", "mem", "mesh")) is not None

        self.streams += 1
        self.tasks.begin(peer, Pull(Name("mem", "mesh", f"s-{self.streams}.{'0' * 16}"), 0), work(), now)

    def fill(self, peers: list[Peer]) -> int:
        """Begin as many as there may be; how many that was."""
        before = len(self.said)
        for peer in peers * tasks.TASKS_MAX:
            if self.tasks.may(peer):
                self.begin(peer)
        return len(self.said) - before


def peer(number: int, silent: int, spoken: bool = True) -> Peer:
    made = Peer(Address(f"p-{number}", f"{number:016x}"), 0)
    made.silent = silent
    made.scopes = ("mesh",) if spoken else ()
    return made


def test_one_peer_does_not_take_all() -> None:
    """Half of the turns for one that answers, one for one that has yet to."""
    assert Driver().fill([peer(1, 0)]) == tasks.TASKS_EACH
    assert Driver().fill([peer(1, 1)]) == 1


def test_the_silent_share_half() -> None:
    """However many they are, others find a place."""
    driver = Driver()
    assert driver.fill([peer(n, 2) for n in range(50)]) == tasks.TASKS_MAX // 2
    assert driver.fill([peer(99, 0)]) == tasks.TASKS_MAX // 2
    assert driver.tasks.full


def test_an_answer_proves_a_peer() -> None:
    """From then on it is asked for more at once; silence is counted, and heads are asked for later and later."""
    driver, new = Driver(), peer(1, 1)
    driver.begin(new)
    driver.tasks.answered(driver.said[0].number, b"", 5)
    assert new.silent == 0
    assert (new.address, 5) in driver.looks
    delays = []
    for _ in range(8):
        driver.tasks.begin(new, ("mem", "mesh"), _heads(), 0)
        driver.tasks.answered(driver.said[-1].number, None, 0)
        delays.append(driver.looks[-1][1])
    assert delays == sorted(delays)
    assert (delays[0], delays[-1]) == (SECOND, 60 * SECOND)


def _heads() -> Generator[Request, bytes | None, bool]:
    return (yield Request("heads", "mem", "mesh")) is not None


def test_what_brought_nothing_waits_longer_and_longer_until_the_stream_gets_on() -> None:
    """As when a record that was pushed came before the page with it: what is missing next is asked for at once."""
    driver, one, name = Driver(), peer(1, 0), Name("mem", "mesh", f"s-1.{'0' * 16}")

    def work() -> Generator[Request, bytes | None, bool]:
        yield Request("page", *name)
        return False

    def fail(now: int) -> int:
        driver.tasks.begin(one, Pull(name, 5), work(), now)
        driver.tasks.answered(driver.said[-1].number, b"", now)
        return driver.tasks.paused(one, Pull(name, 5)) - now

    first, second = fail(0), fail(10 * SECOND)
    assert 0 < first < second
    assert driver.tasks.paused(one, Pull(name, 6)) == 0
    assert driver.tasks.paused(peer(2, 0), Pull(name, 5)) == 0
    driver.tasks.end_all(one)
    assert driver.tasks.paused(one, Pull(name, 5)) == 0


def test_those_who_only_show_that_they_are_there_share_half() -> None:
    """Ten thousand of them, and those who speak are asked all the same; one that answers has proven itself."""
    driver = Driver()
    assert driver.fill([peer(n, 1, spoken=False) for n in range(50)]) == tasks.TASKS_MAX // 2
    assert driver.tasks.few("mem", "mesh")
    assert driver.fill([peer(n, 1) for n in range(90, 99)]) == tasks.TASKS_MAX // 2
    assert not peer(1, 0, spoken=False).doubtful
