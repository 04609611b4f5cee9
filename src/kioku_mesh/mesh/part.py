"""The mesh as a part of the resident process."""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Callable, Sequence
from typing import Any

from ..clock import SECOND
from ..clock import now as read_clock
from ..store import exchange
from ..store.store import Store
from .answers import answer
from .line import Event, Line
from .node import Node
from .notes import Notes
from .peers import Address
from .turns import Rarely

POLL_S, IDLE_S = 0.02, 0.06  # between two looks for commits of other processes; when nothing happened for CALM
CALM = 10 * SECOND
STEP_S = 0.5  # of one call
_AT_ONCE = 200  # events between two steps


class MeshPart:
    """Drives one node over one line, in the thread that calls it. `watch` is told of every event."""

    name = "mesh"

    def __init__(
        self,
        store: Store,
        scopes: frozenset[str],
        listen: Sequence[str],
        connect: Sequence[str],
        host: str = "",
        watch: Callable[[str, Any], None] | None = None,
    ) -> None:
        self.error = ""
        self.addresses, self.scopes = tuple(listen), tuple(sorted(scopes))
        self._store, self._scopes, self._host = store, scopes - {"local"}, host
        self._connect = tuple(connect)
        self._watch = watch
        self._line: Line | None = None
        self._due = 0
        self._version: object = None
        self._log: object = None
        self._sure_at = self._doubt_until = self._calm_at = 0
        self._anew = Rarely()

    def start(self) -> None:
        """Raises PeerUnreachable when an address cannot be listened on, and StoreError."""
        who = exchange.awake(self._store)
        self._node = Node(self._store, who, self._scopes, self._host, self.addresses, since=read_clock())
        self._notes = Notes(self._store.directory)
        self._due, self._version = 0, None
        self._line = Line(Address(*who), self._scopes, self.addresses, self._connect, self._answer)

    def step(self, now: int) -> float:
        """Work for about a second: what comes in is taken at once, commits are looked for every 20 ms."""
        assert self._line is not None
        end = time.monotonic() + STEP_S
        while time.monotonic() < end:
            if not self._turn(self._line, self._node) or self._is_deaf(now):
                self.close()
                self.start()
                break
        return 0.0

    def close(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.close()
            self._notes.leave(self._node)

    def _answer(self, data: bytes) -> bytes | None:
        return answer(self._store, self._scopes, data)

    def _turn(self, line: Line, node: Node) -> bool:
        """One look at everything; False when the store began a new life, which is another node."""
        happened = self._take(line, node)
        now = read_clock()
        if self._may_have_changed(now):
            found = self._store.version()
            if found != self._version:
                self._version, happened = found, True
                node.committed()
                if exchange.writer(self._store) != node.who:
                    return False
        if happened:
            self._calm_at = now + CALM
        if happened or self._due <= now:
            self._due = node.step(now)
            messages, node.out = node.out, []
            line.send(messages)
            self.error = node.error
            self._notes.write(node, now)
        return True

    def _is_deaf(self, now: int) -> bool:
        """After a broken line two routers may be left so that one hears the other and cannot ask it, for ever: only a new
        session helps."""
        return self._node.unasked and self._anew.may(now)

    def _may_have_changed(self, now: int) -> bool:
        """A look at the write-ahead log costs a tenth of asking SQLite. It changes before a commit counts, by as long as the
        disk takes, and several commits may fall into one tick of its time: SQLite is asked for a while after each change."""
        try:
            log = os.stat(self._store.path + "-wal")
            seen = (log.st_ino, log.st_size, log.st_mtime_ns)
        except OSError:
            seen = None
        if seen != self._log:
            self._log, self._doubt_until = seen, now + SECOND
        if self._doubt_until <= now < self._sure_at:
            return False
        self._sure_at = now + SECOND
        return True

    def _take(self, line: Line, node: Node) -> bool:
        """Wait for an event, and hand over what else is there."""
        taken = 0
        try:
            event = line.events.get(timeout=POLL_S if read_clock() < self._calm_at else IDLE_S)
            while True:
                self._hand_over(event, node)
                taken += 1
                if taken == _AT_ONCE:
                    break
                event = line.events.get_nowait()
        except queue.Empty:
            pass
        return taken > 0

    def _hand_over(self, event: Event, node: Node) -> None:
        what, value, more = event
        now = read_clock()
        if what == "up":
            node.up(value, now)
        elif what == "down":
            node.down(value)
        elif what == "heard":
            node.heard(value, now)
        elif what == "pushed":
            node.pushed(value)
        elif what == "recalled":
            node.recalled(value)
        elif what == "loaded":
            node.storages.loaded(value, more)
        elif what == "linked":
            node.linked(now)
        elif what == "failed":
            raise value
        else:
            node.answered(value, more, now)
        if self._watch and value != node.who:
            self._watch(what, more if what == "answered" else value)
