"""The words that memories are written with, as they stand there: for words of a query that no memory has.

`surface` says which memories have a word, so that a word leaves with the last of them; `word` gives each a number, and
`trigram` finds words by what stands in them. All three hold letters only, words of 4 to 32 of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import apsw

from ..text.scripts import is_letter
from ..text.tokens import index_text
from . import fulltext, sql

_SHORTEST, _LONGEST = 4, 32  # letters
_DOT_ABOVE = "\u0307"  # what is left over of a small İ
_LOOKED_AT = 200  # words that share the most trigrams

_WORDS = "CREATE TABLE word(id INTEGER PRIMARY KEY, w TEXT NOT NULL UNIQUE) STRICT"
_TABLES = {
    "surface": "words, tokenize='unicode61 remove_diacritics 0'",
    "trigram": "w, tokenize='trigram'",
}


def create(db: apsw.Connection) -> None:
    db.execute(_WORDS)
    for name, columns in _TABLES.items():
        db.execute(f"CREATE VIRTUAL TABLE {name} USING fts5({columns}, content='', detail=none, columnsize=0)")
        fulltext.configure(db, name)


def clear(db: apsw.Connection) -> None:
    """Empty all of it."""
    db.execute("DELETE FROM word")
    for name in _TABLES:
        db.execute(f"INSERT INTO {name}({name}) VALUES ('delete-all')")


def add(db: apsw.Connection, row: int, words: Sequence[str]) -> None:
    """Enter the words of a memory."""
    db.execute("INSERT INTO surface(rowid, words) VALUES (?, ?)", (row, " ".join(words)))
    for word in words:
        db.execute("INSERT OR IGNORE INTO word(w) VALUES (?)", (word,))
        if db.changes():
            db.execute("INSERT INTO trigram(rowid, w) VALUES (?, ?)", (db.last_insert_rowid(), word))


def remove(db: apsw.Connection, row: int, words: Sequence[str]) -> None:
    """Take the words of a memory out (those that it was entered with), and those that no other memory has off the disk."""
    db.execute("INSERT INTO surface(surface, rowid, words) VALUES ('delete', ?, ?)", (row, " ".join(words)))
    for word in words:
        if sql.row(db, "SELECT 1 FROM surface WHERE surface MATCH ? LIMIT 1", (f'"{word}"',)):
            continue
        found = sql.row(db, "SELECT id FROM word WHERE w = ?", (word,))
        if found:
            db.execute("INSERT INTO trigram(trigram, rowid, w) VALUES ('delete', ?, ?)", (found[0], word))
            db.execute("DELETE FROM word WHERE id = ?", (found[0],))


def words(text: str) -> tuple[str, ...]:
    """Its words, each once, in order; the same for the same text for ever, as they are removed by making them again."""
    lower = index_text(text).lower().replace(_DOT_ABOVE, "")
    runs = {run for token in set(lower.split()) for run in _letters(token)}
    return tuple(sorted(run for run in runs if _SHORTEST <= len(run) <= _LONGEST))


def _letters(token: str) -> Iterator[str]:
    """The runs of letters in a token, which may have signs and digits in it."""
    if token.isalpha():
        yield token
    else:
        yield from "".join(sign if is_letter(sign) else " " for sign in token).split()


# --- looking for words


def known(db: apsw.Connection, words: Iterable[str]) -> list[str]:
    """Those that some memory has."""
    return [word for word in words if sql.row(db, "SELECT 1 FROM word WHERE w = ?", (word,))]


def containing(db: apsw.Connection, part: str, limit: int) -> list[str]:
    """Words in which a part of at least three letters stands, the shortest first."""
    asked = " AND ".join(f'"{trigram}"' for trigram in _trigrams(part))
    rows = sql.rows(
        db,
        "SELECT w FROM word WHERE id IN (SELECT rowid FROM trigram WHERE trigram MATCH ?)"
        " AND instr(w, ?) ORDER BY length(w), w LIMIT ?",
        (asked, part, limit),
    )
    return [word for (word,) in rows]


def sharing(db: apsw.Connection, word: str) -> list[str]:
    """Words that have the most trigrams in common with this one."""
    asked = " OR ".join(f'"{trigram}"' for trigram in _trigrams(word))
    rows = sql.rows(
        db,
        "SELECT w.w FROM (SELECT rowid AS id FROM trigram WHERE trigram MATCH ? ORDER BY rank LIMIT ?) AS f"
        " CROSS JOIN word AS w ON w.id = f.id",
        (asked, _LOOKED_AT),
    )
    return [found for (found,) in rows]


def _trigrams(word: str) -> list[str]:
    return list(dict.fromkeys(word[at : at + 3] for at in range(len(word) - 2)))
