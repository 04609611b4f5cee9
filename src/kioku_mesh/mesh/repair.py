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
_PAGES = 32  # of one stream, then others get their turn
_VAIN = 3  # rounds of a comparison that may bring nothing of what the peer says it has


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
    """Page after page; one that does not come in time is the last, and those of the next turn are smaller."""
    name, after, brought = step.name, step.after, False
    for _ in range(_PAGES):
        page = page_of((yield Request("page", *name, after=after, until=step.until, size=peer.page)))
        peer.page_came(page is not None)
        if page is None:
            break
        got = of_stream(page.records, name)
        brought = receive(got) > 0 or brought
        high = max(
            (r.header.seq for r in got if r.header.origin == name.origin and r.header.seq <= page.high), default=0
        )
        if not page.more or high <= after:  # what a peer only promises leads nowhere
            break
        after = high
    return brought


def compare(step: Compare, store: Store, receive: Receive) -> Work:
    """Go down the peer's slots until one is here and linked (all below it is the same), and fetch what is not here."""
    name, high, span, brought, vain = step.name, step.tip.seq, _FIRST_COMPARED, False, 0
    while high >= 1 and vain < _VAIN:
        low = max(1, high - span + 1)
        data = yield Request("digests", *name, after=low, until=high)
        theirs = [tip for tip in _digests(data) if low <= tip.seq <= high]
        if not theirs:
            break
        here = set(exchange.slots(store, name, theirs[0].seq, theirs[-1].seq))
        lacking = [tip for tip in theirs if tip not in here]
        fetched = yield from _fetched(name, lacking, receive)
        brought, vain = brought or fetched, 0 if fetched or not lacking else vain + 1
        if exchange.present(store, [(name, theirs[0])]):
            break
        high, span = theirs[0].seq - 1, min(2 * span, exchange.DIGESTS_MAX)
    return brought


def records(name: Name, tips: Sequence[Tip], receive: Receive) -> Work:
    """Single records, by their slots."""
    return (yield from _fetched(name, list(tips), receive))


def _fetched(name: Name, lacking: list[Tip], receive: Receive) -> Work:
    brought = False
    while lacking:
        page = page_of((yield Request("records", *name, slots=tuple(lacking[-_AT_ONCE:]))))
        wanted = {tip.digest for tip in lacking}
        got = {wire.digest(record.raw): record for record in (page.records if page else ())}
        there = [record for digest, record in got.items() if digest in wanted]
        if not there:
            break
        brought = receive(of_stream((*there, *_marks(got.values())), name)) > 0 or brought
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
    """Only what was asked for, and what justifies that some of it has no body: nobody slips in a record of another
    stream."""
    there = {wire.digest(r.raw): r for r in found}
    own = {d: r for d, r in there.items() if (r.header.lane, r.header.scope, r.header.origin) == name}
    bare = {r.header.id for r in own.values() if r.body is None}
    reasons = {d: r for d, r in there.items() if bare.intersection(r.header.names) and r.header.scope == name.scope}
    return list((own | {wire.digest(r.raw): r for r in _marks(reasons.values())}).values())


def _marks(found: Iterable[wire.Record]) -> list[wire.Record]:
    return [r for r in found if r.header.kind in (wire.PURGE, wire.TOMBSTONE)]
