"""Heads of one scope and the digest of them all, which is kept up as they change: meshes may have thousands of streams."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping

from ..store.exchange import Local, Looked, Name, Streams
from ..store.log import Head
from ..store.store import Store

Key = tuple[str, str]  # lane and scope

TOLD_MAX = 100  # heads in one announcement; who lacks more asks
_MODULUS = 1 << 128


class Heads:
    """Never changed once made, so peers that have the same share one. Streams without records say nothing.

    The digest is the sum, modulo 2^128, of the first 16 bytes of the SHA-256 of each head as JSON
    `[lane, scope, origin, floor, [[seq, digest], …]]`: the same in any order, and one head replaced in constant time.
    It tells equal from different among peers that speak the truth; one that lies deceives itself alone.
    """

    __slots__ = ("_sum", "by_name")

    def __init__(self, heads: Iterable[Head] = ()) -> None:
        self.by_name: Mapping[Name, Head] = {name_of(head): head for head in heads if head.tips}
        self._sum = sum(map(_number, self.by_name.values())) % _MODULUS

    def __iter__(self) -> Iterator[Head]:
        return iter(self.by_name.values())

    def __len__(self) -> int:
        return len(self.by_name)

    @property
    def digest(self) -> str:
        return f"{self._sum:032x}"

    def changed(self, heads: Iterable[Head]) -> Heads:
        """With these in place of what they replace."""
        news = {name_of(head): head for head in heads if head.tips}
        before = (self.by_name[name] for name in news if name in self.by_name)
        after = Heads()
        after.by_name = {**self.by_name, **news}
        after._sum = (self._sum + sum(map(_number, news.values())) - sum(map(_number, before))) % _MODULUS
        return after

    def beside(self, other: Heads) -> list[Head]:
        """Those that the other has not, or has otherwise."""
        if self is other:
            return []
        theirs = other.by_name
        return [head for name, head in self.by_name.items() if theirs.get(name) != head]


class Here:
    """The streams of this node: `streams` by name, their heads by scope, and which changed since that was last told."""

    def __init__(self, store: Store, scopes: Iterable[str]) -> None:
        self._streams = Streams(store)
        self._heads: dict[Key, Heads] = {("mem", scope): Heads() for scope in scopes}
        self._news: dict[Key, set[Name]] = {key: set() for key in self._heads}

    @property
    def streams(self) -> Mapping[Name, Local]:
        return self._streams.all

    @property
    def kept(self) -> frozenset[Name]:
        """Streams that do not leave this machine."""
        return self._streams.kept

    def heads(self, key: Key) -> Heads:
        return self._heads[key]

    def look(self) -> list[Key]:
        """See what is in the log now; returns the scopes whose heads changed."""
        found = self._streams.look()
        return [key for key in self._heads if self._change(key, found)]

    def _change(self, key: Key, found: Looked) -> bool:
        before = self._heads[key]
        heads = [self.streams[name].head for name in found.changed if name[:2] == key]
        news = [head for head in heads if before.by_name.get(name_of(head)) != head]
        self._heads[key] = Heads(heads) if found.anew else before.changed(news)
        self._news[key].update(map(name_of, news))
        return self._heads[key].digest != before.digest

    def wrote(self, key: Key, origin: str) -> bool:
        """Is something of this origin among what was not told yet?"""
        return Name(*key, origin) in self._news[key]

    def tell(self, key: Key, origin: str, most: int = TOLD_MAX) -> tuple[Head, ...]:
        """The heads for an announcement: that of `origin`, and those that changed since the last, if at most so many."""
        names, self._news[key] = self._news[key], set()
        heads = self._heads[key].by_name
        told = {*(names if len(names) <= most else ()), Name(*key, origin)}
        return tuple(heads[name] for name in sorted(told) if name in heads)


def name_of(head: Head) -> Name:
    return Name(*head[:3])


def _number(head: Head) -> int:
    told = json.dumps([*head[:4], [list(tip) for tip in head.tips]], separators=(",", ":"))
    return int.from_bytes(hashlib.sha256(told.encode()).digest()[:16], "big")
