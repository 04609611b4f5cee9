"""kioku-mesh 1.x: the calls that its MCP server makes. Its tools want a subject and a summary."""

from __future__ import annotations

from conversation import Memory, converse
from kioku_mesh.backend import get_backend
from kioku_mesh.models import VALID_MEMORY_TYPES, Observation

backend = get_backend()


def save(memory: Memory) -> str:
    body, kind = memory["body"], memory.get("type")
    observation = Observation(
        content=body,
        subject=memory.get("subject") or body[:60],
        summary=body[:200],
        project=memory.get("project") or "",
        memory_type=kind if kind in VALID_MEMORY_TYPES else "note",
    )
    backend.put_observation(observation)
    return observation.observation_id


def ask(text: str, limit: int) -> list[str]:
    found = backend.search_observations(text, limit=limit, search_mode="and_or")
    return [observation.observation_id for observation in found]


converse(save, ask)
