"""Several machines in one process: their stores on disk, the mesh between them the in-memory twin."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kioku_mesh import wire
from kioku_mesh.clock import now as read_clock
from kioku_mesh.mesh.twin import Faults, Twin
from kioku_mesh.model import STATES, Filter
from kioku_mesh.store import exchange, sql
from kioku_mesh.store.store import Store

from .stores import body, clone

MESH = frozenset(("mesh", "local"))
QUIET = 120_000_000  # microseconds in which everything is repaired when nothing is lost any more


class Company:
    """A twin and its machines by name."""

    def __init__(self, folder: Path, seed: int = 1, faults: Faults | None = None) -> None:
        self.folder = folder
        self.twin = Twin(seed, read_clock(), faults)
        self.saved: dict[str, set[str]] = {}  # scope -> ids that were acknowledged

    def machine(self, name: str, *scopes: str) -> Store:
        """A machine that reads `mesh` and these scopes, in the mesh at once."""
        store = Store(str(self.folder / name), node=name, host=name)
        self.twin.join(name, store, MESH | set(scopes))
        return store

    def store(self, name: str) -> Store:
        return self.twin.stations[name].store

    def save(self, name: str, text: int | str, scope: str = "mesh", supersedes: tuple[str, ...] = ()) -> str:
        store = self.store(name)
        with store.write() as transaction:
            id_ = transaction.append(wire.OBSERVATION, scope, body(text, transaction.now), names=supersedes).id
        self.saved.setdefault(scope, set()).add(id_)
        self.twin.committed(name)
        return id_

    def mark(self, name: str, kind: str, *targets: str, scope: str = "mesh", lasts: int = 0) -> str:
        """A tombstone (that lets bodies go after `lasts` microseconds), an undo or a purge."""
        with self.store(name).write() as transaction:
            until = transaction.now + lasts if kind == wire.TOMBSTONE else None
            id_ = transaction.append(kind, scope, wire.encode_body({"reason": "x"}), names=targets, until=until).id
        self.twin.committed(name)
        return id_

    def at_rest(self, name: str, id_: str) -> bytes:
        """The body of a memory as the file of this machine has it."""
        store = self.store(name)
        with store.read():
            return bytes(sql.row(store.reader(), "SELECT body FROM record WHERE id = ?", (bytes.fromhex(id_),))[0])

    def keep(self, name: str) -> None:
        """Copy the database of a machine aside."""
        self.store(name).close()
        shutil.copy(self.folder / name / "memory.db", self.folder / f"{name}.kept")

    def roll_back(self, name: str) -> None:
        """Put the copy over the database, as a backup tool does that knows nothing of it."""
        if (self.folder / f"{name}.kept").exists():
            self.twin.crash(name)
            self.store(name).close()
            shutil.copy(self.folder / f"{name}.kept", self.folder / name / "memory.db")
            self.twin.start(name)

    def clone(self, name: str) -> str:
        """A second machine that cannot be told from the first, both going on; returns its name here."""
        self.store(name).close()
        station, other = self.twin.stations[name], name + "'" * len(self.twin.stations)
        clone(self.folder / name, self.folder / other)
        self.twin.join(other, Store(str(self.folder / other), host=name), station.scopes)
        return other

    def settle(self) -> None:
        """Nothing is lost and nobody is apart any more, and everything has time."""
        self.twin.faults = Faults()
        self.twin.heal()
        for name, station in self.twin.stations.items():
            if station.node is None:
                self.twin.start(name)
        self.twin.run(QUIET)

    def heads(self, name: str, scope: str = "mesh") -> dict[exchange.Name, object]:
        return {exchange.Name(*h[:3]): h for h in exchange.heads(self.store(name), "mem", scope) if h.tips}

    def seen(self, name: str, scope: str = "mesh") -> dict[str, tuple[str, str]]:
        """id -> (state, content) as a reader of this machine sees a scope."""
        now = self.twin.now
        with self.store(name).read(frozenset((scope,)), now) as snapshot:
            rows = snapshot.newest(Filter(states=STATES), now, -1)
            return {o.observation_id: (o.state, o.content) for o in snapshot.observations(rows)}

    def ids(self, name: str) -> set[str]:
        """Of all observations on this machine."""
        store = self.store(name)
        with store.read():
            rows = sql.rows(store.reader(), "SELECT id FROM record WHERE kind = ?", (wire.OBSERVATION,))
            return {id_.hex() for (id_,) in rows}

    def stored(self, name: str) -> bytes:
        """All that lies in the files of a machine."""
        self.store(name).close()
        return b"".join(path.read_bytes() for path in (self.folder / name).rglob("*") if path.is_file())

    def close(self) -> None:
        for station in self.twin.stations.values():
            station.store.close()


@contextmanager
def company(seed: int = 1, faults: Faults | None = None) -> Iterator[Company]:
    """On a file system in memory where there is one; the machines' clocks are the twin's."""
    shm = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="kioku-", dir=shm if shm.is_dir() else None))
    made = Company(folder, seed, faults)
    try:
        with pytest.MonkeyPatch.context() as patched:
            for module in ("store", "upkeep", "backup"):
                patched.setattr(f"kioku_mesh.store.{module}.read_clock", lambda: made.twin.now)
            yield made
    finally:
        made.close()
        shutil.rmtree(folder)
