"""The local SQLite files of kioku-mesh up to 1.2, read and never written.

`local/raw.db` is what was saved in its mode `local`; `index.db` is the copy that a machine of a mesh kept of it; and
`pending_puts.db` holds what a machine had saved and could not send yet.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from ..errors import BadInput, NotFound
from . import databases, kioku_mesh
from .databases import Database
from .kioku_mesh import Item

# In this order; the second is read only where the first is not there: it is derived from it.
FILES = (("local/raw.db", "local/index.db"), ("index.db",), ("pending_puts.db",))
_HINT = "name the state directory of the older version, or one of its files: raw.db, index.db, pending_puts.db"

Row = tuple[str, Callable[[], Item]]


def rows(path: str) -> Iterator[Row]:
    """Every record of the files in a folder, or of one file. Raises NotFound for a folder without any, BadInput for another file."""
    found = [path] if os.path.isfile(path) else list(present(path))
    if not found:
        raise NotFound(f"nothing of an older kioku-mesh in {path}", _HINT)
    for file in found:
        with databases.opened(file, _HINT) as db:
            yield from _read(db, file)


def present(folder: str) -> Iterator[str]:
    """The files of the older version that a folder holds, and that hold anything."""
    for group in FILES:
        paths = [os.path.join(folder, *name.split("/")) for name in group]
        yield from [path for path in paths if os.path.isfile(path) and os.path.getsize(path)][:1]


def _read(db: Database, file: str) -> Iterator[Row]:
    tables = db.tables
    if not tables & {"local_obs", "local_tomb", "obs_index", "pending_puts"}:
        raise BadInput(f"{file} is no file of an older kioku-mesh", _HINT)
    if "local_obs" in tables:
        yield from _raw(db, file)
    if "obs_index" in tables:
        yield from _indexed(db, file)
    if "pending_puts" in tables:
        for key, payload in db.execute("SELECT key_expr, payload_json FROM pending_puts"):
            yield str(key), partial(kioku_mesh.parse, str(key), _bytes(payload), None)


def _raw(db: Database, file: str) -> Iterator[Row]:
    for own, payload in db.execute("SELECT observation_id, payload_json FROM local_obs"):
        yield f"{file}: {own}", partial(kioku_mesh.loose, f"{file}: {own}", False, _bytes(payload), None)
    # A deletion says nothing about visibility: it has that of its memory, where that is still there.
    for own, payload in db.execute("SELECT observation_id, tomb_json FROM local_tomb"):
        yield f"{file}: deletion of {own}", partial(kioku_mesh.loose, f"{file}: {own}", True, _bytes(payload), None)


def _indexed(db: Database, file: str) -> Iterator[Row]:
    """Rows that its storage no longer had are passed over: they were removed for good."""
    gone = "shadowed_at IS NOT NULL AND deleted_at IS NULL" if "shadowed_at" in db.columns("obs_index") else "0"
    asked = f"SELECT observation_id, payload_json, deleted_at FROM obs_index WHERE NOT ({gone})"
    for own, payload, deleted in db.execute(asked):
        key = f"{file}: {own}"
        if payload:
            yield key, partial(kioku_mesh.loose, key, False, _bytes(payload), None)
        if deleted:
            yield f"{file}: deletion of {own}", partial(kioku_mesh.deletion, key, str(own), str(deleted))


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode(errors="surrogatepass")
