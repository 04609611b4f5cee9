"""Who is asked for what at the moment: so few pieces of repair at once that memory is bounded, and nobody takes all turns."""

from __future__ import annotations

from collections.abc import Callable

from ..clock import SECOND
from ..store.exchange import Name
from .heads import Key
from .outgoing import Ask, Out
from .peers import Address, Peer
from .plan import Step
from .repair import Work

TIMEOUT = 10 * SECOND  # of one request
GRACE = 5 * SECOND  # in which the line may say so: where its router died meanwhile it never does
TASKS_MAX = 8  # at once, so that memory is bounded by as many pages
TASKS_EACH = 4  # with one peer; one with a peer that did not answer, or never yet, and half of all with doubtful ones
FEW = 3  # peers that are asked for their heads of one scope while others repair it
RETRY = (SECOND, 60 * SECOND)  # after a step that brought nothing: first pause and longest
_PAUSES_MAX = 10_000  # steps that are remembered as not worth trying

Of = Step | Key  # what brings a stream on, or a lane and scope
Look = Callable[[Address, str, str, int], None]  # at a peer's lane and scope, at a time


class Task:
    """A piece of repair in progress with one peer."""

    def __init__(self, peer: Peer, of: Of, work: Work) -> None:
        self.peer, self.of, self.work = peer, of, work
        self.until = 0  # when its request is given up
        self.name = of.name if isinstance(of, Step) else None
        self.key: Key = of.name[:2] if isinstance(of, Step) else of


class Tasks:
    """Sends through `say`; `look` is called when it is time to look at a peer again, `look_at_all` at all of them."""

    def __init__(self, say: Callable[[Out], None], look: Look, look_at_all: Callable[[int], None]) -> None:
        self._say, self._look, self._look_at_all = say, look, look_at_all
        self._running: dict[int, Task] = {}
        self._number = 0
        self._pauses: dict[tuple[Address, Of], tuple[int, int]] = {}  # until when, and how long the next one is

    @property
    def full(self) -> bool:
        return len(self._running) >= TASKS_MAX

    def may(self, peer: Peer) -> bool:
        """Is it this peer's turn?"""
        peers = [task.peer for task in self._running.values()]
        if peer.doubtful and sum(each.doubtful for each in peers) >= TASKS_MAX // 2:
            return False
        return not self.full and sum(each is peer for each in peers) < (1 if peer.silent else TASKS_EACH)

    def few(self, lane: str, scope: str) -> bool:
        """Are so few asked for their heads that one more may be?"""
        able = [task.key for task in self._running.values() if not task.peer.doubtful]
        return able.count((lane, scope)) < FEW

    def busy(self, name: Name) -> bool:
        return any(task.name == name for task in self._running.values())

    def paused(self, peer: Peer, step: Step) -> int:
        """Until when a step is not tried with a peer. When the stream got on by any other way, that is another step."""
        return self._pauses.get((peer.address, step), (0, 0))[0]

    def begin(self, peer: Peer, of: Of, work: Work, now: int) -> None:
        if not any(task.peer is peer and task.of == of for task in self._running.values()):
            self._go_on(Task(peer, of, work), None, now)

    def end_all(self, peer: Peer) -> None:
        """The peer is gone; when it is back, what it had not may be there."""
        self._pauses = {key: at for key, at in self._pauses.items() if key[0] != peer.address}
        for number in [n for n, task in self._running.items() if task.peer is peer]:
            self._running.pop(number).work.close()

    def give_up(self, now: int) -> None:
        """End the requests of which nothing was heard any more: a stream is asked for in one place at a time."""
        for number in [number for number, task in self._running.items() if task.until <= now]:
            self.answered(number, None, now)

    def answered(self, number: int, data: bytes | None, now: int) -> None:
        """The answer to request `number`, None when none came in time."""
        task = self._running.pop(number, None)
        if task is None:
            return
        if data is None:
            task.peer.silent += 1
        else:
            if task.peer.silent:
                self._look(task.peer.address, *task.key, now)
            task.peer.heard, task.peer.silent = now, 0
        self._go_on(task, data, now)

    def _go_on(self, task: Task, data: bytes | None, now: int) -> None:
        """Give a task its answer and send what it asks next."""
        try:
            request = task.work.send(data)
        except StopIteration as end:
            self._finish(task, bool(end.value), now)
            return
        self._number += 1
        self._running[self._number] = task
        task.until = now + TIMEOUT + GRACE
        self._say(Ask(self._number, task.peer.address, request, TIMEOUT))

    def _finish(self, task: Task, brought: bool, now: int) -> None:
        """Look again: there may be more. What brought nothing is tried later and later."""
        address = task.peer.address
        delay = 1  # at once, and not in the same step
        if task.name:
            key = (address, task.of)
            if brought:
                self._pauses.pop(key, None)
            else:
                if len(self._pauses) >= _PAUSES_MAX:
                    self._pauses = {each: at for each, at in self._pauses.items() if at[0] > now}
                _, pause = self._pauses.get(key, (0, RETRY[0]))
                self._pauses[key] = (now + pause, min(2 * pause, RETRY[1]))
                self._look_at_all(now)  # somebody else may have it
        elif not brought:
            delay = min(RETRY[0] << min(max(task.peer.silent - 1, 0), 6), RETRY[1])
        if task.peer.up:
            self._look(address, *task.key, now + delay)
