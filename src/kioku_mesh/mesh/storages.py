"""A durable cache on the mesh, such as a zenohd with RocksDB: asked for what nobody who is there has, given what it lacks.

It is never the truth and never counted. Nothing is inferred from what is absent in it; a text that was erased here and
that it still has is overwritten with the header alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from .. import wire
from ..clock import SECOND
from ..store import exchange
from ..store.exchange import Local, Name, Who
from ..store.log import Head
from ..store.store import Store
from . import talk
from .keys import BUCKET
from .outgoing import Load, Out, Push, Recall
from .peers import Address
from .repair import Receive, of_stream, page_of
from .talk import Announcement

EVERY = 60 * SECOND  # between two looks, and soon after a machine came or went
SOON = 2 * SECOND
TIMEOUT = 10 * SECOND  # a bucket may hold some megabytes
GRACE = 5 * SECOND  # in which the line may say that it is over
SURE = 15 * 60 * SECOND  # for which a stream that the storage has completely is not compared again
_AT_ONCE = 2  # buckets in flight

Work = Any  # a generator that yields buckets and is sent what is in them


class Storages:
    """Sends through `out`; `receive` takes records in."""

    def __init__(
        self, store: Store, who: Who, scopes: frozenset[str], out: Callable[[Out], None], receive: Receive
    ) -> None:
        self._store, self._who, self._scopes, self._out, self._receive = store, who, scopes, out, receive
        self._at, self._pause = 0, SOON  # at the start the line to a router may still be on its way
        self._works: deque[tuple[Name, Work]] = deque()
        self._running: dict[int, tuple[Name, Work, int]] = {}  # and when it is given up: the line may never end it
        self._whole: set[Name] = set()  # own streams of which every bucket was compared since the start
        # up to which head the storage was found to have all, and until when
        self._sure: dict[Name, tuple[Head, int]] = {}
        self._now = self._erasures = 0
        self._number = 0

    def soon(self, now: int) -> None:
        self._at = min(self._at, now + SOON)

    def erased(self, now: int) -> None:
        """Texts left this disk: look through all buckets again."""
        self._erasures += 1
        self._whole.clear()
        self._sure.clear()
        self.soon(now)

    def step(self, now: int) -> int:
        """Ask what was announced last, by everybody; returns when to be called again."""
        self._now = now
        for number in [number for number, (_, _, until) in self._running.items() if until <= now]:
            self.loaded(number, None)
        if self._at <= now:
            self._at, self._pause = now + self._pause, min(2 * self._pause, EVERY)
            for scope in sorted(self._scopes):
                self._out(Recall("mem", scope, TIMEOUT))
        return self._at

    def recalled(self, payloads: Iterable[bytes], mine: Mapping[Name, Local], there: Collection[Address]) -> None:
        """The announcements that a storage kept. Whoever is there is asked directly; for the others it stands in."""
        said = list(filter(None, map(_announcement, payloads)))
        for one in said:
            address = Address(one.node, one.incarnation)
            own = f"{one.node}.{one.incarnation}"
            for head in one.heads:
                name = Name(*head[:3])
                if head.origin == own and address not in there and address != Address(*self._who) and head.tips:
                    self._get(name, mine.get(name), head.tips[0].seq)
        if said:  # there is a storage
            for name, local in mine.items():
                if (
                    name.origin.rpartition(".")[0] == self._who.node
                    and local.head.tips
                    and not self._is_sure(local.head)
                ):
                    self._begin(name, self._level(name, local.head, name not in self._whole))

    def loaded(self, number: int, data: bytes | None) -> None:
        """What is in a bucket; None when nobody answered."""
        if number in self._running:
            name, work, _ = self._running.pop(number)
            self._go_on(name, work, data)

    # --- what is done

    def _get(self, name: Name, local: Local | None, high: int) -> None:
        top = local.head.tips[0].seq if local and local.head.tips else 0
        if name.scope in self._scopes and high > top:
            self._begin(name, self._fetch(name, top // BUCKET, high // BUCKET))

    def _fetch(self, name: Name, low: int, high: int) -> Work:
        """Everything of some buckets, lowest first."""
        for bucket in range(low, high + 1):
            self._receive(_records((yield bucket), name))

    def _is_sure(self, head: Head) -> bool:
        """Asked each time, a bucket that is nearly full would cost a megabyte a minute."""
        seen, until = self._sure.get(Name(*head[:3]), (None, 0))
        return seen == head and self._now < until

    def _level(self, name: Name, head: Head, whole: bool) -> Work:
        """Put into the storage what it lacks of our own stream: the newest bucket, and on until one is complete."""
        complete, erasures = True, self._erasures
        for bucket in range(head.tips[0].seq // BUCKET, -1, -1):
            data = yield bucket
            if data is None:
                return
            there = {wire.digest(record.raw): record.body is not None for record in _records(data, name)}
            lacking = 0
            for frame in self._own(name, bucket):
                record, _ = wire.decode_frame(frame)
                digest = wire.digest(record.raw)
                if digest not in there or (record.body is None and there[digest]):
                    lacking += 1
                    self._out(Push(record.header, digest, frame))
            complete = complete and not lacking
            if not lacking and not whole:
                break
        # Else once more: nobody says whether what was sent has arrived, and what was erased meanwhile may be there.
        if complete and erasures == self._erasures:
            self._sure[name] = (head, self._now + SURE)
            if whole:
                self._whole.add(name)

    def _own(self, name: Name, bucket: int) -> tuple[bytes, ...]:
        first = bucket * BUCKET
        return exchange.page(self._store, name, first - 1, first + BUCKET - 1, talk.MESSAGE_MAX).frames

    # --- one after another

    def _begin(self, name: Name, work: Work) -> None:
        known = [other for other, *_ in (*self._works, *self._running.values())]
        if name not in known:
            self._works.append((name, work))
            self._fill()

    def _fill(self) -> None:
        while self._works and len(self._running) < _AT_ONCE:
            self._go_on(*self._works.popleft(), None)

    def _go_on(self, name: Name, work: Work, data: bytes | None) -> None:
        try:
            bucket = work.send(data)
        except StopIteration:
            self._fill()
            return
        self._number += 1
        self._running[self._number] = (name, work, self._now + TIMEOUT + GRACE)
        self._out(Load(self._number, name, bucket, TIMEOUT))


def _announcement(data: bytes) -> Announcement | None:
    try:
        return talk.decode_announcement(data)
    except wire.Malformed:
        return None


def _records(data: bytes | None, name: Name) -> list[wire.Record]:
    """Of the stream that was asked for; an answer that is no page has none."""
    page = page_of(data)
    return of_stream(page.records, name) if page else []
