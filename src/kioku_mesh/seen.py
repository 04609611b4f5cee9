"""What the files of an observation were when it was saved: a part of its body, compared with what they are later."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from . import ids
from .values import NamedTuple


class Seen(NamedTuple):
    """Nothing where it is not known.

    `commit`: what was checked out. `file_hashes`: the `content_hash` of each of `source_files`, "" where it is not known.
    `file_paths`: where each is below the top folder of the repository, with `/`; "" where `source_files` says that
    already, and no list at all where it says it of all.
    """

    commit: str | None = None
    file_hashes: tuple[str, ...] = ()
    file_paths: tuple[str, ...] = ()


def content_hash(content: bytes) -> str:
    """16 bytes of BLAKE2b as hex digits. All line ends count as `\\n`: git writes them as the system likes them."""
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n")
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def read(told: Mapping[str, Any]) -> Seen:
    """What the fields of an observation tell of its files. Raises ValueError for what cannot be."""
    commit: Any
    hashes: Any
    paths: Any
    commit, hashes, paths = (told.get(field) for field in Seen._fields)
    if not (commit or hashes or paths):
        return Seen()
    if commit is not None and not (isinstance(commit, str) and ids.is_commit(commit)):
        raise ValueError("commit is not 40 or 64 hex digits")
    count = len(told.get("source_files") or ())
    if not _is_list(hashes, count) or not all(not each or ids.is_id(each) for each in hashes):
        raise ValueError("file_hashes are not one for each of source_files, 32 hex digits or nothing")
    if paths and not (_is_list(paths, count) and all(map(_is_below, paths))):
        raise ValueError("file_paths are not one for each of source_files, below a folder or nothing")
    return Seen(commit, tuple(hashes), tuple(paths or ()))


def _is_list(values: Any, count: int) -> bool:
    return isinstance(values, (list, tuple)) and len(values) == count and all(type(each) is str for each in values)


def _is_below(path: str) -> bool:
    """Does the path stay below the folder that it begins at?"""
    return "\0" not in path and not path.startswith("/") and ".." not in path.split("/")
