"""One node of the mesh as a machine without input and output: told what came in and what time it is, it says what to send.

Whoever drives it (the Zenoh binding, the in-memory twin) calls `committed`, `up`, `down`, `heard`, `pushed`, `answered` and
`step`, and carries out what they leave in `out`. Times are microseconds. Nothing here waits.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from .. import __version__, wire
from ..clock import SECOND
from ..errors import KiokuError
from ..store import exchange, sharing, upkeep
from ..store.exchange import Name, Who
from ..store.store import Store
from . import repair, talk
from .heads import Here, Key
from .inbox import Inbox
from .outgoing import Announce, Ask, Out, Push
from .peers import Address, Known, Peer
from .plan import Pull, Step, plan, unknown
from .repair import Work
from .storages import Storages
from .talk import Announcement
from .turns import MILLISECOND, Turns

PATIENCE = (200 * MILLISECOND, 500 * MILLISECOND)  # live pushes may fill a gap meanwhile
TIMEOUT = 10 * SECOND  # of one request
FEW = 3  # peers that are asked for their heads of one scope while others repair it
TASKS_MAX = 8  # at once, so that memory is bounded by as many pages
RETRY = (SECOND, 60 * SECOND)  # after a step that brought nothing: first pause and longest
BODIES = 60 * SECOND  # between two looks for texts that a peer may still have
_BODIES = 100  # texts asked for at once
_BATCH = 200  # own records sent in one step


class Task:
    """A piece of repair in progress with one peer."""

    def __init__(self, peer: Peer, of: Name | Key, work: Work) -> None:
        self.peer, self.of, self.work = peer, of, work


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
    ) -> None:
        """`at`: the endpoints that it listens on, for others to show."""
        self.who, self.scopes, self.host, self.at = who, scopes - {"local"}, host, ", ".join(at)
        self.out: list[Out] = []
        self.peers: dict[Address, Peer] = {}
        self._trouble = ""
        self._store = store
        self._rng = rng or random.Random()
        self._inbox = Inbox(store, self.scopes)
        self._here = Here(store, self.scopes)
        self._counter = 0
        self._sent = exchange.newest(store)
        self._tasks: dict[int, Task] = {}
        self._number = 0
        self._turns = Turns((("mem", scope) for scope in self.scopes), self._rng)
        self._look_at: dict[tuple[Address, str, str], int] = {}
        self._pauses: dict[tuple[Address, Name], tuple[int, int]] = {}  # until when, and how long the next one is
        self.storages = Storages(store, who, self.scopes, self._say, self._inbox.receive)
        self._bodies_at = 0
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

    def up(self, address: Address, now: int) -> None:
        """A node is there: both say what they have at once."""
        if address == Address(*self.who):
            return
        before, peer = self.peers.get(address), Peer(address, now)
        self.peers[address] = peer
        if before:  # the line is as thin as it was
            peer.page = peer.page_max = max(before.page_max, talk.PAGE_MIN)
        self.storages.soon(now)
        self._turns.others = self._there()
        self._turns.came(now)
        for key in self._turns.keys:
            peer.known[key] = Known()
            # should its announcement be lost
            self._look(address, *key, now + self._turns.patience + self._rng.randint(*PATIENCE))

    def _there(self) -> int:
        return sum(peer.up for peer in self.peers.values())

    def down(self, address: Address) -> None:
        peer = self.peers.get(address)
        if peer:
            peer.up, peer.news = False, True
            self._turns.others = self._there()
            for number in [n for n, task in self._tasks.items() if task.peer is peer]:
                self._tasks.pop(number).work.close()
            for key in [key for key in self._look_at if key[0] == address]:
                del self._look_at[key]

    def heard(self, data: bytes, now: int) -> None:
        """An announcement; anything else is passed over."""
        try:
            said = talk.decode_announcement(data)
        except wire.Malformed:
            return
        address = Address(said.node, said.incarnation)
        if said.scope not in self.scopes or address == Address(*self.who):
            return
        first = address not in self.peers
        if first:
            self.up(address, now)
        peer = self.peers[address]
        fresh = peer.known.get((said.lane, said.scope), Known()).counter < 0
        if peer.hear(said, now):
            delay = 0 if first or fresh else self._rng.randint(*PATIENCE)
            self._look(address, said.lane, said.scope, now + delay)

    def pushed(self, frame: bytes) -> None:
        """A record that somebody saved just now."""
        self._inbox.put(frame)

    def answered(self, number: int, data: bytes | None, now: int) -> None:
        """The answer to request `number`, None when none came in time."""
        task = self._tasks.pop(number, None)
        if task is None:
            return
        if data is not None:
            task.peer.heard = now
        self._go_on(task, data, now)

    def recalled(self, payloads: Sequence[bytes]) -> None:
        """Announcements that a storage kept."""
        there = [address for address, peer in self.peers.items() if peer.up]
        self.storages.recalled(payloads, self._here.streams, there)

    # --- what to do

    def step(self, now: int) -> int:
        """Do what is due; returns when to be called again, at the latest."""
        self._inbox.empty()
        if self._dirty or self._inbox.arrived:
            self._refresh(now)
        self._announce(now)
        for (address, lane, scope), at in sorted(self._look_at.items(), key=lambda item: item[1]):
            if at <= now and len(self._tasks) < TASKS_MAX:
                del self._look_at[address, lane, scope]
                self._repair(self.peers[address], lane, scope, now)
        if self._bodies_at <= now:
            self._bodies_at = now + BODIES
            self._look_for_bodies(now)
        return min([now + SECOND, self.storages.step(now), self._turns.next(), *self._look_at.values()])

    def _refresh(self, now: int) -> None:
        """See what is in the log now, send what this node saved, and note what is to be announced."""
        self._dirty = self._inbox.arrived = False
        self._push_saved()
        for key in self._here.look():
            self._turns.changed(key, now, self._here.wrote(key, self.who.origin))
        for address, peer in self.peers.items():
            for lane, scope in peer.known:
                if peer.up and (address, lane, scope) not in self._look_at:
                    self._look(address, lane, scope, now + self._rng.randint(*PATIENCE))

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

    # --- repair

    def _look(self, address: Address, lane: str, scope: str, at: int) -> None:
        key = (address, lane, scope)
        self._look_at[key] = min(self._look_at.get(key, at), at)

    def _repair(self, peer: Peer, lane: str, scope: str, now: int) -> None:
        """Ask a peer for what it has and we do not."""
        known, ours = peer.known[lane, scope], self._here.heads((lane, scope))
        if known.digest == ours.digest:
            peer.news = peer.news or not known.whole
            known.replace(ours)
            return
        if not known.whole and not self._as_another(peer, (lane, scope)):
            # What a few bring often makes us level with all the others.
            if sum(task.of[:2] == (lane, scope) for task in self._tasks.values()) < FEW:
                self._begin(peer, (lane, scope), repair.heads(peer, lane, scope, ours), now)
            else:
                self._look(peer.address, lane, scope, now + PATIENCE[0])
            return
        theirs = known.heads.beside(ours)
        proven = any(name in known.heads.by_name for name in self._here.kept)
        if proven and sharing.release_known(self._store, theirs):
            self._refresh(now)
        mine = self._here.streams
        present = exchange.present(self._store, unknown(mine, theirs))
        later = now + RETRY[1]
        for step in plan(mine, theirs, present):
            until, _ = self._pauses.get((peer.address, step.name), (0, 0))
            if until > now:
                later = min(later, until)
            elif len(self._tasks) >= TASKS_MAX:
                later = now + PATIENCE[0]
            elif all(task.of != step.name for task in self._tasks.values()):
                self._begin(peer, step.name, self._repair_of(step, peer), now)
        if later < now + RETRY[1]:
            self._look(peer.address, lane, scope, later)

    def _as_another(self, peer: Peer, key: Key) -> bool:
        """Does it have the same as somebody whose heads are known?"""
        known = peer.known[key]
        for other in self.peers.values():
            theirs = other.known.get(key)
            if theirs and theirs.whole and theirs.digest == known.digest:
                known.replace(theirs.heads)
                peer.news = True
                return True
        return False

    def _repair_of(self, step: Step, peer: Peer) -> Work:
        take = self._inbox.receive
        return repair.pull(step, peer, take) if isinstance(step, Pull) else repair.compare(step, self._store, take)

    def _begin(self, peer: Peer, of: Name | Key, work: Work, now: int) -> None:
        if not any(task.peer is peer and task.of == of for task in self._tasks.values()):
            self._go_on(Task(peer, of, work), None, now)

    def _go_on(self, task: Task, data: bytes | None, now: int) -> None:
        """Give a task its answer and send what it asks next."""
        try:
            request = task.work.send(data)
        except StopIteration as end:
            self._finish(task, bool(end.value), now)
            return
        self._number += 1
        self._tasks[self._number] = task
        self.out.append(Ask(self._number, task.peer.address, request, TIMEOUT))

    def _finish(self, task: Task, brought: bool, now: int) -> None:
        """Look again: there may be more. What brought nothing is tried later and later."""
        address = task.peer.address
        lane, scope = task.of[:2]
        delay = 0
        if isinstance(task.of, Name):
            key = (address, task.of)
            if brought:
                self._pauses.pop(key, None)
            else:
                _, pause = self._pauses.get(key, (0, RETRY[0]))
                self._pauses[key] = (now + pause, min(2 * pause, RETRY[1]))
        elif not brought:
            delay = RETRY[0]
        if task.peer.up:
            self._look(address, lane, scope, now + delay)

    def _look_for_bodies(self, now: int) -> None:
        """A deletion was undone after the text had been erased here: some peer may not have erased it yet."""
        for name, tips in exchange.lost(self._store, _BODIES).items():
            able = [peer for peer in self.peers.values() if peer.up and name.scope in peer.scopes]
            if able and len(self._tasks) < TASKS_MAX:
                self._begin(self._rng.choice(able), name[:2], repair.records(name, tips, self._inbox.receive), now)
