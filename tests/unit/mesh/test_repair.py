"""Repair with a peer that lies: what it promises and does not bring ends, and only what was asked for is taken."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from kioku_mesh import wire
from kioku_mesh.mesh import repair, talk
from kioku_mesh.mesh.heads import name_of
from kioku_mesh.mesh.peers import Address, Peer
from kioku_mesh.mesh.plan import Compare, Pull
from kioku_mesh.mesh.talk import Request
from kioku_mesh.store.exchange import Name
from kioku_mesh.store.log import Tip
from kioku_mesh.store.store import Store
from support.strangers import head, page, stream

ORIGIN = "liar-1." + "a" * 16
NAME = Name("mem", "mesh", ORIGIN)
PATIENCE = 100  # requests


class Taken(list[wire.Record]):
    def receive(self, records: Iterable[wire.Record]) -> int:
        fresh = [record for record in records if record not in self]
        self += fresh
        return len(fresh)


def asked(work: repair.Work, answer: Callable[[Request], bytes | None]) -> list[Request]:
    """Carry a piece of repair out; it must end."""
    requests: list[Request] = []
    try:
        request = next(work)
        while len(requests) < PATIENCE:
            requests.append(request)
            request = work.send(answer(request))
    except StopIteration:
        return requests
    raise AssertionError("it never ends")


def peer() -> Peer:
    return Peer(Address("liar-1", "a" * 16), 0)


def test_pages_that_promise_more() -> None:
    """Empty ones end it; full ones give the others a turn."""
    taken = Taken()
    pull = Pull(NAME, 0)
    assert len(asked(repair.pull(pull, peer(), taken.receive), lambda r: page([], r.after + 1, more=True))) == 1
    made = stream(ORIGIN, 60)
    one_each = asked(repair.pull(pull, peer(), taken.receive), lambda r: page(made[r.after : r.after + 1], more=True))
    assert 1 < len(one_each) < 60
    assert taken == made[: len(one_each)]


def test_a_page_that_does_not_come() -> None:
    """The turn ends, and the next page is smaller, but never so small that nothing fits."""
    slow = peer()
    sizes = [asked(repair.pull(Pull(NAME, 0), slow, Taken().receive), lambda _: None)[0].size for _ in range(9)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == talk.PAGE_MIN


def test_comparing_with_one_who_makes_numbers_up(tmp_path: Path) -> None:
    """Slots that it has never, outside of what was asked for, or answered with other records: it ends."""
    store, taken = Store(str(tmp_path / "s"), node="desk-1"), Taken()
    other, wanted = stream(ORIGIN, 3), Tip(2**60, "ab" * 32)
    for slots in ([Tip(2**60, "cd" * 32)], [Tip(5, "cd" * 32)], None):

        def answer(request: Request, slots: list[Tip] | None = slots) -> bytes:
            if request.ask == "digests":
                return talk.encode_digests(slots or [Tip(request.until or 1, "ef" * 32)])
            return page(other, more=True)

        asked(repair.compare(Compare(NAME, wanted), store, taken.receive), answer)
    assert taken == []
    assert name_of(head(other)) == NAME
