"""A Filter as a condition in SQL, and which names mean the same project."""

from __future__ import annotations

from typing import Any

import apsw

from ..model import Filter
from ..values import NamedTuple
from . import sql

NOTHING = "0"

# The label of view.py at time ?, spelled for SQL.
_STATES = {
    "live": "o.deleted = 0 AND o.cover <= {now} AND o.until > {now}",
    "superseded": "o.deleted = 0 AND o.cover > {now}",
    "expired": "o.deleted = 0 AND o.cover <= {now} AND o.until <= {now}",
    "deleted": "o.deleted = 1",
}
_COLUMNS = (
    ("type", "memory_types"), ("family", "agent_family"), ("client", "client_id"), ("session", "session_id"), ("pc", "pc_id"),
)  # fmt: skip


class Projects(NamedTuple):
    """Alias records form classes of names (a union, order-free); each class is shown under the `to` of its newest."""

    shown_as: dict[str, str]

    @classmethod
    def load(cls, db: apsw.Connection, scopes: tuple[int, ...]) -> Projects:
        rows = sql.rows(
            db,
            "SELECT a.name, a.shown, a.scope FROM alias a CROSS JOIN record r ON r.n = a.n JOIN stream s ON s.n = r.stream"
            " ORDER BY r.hlc, s.origin, r.seq",
        )
        root: dict[str, str] = {}

        def find(name: str) -> str:
            while root.setdefault(name, name) != name:
                name = root[name]
            return name

        shown: dict[str, str] = {}
        for name, to, scope in rows:
            if scope in scopes:
                root[find(name)] = find(to)
                shown[find(to)] = to
        return cls({name: shown[find(name)] for name in root})

    def shown(self, name: str | None) -> str | None:
        return None if name is None else self.shown_as.get(name, name)

    def names(self, name: str) -> tuple[str, ...]:
        """Every name that means the same project as this one."""
        at = self.shown_as.get(name, name)
        return (name, *(other for other, shown in self.shown_as.items() if shown == at and other != name))


def build(
    db: apsw.Connection, where: Filter, now: int, scopes: tuple[int, ...], projects: Projects, node: str | None
) -> tuple[str, list[Any]]:
    """The condition on `observation AS o` and its values. A value that nothing here has gives a false condition."""
    parts = [f"o.scope IN ({','.join(map(str, scopes))})"]
    values: list[Any] = []
    states = [_STATES[s].format(now=int(now)) for s in where.states]
    if set(where.states) != set(_STATES):
        parts.append("(" + " OR ".join(f"({s})" for s in states or [NOTHING]) + ")")
    if where.project is not None:
        parts.append(one_of(db, "project", "project", projects.names(where.project)))
    for column, field in _COLUMNS:
        given = getattr(where, field)
        if given not in (None, (), []):
            parts.append(one_of(db, column, column, (given,) if isinstance(given, str) else given))
    if where.here:
        parts.append(one_of(db, "pc", "pc", (node,)) if node else NOTHING)
    parts += [_tagged(db, "tag", (tag,)) for tag in where.tags]
    if where.source_files:
        parts.append(_tagged(db, "file", where.source_files))
    if where.references:
        parts.append(_tagged(db, "reference", where.references))
    for bound, when in (("o.hlc >= ?", where.since), ("o.hlc < ?", where.until)):
        if when is not None:
            parts.append(bound)
            values.append(when)
    return " AND ".join(parts), values


def numbers(db: apsw.Connection, kind: str, values: tuple[str, ...]) -> list[str]:
    """Those of these labels that something here has, as numbers for SQL."""
    marks = ",".join("?" * len(values))
    found = sql.rows(db, f"SELECT n FROM facet WHERE kind = ? AND value IN ({marks})", (kind, *values))
    return [str(n) for (n,) in found]


def one_of(db: apsw.Connection, kind: str, column: str, values: tuple[str, ...]) -> str:
    found = numbers(db, kind, values)
    return f"o.{column} IN ({','.join(found)})" if found else NOTHING


def _tagged(db: apsw.Connection, kind: str, values: tuple[str, ...]) -> str:
    found = numbers(db, kind, values)
    if not found:
        return NOTHING
    return f"EXISTS (SELECT 1 FROM tagged g WHERE g.facet IN ({','.join(found)}) AND g.n = o.n)"


def labels(db: apsw.Connection, kind: str, prefix: str, limit: int, condition: str) -> list[str]:
    """Labels of a kind that begin with a prefix and belong to an observation `o` that meets the condition."""
    if kind in ("tag", "file", "reference"):
        used = "tagged AS t CROSS JOIN observation AS o ON o.n = t.n WHERE t.facet = f.n"
    elif kind == "session":
        used = "observation AS o WHERE o.session = f.n"
    else:
        used = f"counter AS o WHERE o.{_COUNTED[kind]} = f.n AND o.count > 0"
    rows = sql.rows(
        db,
        "SELECT value FROM facet AS f WHERE kind = ? AND substr(value, 1, ?) = ?"
        f" AND EXISTS (SELECT 1 FROM {used} AND {condition}) ORDER BY value LIMIT ?",
        (kind, len(prefix), prefix, limit),
    )
    return [value for (value,) in rows]


_COUNTED = {kind: kind for kind in ("project", "type", "family", "client", "pc")}  # columns of the counters
