"""The full-text table: every statement about FTS5 stands here.

It is contentless: it holds tokens only. A row is removed by feeding the same tokens once more, and `secure-delete`
then takes them off the pages at once. So whoever adds and whoever removes must make the fields from the same texts,
with the same `text.tokens.VERSION`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..text.dates import date_words
from ..text.tokens import index_text
from . import sql

if TYPE_CHECKING:
    import apsw


class Fields(NamedTuple):
    """The tokens of one observation, as FTS5 is fed with them."""

    subject: str
    body: str
    extra: str


def fields(subject: str, body: str, extra: str, saved: int | None = None) -> Fields:
    """The tokens of these texts and of the day `saved`. Most of the cost of an insert, so best done before any lock."""
    if saved is not None:
        extra = f"{extra}\n{date_words(saved)}"
    return Fields(index_text(subject), index_text(body), index_text(extra))


def create(db: apsw.Connection) -> None:
    db.execute(
        "CREATE VIRTUAL TABLE fulltext USING fts5(subject, body, extra,"
        " tokenize='porter unicode61 remove_diacritics 2', content='')"
    )
    db.execute("INSERT INTO fulltext(fulltext, rank) VALUES ('secure-delete', 1)")
    # Its leaves fit a page with checksum; else each goes on in a page of its own, which SQLite knows no structure of.
    db.execute("INSERT INTO fulltext(fulltext, rank) VALUES ('pgsz', 4000)")


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
    """How many rows fit, counted up to `limit`."""
    counted = "SELECT count(*) FROM (SELECT 1 FROM fulltext WHERE fulltext MATCH ? LIMIT ?)"
    return int(sql.row(db, counted, (expression, limit))[0])


def match(
    db: apsw.Connection,
    expression: str,
    where_sql: str,
    params: Sequence[object],
    limit: int,
    newest_rows: int | None = None,
) -> list[tuple[int, float]]:
    """(row, relevance) of what fits, most relevant first, equal ones newest row first.

    `where_sql` is a condition on `observation AS o` with `params`. `newest_rows` looks only at that many of the
    highest row numbers, for words that are everywhere.
    """
    # Most memories pass the condition, and looking it up costs more than ranking: so first for the best alone.
    few = limit + limit // 4 + 10
    found = _best(db, expression, where_sql, params, limit, newest_rows, few)
    if len(found) < limit and frequency(db, expression, few + 1) > few:
        found = _best(db, expression, where_sql, params, limit, newest_rows, -1)
    return found


def _best(
    db: apsw.Connection,
    expression: str,
    where_sql: str,
    params: Sequence[object],
    limit: int,
    newest_rows: int | None,
    looked_at: int,
) -> list[tuple[int, float]]:
    """Those of the `looked_at` most relevant rows (-1: of all) that meet the condition."""
    newest = ""
    if newest_rows is not None:
        newest = f" AND rowid > (SELECT coalesce(max(n), 0) - {int(newest_rows)} FROM observation)"
    # CROSS JOIN: else SQLite may ask FTS5 anew for each row of `observation`
    return sql.rows(
        db,
        "SELECT f.n, f.relevance FROM (SELECT rowid AS n, -bm25(fulltext, 2.0, 1.0, 1.0) AS relevance FROM fulltext"
        f" WHERE fulltext MATCH ?{newest} ORDER BY relevance DESC, rowid DESC LIMIT {int(looked_at)}) AS f"
        f" CROSS JOIN observation AS o ON o.n = f.n WHERE {where_sql or '1'} ORDER BY f.relevance DESC, f.n DESC LIMIT ?",
        (expression, *params, limit),
    )


def matching(db: apsw.Connection, expression: str, rows: Iterable[int]) -> set[int]:
    """Which of `rows` fit. Each is asked for alone, so this is for few rows, however common the words are."""
    return {
        row
        for row in rows
        if sql.row(db, "SELECT 1 FROM fulltext WHERE fulltext MATCH ? AND rowid = ?", (expression, row))
    }
