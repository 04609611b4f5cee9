"""Reading what another program keeps in a router's storages: all of it, or an error that says why not.

A query ends without a word when whoever answers dies, a storage that is not there answers like an empty one, and a storage
answers a wildcard by listing all its keys. So what is asked for comes in slices, by the first digits of the last chunk of a
key; somebody must be there who stores such keys; the router must stay the same; and a second reading must bring whatever
the first one brought.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..clock import SECOND
from ..errors import NotAvailable, PeerUnreachable, Timeout
from ..values import NamedTuple
from .storage_probe import Visit

DIGITS = "0123456789abcdef"
PATIENCE_S = 30.0  # for one slice; one that takes longer is cut into sixteen
READINGS_MAX = 4  # a store that is written meanwhile may need a third
PAYLOAD_MAX = 2 * 1024 * 1024
TOTAL_MAX = 2 * 1024**3  # bytes that are kept in memory

_DEPTH_MAX = 3  # digits
_MATCHING_S = 3.0  # until the router has told who stores what
_AGAIN = "start it again; nothing was changed by reading"

Keep = Callable[[str], bool]
Progress = Callable[[int], None]


class Stored(NamedTuple):
    """What stood under a key; `payload` is None where it was not wanted, or too large. `time`: when it was written."""

    payload: bytes | None
    size: int
    time: int | None


class ForeignSpace(Visit):
    """A session with the router at `endpoint`. `stems` are key expressions without their last chunk."""

    def __init__(self, endpoint: str, stems: Sequence[str], patience: float = PATIENCE_S) -> None:
        """Raises NotAvailable, PeerUnreachable."""
        try:
            super().__init__(endpoint)
        except PeerUnreachable as error:
            raise PeerUnreachable(
                error.message,
                "is that its machine and port, does its zenohd run, and does a firewall let it be reached?",
            ) from None
        self._endpoint, self._stems, self._patience = endpoint, stems, patience
        self._routers = self.routers()
        self._queriers = [self._session.declare_querier(f"{stem}/*") for stem in stems]

    def stored(self) -> bool:
        """Whether anybody is there who stores keys of every stem; an empty storage is somebody."""
        until = time.monotonic() + _MATCHING_S
        while not self._matching():
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
        return True

    def _matching(self) -> bool:
        return all(_matching(querier) for querier in self._queriers)

    def gather(self, keep: Keep, progress: Progress) -> dict[str, Stored]:
        """Everything, by key; the payloads only of keys that `keep` wants.

        Raises NotAvailable (nobody stores such keys), PeerUnreachable and Timeout (not all of it was answered).
        """
        if not self.stored():
            raise NotAvailable(
                f"the router at {self._endpoint} answers, but nothing there stores {' or '.join(self._stems)}",
                "name the zenohd with the storage: is its storage plugin loaded, and its storage configured?",
            )
        found = self._reading(keep, progress)
        for _ in range(READINGS_MAX - 1):
            again = self._reading(keep, progress)
            missing = found.keys() - again.keys()
            for key, stored in again.items():
                found[key] = max(found[key], stored, key=_order) if key in found else stored
            if not missing:
                return found
        raise PeerUnreachable(
            f"{len(missing):,} of {len(found):,} records at {self._endpoint} were answered once and then not again: "
            "a machine that keeps them has left, or somebody removes them",
            _AGAIN,
        )

    def glance(self, seconds: float) -> tuple[dict[str, Stored], bool]:
        """Keys alone, as many as can be had in so many seconds; whether these are all."""
        until = time.monotonic() + seconds
        found: dict[str, Stored] = {}
        for slice_ in self._slices():
            left = until - time.monotonic()
            try:
                if left <= 0:
                    return found, False
                for key, sample in self._asked(slice_, left):
                    found[key] = _stored(sample, False)
            except Timeout:
                return found, False
        return found, True

    def _slices(self) -> Iterator[str]:
        for stem in self._stems:
            yield from (f"{stem}/{digit}" for digit in DIGITS)

    def _reading(self, keep: Keep, progress: Progress) -> dict[str, Stored]:
        found: dict[str, Stored] = {}
        for slice_ in self._slices():
            found |= self._slice(slice_, keep, 1)
            if sum(stored.size for stored in found.values() if stored.payload is not None) > TOTAL_MAX:
                raise NotAvailable(
                    f"{self._endpoint} holds more than {TOTAL_MAX / 1024**3:.0f} GiB of memories",
                    "this import keeps them in memory while it reads, and stops at that",
                )
            progress(len(found))
        return found

    def _slice(self, slice_: str, keep: Keep, depth: int) -> dict[str, Stored]:
        found: dict[str, Stored] = {}
        try:
            for key, sample in self._asked(slice_, self._patience):
                stored = _stored(sample, keep(key))
                found[key] = max(found.get(key, stored), stored, key=_order)  # several machines may answer
        except Timeout:
            if depth == _DEPTH_MAX:
                raise
            for digit in DIGITS:
                found |= self._slice(slice_ + digit, keep, depth + 1)
        return found

    def _asked(self, slice_: str, patience: float) -> Iterator[tuple[str, Any]]:
        """Key and sample of one slice. Raises Timeout, and PeerUnreachable when the router went away meanwhile."""
        import zenoh

        replies = self._session.get(f"{slice_}$*", timeout=patience, consolidation=zenoh.ConsolidationMode.NONE)
        late = False
        for reply in replies:
            if reply.ok is not None:
                yield str(reply.ok.key_expr), reply.ok
            else:
                late = True
        if self.routers() != self._routers or not self._matching():
            raise PeerUnreachable(f"the router at {self._endpoint} went away in the middle of its answer", _AGAIN)
        if late:
            raise Timeout(f"{self._endpoint} did not answer within {patience:.0f} s", _AGAIN)


def _matching(querier: Any) -> bool:
    return bool(querier.matching_status.matching)


def _stored(sample: Any, wanted: bool) -> Stored:
    payload = sample.payload
    size = len(payload)
    stamp = sample.timestamp
    when = None if stamp is None else int(stamp.get_time().timestamp() * SECOND)
    return Stored(payload.to_bytes() if wanted and size <= PAYLOAD_MAX else None, size, when)


def _order(stored: Stored) -> tuple[int, bytes]:
    """Which of two payloads of one key counts: the later one, and never the one that came first."""
    return stored.time or 0, stored.payload or b""
