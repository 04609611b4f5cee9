"""What bodies say: the columns to filter by, the full text, the labels of projects. Gone again when a body is erased."""

from __future__ import annotations

import hashlib

import apsw

from .. import wire
from . import atrest, fulltext, sql, vectors
from .schema import NEVER, SAID

NOTHING = (None,) * len(SAID)  # of a body that is not here, or that this release cannot read

_COLUMNS = ("project", "type", "family", "client", "session", "pc")
_LISTS = (("tag", "tags"), ("file", "source_files"), ("reference", "references"))
_SAY = f"UPDATE observation SET {' = ?, '.join(SAID)} = ? WHERE n = ?"


def facet(db: apsw.Connection, kind: str, value: str) -> int:
    """The number that stands for a value, made when it is new."""
    row = sql.row(db, "SELECT n FROM facet WHERE kind = ? AND value = ?", (kind, value))
    if row:
        return int(row[0])
    db.execute("INSERT INTO facet(kind, value) VALUES (?, ?)", (kind, value))
    return db.last_insert_rowid()


def fingerprint(content: str) -> int:
    """63 bits that equal contents share: finds repeated saves."""
    return int.from_bytes(hashlib.sha256(content.encode()).digest()[:8], "big") >> 1


def fields(body: wire.ObservationBody) -> fulltext.Fields:
    """The words of an observation, column by column. Must give the same for the same body for ever (see fulltext)."""
    extra = (body.project or "", *body.tags, *body.source_files, *body.references)
    said = body.content if not body.summary else f"{body.content}\n{body.summary}"
    return fulltext.fields(body.subject or "", said, "\n".join(part for part in extra if part), body.created_at)


class Entries:
    """What one transaction enters: words are added in groups, and the number of a value is looked up once.

    Flushed before anything is looked for or removed (a facet may go as well), and before the end of the transaction.
    """

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db
        self._words = fulltext.Queue(db)
        self._facets: dict[tuple[str, str], int] = {}

    def facet(self, kind: str, value: str) -> int:
        number = self._facets.get((kind, value))
        if number is None:
            number = self._facets[kind, value] = facet(self._db, kind, value)
        return number

    def columns(self, body: wire.ObservationBody) -> tuple[int | None, ...]:
        """What the row of an observation has from its body, in the order of SAID."""
        values = (body.project, body.memory_type, body.agent_family, body.client_id, body.session_id, body.pc_id)
        facets = [self.facet(kind, value) if value else None for kind, value in zip(_COLUMNS, values, strict=True)]
        return (*facets, body.importance, fingerprint(body.content))

    def index(self, n: int, body: wire.ObservationBody) -> None:
        """Enter the lists and the words of observation `n`."""
        for kind, field in _LISTS:
            for value in getattr(body, field):
                self._db.execute("INSERT OR IGNORE INTO tagged VALUES (?, ?)", (self.facet(kind, value), n))
        self._words.add(n, fields(body))

    def flush(self) -> None:
        self._words.flush()
        self._facets.clear()


def fill(db: apsw.Connection, n: int, body: wire.ObservationBody, entries: Entries) -> None:
    """Index the body of an observation whose row is there already."""
    db.execute(_SAY, (*entries.columns(body), n))
    entries.index(n, body)


def hold(db: apsw.Connection, n: int) -> None:
    """Note that there is a body of observation `n` to erase one day, readable or not."""
    db.execute("UPDATE observation SET erase_at = ? WHERE n = ? AND erase_at IS NULL", (NEVER, n))


def remove(db: apsw.Connection, n: int, body: wire.ObservationBody) -> None:
    """Undo what `Entries` entered: words, vector, columns and labels that nothing else uses leave the file."""
    fulltext.remove(db, n, fields(body))
    vectors.drop(db, n, body)
    columns = sql.row(db, "SELECT project, type, family, client, session, pc FROM observation WHERE n = ?", (n,))
    db.execute(_SAY, (*NOTHING, n))
    db.execute("UPDATE observation SET clash = 0 WHERE n = ?", (n,))
    lists = []
    for kind, field in _LISTS:
        for value in getattr(body, field):
            number = facet(db, kind, value)
            db.execute("DELETE FROM tagged WHERE facet = ? AND n = ?", (number, n))
            lists.append(number)
    db.execute("DELETE FROM counter WHERE count = 0")
    for column, number in zip(_COLUMNS, columns or (), strict=False):
        if number is not None:
            _forget(
                db, number, f"SELECT 1 FROM {'observation' if column == 'session' else 'counter'} WHERE {column} = ?"
            )
    for number in lists:
        _forget(db, number, "SELECT 1 FROM tagged WHERE facet = ?")


def _forget(db: apsw.Connection, number: int, still_used: str) -> None:
    if not sql.row(db, still_used, (number,)):
        db.execute("DELETE FROM facet WHERE n = ?", (number,))


def compare_copies(db: apsw.Connection, scope: int, id_: bytes) -> None:
    """Mark the row of an id of which records with different content exist."""
    rows = sql.rows(
        db,
        "SELECT r.header, r.body, o.n FROM record r JOIN stream s ON s.n = r.stream"
        " JOIN facet f ON f.kind = 'scope' AND f.value = s.scope LEFT JOIN observation o ON o.n = r.n"
        " WHERE r.id = ? AND r.kind = ? AND f.n = ? AND r.body IS NOT NULL",
        (id_, wire.OBSERVATION, scope),
    )
    said = set()
    for header, body, _ in rows:
        try:
            said.add(wire.read_observation(wire.decode_header(atrest.unpack(header)), atrest.unpack(body)).content)
        except ValueError:
            continue
    db.execute(
        "UPDATE observation SET clash = ? WHERE n IN (SELECT n FROM record WHERE id = ?) AND scope = ?",
        (len(said) > 1, id_, scope),
    )


def add_alias(db: apsw.Connection, n: int, scope: int, body: bytes) -> None:
    """Note that one project name means another."""
    said = wire.read_fields(body)
    name, shown = said.get("from"), said.get("to")
    if not (isinstance(name, str) and isinstance(shown, str) and name and shown):
        raise wire.Malformed("an alias without names")
    db.execute("INSERT OR REPLACE INTO alias VALUES (?, ?, ?, ?)", (n, scope, name, shown))
