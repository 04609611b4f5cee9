"""A consistent view of the store at one moment: everything that answers questions, nothing that writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import apsw

from .. import wire
from ..model import Filter, Observation
from ..values import NamedTuple
from . import conditions, erase, observing, sql, view
from .finding import Finder


class Signal(NamedTuple):
    """What ranking looks at beside the words."""

    importance: int
    hlc: int
    project: str | None
    type: str | None


class Texts(NamedTuple):
    subject: str
    content: str
    summary: str
    extra: str


_KEPT = 100  # observations read last: what weighs a hit and what shows it read the same


class Snapshot(Finder):
    """Everything that is known of the rows it finds."""

    # --- reading rows

    def ids(self, rows: Sequence[int]) -> list[str]:
        found = dict(_in(self._db, "SELECT n, id FROM record WHERE n IN ({})", rows))
        return [found[n].hex() for n in rows]

    def signals(self, rows: Sequence[int]) -> dict[int, Signal]:
        found = _in(
            self._db,
            "SELECT o.n, o.importance, o.hlc, p.value, t.value FROM observation o LEFT JOIN facet p ON p.n = o.project"
            " LEFT JOIN facet t ON t.n = o.type WHERE o.n IN ({})",
            rows,
        )
        return {
            n: Signal(importance or 1, hlc, self.projects.shown(project), kind)
            for n, importance, hlc, project, kind in found
        }

    def texts(self, rows: Sequence[int]) -> dict[int, Texts]:
        texts = {}
        for n in rows:
            body = self.body(n)
            if body:
                extra = "\n".join((body.project or "", *body.tags, *body.source_files, *body.references))
                texts[n] = Texts(body.subject or "", body.content, body.summary or "", extra.strip())
        return texts

    def body(self, n: int) -> wire.ObservationBody | None:
        """None when it was erased or cannot be read yet. Raises StoreError for damaged bytes."""
        return self.said(n).body

    def said(self, n: int) -> observing.Said:
        """Header and body of one row, as they are. Raises StoreError for damaged bytes."""
        found = self._read.get(n)
        if found is None:
            if len(self._read) >= _KEPT:
                self._read.clear()
            found = self._read[n] = observing.said(self._db, n)
        return found

    def hidden(self, row: int, where: Filter, now: int) -> list[str]:
        """Which given fields of the filter this row does not fit."""
        misses = []
        for field in Filter._fields:
            value = getattr(where, field)
            if field == "states":
                fits = self.state(row, now) in value
            elif not value:
                continue
            else:
                only = Filter(states=("live", "superseded", "expired", "deleted"))._replace(**{field: value})
                condition, values = self._where(only, now)
                fits = bool(
                    sql.row(self._db, f"SELECT 1 FROM observation AS o WHERE {condition} AND o.n = ?", (*values, row))
                )
            if not fits:
                misses.append(field)
        return misses

    def state(self, row: int, now: int) -> str:
        until, deleted, cover = sql.row(self._db, "SELECT until, deleted, cover FROM observation WHERE n = ?", (row,))
        return view.label(until, bool(deleted), cover, now)

    def observations(self, rows: Iterable[int]) -> list[Observation]:
        return [self.observation(n) for n in rows]

    def observation(self, n: int) -> Observation:
        """Everything known of one row. Raises StoreError for damaged bytes."""
        return observing.observe(self._db, n, self.said(n), self._now, self.projects, self.node)

    def chain(self, n: int) -> list[int]:
        """Rows of all revisions that this row belongs to, oldest first."""
        return observing.chain(self._db, n)

    # --- counting

    def counters(self) -> list[tuple[int, str | None, str | None, str | None, str | None, str | None, int, int]]:
        """(scope, project, type, family, client, pc, standing, count) of the reader's scopes."""
        found = sql.rows(
            self._db,
            "SELECT c.scope, p.value, t.value, f.value, k.value, m.value, c.standing, c.count FROM counter c"
            " LEFT JOIN facet p ON p.n = c.project LEFT JOIN facet t ON t.n = c.type LEFT JOIN facet f ON f.n = c.family"
            " LEFT JOIN facet k ON k.n = c.client LEFT JOIN facet m ON m.n = c.pc WHERE c.count > 0",
        )
        return [row for row in found if row[0] in self._scope_numbers]

    def temporal(self) -> list[tuple[tuple[str | None, ...], str]]:
        """(project, type, family, client, pc) and the state now of every row whose state depends on the time."""
        rows = sql.rows(
            self._db,
            "SELECT o.scope, o.until, o.cover, p.value, t.value, f.value, k.value, m.value FROM observation o"
            " LEFT JOIN facet p ON p.n = o.project LEFT JOIN facet t ON t.n = o.type LEFT JOIN facet f ON f.n = o.family"
            " LEFT JOIN facet k ON k.n = o.client LEFT JOIN facet m ON m.n = o.pc WHERE o.standing = 3",
        )
        return [
            (tuple(labels), view.label(until, False, cover, self._now))
            for scope, until, cover, *labels in rows
            if scope in self._scope_numbers
        ]

    def scopes_of_project(self, name: str) -> set[str]:
        """The scopes of the reader in which a project (under any of its names) has had memories."""
        names = set(self.projects.names(name))
        return {self._scope_names[scope] for scope, project, *_ in self.counters() if project in names}

    def values(self, kind: str, prefix: str, limit: int, project: str | None = None) -> list[str]:
        """Labels of a kind that begin with a prefix and that something the reader may see has, in a project if given."""
        within = conditions.one_of(self._db, "project", "project", self.projects.names(project)) if project else "1"
        return conditions.labels(self._db, kind, prefix, limit, f"{self._mine} AND {within}")

    def due(self, retention: int, limit: int) -> erase.Due:
        """Rows whose bodies `gc` would erase, and expired ones that it would sweep."""
        return erase.upcoming(self._db, self._now, retention, limit)

    def records(self, include_local: bool) -> Iterator[wire.Record]:
        """Every record of the reader's scopes in the order of the log. Raises StoreError for damaged bytes."""
        scopes = self.scopes if include_local else self.scopes - {"local"}
        after = 0
        while rows := sql.rows(
            self._db,
            "SELECT r.n, s.scope FROM record r JOIN stream s ON s.n = r.stream WHERE r.n > ? ORDER BY r.n LIMIT 500",
            (after,),
        ):
            after = rows[-1][0]
            for n, scope in rows:
                if scope in scopes:
                    yield observing.record(self._db, n)

    def copies(self, observation_id: str, scope: str) -> list[str | None]:
        """The contents of all records of an id in a scope; None for an erased or unreadable one."""
        rows = sql.rows(
            self._db,
            "SELECT r.n FROM record r JOIN stream s ON s.n = r.stream WHERE r.id = ? AND s.scope = ?",
            (bytes.fromhex(observation_id), scope),
        )
        bodies = [self.body(n) for (n,) in rows]
        return [body.content if body else None for body in bodies]

    def outside(self) -> dict[str, int]:
        """Scopes on this machine that the reader does not look in, with how many observations they hold."""
        found = sql.rows(self._db, "SELECT scope, sum(count) FROM counter GROUP BY scope")
        return {self._scope_names[n]: total for n, total in found if total and n not in self._scope_numbers}


def _in(db: apsw.Connection, statement: str, rows: Sequence[int]) -> list[Any]:
    """Run `statement` with the row numbers in place of {}, in groups below SQLite's limit of variables."""
    found: list[Any] = []
    for at in range(0, len(rows), 500):
        part = rows[at : at + 500]
        found += sql.rows(db, statement.format(",".join("?" * len(part))), tuple(part))
    return found
