"""The lines of an export file: JSON objects, one record each.

A header line `{"kioku_mesh_export": 1, …}` says which version of the format follows. Every other line is a record with
`kind` (without one: an observation), `stamp`, and the fields of that kind. Times are ISO 8601. A line written by hand
or by another program needs `content` only.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from .. import ids, wire
from ..errors import BadInput
from ..values import NamedTuple

HEADER = "kioku_mesh_export"
VERSION = 1
LINE_MAX = 2 * 1024 * 1024  # bytes; the largest record with every character escaped fits

_FIELDS = frozenset((
    "kind", "stamp", "observation_id", "content", "subject", "summary", "derived", "memory_type", "importance",
    "project", "tags", "source_files", "references", "supersedes", "visibility", "agent_family", "client_id",
    "session_id", "pc_id", "host", "created_at", "expires_at", "commit", "file_hashes", "file_paths",
    "id", "names", "until", "deleted_at", "reason", "from", "to",
    # shown by every interface, and derived from the other records
    "superseded_by", "conflicts_with", "state", "body_lost", "origin_here", "deleted_by", "deleted_reason", "purged",
    "freshness", "changed_files", "gone_files", "score", "why", "explain",
))  # fmt: skip
_SAID = ("content", "project", "created_at", "agent_family", "client_id", "session_id", "pc_id", "host")


_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode


class Newer(BadInput):
    """The file was written by a newer release: reading on would misunderstand it."""


class Parsed(NamedTuple):
    """A record and the names of its fields that nobody here knows; a header has no record."""

    record: dict[str, Any] | None
    foreign: frozenset[str] = frozenset()


def encode(plain: dict[str, Any]) -> bytes:
    return _encode(plain).encode() + b"\n"


def parse(raw: bytes) -> Parsed:
    """The record of one line. Raises BadInput with what is wrong with it, Newer for a header that is not ours."""
    try:
        plain = json.loads(raw.decode())
        if b"\\u" in raw:
            encode(plain)  # escapes may spell what no text can hold
    except (ValueError, RecursionError):
        raise BadInput("not JSON in UTF-8") from None
    if not isinstance(plain, dict):
        raise BadInput("not a JSON object")
    if HEADER in plain:
        if plain[HEADER] != VERSION:
            said = str(plain[HEADER])[:20]
            raise Newer(
                f"the file has version {said} of the format, this release reads {VERSION}", "upgrade kioku-mesh"
            )
        return Parsed(None)
    foreign = frozenset(plain) - _FIELDS
    record = {name: value for name, value in plain.items() if value is not None and name not in foreign}
    if record.get("kind", wire.OBSERVATION) == wire.OBSERVATION and "observation_id" not in record:
        record["observation_id"] = _own_id(record)
    return Parsed(record, foreign)


def _own_id(record: dict[str, Any]) -> str:
    """An id made of what was said, by whom and when: the same at every import."""
    said = {name: record[name] for name in _SAID if name in record}
    return hashlib.sha256(b"kioku-mesh import\0" + encode(said)).hexdigest()[: ids.ID_LENGTH]
