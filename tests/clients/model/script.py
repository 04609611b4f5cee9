"""What the model does, whatever format it is asked in: call one tool as soon as it can, then say what that answered."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

Body = dict[str, Any]
Events = list[tuple[str, Body | str]]  # server-sent events: name (or ""), content


class Tool(NamedTuple):
    """A tool as the client offers it; some put those of a server into a namespace."""

    name: str
    namespace: str | None = None


class Say(NamedTuple):
    """End the turn with these words."""

    text: str


class Call(NamedTuple):
    """Have the client call a tool."""

    tool: Tool
    arguments: Mapping[str, Any]


class Search(NamedTuple):
    """Have the client look for tools that it did not offer."""

    query: str


Move = Say | Call | Search


class Seen(NamedTuple):
    """What a request tells. `answer`: what our tool answered, None if nothing yet; `searches`: whether the client hides
    tools behind a search of its own that was not tried yet."""

    offered: tuple[Tool, ...]
    answer: Any = None
    searches: bool = False


class Script(NamedTuple):
    """Which tool of which server is to be called, and how."""

    tool: str
    arguments: Mapping[str, Any]
    server: str = "kioku-mesh"

    def is_ours(self, name: str | None, namespace: str | None = None) -> bool:
        """Is this the wanted tool? Each client puts the server's name before it in a way of its own."""
        flat = _flat(f"{namespace or ''}_{name or ''}")
        return flat.endswith(f"_{_flat(self.tool)}") and _flat(self.server) in flat

    def move(self, seen: Seen) -> Move:
        wanted = next((tool for tool in seen.offered if self.is_ours(*tool)), None)
        if seen.answer is not None:
            return Say(f"ANSWER {text_of(seen.answer)}")
        if wanted:
            return Call(wanted, self.arguments)
        if seen.searches:
            return Search(self.tool)
        return Say(f"NO TOOL {', '.join(tool.name for tool in seen.offered)}")


def text_of(value: Any) -> str:
    """What a tool answered, as text: formats have it as text, as parts, or as an object."""
    if isinstance(value, list) and all(isinstance(part, dict) for part in value):
        return " ".join(str(part.get("text", json.dumps(part))) for part in value)
    return value if isinstance(value, str) else json.dumps(value)


def strings(value: Any) -> Iterable[str]:
    """Every text in a request, wherever it stands."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from strings(inner)


def _flat(name: str) -> str:
    return re.sub(r"\W", "_", name)
