"""The resources as clients list them."""

from __future__ import annotations

from typing import Any

BRIEF = "kioku://brief"
MEMORY = "kioku://memory/"
MIME = "text/plain"

RESOURCES: tuple[dict[str, Any], ...] = (
    {
        "uri": BRIEF,
        "name": "brief",
        "title": "Memory brief",
        "description": "What to know at the start of a session: conflicts, standing decisions, recent work.",
        "mimeType": MIME,
    },
)
TEMPLATES: tuple[dict[str, Any], ...] = (
    {
        "uriTemplate": MEMORY + "{id}",
        "name": "memory",
        "title": "A memory",
        "description": "One memory whole, by its id.",
        "mimeType": MIME,
    },
)
