"""Which memories are worth comparing with which: those that share rare words or a subject, or mean the same."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from ..model import Filter
from ..store.reading import Snapshot
from ..text import wording
from ..text.flow import JOINT, ROLE
from ..values import NamedTuple

_RARE = 30  # memories that have a word, beyond which it tells little
_PROBES = 6  # of its rarest words by which a memory is looked for
_TOGETHER = 2  # of them that two memories share
_TITLED = 20  # newest memories of one subject
_AT_ONCE = 100  # memories whose vectors are compared before the clock is read
_NEAR = 5  # memories that mean the same as one


class Told(NamedTuple):
    """A memory as it is compared. `home`: its scope and its project; `dated`: it is known what its files were."""

    row: int
    home: tuple[str, str | None]
    said: wording.Said
    dated: bool = False


class Pairs(NamedTuple):
    """`found`: positions of two that are worth comparing, the smaller one first, and whether their vectors agree;
    `looked_at`: how many of them were compared by vectors before the time was over."""

    found: dict[tuple[int, int], bool]
    looked_at: int


def pairs(snapshot: Snapshot, told: Sequence[Told], where: Filter, now: int, seconds: float) -> Pairs:
    """Of memories that lie newest first; only within one scope and project. About `seconds` are spent on vectors."""
    found = dict.fromkeys(_by_words(told), False) | dict.fromkeys(_by_subject(told), False)
    position = {each.row: at for at, each in enumerate(told)}
    end, looked_at = time.monotonic() + seconds, 0
    while looked_at < len(told) and time.monotonic() < end:
        some = told[looked_at : looked_at + _AT_ONCE]
        closest = snapshot.closest_to([each.row for each in some], where, now, _NEAR)
        if not closest:
            break
        for at, rows in enumerate(closest, looked_at):
            for other in (position[row] for row in rows if row in position):
                if told[other].home == told[at].home:
                    found[min(at, other), max(at, other)] = True
        looked_at += len(some)
    return Pairs(found, looked_at)


def _by_words(told: Sequence[Told]) -> Iterator[tuple[int, int]]:
    having: Mapping[tuple[object, str], list[int]] = defaultdict(list)
    for at, each in enumerate(told):
        for token in _words(each):
            having[each.home, token].append(at)
    for at, each in enumerate(told):
        words = _words(each)
        rare = sorted((len(having[each.home, word]), word) for word in words)
        probes = [word for count, word in rare if 1 < count <= _RARE][:_PROBES]
        shared: dict[int, int] = defaultdict(int)
        for word in probes:
            for other in having[each.home, word]:
                shared[other] += 1
        enough = min(_TOGETHER, len(words), max(1, len(probes)))
        yield from (
            (min(at, other), max(at, other)) for other, many in shared.items() if many >= enough and other != at
        )


def _words(each: Told) -> set[str]:
    return {token for token in each.said.content.flow if token[0] not in (JOINT, ROLE)}


def _by_subject(told: Sequence[Told]) -> Iterator[tuple[int, int]]:
    titled: Mapping[tuple[object, str], list[int]] = defaultdict(list)
    for at, each in enumerate(told):
        if each.said.subject.text:
            titled[each.home, each.said.subject.text].append(at)
    for same in titled.values():
        yield from combinations(same[:_TITLED], 2)
