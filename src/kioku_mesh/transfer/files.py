"""JSON files of other programs: read whole, or told what is wrong."""

from __future__ import annotations

import json
import os
from typing import Any

from ..errors import BadInput, NotFound

FILE_MAX = 1 << 30  # bytes
_SQLITE = b"SQLite format 3\0"


def is_database(path: str) -> bool:
    """Raises BadInput for what cannot be read."""
    return raw(path, len(_SQLITE)) == _SQLITE


def raw(path: str, limit: int = FILE_MAX) -> bytes:
    """The beginning of a file. Raises BadInput."""
    try:
        with open(path, "rb") as file:
            return file.read(limit)
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}", "look at its permissions") from None


def parsed(path: str, expected: str) -> Any:
    """The JSON of a file. Raises BadInput that says what was `expected`."""
    try:
        return json.loads(raw(path).decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise foreign(path, expected) from None


def written(path: str) -> int | None:
    """When a file was last written to, in microseconds; None if nobody can say."""
    try:
        return os.stat(path).st_mtime_ns // 1000
    except OSError:
        return None


def foreign(path: str, expected: str) -> BadInput:
    """For a file that is none of the source's."""
    return BadInput(f"{path} is not {expected}", "name another file, or another source with --from")


def missing(path: str, expected: str) -> NotFound:
    """For a place where nothing of the source is."""
    return NotFound(f"there is nothing at {path}", f"name {expected}")


def inside(path: str, *names: str, expected: str) -> str:
    """`path` itself if it is a file; else the first of these files in it. Raises NotFound."""
    found = [path, *(os.path.join(path, name) for name in names)]
    for file in found:
        if os.path.isfile(file):
            return file
    raise missing(path, expected)
