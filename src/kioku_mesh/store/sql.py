"""Reading rows: always fetched whole, because a cursor left open pins the write-ahead log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import apsw


def rows(db: apsw.Connection, statement: str, values: Sequence[Any] = ()) -> list[Any]:
    return db.execute(statement, values).fetchall()


def row(db: apsw.Connection, statement: str, values: Sequence[Any] = ()) -> Any:
    """The first row, or None."""
    found = db.execute(statement, values).fetchall()
    return found[0] if found else None
