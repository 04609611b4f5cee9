"""A store and its service in this process, and what must hold of any store after whatever happened to it."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

from kioku_mesh import config, wire
from kioku_mesh.app import open_memory
from kioku_mesh.model import STATES, Draft, Filter, Identity
from kioku_mesh.service.memory import Memory
from kioku_mesh.store import inspect, sql
from kioku_mesh.store.replay import rebuild
from kioku_mesh.store.store import LOCAL_SCOPES, Store

from .histories import view

_SYLLABLES = ("ka", "mo", "ri", "te", "su", "no", "ba", "lo", "den", "fir")

AGENT = Identity(agent_family="claude", client_id="test", session_id="s-1", user_id="kim", host="desk")


def settings(folder: Path, **arguments: object) -> config.Config:
    """The settings of a state directory, with nothing of the machine around it."""
    environ = {"KIOKU_MESH_STATE_DIR": str(folder), "KIOKU_MESH_CONFIG_DIR": f"{folder}-config", "HOME": str(folder)}
    return config.load(environ, str(folder.parent), arguments)


def memory(folder: Path | str, wait_s: float = 30.0, node: str | None = None, **arguments: object) -> Memory:
    """The service on a state directory. `arguments`: settings, such as retention_days."""
    folder = Path(folder)
    if not arguments and wait_s == 30.0 and node is None:
        return open_memory(settings(folder))
    meshed = arguments.get("mode", "local") != "local"
    store = Store(str(folder), host="desk", wait_s=wait_s, node=node, shares=lambda: meshed)
    return Memory(store, settings(folder, **arguments), AGENT)


def fact(number: int | str) -> str:
    """A sentence of its own, found by its word w…x; the others it shares with few."""
    some = random.Random(str(number))
    said = " ".join(f"{some.choice(_SYLLABLES)}{some.choice(_SYLLABLES)}{some.choice(_SYLLABLES)}" for _ in range(9))
    return f"Note w{number}x: {said}."


def save(opened: Memory, number: int | str, **fields: object) -> str:
    """Save one fact; returns its id."""
    return opened.save(Draft(content=fact(number), **fields)).observation_id


def die(opened: Memory) -> None:
    """End as a killed process does: whoever leaves in peace empties the write-ahead log."""
    opened.store._wrote = False
    opened.close()


def fill(store: Store, count: int, begin: int = 0, now: int | None = None, at_once: int = 500) -> list[str]:
    """Many facts, `at_once` in each transaction, as an import writes them; returns their ids."""
    ids = []
    for start in range(begin, begin + count, at_once):
        with store.write(now) as transaction:
            for number in range(start, min(start + at_once, begin + count)):
                ids.append(transaction.append(wire.OBSERVATION, "mesh", body(number, transaction.now)).id)
    return ids


def body(number: int | str, at: int) -> bytes:
    """The body of a fact."""
    return wire.encode_body(
        {
            "content": fact(number),
            "memory_type": "note",
            "importance": 2,
            "created_at": at,
            "agent_family": "claude",
            "client_id": "test",
            "project": "shop",
        }
    )


def everything(store: Store) -> dict[str, tuple[str, str]]:
    """id -> (state, content) of every observation."""
    with store.read(LOCAL_SCOPES | {"user/kim"}) as snapshot:
        rows = snapshot.newest(Filter(states=STATES), 2**60, -1)
        return {found.observation_id: (found.state, found.content) for found in snapshot.observations(rows)}


def contents(store: Store) -> dict[str, str]:
    """id -> content of everything that is live."""
    return {id_: content for id_, (state, content) in everything(store).items() if state == "live"}


def damage(store: Store) -> list[str]:
    """Everything wrong with a store: pages, bytes and links of records, numbers of streams, marks, derived tables."""
    found = inspect.damaged_pages(store, deep=True) + inspect.damaged_records(store, deep=True)[1]
    found += [f"missing: {inspect.missing(store)}"] if any(inspect.missing(store)) else []
    found += numbering(store)
    before = view(store)
    with store.write() as transaction:
        transaction.snapshot(LOCAL_SCOPES)
        rebuild(transaction.db)
    after = view(store)
    return found + [f"{name}: rebuild differs from live" for name in before if before[name] != after[name]]


def numbering(store: Store) -> list[str]:
    """Streams whose numbers are not 1, 2, 3 … each once."""
    query = (
        "SELECT s.origin, s.scope, count(*), count(DISTINCT r.seq), min(r.seq), max(r.seq), min(r.linked)"
        " FROM record r JOIN stream s ON s.n = r.stream GROUP BY s.n"
    )
    rows = sql.rows(store.reader(), query)
    return [f"numbering: {row}" for row in rows if not (row[2] == row[3] == row[5] and row[4] == row[6] == 1)]


def clone(source: Path, target: Path) -> None:
    """The image of a whole machine: nothing on the disk tells the clone from the original."""
    shutil.copytree(source, target)
    twin = Store(str(target))
    with twin.locked():
        db = twin.writer()
        seen = os.stat(target / "incarnation")
        db.execute("UPDATE life SET device = ?, inode = ?, changed = ?", (seen.st_dev, seen.st_ino, seen.st_ctime_ns))
    twin.close()
