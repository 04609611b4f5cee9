"""Vectors of memories: made with a save or afterwards, gone with the text, anew with another table of meanings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kioku_mesh import wire
from kioku_mesh.model import Draft, Filter, Query
from kioku_mesh.service.memory import Memory
from kioku_mesh.store import chosen, meaning, sql, upkeep, vectors
from kioku_mesh.store.meaning import Fault, Model
from kioku_mesh.store.replay import rebuild
from kioku_mesh.store.store import Store
from support.stores import body, fact, fill, memory, save

FOREVER = 1e9


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Memory]:
    made = memory(tmp_path / "store")
    yield made
    made.close()


def rows(store: Store) -> dict[int, tuple[int, bytes]]:
    """n -> (cell, vector) of all that there are."""
    return {n: (cell, v) for cell, n, v in sql.rows(store.reader(), "SELECT cell, n, v FROM vector")}


def unplaced(store: Store) -> int:
    return len(vectors.waiting(store.reader(), 10**6))


def test_a_save_brings_its_vector_along(opened: Memory) -> None:
    """In the same transaction; and it points where its text does."""
    save(opened, 1)
    (found,) = rows(opened.store).values()
    assert unplaced(opened.store) == 0
    text = sql.row(opened.store.reader(), "SELECT n FROM observation")[0]
    assert found[1] == Model().vector(vectors.text_of(vectors.read(opened.store.reader(), text)))
    assert len(found[1]) == meaning.SIZE


def test_what_came_at_once_gets_them_in_steps(opened: Memory) -> None:
    """The newest first, some at a time, and the same as if each had been saved alone."""
    store = opened.store
    fill(store, 200)
    assert unplaced(store) == 200
    first = vectors.fill(store, 0)
    assert 0 < first < 200
    assert unplaced(store) == 200 - first
    assert max(rows(store)) == 200
    vectors.fill(store, FOREVER)
    assert unplaced(store) == 0
    assert len(rows(store)) == 200


def test_a_text_that_says_nothing_has_no_vector(opened: Memory) -> None:
    """And is not looked at again and again."""
    opened.save(draft("🎉🎉 — …", "pets"))
    assert vectors.fill(opened.store, FOREVER) == 0
    assert (rows(opened.store), unplaced(opened.store)) == ({}, 0)


def test_a_rebuild_gives_what_was_there(opened: Memory) -> None:
    """Vectors are forgotten by it, and made anew from the same texts."""
    fill(opened.store, 30)
    vectors.fill(opened.store, FOREVER)
    before = rows(opened.store)
    with opened.store.write() as transaction:
        rebuild(transaction.db)
    assert rows(opened.store) == {}
    vectors.fill(opened.store, FOREVER)
    assert rows(opened.store) == before


@pytest.mark.parametrize("how", ["purge", "tombstone", "expiry"])
def test_nothing_is_left_of_the_vector_of_a_text_that_is_gone(tmp_path: Path, how: str) -> None:
    """No byte of it in any file, once the text has been erased."""
    opened = memory(tmp_path / "store", retention_days=0)
    store = opened.store
    id_ = save(opened, "the one", **({"expires_at": 2} if how == "expiry" else {})) if how != "expiry" else ""
    if how == "expiry":
        with store.write(1_000_000) as transaction:
            id_ = transaction.append(wire.OBSERVATION, "mesh", body("the one", 1_000_000), until=2_000_000).id
        vectors.fill(store, FOREVER)
    for number in range(20):
        save(opened, number)
    n = sql.row(store.reader(), "SELECT n FROM record WHERE id = ?", (bytes.fromhex(id_),))[0]
    vector = rows(store)[n][1]
    other = bytes(range(1, 201)) * 5  # of an embedder that was chosen
    with store.write() as transaction:
        chosen.begin(transaction.db, "an embedder", [other, other[::-1]])
        chosen.put(transaction.db, {n: other[1:] + b"\x01"})
    store.close()
    assert vector in everything(tmp_path)
    assert other[1:] in everything(tmp_path)
    if how == "purge":
        opened.purge([id_])
    elif how == "tombstone":
        opened.delete([id_])
    opened.gc()
    upkeep.empty_wal(store)
    assert n not in rows(store)
    assert sql.row(store.reader(), "SELECT count(*) FROM chosen")[0] == 0
    opened.close()
    assert vector not in everything(tmp_path)
    assert other[1:] not in everything(tmp_path)


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_another_table_makes_all_anew(opened: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the old ones are forgotten there is no search by meaning; then it comes back, memory by memory."""
    fill(opened.store, 30)
    vectors.fill(opened.store, FOREVER)
    before = rows(opened.store)
    monkeypatch.setattr(meaning, "VERSION", meaning.VERSION + 1)
    assert not vectors.usable(opened.store.reader())
    save(opened, "while that is so")
    vectors.fill(opened.store, FOREVER)
    assert vectors.usable(opened.store.reader())
    assert unplaced(opened.store) == 0
    assert before.items() <= rows(opened.store).items()
    assert len(rows(opened.store)) == 31


