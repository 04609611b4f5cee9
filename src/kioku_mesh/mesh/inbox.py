"""Records from outside on their way into the store."""

from __future__ import annotations

from collections.abc import Iterable

from .. import wire
from ..errors import KiokuError
from ..store.exchange import Receiver
from ..store.store import Store

WAITING_MAX = 8 << 20  # bytes of pushed records that wait to be applied; more are asked for later


class Inbox:
    """`error`: why nothing is received, or ""; `arrived`: something new was applied since somebody looked."""

    def __init__(self, store: Store, scopes: frozenset[str]) -> None:
        self.error = ""
        self.arrived = False
        self._scopes = scopes
        self._receiver = Receiver(store, scopes)
        self._waiting: list[wire.Record] = []
        self._bytes = 0

    def put(self, frame: bytes) -> None:
        """A record that somebody saved just now."""
        try:
            record, end = wire.decode_frame(frame)
        except wire.Malformed:
            return
        if end == len(frame) and record.header.scope in self._scopes and self._bytes < WAITING_MAX:
            self._waiting.append(record)
            self._bytes += len(frame)

    def empty(self) -> None:
        """Apply what waits."""
        records, self._waiting, self._bytes = self._waiting, [], 0
        if records:
            self.receive(records)

    def receive(self, records: Iterable[wire.Record]) -> int:
        """Apply records; returns how many were new. A full disk or a broken store stops receiving alone."""
        try:
            if not self._receiver.has_room():
                self.error = "receiving has stopped: less than 1 GiB of disk is free"
                return 0
            self.error = ""
            added = self._receiver.take(list(records)).added
        except KiokuError as problem:
            self.error = problem.message
            return 0
        self.arrived = self.arrived or added > 0
        return added
