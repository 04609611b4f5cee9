"""What to ask a peer for: a pure function of what is here and what the peer said it has."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from ..store.exchange import Local, Name
from ..store.log import Head, Tip
from ..values import NamedTuple


class Pull(NamedTuple):
    """Everything of a stream behind number `after`, up to `until` where what follows is here already."""

    name: Name
    after: int
    until: int | None = None


class Compare(NamedTuple):
    """Two lives of one stream: look for where they part, from `tip` of the peer downwards."""

    name: Name
    tip: Tip


Step = Pull | Compare


def unknown(mine: Mapping[Name, Local], theirs: Iterable[Head]) -> list[tuple[Name, Tip]]:
    """Tips of the peer at or below our own highest: whether they are here is for the log to say."""
    found = []
    for head in theirs:
        name = Name(*head[:3])
        local = mine.get(name)
        if local and local.head.tips:
            ours = local.head.tips
            found += [(name, tip) for tip in head.tips if tip not in ours and tip.seq <= ours[0].seq]
    return found


def plan(mine: Mapping[Name, Local], theirs: Iterable[Head], present: Collection[tuple[Name, Tip]]) -> list[Step]:
    """The steps that bring here what the peer has, one for each stream. `present`: which of `unknown` are here, linked.

    A peer that has less, or the same, needs nothing from us: it asks for itself.
    """
    steps: list[Step] = []
    for head in theirs:
        name = Name(*head[:3])
        local = mine.get(name) or Local(Head(*head[:4], ()))
        lacking = [tip for tip in head.tips if tip not in local.head.tips and (name, tip) not in present]
        if lacking:
            steps.append(_step(name, local, lacking[0]))
    return steps


def _step(name: Name, local: Local, tip: Tip) -> Step:
    """`tip`: the highest of the peer's that is not here."""
    top = local.head.tips[0].seq if local.head.tips else local.head.floor - 1
    if tip.seq <= top:
        return Compare(name, tip)
    if local.waiting is None:
        return Pull(name, top)
    if local.waiting > top + 1:
        return Pull(name, top, local.waiting - 1)
    # What follows our highest is here and does not link to it.
    return Compare(name, tip)
