"""The full-text table on a bare connection."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from kioku_mesh.clock import DAY
from kioku_mesh.store import fulltext
from kioku_mesh.text.expression import phrase


@pytest.fixture
def db() -> apsw.Connection:
    connection = apsw.Connection(":memory:")
    connection.execute("CREATE TABLE observation(n INTEGER PRIMARY KEY, live INTEGER NOT NULL)")
    fulltext.create(connection)
    return connection


def save(
    db: apsw.Connection, row: int, body: str, subject: str = "", extra: str = "", live: bool = True
) -> fulltext.Fields:
    tokens = fulltext.fields(subject, body, extra)
    db.execute("INSERT INTO observation VALUES (?, ?)", (row, live))
    fulltext.add(db, row, tokens)
    return tokens


def rows(db: apsw.Connection, word: str, limit: int = 100, where: str = "o.live") -> list[int]:
    return [row for row, _ in fulltext.match(db, phrase(word), where, (), limit)]


def test_relevant_first_then_newest(db: apsw.Connection) -> None:
    """More about the word comes first, a subject counts more than a mention, equal ones the newest first."""
    save(db, 1, "flush of the table and many other things that are told here")
    save(db, 2, "flush")
    save(db, 3, "flush")
    save(db, 4, "x", subject="flush")
    save(db, 5, "nothing")
    found = fulltext.match(db, phrase("flush"), "1", (), 10)
    assert [row for row, _ in found] == [4, 3, 2, 1]
    assert [relevance for _, relevance in found] == sorted((r for _, r in found), reverse=True)
    assert all(relevance > 0 for _, relevance in found)


def test_condition_hides_the_best_and_the_rest_still_comes(db: apsw.Connection) -> None:
    """However many of the most relevant rows a filter drops, those that pass are all found, in order."""
    for row in range(1, 400):
        save(db, row, "flush " * (1 + row % 2), live=row % 50 == 0)
    assert rows(db, "flush", limit=5) == [350, 300, 250, 200, 150]
    assert len(rows(db, "flush", limit=100)) == 7
    assert rows(db, "flush", limit=3, where="o.n = 7") == [7]


def test_a_longer_list_begins_with_the_shorter_one(db: apsw.Connection) -> None:
    """The order does not depend on the limit, so pages fit together."""
    for row in range(1, 200):
        save(db, row, "flush " + "x " * (row % 7), live=row % 3 > 0)
    whole = rows(db, "flush", limit=1000)
    assert [rows(db, "flush", limit=n) for n in (1, 10, 90)] == [whole[:1], whole[:10], whole[:90]]


def test_frequency_stops_at_its_limit(db: apsw.Connection) -> None:
    """Counting is bounded."""
    for row in range(1, 12):
        save(db, row, "flush")
    assert fulltext.frequency(db, phrase("flush")) == 11
    assert fulltext.frequency(db, phrase("flush"), 4) == 4
    assert fulltext.frequency(db, phrase("nothing")) == 0
    assert fulltext.frequency(db, phrase("!!")) == 0


@pytest.mark.parametrize("among", [range(1, 4001, 4), range(1, 1001), range(3001, 4001)])
def test_frequency_of_many_is_judged_by_how_densely_they_lie(db: apsw.Connection, among: range) -> None:
    """Not all of them are counted; a word that came late or went out of use is not taken for one that is everywhere."""
    for row in range(1, 4001):
        save(db, row, "flush" if row in among else "x")
    assert 500 <= fulltext.frequency(db, phrase("flush")) <= 2000
    assert fulltext.frequency(db, phrase("flush"), 300) == 300


def test_matching(db: apsw.Connection) -> None:
    """Single rows can be asked whether they fit."""
    save(db, 1, "flush")
    save(db, 2, "drain")
    assert fulltext.matching(db, phrase("flushing"), [1, 2, 3]) == {1}


def test_the_day_is_among_the_words() -> None:
    """With the time of saving the day is among the words."""
    tokens = fulltext.fields("", "x", "tag", saved=DAY)
    assert tokens.extra.split() == ["tag", "day19700102"]
    assert fulltext.fields("", "x", "tag").extra == "tag"


def test_removed_rows_are_gone(db: apsw.Connection) -> None:
    """Feeding the same tokens again takes a row out; the others and the statistics stay right."""
    first = save(db, 1, "useCartStore 東京都 café")
    save(db, 2, "useCartStore 東京都 café")
    fulltext.remove(db, 1, first)
    for word in ("useCartStore", "Cart", "東京", "京都", "cafe"):
        assert rows(db, word) == [2]
        assert fulltext.frequency(db, phrase(word)) == 1
    fulltext.probe(db)


def test_clear(db: apsw.Connection) -> None:
    """An emptied table can be filled again with the same rows."""
    tokens = save(db, 1, "flush")
    fulltext.clear(db)
    assert rows(db, "flush") == []
    fulltext.add(db, 1, tokens)
    assert rows(db, "flush") == [1]


def test_probe_finds_damage(tmp_path: Path) -> None:
    """Damaged pages of the index are an error of SQLite, not an empty result."""
    db = apsw.Connection(str(tmp_path / "x.db"))
    db.execute("CREATE TABLE observation(n INTEGER PRIMARY KEY, live INTEGER NOT NULL)")
    fulltext.create(db)
    with db:
        for row in range(1, 300):
            save(db, row, f"word{row} flush")
    fulltext.probe(db)
    db.execute("UPDATE fulltext_data SET block = zeroblob(30) WHERE id > 10")
    db.close()
    db = apsw.Connection(str(tmp_path / "x.db"))
    with pytest.raises(apsw.CorruptError):
        fulltext.probe(db)
    with pytest.raises(apsw.CorruptError):
        fulltext.match(db, phrase("flush"), "1", (), 5)
