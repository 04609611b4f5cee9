"""What a question means, compared with what memories mean: by the built-in vectors, or by those of the embedder that was
chosen. Reads, and never writes.

    calibrated = max(0, (cosine - zero) / (1 - zero))

`zero` is the cosine that the question has with memories on average (with the built-in table about 0), so whatever weighs
cosines need not know whose they are. A memory that the chosen embedder has not seen takes part by its built-in
cosine, made larger or smaller as the best cosines of the two are to each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import apsw

from ..model import Sought
from ..values import NamedTuple
from . import chosen, closest, nearness, sql, vectors
from .meaning import Fault, Model
from .nearness import Space

BUILTIN = "builtin"
_SURE = 0.35  # a built-in cosine that speaks for a memory; what is below is not blown up

Rows = list[tuple[int, float]]
T = TypeVar("T")


class Asked(NamedTuple):
    """What the chosen embedder made of a question, before the snapshot was opened. `name`: as it is shown."""

    text: str
    vector: bytes
    made_by: str
    name: str


class Meant:
    """Of one snapshot. `model`: how to get the table of meanings; `fault`: why there is no search by it, or "".

    `asked` counts if the vectors that are here are of the same embedder."""

    def __init__(self, db: apsw.Connection, model: Callable[[], Model], asked: Asked | None = None) -> None:
        self._db = db
        self._model = model
        self.fault = ""
        self._asked: Asked | None = None
        self._zero = 0.0
        self._exchange = 1.0  # what a built-in cosine is worth among calibrated ones
        state = chosen.state(db) if asked else None
        if asked and state and (state.made_by, state.size) == (asked.made_by, len(asked.vector)):
            self._asked, self._zero = asked, chosen.usual(db, asked.vector)

    def sought(self, text: str) -> Sought | None:
        """What a text is about; None when nothing can be said of that, or there is nothing to compare it with."""
        own = self._tried(lambda: self._model().vector(text), None) if vectors.usable(self._db) else None
        asked = self._asked.vector if self._asked and self._asked.text == text else None
        return Sought(own, asked) if own or asked else None

    def knows(self, text: str) -> bool:
        """Is there anything in a text whose meaning the table knows, rather than puts together from parts?"""
        return self._tried(lambda: self._model().knows(text), False)

    def nearest(self, sought: Sought, where_sql: str, params: Sequence[object], limit: int, narrow: bool) -> Rows:
        """(row, cosine) of what means most nearly the same and meets the condition (`narrow`: few may), nearest first."""
        return self._tried(lambda: self._nearest(sought, where_sql, params, limit, narrow), [])

    def similarities(self, sought: Sought, rows: Iterable[int]) -> Mapping[int, float]:
        """The cosine of each of these rows that has a vector."""
        return self._tried(lambda: self._similarities(sought, list(rows)), {})

    def closest(self, vector: bytes, where_sql: str, params: Sequence[object], limit: int) -> list[int]:
        """Rows of what means the same as a built-in vector, nearest first; few are looked at."""
        return self._tried(lambda: closest.find(self._db, self._model(), vector, where_sql, params, limit), [])

    def closest_to(self, rows: Sequence[int], where_sql: str, params: Sequence[object], limit: int) -> list[list[int]]:
        """The same for each of these memories; empty where there is no search by meaning."""
        return self._tried(lambda: closest.find_each(self._db, self._model(), rows, where_sql, params, limit), [])

    def embedder(self, row: int) -> str:
        """Who tells how near the meaning of a memory is: the name of the chosen embedder, or `builtin`."""
        if not self._asked or not sql.row(
            self._db, f"SELECT 1 FROM observation AS o WHERE n = ? AND {chosen.HAS}", (row,)
        ):
            return BUILTIN
        return self._asked.name

    def _nearest(self, sought: Sought, where_sql: str, params: Sequence[object], limit: int, narrow: bool) -> Rows:
        cells = self._model().cells(sought.own, vectors.CELLS) if sought.own else list(range(vectors.CELLS))
        compared = vectors.compared(self._db)

        def near(space: Space, vector: bytes, condition: str, count: int, few: bool) -> Rows:
            return nearness.nearest(self._db, space, vector, cells, compared, condition, params, count, few)

        if sought.chosen is None:
            return near(vectors.SPACE, sought.own, where_sql, limit, narrow) if sought.own else []
        cells.insert(0, chosen.NOWHERE)
        found = [
            (row, self._calibrated(cosine))
            for row, cosine in near(chosen.SPACE, sought.chosen, where_sql, limit, narrow)
        ]
        if sought.own:
            others = nearness.among(self._db, vectors.SPACE, sought.own, chosen.LACKING, where_sql, params, limit)
            if others and found:
                seen = near(vectors.SPACE, sought.own, f"({where_sql}) AND {chosen.HAS}", 1, True)
                self._exchange = found[0][1] / max([_SURE, *(cosine for _, cosine in seen)])
            found += [(row, self._exchange * cosine) for row, cosine in others]
        return sorted(found, key=lambda each: (-each[1], -each[0]))[:limit]

    def _similarities(self, sought: Sought, rows: Sequence[int]) -> Mapping[int, float]:
        if sought.chosen is None:
            return nearness.similarities(self._db, vectors.SPACE, sought.own, rows) if sought.own else {}
        seen = nearness.similarities(self._db, chosen.SPACE, sought.chosen, rows)
        found = {row: self._calibrated(cosine) for row, cosine in seen.items()}
        if sought.own:
            others = [row for row in rows if row not in found]
            own = nearness.similarities(self._db, vectors.SPACE, sought.own, others)
            found |= {row: self._exchange * cosine for row, cosine in own.items()}
        return found

    def _calibrated(self, cosine: float) -> float:
        return max(0.0, (cosine - self._zero) / (1 - self._zero))

    def _tried(self, ask: Callable[[], T], otherwise: T) -> T:
        """The answer; where the table of meanings is at fault, that is noted, and words are enough."""
        try:
            return ask()
        except Fault as problem:
            self.fault = str(problem)
            return otherwise
