"""When to announce: soon after a change, at once when a machine came, else rarely.

Everybody hears everybody, so all of it becomes rarer with the number of nodes: what a line carries must not grow with it.
"""

from __future__ import annotations

import random
from collections.abc import Iterable

from ..clock import SECOND
from .heads import Key

MILLISECOND = 1000
CHANGED = 200 * MILLISECOND  # from a change to its announcement
EACH = 50 * MILLISECOND  # for each other node, between two announcements of one scope
IDLE = 30 * SECOND  # between announcements when nothing changes, and more in a large mesh
AGAIN = SECOND  # after a machine came: its subscriptions may still have been on their way
RARELY = (60 * SECOND, 3600 * SECOND)
CROWD = 10  # nodes from which on idle announcements become rarer


class Turns:
    """`others`: how many nodes are there beside this one."""

    def __init__(self, keys: Iterable[Key], rng: random.Random) -> None:
        self.others = 0
        self._rng = rng
        self._at = dict.fromkeys(keys, 0)
        self._last = dict.fromkeys(self._at, 0)
        self._again = 0

    @property
    def keys(self) -> tuple[Key, ...]:
        return tuple(self._at)

    @property
    def gap(self) -> int:
        """The least time between two announcements of one scope."""
        return max(CHANGED, self.others * EACH)

    def changed(self, key: Key, now: int, own: bool) -> None:
        """Something is to be announced. What others wrote everybody announces: not all in one moment."""
        self._soon(key, now + (CHANGED if own else self._rng.randint(CHANGED, self.gap)))

    def came(self, now: int) -> None:
        """A machine is there that wants to know what we have. In a crowd many may come at once, as after a hub was away."""
        crowded = self.others > CROWD
        self._again = 0 if crowded else now + AGAIN
        for key in self._at:
            self._soon(key, now + self._rng.randint(0, self.gap) if crowded else now)

    @property
    def patience(self) -> int:
        """How long until those who are there have announced themselves to one who came."""
        return self.gap if self.others > CROWD else 0

    def later(self, key: Key, at: int) -> None:
        """It cannot be announced before."""
        self._at[key] = at

    def due(self, now: int) -> list[Key]:
        return [key for key, at in self._at.items() if at <= now]

    def done(self, key: Key, now: int) -> None:
        """It was announced."""
        pause = int(IDLE * max(1, self.others / CROWD) * self._rng.uniform(0.8, 1.2))
        self._last[key] = now
        self._at[key] = max(self._again, now + self.gap) if now < self._again else now + pause

    def next(self) -> int:
        return min(self._at.values(), default=1 << 62)

    def _soon(self, key: Key, at: int) -> None:
        if self._last[key]:
            at = max(at, self._last[key] + self.gap)
        self._at[key] = min(self._at[key], at)


class Rarely:
    """For what disturbs everybody and may not help: once a minute, and each time twice as rarely, up to once an hour. When
    it was not asked for during an hour it begins anew."""

    def __init__(self) -> None:
        self._last, self._pause = -2 * RARELY[1], RARELY[0]

    def may(self, now: int) -> bool:
        """True when it is to be done now."""
        idle = now - self._last - self._pause
        if idle < 0:
            return False
        self._last, self._pause = now, RARELY[0] if idle >= RARELY[1] else min(2 * self._pause, RARELY[1])
        return True
