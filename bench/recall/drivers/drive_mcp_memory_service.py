"""mcp-memory-service: the calls that its MCP tools make."""

from __future__ import annotations

import asyncio

from conversation import Memory, converse
from mcp_memory_service.api.client import get_storage_async
from mcp_memory_service.services.memory_service import MemoryService

runner = asyncio.Runner()
storage = runner.run(get_storage_async())
service = MemoryService(storage)


def save(memory: Memory) -> str | None:
    # turns of a conversation are saved as such, which spares those that resemble each other
    session = memory.get("session")
    saved = runner.run(service.store_memory(memory["text"], conversation_id=None if session is None else str(session)))
    return str(saved["memory"]["content_hash"]) if saved["success"] else None


def ask(text: str, limit: int) -> list[str]:
    found = runner.run(storage.search_memories(query=text, mode="hybrid", limit=limit))
    if "error" in found:
        raise RuntimeError(found["error"])
    return [memory["content_hash"] for memory in found["memories"]]


converse(save, ask)
