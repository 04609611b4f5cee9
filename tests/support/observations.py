"""Observations for tests of what is made of them: any field can be given."""

from __future__ import annotations

from typing import Any

from kioku_mesh.model import Observation

AT = 1_760_000_000_000_000  # 2025-10-09T08:53:20Z


def observation(
    number: int = 1, content: str = "We keep SQLite because it needs no server.", **fields: Any
) -> Observation:
    """The memory with id `number`, a live decision of project kioku saved by codex on laptop at AT."""
    plain = Observation(
        observation_id=f"{number:032x}",
        content=content,
        subject="Keep SQLite",
        summary="",
        derived=(),
        memory_type="decision",
        importance=4,
        project="kioku",
        tags=(),
        source_files=(),
        references=(),
        supersedes=(),
        superseded_by=(),
        conflicts_with=(),
        visibility="mesh",
        agent_family="codex",
        client_id="codex-cli",
        session_id=None,
        pc_id="laptop-ab12",
        host="laptop",
        created_at=AT,
        expires_at=None,
        state="live",
        body_lost=False,
        origin_here=True,
        stamp="",
    )
    return plain._replace(**fields)
