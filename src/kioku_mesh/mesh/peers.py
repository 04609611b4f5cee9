"""What this node knows of the others: who is there, and what each said it has. Never more than was said."""

from __future__ import annotations

from ..clock import SECOND
from ..values import NamedTuple
from . import talk
from .heads import Heads, Key
from .talk import Announcement

_HIDDEN = 10 * SECOND  # for which one may speak and not show that it is there
_TRIES = 3  # requests


class Address(NamedTuple):
    """Where a node is asked: its name and the incarnation that it was started with."""

    node: str
    incarnation: str


class Known:
    """What one peer said of one scope: the digest of all its heads, and those of them that are known."""

    def __init__(self) -> None:
        self.counter = -1
        self.digest = ""
        self.heads = Heads()

    def learn(self, said: Announcement) -> bool:
        """Take in an announcement; False for one that came late."""
        if said.counter <= self.counter:
            return False
        self.counter, self.digest = said.counter, said.digest
        self.heads = self.heads.changed(said.heads)
        return True

    def replace(self, heads: Heads) -> None:
        """All heads, as they were asked for."""
        self.heads, self.digest = heads, heads.digest

    @property
    def whole(self) -> bool:
        """Are these all heads that the peer has?"""
        return self.heads.digest == self.digest


class Peer:
    """One node as it is known now. `heard`: microseconds; `ahead`: its clock minus ours; `news`: not yet noted down."""

    def __init__(self, address: Address, now: int) -> None:
        self.address = address
        self.heard = now
        self.ahead = 0
        self.up = True
        self.shown = False  # by a token of its own
        self.hidden_since = 0  # when it spoke without one
        self.host = self.version = self.at = self.error = ""
        self.protocol = talk.PROTOCOL
        self.counter = 0
        self.silent = 1  # requests in a row that it did not answer; one that never did has yet to prove itself
        self.page, self.page_max = talk.PAGE_FIRST, talk.PAGE_BYTES  # what the line to it carries in time
        self.scopes: tuple[str, ...] = ()
        self.known: dict[Key, Known] = {}
        self.news = True

    @property
    def doubtful(self) -> bool:
        """Did it fail to answer more than once, or do no more yet than show that it is there?"""
        return self.silent > 1 or bool(self.silent and not self.scopes)

    @property
    def rank(self) -> int:
        """In which order peers get turns: who answers, who has yet to, who did not, who never even spoke."""
        return 0 if not self.silent else 1 if not self.doubtful else 2 if self.scopes else 3

    @property
    def unasked(self) -> bool:
        """Is it heard again and again, and neither shows that it is there nor answers? Then the line is broken one way."""
        spoke = self.hidden_since and self.heard > self.hidden_since + _HIDDEN
        return bool(spoke and self.up and self.silent > _TRIES)

    def page_came(self, in_time: bool) -> None:
        """The next page is larger, or smaller and so are all that follow."""
        if in_time:
            self.page = min(self.page_max, 2 * self.page)
        else:
            self.page_max = self.page = max(talk.PAGE_MIN, self.page // 2)

    def hear(self, said: Announcement, now: int) -> bool:
        """Take in what the peer said of a scope; False when it came late."""
        self.heard, self.up, self.news = now, True, True
        if not self.shown and not self.hidden_since:
            self.hidden_since = now
        self.ahead = said.now - now
        self.host, self.version, self.protocol, self.scopes = said.host, said.version, said.protocol, said.scopes
        self.at = said.at
        self.counter = max(self.counter, said.counter)
        return self.known.setdefault((said.lane, said.scope), Known()).learn(said)
