"""The servers that are registered with a client: what its files say, and showing a change of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from . import rewriting
from .edit import TAKEN, Change
from .table import Client, Place

Entries = dict[str, dict[str, Any]]


def entries_at(content: Any, keys: Sequence[str]) -> Entries:
    """The table of entries below `keys`, or the list of them by their names; whatever is no table is left out."""
    node: Any = content
    for key in keys:
        node = node.get(key) if isinstance(node, Mapping) else None
    if isinstance(node, list):
        node = {
            entry["name"]: entry for entry in node if isinstance(entry, Mapping) and isinstance(entry.get("name"), str)
        }
    if not isinstance(node, Mapping):
        return {}
    return {str(name): dict(entry) for name, entry in node.items() if isinstance(entry, Mapping)}


def entries_of(client: Client, place: Place) -> Entries:
    """Raises NotAvailable, BadInput."""
    return entries_in(client.form, place.file, place.keys)


def entries_in(form: str, file: str, keys: Sequence[str]) -> Entries:
    """As `entries_of`, for a file of any client."""
    return entries_at(rewriting.parse(form, file), keys)


def entries_per_project(client: Client, place: Place) -> dict[str, Entries]:
    """The entries that the same file keeps for single projects, by the project's path."""
    if not (client.own and client.own.per_project):
        return {}
    content = rewriting.parse(client.form, place.file)
    projects = entries_at(content, (client.own.per_project,))
    return {path: entries for path, found in projects.items() if (entries := entries_at(found, place.keys))}


def change(client: Client, place: Place, name: str, value: Any = TAKEN) -> Change:
    """Set or take out the entry `name`."""
    if client.listed:
        return Change(place.keys, lambda item: isinstance(item, Mapping) and item.get("name") == name, value)
    return Change(place.keys, name, value)


def difference(place: Place, before: Entries, after: Entries) -> str:
    """A diff of entries alone, for a client that changes its file itself."""
    old, new = (_rendered(place, entries) for entries in (before, after))
    return rewriting.difference(place.file, old, new)


def _rendered(place: Place, entries: Entries) -> str:
    if not entries:
        return ""
    tree: dict[str, Any] = dict(entries)
    for key in reversed(place.keys):
        tree = {key: tree}
    return json.dumps(tree, indent=2, ensure_ascii=False)
