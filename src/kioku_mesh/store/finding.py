"""Which rows a question is about: by words, by meaning, by time, by id. Reads, and never writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import apsw

from .. import ids
from ..model import Filter, Sought
from ..values import NamedTuple
from . import conditions, fulltext, life, naming, observing, sql, vectors, view, vocabulary
from .log import SHARED
from .meaning import Model
from .meant import Asked, Meant


class Understood(NamedTuple):
    """How far memories are found by their meaning. `waiting`: how many have no vector yet, counted up to WAITING_MAX;
    `fault`: why there is no such search at all, or ""."""

    waiting: int
    fault: str = ""


WAITING_MAX = 1000


class Finder:
    """Valid inside `with store.read()`. `scopes`: what the reader may see; `now`: microseconds.

    `behind`: records that were acknowledged on this machine and are not in the file (a damaged write-ahead log, an older
    file in its place); known until the next save. `model`: how to get the table of meanings; `asked`: what an embedder that
    was chosen made of the question.
    """

    def __init__(
        self,
        db: apsw.Connection,
        scopes: frozenset[str],
        now: int,
        mark: str = "",
        model: Callable[[], Model] = Model,
        asked: Asked | None = None,
    ) -> None:
        self._db = db
        self._now = now
        self._meant = Meant(db, model, asked)
        self._read: dict[int, observing.Said] = {}  # observations read last
        self._life = life.read(db)
        self.behind = life.behind(self._life, mark) if self._life else 0
        self.scopes = scopes
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

    def beside(self, rows: Sequence[int], where: Filter, now: int, span: int) -> list[tuple[int, int]]:
        """(row, other): what the same machine saved right before or after each of these rows, in the same session and
        project, at most `span` microseconds apart, and fitting the filter."""
        condition, values = self._where(where, now)
        return sql.rows(
            self._db,
            "SELECT a.n, o.n FROM observation AS a CROSS JOIN record AS r ON r.n = a.n"
            " CROSS JOIN record AS s ON s.stream = r.stream AND s.seq IN (r.seq - 1, r.seq + 1)"
            " CROSS JOIN observation AS o ON o.n = s.n"
            f" WHERE a.n IN ({','.join(map(str, rows))}) AND o.project IS a.project AND o.session IS a.session"
            f" AND abs(o.hlc - a.hlc) <= {span} AND {condition}",
            values,
        )

    def naming(
        self, files: tuple[str, ...], references: tuple[str, ...], where: Filter, now: int
    ) -> list[tuple[int, float]]:
        """(row, weight) of what names any of these, the heaviest first: the fewer memories name it, the more it says."""
        condition, values = self._where(where, now)
        return naming.naming(self._db, {"file": files, "reference": references}, condition, values)

    def referring(self, reference: str, limit: int) -> list[int]:
        """Rows that have this reference, whatever their state, the last that came here first."""
        rows = sql.rows(
            self._db,
            "SELECT g.n FROM facet AS f CROSS JOIN tagged AS g ON g.facet = f.n CROSS JOIN observation AS o ON o.n = g.n"
            f" WHERE f.kind = 'reference' AND f.value = ? AND {self._mine} ORDER BY g.n DESC LIMIT ?",
            (reference, limit),
        )
        return [n for (n,) in rows]

    # --- by meaning

    def sought(self, text: str) -> Sought | None:
        """What a text is about; None when nothing can be said of that, or there is nothing to compare it with."""
        return self._meant.sought(text)

    def knows(self, text: str) -> bool:
        """Is there anything in a text whose meaning is known, rather than put together from parts?"""
        return self._meant.knows(text)

    def nearest(self, sought: Sought, where: Filter, now: int, limit: int) -> list[tuple[int, float]]:
        """(row, cosine) of what means most nearly the same, nearest first."""
        condition, values = self._where(where, now)
        narrow = where != Filter(states=where.states)
        return self._meant.nearest(sought, condition, values, limit, narrow)

    def similarities(self, sought: Sought, rows: Iterable[int]) -> Mapping[int, float]:
        """The cosine of each of these rows that has a vector."""
        return self._meant.similarities(sought, rows)

    def embedder(self, row: int) -> str:
        """Who tells how near the meaning of a memory is: `builtin`, or the embedder that was chosen."""
        return self._meant.embedder(row)

    def closest(self, vector: bytes, where: Filter, now: int, limit: int) -> list[int]:
        """Rows of what means the same as far as its vector tells, nearest first: few are looked at, so that a save can."""
        condition, values = self._where(where, now)
        return self._meant.closest(vector, condition, values, limit)

    def closest_to(self, rows: Sequence[int], where: Filter, now: int, limit: int) -> list[list[int]]:
        """The same for each of these memories, which is none of its own; empty where there is no search by meaning."""
        condition, values = self._where(where, now)
        return self._meant.closest_to(rows, condition, values, limit)

    # --- words

    def words_with(self, part: str, limit: int) -> list[str]:
        """Words of memories in which a part of at least three letters stands, the shortest first."""
        return vocabulary.containing(self._db, part, limit)

    def words_like(self, word: str) -> list[str]:
        """Words of memories that have the most in common with one of at least three letters."""
        return vocabulary.sharing(self._db, word)

    def known_words(self, words: Iterable[str]) -> list[str]:
        """Those that some memory has."""
        return vocabulary.known(self._db, dict.fromkeys(words))

    def understood(self) -> Understood:
        return Understood(len(vectors.waiting(self._db, WAITING_MAX)), self._meant.fault)

    @property
    def last_row(self) -> int:
        """About how many memories there are."""
        return int(sql.row(self._db, "SELECT coalesce(max(n), 0) FROM observation")[0])
