"""The composition root: settings in, service out."""

from __future__ import annotations

from .config import Config
from .service.memory import Memory
from .store.store import Store


def open_memory(config: Config, client: tuple[str, str] | None = None) -> Memory:
    """The service for these settings; `client` is (agent_family, client_id) as the client named itself."""
    identity = config.identity(client)
    return Memory(Store(config.state_dir, node=config.get("node"), host=identity.host), config, identity)
