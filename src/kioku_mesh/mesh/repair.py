"""Getting from a peer what is missing here: each piece a generator that yields requests and is sent the answers.

An answer is None when none came in time. What a piece returns says whether it brought anything.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence

from .. import wire
from ..store import exchange
from ..store.exchange import Name
from ..store.log import Tip
from ..store.store import Store
from . import talk
from .heads import Heads
from .peers import Peer
from .plan import Compare, Pull
from .talk import Request

Work = Generator[Request, bytes | None, bool]
Receive = Callable[[Iterable[wire.Record]], int]  # takes records in, answers how many were new

_FIRST_COMPARED = 16  # slots, then twice as many
_AT_ONCE = 100  # records asked for by their slots


def heads(peer: Peer, lane: str, scope: str, ours: Heads) -> Work:
    """All heads of a scope. If they are `ours`, they need not travel."""
    data = yield Request("heads", lane, scope, digest=ours.digest)
    if data is None:
        return False
    try:
        found = talk.decode_heads(data, lane, scope, ours.digest)
    except wire.Malformed as problem:
        peer.error = f"sent heads that are none: {problem}"
        return False
    peer.known[lane, scope].replace(ours if found is None else Heads(found))
    peer.news = True
    return True


def pull(step: Pull, peer: Peer, receive: Receive) -> Work:
    """Page after page; smaller ones while they do not come in time."""
    name, after, brought = step.name, step.after, False
    while True:
        page = page_of((yield Request("page", *name, after=after, until=step.until, size=peer.page)))
        if not peer.page_came(page is not None):
            return brought
        if page is None:
            continue
        brought = receive(of_stream(page.records, name)) > 0 or brought
        if not page.more or page.high <= after:
            return brought
        after = page.high


def compare(step: Compare, store: Store, receive: Receive) -> Work:
    """Go down the peer's slots until one is here and linked (all below it is the same), and fetch what is not here."""
    name, high, span, brought = step.name, step.tip.seq, _FIRST_COMPARED, False
    while high >= 1:
        data = yield Request("digests", *name, after=max(1, high - span + 1), until=high)
        theirs = _digests(data)
        if not theirs:
            return brought
        here = set(exchange.slots(store, name, theirs[0].seq, theirs[-1].seq))
        lacking = [tip for tip in theirs if tip not in here]
        brought = (yield from _fetched(name, lacking, receive)) or brought
        if exchange.present(store, [(name, theirs[0])]):
            return brought
        high, span = theirs[0].seq - 1, min(2 * span, exchange.DIGESTS_MAX)
    return brought


def records(name: Name, tips: Sequence[Tip], receive: Receive) -> Work:
    """Single records, by their slots."""
    return (yield from _fetched(name, list(tips), receive))


def _fetched(name: Name, lacking: list[Tip], receive: Receive) -> Work:
    brought = False
    while lacking:
        page = page_of((yield Request("records", *name, slots=tuple(lacking[-_AT_ONCE:]))))
        if page is None or not page.records:
            return brought
        brought = receive(of_stream(page.records, name)) > 0 or brought
        got = {wire.digest(record.raw) for record in page.records}
        lacking = [tip for tip in lacking if tip.digest not in got]
    return brought


def page_of(data: bytes | None) -> talk.PageAnswer | None:
    """The answer; None when none came, or it is no page."""
    try:
        return None if data is None else talk.decode_page(data)
    except wire.Malformed:
        return None


def _digests(data: bytes | None) -> tuple[Tip, ...]:
    try:
        return () if data is None else talk.decode_digests(data)
    except wire.Malformed:
        return ()


def of_stream(found: Iterable[wire.Record], name: Name) -> list[wire.Record]:
    """Only what was asked for: nobody slips in a record of another stream."""
    return [r for r in found if (r.header.lane, r.header.scope, r.header.origin) == name]
