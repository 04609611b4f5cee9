"""What is here of each stream, and what of that was announced. Digests are computed once for each change."""

from __future__ import annotations

from ..store import exchange
from ..store.exchange import Local, Name
from ..store.log import Head
from ..store.store import Store
from . import talk

Key = tuple[str, str]  # lane and scope


class Heads:
    """`streams` are as of the last `refresh`."""

    def __init__(self, store: Store, origin: str) -> None:
        """`origin`: of the streams that this node writes; their heads are told each time."""
        self.streams: dict[Name, Local] = {}
        self._store, self._origin = store, origin
        self._of: dict[Key, dict[Name, Head]] = {}
        self._digests: dict[Key, str] = {}
        self._told: dict[Key, tuple[str, dict[Name, Head]]] = {}

    def refresh(self) -> None:
        """Look into the store."""
        self.streams = exchange.streams(self._store)
        self._of, self._digests = {}, {}
        for name, local in self.streams.items():
            self._of.setdefault(name[:2], {})[name] = local.head

    def of(self, key: Key) -> dict[Name, Head]:
        return self._of.get(key, {})

    def digest(self, key: Key) -> str:
        if key not in self._digests:
            self._digests[key] = talk.digest_of(self.of(key).values())
        return self._digests[key]

    def untold(self, key: Key) -> bool:
        """Is there something that was not announced?"""
        return self.digest(key) != self._told.get(key, (_NOTHING, {}))[0]

    def has_own(self, key: Key) -> bool:
        """Did this node itself write some of what was not announced?"""
        return any(name.origin == self._origin for name in self._changed(key))

    def tell(self, key: Key) -> tuple[Head, ...]:
        """The heads for an announcement: our own, and those that changed since the one before."""
        changed, own = self._changed(key), self._own(key)
        self._told[key] = (self.digest(key), self.of(key))
        return tuple((changed | own).values())

    def _changed(self, key: Key) -> dict[Name, Head]:
        told = self._told.get(key, (_NOTHING, {}))[1]
        return {name: head for name, head in self.of(key).items() if head != told.get(name)}

    def _own(self, key: Key) -> dict[Name, Head]:
        return {name: head for name, head in self.of(key).items() if name.origin == self._origin}


_NOTHING = talk.digest_of(())
