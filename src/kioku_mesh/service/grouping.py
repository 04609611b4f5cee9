"""Which memories belong together, as pure rules: duplicates and contradictions. Each is in one group at most."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from ..text import contradiction, wording
from ..values import NamedTuple
from .groups import CONTRADICTIONS, DUPLICATES
from .pairing import Told

_MEMBERS = 20  # of one group
_EXCERPT = 60  # characters of what a memory says instead of another

Edges = Mapping[int, set[int]]


class Cluster(NamedTuple):
    """Positions of memories that belong together; the first one is to be kept. `why`: in a few words."""

    kind: str
    members: tuple[int, ...]
    why: str


def clusters(
    told: Sequence[Told], pairs: Mapping[tuple[int, int], bool], conflicts: Iterable[Sequence[int]]
) -> list[Cluster]:
    """The groups among memories that lie newest first. `pairs`: those worth comparing, and whether their vectors agree;
    `conflicts`: those that stand side by side in place of an older one."""
    used: set[int] = set()
    return [*_duplicates(told, pairs, used), *_conflicts(conflicts, used), *_contradictions(told, pairs, used)]


def _duplicates(told: Sequence[Told], pairs: Mapping[tuple[int, int], bool], used: set[int]) -> Iterator[Cluster]:
    def repeats(a: int, b: int) -> bool:
        return wording.repeats(told[a].said, told[b].said, pairs.get((min(a, b), max(a, b)), False))

    edges = _edges(pair for pair in pairs if repeats(*pair))
    fullest = sorted(edges, key=lambda at: (-len(told[at].said.content.flow), -len(told[at].said.content.text), at))
    for members in _cliques(fullest, edges, repeats, used):
        yield Cluster(DUPLICATES, members, "they say the same in nearly the same words")


def _conflicts(conflicts: Iterable[Sequence[int]], used: set[int]) -> Iterator[Cluster]:
    for sides in conflicts:
        if len(sides) > 1 and used.isdisjoint(sides):
            used.update(sides)
            yield Cluster(CONTRADICTIONS, tuple(sorted(sides)), "each takes the place of the same older memory")


def _contradictions(told: Sequence[Told], pairs: Mapping[tuple[int, int], bool], used: set[int]) -> Iterator[Cluster]:
    def contradicts(a: int, b: int) -> bool:
        return contradiction.difference(told[a].said, told[b].said) is not None

    edges = _edges(pair for pair in pairs if used.isdisjoint(pair) and contradicts(*pair))
    for members in _cliques(sorted(edges), edges, contradicts, used):
        differ = contradiction.difference(*(told[at].said for at in members[:2]))
        yield Cluster(CONTRADICTIONS, members, _against(differ) if differ else "")


def _against(differ: contradiction.Difference) -> str:
    one, other = (text[:_EXCERPT] for text in differ)
    if one and other:
        return f"the newest says {one}, another {other}"
    return f"the newest says {one}, another does not" if one else f"another says {other}, the newest does not"


def _edges(pairs: Iterable[tuple[int, int]]) -> Edges:
    found: dict[int, set[int]] = defaultdict(set)
    for a, b in pairs:
        found[a].add(b)
        found[b].add(a)
    return found


def _cliques(
    order: Iterable[int], edges: Edges, fits: Callable[[int, int], bool], used: set[int]
) -> Iterator[tuple[int, ...]]:
    """Groups of which each member fits each other one, begun in this order; what they take is used."""
    for first in order:
        members = [] if first in used else [first]
        for other in sorted(edges[first] - used) if members else ():
            if len(members) < _MEMBERS and all(fits(other, member) for member in members[1:]):
                members.append(other)
        if len(members) > 1:
            used.update(members)
            yield tuple(members)
