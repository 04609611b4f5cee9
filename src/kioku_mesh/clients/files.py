"""The clients' configuration files: reading the entries in them, showing a change, keeping copies, putting one back."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from ..clock import now, to_iso
from ..errors import BadInput, NotAvailable
from .table import Client, Place

KEPT = 10  # copies of one client's file

Entries = dict[str, dict[str, Any]]


def read_bytes(file: str) -> bytes | None:
    """The content of a file, None if there is none. Raises NotAvailable."""
    try:
        with open(file, "rb") as stream:
            return stream.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise NotAvailable(f"{file} cannot be read: {error.strerror}", "make it readable for you") from None


def parse(client: Client, file: str) -> dict[str, Any]:
    """The whole content of a client's file, empty if there is none. Raises BadInput for one that is damaged."""
    content = read_bytes(file)
    if not content:
        return {}
    try:
        text = content.decode("utf-8-sig")
        parsed = json.loads(text) if client.format == "json" else _parse_toml(text)
    except ValueError as error:
        raise BadInput(f"{file} is damaged: {error}", "repair it or move it away; nothing was changed") from None
    return parsed if isinstance(parsed, dict) else {}


def _parse_toml(text: str) -> dict[str, Any]:
    import tomllib

    return tomllib.loads(text)


def entries_at(content: Mapping[str, Any], keys: Sequence[str]) -> Entries:
    """The table of entries below `keys`; whatever is not a table is left out."""
    table: Any = content
    for key in keys:
        table = table.get(key) if isinstance(table, Mapping) else None
    if not isinstance(table, Mapping):
        return {}
    return {name: dict(entry) for name, entry in table.items() if isinstance(entry, Mapping)}


def entries_of(client: Client, place: Place) -> Entries:
    return entries_at(parse(client, place.file), place.keys)


def entries_per_project(client: Client, place: Place) -> dict[str, Entries]:
    """The entries that the same file keeps for single projects, by the project's path."""
    projects = entries_at(parse(client, place.file), (client.per_project,)) if client.per_project else {}
    return {path: entries for path, content in projects.items() if (entries := entries_at(content, place.keys))}


def difference(client: Client, place: Place, before: Entries, after: Entries) -> str:
    """A unified diff of entries, written as the client's file writes them."""
    import difflib

    old, new = (_rendered(client, place, entries).splitlines() for entries in (before, after))
    return "\n".join(difflib.unified_diff(old, new, place.file, place.file, lineterm=""))


def _rendered(client: Client, place: Place, entries: Entries) -> str:
    if not entries:
        return ""
    if client.format == "toml":
        return "\n".join(_toml_table((*place.keys, name), entry) for name, entry in entries.items())
    tree: dict[str, Any] = dict(entries)
    for key in reversed(place.keys):
        tree = {key: tree}
    return json.dumps(tree, indent=2, ensure_ascii=False)


def _toml_table(path: Sequence[str], entry: Mapping[str, Any]) -> str:
    """Strings, numbers and lists are written in TOML as in JSON."""
    plain = {key: value for key, value in entry.items() if not isinstance(value, Mapping)}
    lines = [f"[{'.'.join(path)}]"]
    lines += [f"{key} = {json.dumps(value, ensure_ascii=False, default=str)}" for key, value in plain.items()]
    lines += ["\n" + _toml_table((*path, key), entry[key]) for key in entry if key not in plain]
    return "\n".join(lines)


def keep_copy(client: Client, file: str, state_dir: str) -> str | None:
    """Copy a client's file to our state directory, readable by its owner only; None if there is no file."""
    content = read_bytes(file)
    if content is None:
        return None
    folder = os.path.join(state_dir, "backups", "clients", client.name)
    stamp = to_iso(now()).replace(":", "").replace("-", "")
    path = os.path.join(folder, f"{stamp}-{os.path.basename(file).lstrip('.')}")
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        _write(path, content, 0o600)
        for old in sorted(os.listdir(folder))[:-KEPT]:
            os.unlink(os.path.join(folder, old))
    except OSError as error:
        hint = "nothing was changed; make room or the folder writable"
        raise NotAvailable(f"no copy of {file} can be kept in {folder}: {error.strerror}", hint) from None
    return path


def put_back(file: str, content: bytes) -> None:
    """Replace a file as a whole, at the end of links to it and with its mode. Raises OSError."""
    real = os.path.realpath(file)
    mode = os.stat(real).st_mode & 0o777 if os.path.exists(real) else 0o600
    beside = f"{real}.{os.getpid()}.new"
    try:
        _write(beside, content, mode)
        os.replace(beside, real)
    finally:
        if os.path.exists(beside):
            os.unlink(beside)


def _write(path: str, content: bytes, mode: int) -> None:
    with open(path, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
