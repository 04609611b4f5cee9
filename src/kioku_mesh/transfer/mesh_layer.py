"""Mesh (`mesh-context-layer`): a database for each namespace, or its JSON exports. A namespace is a project here."""

from __future__ import annotations

import glob
import json
import os
from collections.abc import Iterator
from typing import Any

from ..clock import DAY
from ..clock import now as read_clock
from ..errors import BadInput
from . import databases, files
from .entries import Bad, Entry, Passed, Said, moment, text, texts

EXPECTED = "the folder of Mesh (~/.mesh), one of its databases (mesh_NAME.db), or what mesh-export wrote"
TYPES = {"error": "bug", "secret_ref": "config"}
EVERYWHERE = "shared"  # its namespace for everything, which is no project

_COLUMNS = (
    "id", "namespace", "content", "memory_type", "source_agent", "tags", "created_at", "updated_at", "ttl_days",
    "decay_start_at", "local_only", "quarantined", "secret_ref",
)  # fmt: skip
_SEALED = "enc:v1:"  # how a text begins that Mesh has encrypted


def read(path: str, home: str) -> Iterator[Entry]:
    """Raises NotFound for a folder without databases, BadInput for another file."""
    del home
    found = [path] if os.path.isfile(path) else sorted(glob.glob(os.path.join(glob.escape(path), "mesh_*.db")))
    if not found:
        raise files.missing(path, EXPECTED)
    for file in found:
        try:
            yield from _database(file) if files.is_database(file) else _export(file)
        except BadInput as problem:
            if len(found) == 1:
                raise
            yield Bad(os.path.basename(file), problem)


def _database(file: str) -> Iterator[Entry]:
    with databases.opened(file, f"name {EXPECTED}") as db:
        if not {"id", "namespace", "content"} <= db.columns("memories"):
            raise files.foreign(file, "a database of Mesh")
        for row in db.rows("memories", _COLUMNS):
            yield row if isinstance(row, Bad) else _memory(row)
        yield from _tasks(db.count("work_items"))


def _export(file: str) -> Iterator[Entry]:
    data = files.parsed(file, EXPECTED)
    if isinstance(data, dict) and data.get("mesh_encrypted_export"):
        raise BadInput(f"{file} is encrypted", "write it again with mesh-export, without a passphrase")
    if not isinstance(data, dict) or not isinstance(data.get("memories"), list):
        raise files.foreign(file, EXPECTED)
    for number, item in enumerate(data["memories"], 1):
        if isinstance(item, dict):
            yield _memory({"namespace": data.get("namespace"), **item})
        else:
            yield Bad(f"memory {number}", BadInput("not a JSON object"))
    held = data.get("skipped_local_only")
    if isinstance(held, int) and held > 0:
        yield Passed("private ones that Mesh does not export", held)
    tasks = data.get("work_items")
    yield from _tasks(len(tasks) if isinstance(tasks, list) else 0)


def _tasks(number: int) -> Iterator[Passed]:
    if number:
        yield Passed("goals and tasks, which are no memories", number)


def _memory(row: dict[str, Any]) -> Entry:
    own, namespace, content = text(row.get("id")), text(row.get("namespace")), text(row.get("content"))
    if not own or not content.strip():
        return Bad(own or namespace or "a memory", BadInput("it has no id or no content"))
    if content.startswith(_SEALED):
        return Bad(own, BadInput("it is encrypted; mesh-export writes it so that it can be read"))
    if row.get("quarantined"):
        return Passed("held back by Mesh until somebody approves them")
    created = moment(row.get("created_at"))
    expires = _expiry(row, created)
    if expires is not None and expires <= read_clock():
        return Passed("past their time")
    return Said(
        own, content, namespace, type=text(row.get("memory_type")), tags=texts(_decoded(row.get("tags"))),
        references=_secret(_decoded(row.get("secret_ref"))), project=None if namespace == EVERYWHERE else namespace,
        agent=_agent(text(row.get("source_agent"))), created=created, changed=moment(row.get("updated_at")),
        expires=expires, local=bool(row.get("local_only")), single=True,
    )  # fmt: skip


def _decoded(value: Any) -> Any:
    """Lists and objects are JSON in a database, and themselves in an export."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def _expiry(row: dict[str, Any], created: int | None) -> int | None:
    days, start = row.get("ttl_days"), moment(row.get("decay_start_at")) or created
    if isinstance(days, bool) or not isinstance(days, (int, float)) or not 0 < days < 100_000 or start is None:
        return None
    return start + int(days * DAY)


def _secret(where: Any) -> tuple[str, ...]:
    """Where a secret is kept, which is not the secret."""
    return (text(where.get("uri")),) if isinstance(where, dict) else ()


def _agent(name: str) -> str:
    return "" if name == "unknown" else name
