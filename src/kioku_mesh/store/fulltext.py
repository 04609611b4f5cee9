"""The full-text table: every statement about FTS5 stands here.

It is contentless: it holds tokens only. A row is removed by feeding the same tokens once more, and `secure-delete`
then takes them off the pages at once. So whoever adds and whoever removes must make the fields from the same texts,
with the same `text.tokens.VERSION`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..text.dates import day_word
from ..text.tokens import index_text
from ..values import NamedTuple
from . import sql

if TYPE_CHECKING:
    import apsw


_COUNTED = 200  # rows up to which a frequency is exact


class Fields(NamedTuple):
    """The tokens of one observation, as FTS5 is fed with them."""

    subject: str
    body: str
    extra: str


def fields(subject: str, body: str, extra: str, saved: int | None = None) -> Fields:
    """The tokens of these texts and of the day `saved`. Most of the cost of an insert, so best done before any lock."""
    if saved is not None:
        extra = f"{extra}\n{day_word(saved)}"
    return Fields(index_text(subject), index_text(body), index_text(extra))


def create(db: apsw.Connection) -> None:
    db.execute(
        "CREATE VIRTUAL TABLE fulltext USING fts5(subject, body, extra,"
        " tokenize='porter unicode61 remove_diacritics 2', content='')"
    )
    configure(db, "fulltext")


def configure(db: apsw.Connection, table: str) -> None:
    """What every full-text table here is told."""
    db.execute(f"INSERT INTO {table}({table}, rank) VALUES ('secure-delete', 1)")
    # Its leaves fit a page with checksum; else each goes on in a page of its own, which SQLite knows no structure of.
    db.execute(f"INSERT INTO {table}({table}, rank) VALUES ('pgsz', 4000)")


class Queue:
    """Rows to be added together: FTS5 writes out what it has gathered before every statement that fires a trigger."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db
        self._rows: list[tuple[int, Fields]] = []

    def add(self, row: int, tokens: Fields) -> None:
        self._rows.append((row, tokens))

    def flush(self) -> None:
        """Before anything is looked for or removed, and before the end of the transaction."""
        rows, self._rows = self._rows, []
        for row, tokens in rows:
            add(self._db, row, tokens)


def add(db: apsw.Connection, row: int, tokens: Fields) -> None:
    db.execute("INSERT INTO fulltext(rowid, subject, body, extra) VALUES (?, ?, ?, ?)", (row, *tokens))


def remove(db: apsw.Connection, row: int, tokens: Fields) -> None:
    """Take a row out; `tokens` must be those that it was added with, else words stay behind."""
    db.execute(
        "INSERT INTO fulltext(fulltext, rowid, subject, body, extra) VALUES ('delete', ?, ?, ?, ?)", (row, *tokens)
    )


def clear(db: apsw.Connection) -> None:
    """Empty the table."""
    db.execute("INSERT INTO fulltext(fulltext) VALUES ('delete-all')")


def probe(db: apsw.Connection) -> None:
    """FTS5's own check of its structures; raises apsw.CorruptError. Reads the whole table."""
    db.execute("INSERT INTO fulltext(fulltext, rank) VALUES ('integrity-check', 0)")


def frequency(db: apsw.Connection, expression: str, limit: int = 5001) -> int:
    """How many rows fit, up to `limit`: counted while they are few, else judged by how densely they lie."""
    few = min(limit, _COUNTED)
    counted, oldest = sql.row(db, _ends("ASC", "max"), (expression, few))
    if counted < few or few == limit:
        return int(counted)
    _, newest = sql.row(db, _ends("DESC", "min"), (expression, few))
    last = sql.row(db, "SELECT max(n) FROM observation")[0]
    # A word may have come late or gone out of use: the mean of the two densities, geometric as they are ratios.
    return max(few, min(limit, int(last * few * (oldest * (last - newest + 1)) ** -0.5)))


def _ends(order: str, furthest: str) -> str:
    return (
        f"SELECT count(*), {furthest}(rowid) FROM"
        f" (SELECT rowid FROM fulltext WHERE fulltext MATCH ? ORDER BY rowid {order} LIMIT ?)"
    )


def oldest(db: apsw.Connection, expression: str, limit: int) -> list[int]:
    """The rows that fit, lowest number first."""
    found = sql.rows(
        db, "SELECT rowid FROM fulltext WHERE fulltext MATCH ? ORDER BY rowid LIMIT ?", (expression, limit)
    )
    return [row for (row,) in found]


def match(
    db: apsw.Connection, expression: str, where_sql: str, params: Sequence[object], limit: int
) -> list[tuple[int, float]]:
    """(row, relevance) of what fits, most relevant first, equal ones newest row first.

    `where_sql` is a condition on `observation AS o` with `params`.
    """
    values = (expression, *params, limit)
    few = limit + limit // 4 + 10
    found = sql.rows(db, _best(where_sql, few), values)
    if len(found) < limit and sql.row(db, _ends("ASC", "max"), (expression, few + 1))[0] > few:
        found = sql.rows(db, _best(where_sql, -1), values)
    return found


def glance(
    db: apsw.Connection, expression: str | None, where_sql: str, params: Sequence[object], looked_at: int, limit: int
) -> list[int]:
    """Rows that meet the condition among the `looked_at` newest (-1: all) that fit (None: any), newest first.

    FTS5 hands rows over in their order, so this costs the same however many fit.
    """
    newest = "SELECT n FROM observation ORDER BY n DESC LIMIT ?"
    values: tuple[object, ...] = (looked_at,)
    if expression is not None:
        newest = "SELECT rowid AS n FROM fulltext WHERE fulltext MATCH ? ORDER BY rowid DESC LIMIT ?"
        values = (expression, looked_at)
    found = sql.rows(
        db,
        f"SELECT o.n FROM ({newest}) AS f CROSS JOIN observation AS o ON o.n = f.n WHERE {where_sql} LIMIT ?",
        (*values, *params, limit),
    )
    return [row for (row,) in found]


def _best(where_sql: str, looked_at: int) -> str:
    """The statement for those of the `looked_at` most relevant rows (-1: all) that meet the condition, in order.

    They are held against the condition one after another, as looking one up costs more than ranking it. The inner
    LIMIT keeps SQLite from merging the two, CROSS JOIN from asking FTS5 anew for each observation.
    """
    return (
        "SELECT f.n, f.relevance FROM (SELECT rowid AS n, -bm25(fulltext, 2.0, 1.0, 1.0) AS relevance FROM fulltext"
        f" WHERE fulltext MATCH ? ORDER BY relevance DESC, rowid DESC LIMIT {looked_at}) AS f"
        f" CROSS JOIN observation AS o ON o.n = f.n WHERE {where_sql or '1'} LIMIT ?"
    )


def matching(db: apsw.Connection, expression: str, rows: Iterable[int]) -> set[int]:
    """Which of `rows` fit. Each is asked for alone, so this is for few rows, however common the words are."""
    return {
        row
        for row in rows
        if sql.row(db, "SELECT 1 FROM fulltext WHERE fulltext MATCH ? AND rowid = ?", (expression, row))
    }
