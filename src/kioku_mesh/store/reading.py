"""A consistent view of the store at one moment: everything that answers questions, nothing that writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import apsw

from .. import ids, wire
from ..model import Filter, Observation
from ..values import NamedTuple
from . import conditions, erase, fulltext, life, observing, sql, view
from .log import SHARED


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


class Snapshot:
    """Valid inside `with store.read()`. `scopes`: what the reader may see; `now`: microseconds.

    `behind`: records that were acknowledged on this machine and are not in the file (a damaged write-ahead log, an older
    file in its place); known until the next save.
    """

    def __init__(self, db: apsw.Connection, scopes: frozenset[str], now: int, mark: str = "") -> None:
        self._db = db
        self._now = now
        self._life = life.read(db)
        self.behind = life.behind(self._life, mark) if self._life else 0
        self.scopes = scopes
        self._read: dict[int, observing.Said] = {}
        self._scope_names = {n: value for n, value in sql.rows(db, "SELECT n, value FROM facet WHERE kind = 'scope'")}
        self._scope_numbers = tuple(n for n, value in self._scope_names.items() if value in scopes)
        self._mine = f"o.scope IN ({','.join(map(str, self._scope_numbers))})"
        self.projects = conditions.Projects.load(db, self._scope_numbers)

    @property
    def db(self) -> apsw.Connection:
        """For the modules of this package."""
        return self._db

    @property
    def node(self) -> str | None:
        return self._life.node if self._life else None

    @property
    def origin(self) -> str | None:
        return self._life.origin if self._life else None

    # --- finding rows

    def _where(self, where: Filter, now: int | None = None) -> tuple[str, list[Any]]:
        at = self._now if now is None else now
        return conditions.build(self._db, where, at, self._scope_numbers, self.projects, self.node)

    def frequency(self, expression: str, limit: int = 5001) -> int:
        return fulltext.frequency(self._db, expression, limit)

    def oldest(self, expression: str, limit: int) -> list[int]:
        return fulltext.oldest(self._db, expression, limit)

    def match(self, expression: str, where: Filter, now: int, limit: int) -> list[tuple[int, float]]:
        condition, values = self._where(where, now)
        return fulltext.match(self._db, expression, condition, values, limit)

    def glance(self, expression: str | None, where: Filter, now: int, looked_at: int, limit: int) -> list[int]:
        condition, values = self._where(where, now)
        return fulltext.glance(self._db, expression, condition, values, looked_at, limit)

    def matching(self, expression: str, rows: Sequence[int]) -> set[int]:
        return fulltext.matching(self._db, expression, rows)

    def newest(self, where: Filter, now: int, limit: int, offset: int = 0) -> list[int]:
        condition, values = self._where(where, now)
        rows = sql.rows(
            self._db,
            f"SELECT n FROM observation AS o WHERE {condition} ORDER BY o.hlc DESC, o.n DESC LIMIT ? OFFSET ?",
            (*values, limit, offset),
        )
        return [n for (n,) in rows]

    def count(self, where: Filter, now: int, limit: int) -> int:
        condition, values = self._where(where, now)
        statement = f"SELECT count(*) FROM (SELECT 1 FROM observation AS o WHERE {condition} LIMIT ?)"
        return int(sql.row(self._db, statement, (*values, limit))[0])

    def row_of(self, observation_id: str) -> int | None:
        """The row of an id in a scope of the reader; the first one if several scopes have it."""
        if not ids.is_id(observation_id):
            return None
        rows = sql.rows(
            self._db,
            "SELECT o.n, o.scope FROM record r JOIN observation o ON o.n = r.n WHERE r.id = ? ORDER BY o.hlc",
            (bytes.fromhex(observation_id),),
        )
        return next((n for n, scope in rows if scope in self._scope_numbers), None)

    def rows_with_prefix(self, prefix: str, limit: int) -> list[tuple[str, int]]:
        """Ids of observations that begin with these hex digits, with their rows."""
        low = bytes.fromhex(prefix.ljust(ids.ID_LENGTH, "0"))
        high = bytes.fromhex(prefix.ljust(ids.ID_LENGTH, "f"))
        rows = sql.rows(
            self._db,
            "SELECT r.id, o.n, o.scope FROM record r JOIN observation o ON o.n = r.n WHERE r.id BETWEEN ? AND ? LIMIT ?",
            (low, high, limit),
        )
        return [(id_.hex(), n) for id_, n, scope in rows if scope in self._scope_numbers]

    def rows_with_content(self, content: int, since: int) -> list[int]:
        """Rows whose content has this fingerprint, stamped after `since`, newest first."""
        rows = sql.rows(
            self._db,
            f"SELECT n FROM observation AS o WHERE content = ? AND hlc > ? AND {self._mine} ORDER BY hlc DESC LIMIT 50",
            (content, since),
        )
        return [n for (n,) in rows]

    def disputed(self, limit: int) -> list[int]:
        """Rows that several observations supersede, or that exist with different contents; newest first."""
        rows = sql.rows(
            self._db,
            f"SELECT n FROM observation AS o WHERE (rivals > 1 OR clash) AND {self._mine} ORDER BY hlc DESC LIMIT ?",
            (limit,),
        )
        return [n for (n,) in rows]

    def deletions(self, observation_id: str) -> list[tuple[str, str, int]]:
        """(kind, id, until) of the tombstones in force and the purges that name an id."""
        return [
            (kind, id_.hex(), until)
            for scope in self._scope_numbers
            for kind, id_, until in view.deletions(self._db, scope, bytes.fromhex(observation_id))
        ]

    def targets(self, observation_id: str) -> list[str]:
        """What tombstones with this id name, in the scopes of the reader: an undo names tombstones."""
        found = (view.names_of_tombstones(self._db, s, bytes.fromhex(observation_id)) for s in self._scope_numbers)
        return [id_.hex() for names in found for id_ in names]

    def is_withheld(self, row: int) -> bool:
        """Is there no record of this memory that leaves the machine, though its scope does?"""
        return bool(
            sql.row(
                self._db,
                "SELECT max(s.withheld) < ? FROM record r JOIN stream s ON s.n = r.stream"
                " WHERE r.kind = 'observation' AND s.scope <> 'local' AND r.id = (SELECT id FROM record WHERE n = ?)",
                (SHARED, row),
            )[0]
        )

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
        return self._said(n).body

    def _said(self, n: int) -> observing.Said:
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
        return observing.observe(self._db, n, self._said(n), self._now, self.projects, self.node)

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
