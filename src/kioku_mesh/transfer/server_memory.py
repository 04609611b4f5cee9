"""The official memory server of MCP (`@modelcontextprotocol/server-memory`): a graph of entities, in one file.

Each observation of an entity is a memory, each relation too. The server rewrites its file whole, by a rename.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ..errors import BadInput
from . import files
from .entries import Bad, Entry, Said, about, text

EXPECTED = "the file of the MCP memory server (memory.jsonl or memory.json: JSON lines with type entity or relation)"
TYPES = {"": "fact"}


def read(path: str, home: str) -> Iterator[Entry]:
    """The file, or a folder that has it. Raises NotFound, and BadInput for another file."""
    del home
    file = files.inside(path, "memory.jsonl", "memory.json", expected=EXPECTED)
    when = files.written(file)
    found = list(_entries(files.raw(file), when))
    if found and all(isinstance(each, Bad) for each in found):
        raise files.foreign(file, EXPECTED)
    yield from found


def _entries(data: bytes, when: int | None) -> Iterator[Entry]:
    for place, item in _items(data):
        try:
            if item is None:
                raise BadInput("not JSON in UTF-8")
            yield from _item(item, when)
        except BadInput as problem:
            yield Bad(place, problem)


def _items(data: bytes) -> Iterator[tuple[str, Any]]:
    """What the file lists, and where; None for a line that is no JSON. A graph in one object is what the server answers."""
    whole = _json(data.removeprefix(b"\xef\xbb\xbf"))
    if isinstance(whole, dict) and isinstance(whole.get("entities"), list):
        for kind, name in (("entity", "entities"), ("relation", "relations")):
            listed = whole.get(name)
            for number, item in enumerate(listed if isinstance(listed, list) else [], 1):
                yield f"{kind} {number}", item | {"type": kind} if isinstance(item, dict) else item
        return
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if line.strip():
            yield f"line {number}", _json(line)


def _json(data: bytes) -> Any:
    try:
        return json.loads(data.decode())
    except (ValueError, RecursionError):
        return None


def _item(item: Any, when: int | None) -> Iterator[Entry]:
    kind = item.get("type") if isinstance(item, dict) else None
    if kind == "entity":
        yield from _entity(item, when)
    elif kind == "relation":
        yield _relation(item, when)
    else:
        raise BadInput("neither an entity nor a relation")


def _entity(item: dict[str, Any], when: int | None) -> Iterator[Entry]:
    name, kind, said = text(item.get("name")), text(item.get("entityType")), item.get("observations")
    if not name.strip() or not isinstance(said, list) or not all(isinstance(each, str) for each in said):
        raise BadInput("an entity needs a name and a list of observations")
    if not said:
        yield Said(name, f"{name}: {kind}" if kind.strip() else name, type=kind, created=when)
    for each in said:
        yield Said(name, about(name, each), type=kind, created=when)


def _relation(item: dict[str, Any], when: int | None) -> Said:
    ends = [text(item.get(name)).strip() for name in ("from", "relationType", "to")]
    if not all(ends):
        raise BadInput("a relation needs from, relationType and to")
    return Said(ends[0], " ".join(ends), type="relation", references=(f"server-memory:{ends[2]}",), created=when)
