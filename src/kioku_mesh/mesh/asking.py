"""Whom to ask for what is missing here, and when: peers whose time has come are looked at, and get turns."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping

from ..clock import SECOND
from ..store import exchange, sharing
from ..store.store import Store
from . import repair
from .heads import Here, Key
from .inbox import Inbox
from .outgoing import Out
from .peers import Address, Peer
from .plan import Pull, Step, plan, unknown
from .repair import Work
from .tasks import RETRY, Tasks
from .turns import MILLISECOND

PATIENCE = (200 * MILLISECOND, 500 * MILLISECOND)  # live pushes may fill a gap meanwhile
BODIES = 60 * SECOND  # between two looks for texts that a peer may still have
_BODIES = 100  # texts asked for at once


class Asking:
    """`peers` are those that the node knows; `say` sends; `changed` is called when the node has to look at the log anew."""

    def __init__(
        self,
        store: Store,
        peers: Mapping[Address, Peer],
        here: Here,
        inbox: Inbox,
        rng: random.Random,
        say: Callable[[Out], None],
        changed: Callable[[], None],
    ) -> None:
        self._store, self._peers, self._here, self._inbox, self._rng = store, peers, here, inbox, rng
        self._changed = changed
        self._tasks = Tasks(say, self.look, self.look_at_all)
        self._look_at: dict[tuple[Address, str, str], int] = {}
        self._bodies_at = 0

    # --- when

    def look(self, address: Address, lane: str, scope: str, at: int) -> None:
        """Look at what a peer has of a scope, at this time or before."""
        key = (address, lane, scope)
        self._look_at[key] = min(self._look_at.get(key, at), at)

    def look_at_all(self, now: int) -> None:
        """Something is otherwise here: soon, unless that is due already."""
        for address, peer in self._peers.items():
            for lane, scope in peer.known:
                if peer.up and (address, lane, scope) not in self._look_at:
                    self.look(address, lane, scope, now + self.patience())

    def patience(self) -> int:
        return self._rng.randint(*PATIENCE)

    def end(self, peer: Peer) -> None:
        """The peer is gone."""
        self._tasks.end_all(peer)
        for key in [key for key in self._look_at if key[0] == peer.address]:
            del self._look_at[key]

    def answered(self, number: int, data: bytes | None, now: int) -> None:
        """The answer to request `number`, None when none came in time."""
        self._tasks.answered(number, data, now)

    def later(self, now: int) -> Iterator[int]:
        """When there is something to do. Who waits for a turn is not among it: what frees one is an event."""
        yield from (at for at in self._look_at.values() if at > now)

    # --- whom

    def step(self, now: int) -> None:
        """Look at the peers for which it is time. Who gets no turn keeps its place until one is free: were it told to come
        again, those who have one would be there first each time."""
        self._tasks.give_up(now)
        due = [(self._peers[key[0]].rank, at, key) for key, at in self._look_at.items() if at <= now]
        for _, _, (address, lane, scope) in sorted(due):
            peer = self._peers[address]
            level = self._is_level(peer, (lane, scope))
            if level or self._tasks.may(peer):
                del self._look_at[address, lane, scope]
            if not level and self._tasks.may(peer):
                self._repair(peer, lane, scope, now)
        if self._bodies_at <= now:
            self._bodies_at = now + BODIES
            self._look_for_bodies(now)

    def _is_level(self, peer: Peer, key: Key) -> bool:
        """Has it the same as we?"""
        known, ours = peer.known[key], self._here.heads(key)
        if known.digest != ours.digest:
            return False
        peer.news = peer.news or not known.whole
        known.replace(ours)
        return True

    def _repair(self, peer: Peer, lane: str, scope: str, now: int) -> None:
        """Ask a peer whose turn it is for what it has and we do not."""
        known, ours = peer.known[lane, scope], self._here.heads((lane, scope))
        if not known.whole and not self._as_another(peer, (lane, scope)):
            # What a few bring often makes us level with all the others.
            if self._tasks.few(lane, scope):
                self._tasks.begin(peer, (lane, scope), repair.heads(peer, lane, scope, ours), now)
            else:
                self.look(peer.address, lane, scope, now + PATIENCE[0])
            return
        theirs = known.heads.beside(ours)
        proven = any(name in known.heads.by_name for name in self._here.kept)
        if proven and sharing.release_known(self._store, theirs):
            self._changed()
            self.look(peer.address, lane, scope, now + 1)
            return
        mine = self._here.streams
        present = exchange.present(self._store, unknown(mine, theirs))
        later = now + RETRY[1]
        for step in plan(mine, theirs, present):
            until = self._tasks.paused(peer, step)
            if until > now:
                later = min(later, until)
            elif not self._tasks.may(peer):
                later = now + PATIENCE[0]
            elif not self._tasks.busy(step.name):
                self._tasks.begin(peer, step, self._repair_of(step, peer), now)
        if later < now + RETRY[1]:
            self.look(peer.address, lane, scope, later)

    def _as_another(self, peer: Peer, key: Key) -> bool:
        """Does it have the same as somebody whose heads are known?"""
        known = peer.known[key]
        for other in self._peers.values():
            theirs = other.known.get(key)
            if theirs and theirs.whole and theirs.digest == known.digest:
                known.replace(theirs.heads)
                peer.news = True
                return True
        return False

    def _repair_of(self, step: Step, peer: Peer) -> Work:
        take = self._inbox.receive
        return repair.pull(step, peer, take) if isinstance(step, Pull) else repair.compare(step, self._store, take)

    def _look_for_bodies(self, now: int) -> None:
        """A deletion was undone after the text had been erased here: some peer may not have erased it yet."""
        for name, tips in exchange.lost(self._store, _BODIES).items():
            able = [
                peer
                for peer in self._peers.values()
                if peer.up and name.scope in peer.scopes and name[:2] in peer.known
            ]
            if able and not self._tasks.full:
                work = repair.records(name, tips, self._inbox.receive)
                self._tasks.begin(self._rng.choice(able), name[:2], work, now)
