"""One node of the mesh as a machine without input and output: told what came in and what time it is, it says what to send.

Whoever drives it (the Zenoh binding, the in-memory twin) calls `committed`, `up`, `down`, `heard`, `pushed`, `answered` and
`step`, and carries out what they leave in `out`. Times are microseconds. Nothing here waits.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Sequence

from .. import __version__, ids, wire
from ..clock import SECOND
from ..errors import KiokuError
from ..store import exchange, upkeep
from ..store.exchange import Who
from ..store.store import Store
from . import talk
from .asking import Asking
from .heads import Here
from .inbox import Inbox
from .outgoing import Announce, Out, Push
from .peers import Address, Known, Peer
from .storages import Storages
from .talk import Announcement
from .turns import Turns

PEERS_MAX = 500  # that are looked at; more are nobody's machines
COUNTERS_MAX = 1000  # own announcements that are known when they come back
_BATCH = 200  # own records sent in one step


class Node:
    """`scopes`: what this node is entitled to. `out` is emptied by the driver."""

    def __init__(
        self,
        store: Store,
        who: Who,
        scopes: frozenset[str],
        host: str = "",
        at: Sequence[str] = (),
        rng: random.Random | None = None,
        since: int = 0,
    ) -> None:
        """`at`: the endpoints that it listens on, for others to show; `since`: now."""
        self.who, self.scopes, self.host, self.at = who, scopes - {"local"}, host, ", ".join(at)
        self.out: list[Out] = []
        self.peers: dict[Address, Peer] = {}
        self._trouble = ""
        self._store = store
        self._rng = rng or random.Random()
        self._inbox = Inbox(store, self.scopes)
        self._here = Here(store, self.scopes)
        self._counter = 0
        self._counters: deque[int] = deque(maxlen=COUNTERS_MAX)  # of the last announcements
        self._copied, self._since = False, since
        self._sent = exchange.newest(store)
        self._asking = Asking(store, self.peers, self._here, self._inbox, self._rng, self._say, self.committed)
        self._turns = Turns((("mem", scope) for scope in self.scopes), self._rng)
        self.storages = Storages(store, who, self.scopes, self._say, self._inbox.receive)
        self._dirty = True

    @property
    def error(self) -> str:
        """What keeps this node from its work, or ""."""
        return self._inbox.error or self._trouble

    def _say(self, message: Out) -> None:
        self.out.append(message)

    # --- what came in

    def committed(self) -> None:
        """Somebody wrote into the store."""
        self._dirty = True

    @property
    def unasked(self) -> bool:
        """Is somebody heard who cannot be asked?"""
        return any(peer.unasked for peer in self.peers.values())

    def linked(self, now: int) -> None:
        """There is a line to a router: whoever and whatever is behind it is told what is here."""
        self._turns.came(now)
        self.storages.soon(now)

    def up(self, address: Address, now: int) -> None:
        """A node shows that it is there: both say what they have at once."""
        self._meet(address, now)
        if address in self.peers:
            self.peers[address].shown = True

    def _meet(self, address: Address, now: int) -> None:
        if address == Address(*self.who) or not ids.is_origin(f"{address.node}.{address.incarnation}"):
            return
        if address not in self.peers and not self._place():
            return
        before, peer = self.peers.get(address), Peer(address, now)
        self.peers[address] = peer
        if before:
            self._asking.end(before)
            peer.page = peer.page_max = max(before.page_max, talk.PAGE_MIN)  # the line is as thin as it was
        self.storages.soon(now)
        self._turns.others = self._there()
        self._turns.came(now)
        for key in self._turns.keys:
            peer.known[key] = Known()
            # should its announcement be lost
            self._asking.look(address, *key, now + self._turns.patience + self._asking.patience())

    def _place(self) -> bool:
        """Is there room for one more? Who is gone makes it, then who never said anything."""
        if len(self.peers) < PEERS_MAX:
            return True
        idle = ((peer.up, bool(peer.scopes), peer.heard, address) for address, peer in self.peers.items())
        up, said, _, address = min(idle)
        if up and said:
            return False
        self.down(address)
        del self.peers[address]
        return True

    def _there(self) -> int:
        return sum(peer.up for peer in self.peers.values())

    def down(self, address: Address) -> None:
        peer = self.peers.get(address)
        if peer:
            peer.up, peer.shown, peer.hidden_since, peer.news = False, False, 0, True
            self._turns.others = self._there()
            self._asking.end(peer)

    def heard(self, data: bytes, now: int) -> None:
        """An announcement; anything else is passed over."""
        try:
            said = talk.decode_announcement(data)
        except wire.Malformed:
            return
        address = Address(said.node, said.incarnation)
        if address == Address(*self.who):
            # Our own come back; of one that we never sent somebody else is the sender, and nobody can ask both of us. What
            # is older than this node may have been said by the process before it.
            self._copied |= said.counter > self._since and said.counter not in self._counters
            return
        if said.scope not in self.scopes:
            return
        first = address not in self.peers
        if first:
            self._meet(address, now)
        peer = self.peers.get(address)
        if peer is None:
            return
        fresh = peer.known.get((said.lane, said.scope), Known()).counter < 0
        if peer.hear(said, now):
            delay = 0 if first or fresh else self._asking.patience()
            self._asking.look(address, said.lane, said.scope, now + delay)

    def pushed(self, frame: bytes) -> None:
        """A record that somebody saved just now."""
        self._inbox.put(frame)

    def answered(self, number: int, data: bytes | None, now: int) -> None:
        """The answer to request `number`, None when none came in time."""
        self._asking.answered(number, data, now)

    def recalled(self, payloads: Sequence[bytes]) -> None:
        """Announcements that a storage kept."""
        there = [address for address, peer in self.peers.items() if peer.up]
        self.storages.recalled(payloads, self._here.streams, there)

    # --- what to do

    def step(self, now: int) -> int:
        """Do what is due; returns when to be called again, at the latest."""
        self._inbox.empty()
        self._part()
        if self._dirty or self._inbox.arrived:
            self._refresh(now)
        self._announce(now)
        self._asking.step(now)
        return min([now + SECOND, self.storages.step(now), self._turns.next(), *self._asking.later(now)])

    def _refresh(self, now: int) -> None:
        """See what is in the log now, send what this node saved, and note what is to be announced."""
        self._dirty = self._inbox.arrived = False
        self._push_saved()
        for key in self._here.look():
            self._turns.changed(key, now, self._here.wrote(key, self.who.origin))
        self._asking.look_at_all(now)

    def _part(self) -> None:
        """Another machine is a copy of this one: the driver finds a new life of the store, which is another node."""
        if self._copied:
            self._copied = False
            try:
                exchange.part(self._store)
            except KiokuError as problem:
                self._trouble = problem.message

    def _push_saved(self) -> None:
        while True:
            saved, last = exchange.saved_since(self._store, self._sent, _BATCH)
            for record in saved:
                if record.header.scope in self.scopes:
                    self.out.append(Push(record.header, wire.digest(record.raw), wire.encode_frame(record)))
            if last == self._sent:
                return
            self._sent = last

    def _announce(self, now: int) -> None:
        due = self._turns.due(now)
        if not due:
            return
        if not self._erased(now):
            for key in due:
                self._turns.later(key, now + SECOND)
            return
        for key in due:
            self._counter = max(self._counter + 1, now)
            self._counters.append(self._counter)
            said = Announcement(
                self.who.node, self.who.incarnation, *key, self._counter, self._here.heads(key).digest,
                self._here.tell(key, self.who.origin), self.host, __version__, talk.PROTOCOL, now,
                tuple(sorted(self.scopes)), self.at,
            )  # fmt: skip
            self.out.append(Announce(said))
            self._turns.done(key, now)

    def _erased(self, now: int) -> bool:
        """A head past a purge is a receipt: what is to be erased leaves the disk before it is announced."""
        try:
            upkeep.erase_if_due(self._store)
            if upkeep.has_traces(self._store):
                upkeep.scrub(self._store, tries=1)
                self.storages.erased(now)
        except KiokuError as problem:
            self._trouble = problem.message
            return False
        self._trouble = ""
        return True
