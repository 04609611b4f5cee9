"""Words that no memory has: parts of words, slips of the finger, and when nothing is mended."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kioku_mesh.search.spelling import distance
from kioku_mesh.store import vectors

from .shelf import Shelf

TEXTS = {
    "db": "Postgres needs autovacuum on the events table",
    "queue": "The consumer group rebalances when heartbeats are late",
    "cache": "Redis evicts sessions under memory pressure",
    "russian": "Соединение закрывается после тридцати секунд",
    "german": "Die Verbindungsgeschwindigkeit fällt nachts",
}


@pytest.fixture(autouse=True)
def stocked(shelf: Shelf) -> None:
    shelf.save(**TEXTS)
    vectors.fill(shelf.store, 1e9)


def best(shelf: Shelf, query: str, mode: str = "or") -> str | None:
    found = shelf.found(query, mode=mode)
    return found[0] if found else None


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("gres", "db"),
        ("vacuum", "db"),
        ("balanc", "queue"),
        ("geschwindigkeit", "german"),
        ("дине", "russian"),
        ("postgers", "db"),
        ("Potgres", "db"),
        ("rebalanecs", "queue"),
        ("hearbeets", "queue"),
        ("sesions", "cache"),
        ("evcts", "cache"),
        ("соеденение", "russian"),
    ],
)
def test_what_is_mended(shelf: Shelf, query: str, name: str) -> None:
    """A part of a word, or one edit in up to seven letters, two in more."""
    assert best(shelf, query) == name
    assert best(shelf, query, "and") == name
    (note,) = [note for note in shelf.ask(query).notes if note.code == "did_you_mean"]
    assert query.lower() in note.message.lower()


@pytest.mark.parametrize("query", ["gr", "pstgrs", "qqqqq", "rds", "x9y", "heatbits", '"postgers"', "-postgers cache"])
def test_what_is_not(shelf: Shelf, query: str) -> None:
    """Too short, too far away, no word, quoted or excluded."""
    assert "did_you_mean" not in [note.code for note in shelf.ask(query, mode="or").notes]


def test_an_exact_word_is_never_mended(shelf: Shelf) -> None:
    """Even if a much more frequent one is a letter away."""
    shelf.save(**{f"n{n}": f"redis node {n}" for n in range(30)}, odd="Redid the migration by hand")
    vectors.fill(shelf.store, 1e9)
    assert shelf.found("redid", mode="or") == ["odd"]


def test_a_word_leaves_with_the_last_memory_that_has_it(shelf: Shelf) -> None:
    """What was purged is suggested to nobody; what another memory has as well still is."""
    shelf.save(other="Postgres again")
    vectors.fill(shelf.store, 1e9)
    with shelf.store.write() as transaction:
        transaction.append("purge", "mesh", b'{"salt":"x"}', names=[shelf.id_of("db")])
    from kioku_mesh.store import upkeep

    upkeep.erase_all(shelf.store)
    assert best(shelf, "postgers") == "other"
    assert best(shelf, "autovacum") is None
    shelf.store.close()
    files = b"".join(path.read_bytes() for path in Path(shelf.store.directory).rglob("*") if path.is_file())
    assert b"autovacuum" not in files
    assert b"tovac" not in files


WORDS = st.text("abcd", max_size=7)


@given(WORDS, WORDS)
def test_distance(one: str, other: str) -> None:
    """As many edits as the plain definition needs, told apart up to the limit."""
    exact = edits(one, other)
    for most in (1, 2):
        assert distance(one, other, most) == min(exact, most + 1)


def edits(one: str, other: str) -> int:
    """Optimal string alignment as it is written in books."""
    table = [[i + j if i * j == 0 else 0 for j in range(len(other) + 1)] for i in range(len(one) + 1)]
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            change = table[i - 1][j - 1] + (one[i - 1] != other[j - 1])
            table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, change)
            if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
                table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]
