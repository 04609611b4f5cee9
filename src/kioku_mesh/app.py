"""The composition root: settings in, service out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TextIO

from .config import Config
from .options import EMBEDDERS
from .service.context import is_sharing
from .service.late import Late
from .service.memory import Memory
from .store.store import Store

if TYPE_CHECKING:
    from .mesh import part as mesh
    from .serve import embedding, process, upkeep
    from .serve.log import Log
    from .serve.parts import Part
else:
    process, upkeep, embedding = Late("..serve.process"), Late("..serve.upkeep"), Late("..serve.embedding")
    mesh = Late("..mesh.part")


def open_memory(config: Config, client: tuple[str, str] | None = None) -> Memory:
    """The service for these settings; `client` is (agent_family, client_id) as the client named itself."""
    identity = config.identity(client)
    shares = partial(is_sharing, config)
    store = Store(config.state_dir, node=config.get("node"), host=identity.host, shares=shares)
    return Memory(store, config, identity)


Watch = Callable[[str, Any], None]  # is told what happens on the mesh, and what it happens to


def serve(
    config: Config,
    ready: Callable[[], None] = lambda: None,
    echo: TextIO | None = None,
    watch: Watch | None = None,
) -> int:
    """Be the resident process of these settings until asked to end; the exit status."""
    return process.run(config, partial(serve_parts, watch=watch), ready, echo)


def serve_parts(config: Config, log: Log, watch: Watch | None = None) -> Sequence[Part]:  # noqa: ARG001
    """What the resident process does with these settings. Nothing is opened here."""
    parts: list[Part] = [upkeep.Upkeep(lambda: open_memory(config)), embedding.Embedding(lambda: open_memory(config))]
    if config.embedder[0] != EMBEDDERS[0]:
        parts.append(embedding.by_choice(lambda: open_memory(config)))
    if config.get("mode") != "local":
        parts.append(_mesh_part(config, watch))
    return parts


def _mesh_part(config: Config, watch: Watch | None) -> Part:
    memory = open_memory(config)
    scopes = frozenset(config.declared())
    listen, connect = config.get("listen"), config.get("connect")
    if config.get("engine") == "zenohd":  # the zenohd listens, and we are one of those who connect to it
        listen, connect = (), (*listen, *connect)
    found: Part = mesh.MeshPart(memory.store, scopes, listen, connect, memory.identity.host, watch)
    return found
