"""Mesh (mesh-context-layer): its Python API."""

from __future__ import annotations

from conversation import Memory, converse

from mesh import Mesh

store = Mesh(namespace="bench")


def save(memory: Memory) -> str | None:
    try:
        return str(store.learn(memory["text"])["memory_id"])
    except ValueError:  # its guard refuses the text
        return None


def ask(text: str, limit: int) -> list[str]:
    # unrecorded: what was found before ranks higher, and no question may change the answer to the next
    return [memory["id"] for memory in store.recall(text, n=limit, record_telemetry=False)]


converse(save, ask)
