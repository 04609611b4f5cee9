"""Other machines as run.db knows them, without a mesh: written as the resident process would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kioku_mesh import __version__
from kioku_mesh.clock import now
from kioku_mesh.serve import lock
from kioku_mesh.store import log
from kioku_mesh.store.log import Head
from kioku_mesh.store.run import Peer, Run, Serve
from kioku_mesh.store.store import Store


def heads(folder: Path | str) -> tuple[Head, ...]:
    """What the machine with this state directory would announce now."""
    store = Store(str(folder))
    try:
        return log.heads(store.reader())
    finally:
        store.close()


def hear(folder: Path | str, node: str, has: tuple[Head, ...] | None = None, **fields: object) -> Peer:
    """A peer says that it has these heads; everything that is here unless told otherwise."""
    said: dict[str, object] = {"scopes": ("mesh",), "heard": now(), "up": True, "host": node.partition("-")[0]}
    peer = Peer(
        node,
        **{"incarnation": "0" * 16, **said, "version": "1.0", "protocol": 1, "address": "tcp/10.0.0.9:7447", **fields},
    )  # type: ignore[arg-type]
    run = Run(str(folder))
    run.put_peer(peer)
    run.put_heads(node, heads(folder) if has is None else has, whole=True)
    run.close()
    return peer


@contextmanager
def running(folder: Path | str, **fields: object) -> Iterator[None]:
    """The resident process of this machine says that it runs, and holds its lock."""
    held = lock.take(str(folder))
    run = Run(str(folder))
    pid, started = lock.split(lock.holder(str(folder)))
    run.put_serve(Serve(pid, __version__, started, now(), "hub", "embedded")._replace(**fields))
    run.close()
    try:
        yield
    finally:
        held.release()
