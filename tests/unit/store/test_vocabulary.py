"""The words that memories are written with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kioku_mesh.service.memory import Memory
from kioku_mesh.store import sql, upkeep, vectors, vocabulary
from kioku_mesh.store.replay import rebuild
from support.stores import fill, memory, save


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Memory]:
    made = memory(tmp_path / "store")
    yield made
    made.close()


def content(opened: Memory) -> tuple[list[object], list[object]]:
    """All words, and which memories have each, as the tables have them."""
    db = opened.store.reader()
    words = sorted(word for (word,) in sql.rows(db, "SELECT w FROM word"))
    having = [
        sql.rows(db, "SELECT rowid FROM surface WHERE surface MATCH ? ORDER BY rowid", (f'"{word}"',)) for word in words
    ]
    return words, having


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The flushInterval of a cat", ("flush", "flushinterval", "interval")),
        ("src/billing/totals.py utf8 x", ("billing", "totals")),
        ("naïve Größe", ("grösse", "naïve")),
        ("東京都 パスワード", ()),
        ("a1b2c3d4", ()),
        ("y" * 33, ()),
    ],
)
def test_which_words(text: str, words: tuple[str, ...]) -> None:
    """Letters alone, four to thirty-two of them, small."""
    assert vocabulary.words(text) == tuple(sorted(words))


def test_a_rebuild_gives_what_was_there(opened: Memory) -> None:
    """Word by word."""
    for number in range(10):
        save(opened, number, tags=("deploying",))
    fill(opened.store, 20, begin=10)
    vectors.fill(opened.store, 1e9)
    before = content(opened)
    assert "deploying" in before[0]
    with opened.store.write() as transaction:
        rebuild(transaction.db)
    assert content(opened) == ([], [])
    vectors.fill(opened.store, 1e9)
    assert content(opened) == before


def test_what_is_erased_leaves_nothing_of_its_own(opened: Memory) -> None:
    """Words that others have as well stay."""
    kept = [save(opened, number) for number in range(5)]
    before = content(opened)
    gone = [save(opened, f"gone{number}", tags=("zebrafinch",)) for number in range(5)]
    assert "zebrafinch" in content(opened)[0]
    opened.purge(gone)
    upkeep.erase_all(opened.store)
    assert content(opened) == before
    assert kept


def test_parts_and_neighbours(opened: Memory) -> None:
    """The shortest word with a part first; of words like another at least those with most of it."""
    save(opened, "1", tags=("postgres", "postgresql", "progress", "ingress"))
    db = opened.store.reader()
    assert vocabulary.containing(db, "gres", 3) == ["ingress", "postgres", "progress"]
    assert vocabulary.containing(db, "esql", 10) == ["postgresql"]
    assert vocabulary.containing(db, "zzz", 10) == []
    assert "postgres" in vocabulary.sharing(db, "postgers")
    assert vocabulary.known(db, ["postgres", "postgers"]) == ["postgres"]
