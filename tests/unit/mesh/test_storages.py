"""What a node asks of a durable cache, and how often."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kioku_mesh import wire
from kioku_mesh.mesh import talk
from kioku_mesh.mesh.outgoing import Load, Out, Push
from kioku_mesh.mesh.storages import EVERY, SOON, SURE, Storages
from kioku_mesh.store import exchange
from kioku_mesh.store.exchange import Local, Name, Page
from kioku_mesh.store.store import Store
from support.stores import body

NOW = 10**15


class Cache:
    """A storage that keeps what is pushed, and the node's dealings with it."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(str(folder), node="desk")
        self.frames: dict[str, bytes] = {}
        self.out: list[Out] = []
        self.save()
        who = exchange.awake(self.store)
        self.node = Storages(self.store, who, frozenset(("mesh",)), self.out.append, lambda _: 0)
        said = talk.Announcement(who.node, who.incarnation, "mem", "mesh", 1, "", now=NOW)
        self.said = talk.encode_announcement(said)

    def save(self) -> None:
        with self.store.write() as transaction:
            transaction.append(wire.OBSERVATION, "mesh", body(len(self.frames), transaction.now))

    def streams(self) -> dict[Name, Local]:
        found = exchange.Streams(self.store)
        found.look()
        return dict(found.all)

    def look(self, now: int) -> int:
        """One look at the storage; how many buckets were read."""
        self.node.step(now)
        self.out.clear()
        self.node.recalled([self.said], self.streams(), [])
        read = 0
        while self.out:
            message = self.out.pop(0)
            if isinstance(message, Push):
                self.frames[message.digest] = message.frame
            elif isinstance(message, Load):
                read += 1
                self.node.loaded(message.number, talk.encode_page(Page(tuple(self.frames.values()), 0, False)))
        return read


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    made = Cache(tmp_path)
    yield made
    made.store.close()


def test_what_it_has_is_not_read_again_and_again(cache: Cache) -> None:
    """An idle machine with nearly a thousand memories would read a megabyte a minute; in a while it looks all the same."""
    looks = [cache.look(NOW + number * EVERY) for number in range(10)]
    assert looks == [1, 1] + [0] * 8
    assert cache.look(NOW + 10 * EVERY + SURE) == 1


def test_after_a_save_it_is_read_until_it_has_all(cache: Cache) -> None:
    """What was saved while there was no way to the storage is there afterwards."""
    assert [cache.look(NOW), cache.look(NOW + EVERY), cache.look(NOW + 2 * EVERY)] == [1, 1, 0]
    cache.save()
    assert [cache.look(NOW + 3 * EVERY), len(cache.frames)] == [1, 2]
    assert [cache.look(NOW + 4 * EVERY), cache.look(NOW + 5 * EVERY)] == [1, 0]


def test_after_something_was_erased_it_is_read_again(cache: Cache) -> None:
    """A text that left this disk leaves the storage as well."""
    assert [cache.look(NOW), cache.look(NOW + EVERY), cache.look(NOW + 2 * EVERY)] == [1, 1, 0]
    cache.node.erased(NOW + 2 * EVERY)
    assert cache.look(NOW + 3 * EVERY) == 1


def test_it_looks_often_at_first(cache: Cache) -> None:
    """Whoever starts does not wait a minute because the line to the router was not there yet."""
    at, waits = NOW, []
    for _ in range(10):
        after = cache.node.step(at)
        waits.append(after - at)
        at = after
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (SOON, EVERY)
