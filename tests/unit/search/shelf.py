"""A small store to search in: the real one, filled through its own door."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kioku_mesh import wire
from kioku_mesh.clock import DAY, MINUTE
from kioku_mesh.ids import new_id
from kioku_mesh.model import Query
from kioku_mesh.search import engine
from kioku_mesh.search.answers import Ranked
from kioku_mesh.store.store import Store
from kioku_mesh.store.transaction import Transaction

NOW = 1_750_000_000_000_000


class Shelf:
    """Memories by name. Each is a minute younger than the one before unless its age is given in days."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(str(folder))
        self.names: dict[str, str] = {}

    def save(self, **contents: str) -> None:
        """Memories by name, in one transaction; importance 1 to 5 in turn."""
        with self.store.write(NOW) as transaction:
            for name, content in contents.items():
                self._append(transaction, name, {"content": content, "importance": 1 + len(self.names) % 5})

    def add(
        self, name: str, content: str, days: float | None = None, names: tuple[str, ...] = (), **fields: Any
    ) -> str:
        """One memory; `names` are ids that it supersedes."""
        with self.store.write(NOW) as transaction:
            return self._append(transaction, name, {"content": content} | fields, days, names)

    def _append(
        self,
        transaction: Transaction,
        name: str,
        fields: dict[str, Any],
        days: float | None = None,
        names: tuple[str, ...] = (),
    ) -> str:
        hlc = NOW - 10 * DAY + len(self.names) * MINUTE if days is None else NOW - int(days * DAY)
        body = {
            "memory_type": "note", "importance": 2, "created_at": hlc, "agent_family": "test", "client_id": "test",
            "pc_id": "here", "host": "here",
        } | fields  # fmt: skip
        id_ = new_id()
        transaction.append(wire.OBSERVATION, "mesh", wire.encode_body(body), id=id_, names=names, hlc=hlc)
        self.names[id_] = name
        return id_

    def id_of(self, name: str) -> str:
        return next(id_ for id_, known in self.names.items() if known == name)

    def ask(self, text: str = "", project: str | None = None, **query: Any) -> Ranked:
        with self.store.read(now=NOW) as snapshot:
            return engine.find(snapshot, Query(text, **query), project, NOW)

    def found(self, text: str = "", project: str | None = None, **query: Any) -> list[str]:
        """The names of the hits, in their order."""
        with self.store.read(now=NOW) as snapshot:
            hits = engine.find(snapshot, Query(text, **query), project, NOW).hits
            return [self.names[id_] for id_ in snapshot.ids([hit.row for hit in hits])]
