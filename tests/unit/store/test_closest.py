"""The nearest few by their vectors, looked for in few places."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kioku_mesh.clock import now
from kioku_mesh.model import Draft, Filter
from kioku_mesh.service.memory import Memory
from kioku_mesh.store import closest, sql
from support.stores import memory, save

TEXT = "The billing gateway retries failed uploads of invoices three times"


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Memory]:
    made = memory(tmp_path / "store")
    yield made
    made.close()


def found(opened: Memory, text: str, where: Filter = Filter(), limit: int = 5) -> list[str]:
    """The ids of what is closest to a text."""
    vector = opened.store.model().vector(text)
    assert vector
    with opened.store.read() as snapshot:
        return snapshot.ids(snapshot.closest(vector, where, now(), limit))


def test_the_nearest_first_and_nothing_that_is_not_near(opened: Memory) -> None:
    """A cosine of at least 0.9; what has less is none of them, however few there are."""
    for number in range(40):
        save(opened, number)
    same = opened.save(Draft(TEXT)).observation_id
    near = opened.save(Draft(f"{TEXT}, then gives up")).observation_id
    assert found(opened, TEXT) == [same, near]
    assert found(opened, TEXT, limit=1) == [same]
    assert found(opened, "Nothing of this was ever said of bananas") == []


def test_the_filter_holds(opened: Memory) -> None:
    """Another project, and what is no longer live."""
    here = opened.save(Draft(TEXT, project="here")).observation_id
    there = opened.save(Draft(TEXT, project="there")).observation_id
    assert found(opened, TEXT, Filter(project="here")) == [here]
    opened.delete([there])
    assert found(opened, TEXT) == [here]


def test_a_memory_is_not_among_its_own(opened: Memory) -> None:
    """And one without a vector has none."""
    one = opened.save(Draft(TEXT)).observation_id
    other = opened.save(Draft(TEXT, project="shop")).observation_id
    blank = opened.save(Draft("🎉🎉 — …", project="pets")).observation_id
    with opened.store.read() as snapshot:
        rows = [snapshot.row_of(id_) for id_ in (one, other, blank)]
        assert snapshot.closest_to(rows, Filter(), now(), 5) == [[rows[1]], [rows[0]], []]


def test_how_many_are_compared_has_a_bound(opened: Memory) -> None:
    """Of a cell the newest are, so that a save takes as long however many memories say nearly the same."""
    first = opened.save(Draft(TEXT)).observation_id
    with opened.store.write() as transaction:
        n, cell, vector = sql.row(transaction.db, "SELECT n, cell, v FROM vector")
        away = bytes((byte + 128) % 256 for byte in vector)
        for other in range(n + 1, n + closest._NEWEST):
            transaction.db.execute("INSERT INTO vector VALUES (?, ?, ?)", (cell, other, away))
    assert found(opened, TEXT) == [first]
    with opened.store.write() as transaction:
        transaction.db.execute("INSERT INTO vector VALUES (?, ?, ?)", (cell, n + closest._NEWEST, away))
    assert found(opened, TEXT) == []
