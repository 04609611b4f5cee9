"""A mesh in memory, in one thread and in simulated time, which loses, repeats, delays, reorders, parts and crashes.

It drives the same `Node` as the Zenoh binding does; nothing of what nodes say is known here.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable

from ..store import exchange
from ..store.store import Store
from ..values import NamedTuple
from . import talk
from .answers import answer
from .node import Node
from .outgoing import Announce, Ask, Push
from .peers import Address


class Faults(NamedTuple):
    """Shares of messages that are lost and repeated; `delay`: longest way of a message, microseconds."""

    lost: float = 0.0
    repeated: float = 0.0
    delay: int = 20_000


class Station:
    """A machine: its store stays, its node comes and goes."""

    def __init__(self, name: str, store: Store, scopes: frozenset[str]) -> None:
        self.name, self.store, self.scopes = name, store, scopes
        self.node: Node | None = None
        self.address = Address("", "")
        self.wake = 0


class Twin:
    """Stations and the messages between them. `sent`: how many of each kind were sent; `now`: microseconds."""

    def __init__(self, seed: int, now: int, faults: Faults | None = None) -> None:
        self.rng = random.Random(seed)
        self.now = now
        self.faults = faults or Faults()
        self.stations: dict[str, Station] = {}
        self.sent: dict[str, int] = {}
        self._apart: set[frozenset[str]] = set()
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._order = 0

    # --- who is there

    def join(self, name: str, store: Store, scopes: frozenset[str]) -> Station:
        station = self.stations.setdefault(name, Station(name, store, scopes))
        station.store, station.scopes = store, scopes
        self.start(name)
        return station

    def start(self, name: str) -> None:
        station = self.stations[name]
        who = exchange.awake(station.store)
        station.address = Address(*who)
        station.node = Node(station.store, who, station.scopes, rng=random.Random(self.rng.random()), since=self.now)
        station.wake = self.now
        for other in self._others(station):
            self._link(station, other)

    def crash(self, name: str) -> None:
        """The process is gone; its store stays as it is, and what was on the way to it is lost."""
        station = self.stations[name]
        station.node = None
        for other in self._others(station):
            if other.node:
                other.node.down(station.address)

    def part(self, one: str, other: str) -> None:
        """Cut the line between two stations."""
        self._apart.add(frozenset((one, other)))
        a, b = self.stations[one], self.stations[other]
        if a.node and b.node:
            a.node.down(b.address)
            b.node.down(a.address)

    def heal(self) -> None:
        """All lines work again."""
        apart, self._apart = self._apart, set()
        for pair in apart:
            one, other = (self.stations[name] for name in sorted(pair))
            if one.node and other.node:
                self._link(one, other)

    def _link(self, one: Station, other: Station) -> None:
        if one.node and other.node and frozenset((one.name, other.name)) not in self._apart:
            one.node.up(other.address, self.now)
            other.node.up(one.address, self.now)
            one.wake = other.wake = self.now

    def _others(self, station: Station) -> list[Station]:
        return [other for other in self.stations.values() if other is not station and other.node]

    # --- time

    def run(self, duration: int) -> None:
        """Let `duration` microseconds pass."""
        end = self.now + duration
        while True:
            at = min([s.wake for s in self.stations.values() if s.node], default=end)
            if self._queue:
                at = min(at, self._queue[0][0])
            if at >= end:
                self.now = end
                return
            self.now = max(self.now, at)
            while self._queue and self._queue[0][0] <= self.now:
                heapq.heappop(self._queue)[2]()
            for station in self.stations.values():
                if station.node and station.wake <= self.now:
                    self._step(station)

    def committed(self, name: str) -> None:
        """Somebody saved at this station."""
        station = self.stations[name]
        if station.node:
            station.node.committed()
            station.wake = self.now

    def _step(self, station: Station) -> None:
        node = station.node
        assert node is not None
        if exchange.writer(station.store) != node.who:  # a new life of the store is another node
            self.crash(station.name)
            self.start(station.name)
            return
        station.wake = max(node.step(self.now), self.now + 1000)
        out, node.out = node.out, []
        for message in out:
            self.sent[type(message).__name__] = self.sent.get(type(message).__name__, 0) + 1
            if isinstance(message, Announce):
                self._spread(station, message.said.scope, talk.encode_announcement(message.said), "heard")
            elif isinstance(message, Push):
                self._spread(station, message.header.scope, message.frame, "pushed")
            elif isinstance(message, Ask):
                self._ask(station, node, message)

    # --- messages

    def _spread(self, sender: Station, scope: str, data: bytes, how: str) -> None:
        """To everybody who listens to the scope."""
        for other in self._others(sender):
            if scope in other.scopes:
                self._carry(sender, other, lambda other=other: self._deliver(other, data, how))  # type: ignore[misc]

    def _deliver(self, station: Station, data: bytes, how: str) -> None:
        if station.node:
            if how == "heard":
                station.node.heard(data, self.now)
            else:
                station.node.pushed(data)
            station.wake = self.now

    def _ask(self, sender: Station, node: Node, asked: Ask) -> None:
        target = next((s for s in self._others(sender) if s.address == asked.to), None)
        self._later(asked.timeout, lambda: self._answered(sender, node, asked, None))
        if target is None:
            return

        def there() -> None:
            if target.node and target.address == asked.to:
                data = answer(target.store, target.scopes, talk.encode_request(asked.request))
                self._carry(target, sender, lambda: self._answered(sender, node, asked, data))

        self._carry(sender, target, there)

    def _answered(self, station: Station, node: Node, asked: Ask, data: bytes | None) -> None:
        if station.node is node:
            node.answered(asked.number, data, self.now)
            station.wake = self.now

    def _carry(self, sender: Station, receiver: Station, arrive: Callable[[], None]) -> None:
        """One way, if the line holds until then; perhaps never, perhaps twice."""
        pair = frozenset((sender.name, receiver.name))
        for _ in range(2 if self.rng.random() < self.faults.repeated else 1):
            if self.rng.random() >= self.faults.lost and pair not in self._apart:
                self._later(self.rng.randint(0, self.faults.delay), lambda: None if pair in self._apart else arrive())

    def _later(self, delay: int, action: Callable[[], None]) -> None:
        self._order += 1
        heapq.heappush(self._queue, (self.now + delay, self._order, action))