def test_a_revision_of_the_holder_takes_the_vector_over(opened: Memory) -> None:
    """An id that arrives once more with a smaller stamp holds the row: the vector is that of its text."""
    first, second = body("ships", 10**15), body("harbours", 10**15)
    with opened.store.write(10**15) as transaction:
        transaction.append(wire.OBSERVATION, "mesh", second, id="a" * 32, hlc=10**15)
    vectors.fill(opened.store, FOREVER)
    with opened.store.write(10**15) as transaction:
        transaction.append(wire.OBSERVATION, "mesh", first, id="a" * 32, hlc=10**14)
    vectors.fill(opened.store, FOREVER)
    assert [v for _, v in rows(opened.store).values()] == [Model().vector(fact("ships"))]


def test_the_nearest_of_many(opened: Memory) -> None:
    """In order, with the cosine of each, among those that fit the filter."""
    said = [
        "the cat sleeps on the sofa",
        "invoices are rounded to cents",
        "a dog barks in the yard",
        "deploy on Fridays",
    ]
    ids = [opened.save(draft(text, "pets" if at % 2 == 0 else "work")).observation_id for at, text in enumerate(said)]
    with opened.store.read() as snapshot:
        vector = snapshot.sought("kitten resting on a couch")
        assert vector
        found = snapshot.nearest(vector, Filter(), 0, 10)
        assert snapshot.ids([row for row, _ in found])[0] == ids[0]
        assert [cosine for _, cosine in found] == sorted((cosine for _, cosine in found), reverse=True)
        assert snapshot.similarities(vector, [row for row, _ in found]) == pytest.approx(dict(found))
        work = snapshot.nearest(vector, Filter(project="work"), 0, 10)
        assert set(snapshot.ids([row for row, _ in work])) == {ids[1], ids[3]}


def draft(text: str, project: str) -> Draft:
    return Draft(content=text, project=project)


def test_without_the_table_everything_else_goes_on(tmp_path: Path) -> None:
    """A missing, damaged or foreign file, and an extension that is not installed: a save succeeds, words are found."""
    good = Path(meaning.FILE).read_bytes()
    table = tmp_path / "table.db"
    for number, content in enumerate((None, b"", b"no database", good[:5000], good[:100] + bytes(20_000))):
        table.unlink(missing_ok=True)
        if content is not None:
            table.write_bytes(content)
        check_without(tmp_path / f"store-{number}", (str(table),))
    check_without(tmp_path / "unextended", (meaning.FILE, str(tmp_path / "vec0")))


def check_without(folder: Path, meanings: tuple[str, ...]) -> None:
    opened = memory(folder)
    opened.store._meanings = meanings
    id_ = save(opened, "w7x")
    assert unplaced(opened.store) == 1
    with pytest.raises(Fault):
        vectors.fill(opened.store, FOREVER)
    found = opened.search(Query("ww7xx"))
    assert [hit.observation.observation_id for hit in found.results] == [id_]
    assert opened.status().meaning.fault
    opened.close()
