"""The vectors of a chosen embedder: of one embedder at a time, moved and dropped with those they lie beside."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from kioku_mesh.model import Draft, Filter
from kioku_mesh.service.memory import Memory
from kioku_mesh.store import chosen, meaning, sql, vectors
from kioku_mesh.store.meaning import Fault
from kioku_mesh.store.meant import Asked
from kioku_mesh.store.store import Store
from support.embedding import vector
from support.stores import memory, save

OTHERS = [chosen.packed(vector(text)) for text in ("harbour", "invoice", "cello", "lentils")]
FOREVER = 1e9


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Memory]:
    made = memory(tmp_path / "store")
    yield made
    made.close()


def give(store: Store, made_by: str = "one") -> None:
    """Every memory that waits gets the vector of its text."""
    with store.write() as transaction:
        db = transaction.db
        if chosen.state(db) is None:
            chosen.begin(db, made_by, OTHERS)
        chosen.put(db, {n: packed(store, n) for n in chosen.waiting(db, 1000, local=True)})


def packed(store: Store, n: int) -> bytes:
    return chosen.packed(vector(vectors.text_of(vectors.read(store.reader(), n))))


def rows(store: Store) -> dict[int, bytes]:
    return {
        n: v
        for n, v in sql.rows(
            store.reader(), "SELECT o.n, c.v FROM chosen AS c LEFT JOIN observation AS o ON o.chosen = c.place"
        )
    }


def state(store: Store) -> chosen.State:
    found = chosen.state(store.reader())
    assert found is not None
    return found


def test_a_vector_keeps_its_direction() -> None:
    """Of any length, with numbers that differ a lot: hardly turned by being kept in bytes."""
    some = random.Random(1)
    for size in (2, 48, 384, 1536, 4096):
        numbers = [some.gauss(0, 1) for _ in range(size - 1)] + [25.0]
        kept = [byte - 256 if byte > 127 else byte for byte in chosen.packed(numbers)]
        cosine = math.sumprod(numbers, kept) if hasattr(math, "sumprod") else sum(a * b for a, b in zip(numbers, kept, strict=True))  # fmt: skip
        assert cosine / math.hypot(*numbers) / math.hypot(*kept) > 0.985
    for wrong in ([], [0.0, 0.0], [1.0, math.inf], [math.nan, 1.0]):
        with pytest.raises(Fault):
            chosen.packed(wrong)


def test_what_is_usual_is_the_mean_of_all(opened: Memory) -> None:
    """Kept as vectors come and go, and the same as if all were compared; never more than nearly 1."""
    ids = [save(opened, number) for number in range(12)]
    give(opened.store)
    opened.purge(ids[:5])
    opened.gc()
    here = [*OTHERS, *rows(opened.store).values()]
    units = [[byte / math.hypot(*signed(v)) for byte in signed(v)] for v in here]
    (asked,) = units[:1]
    mean = sum(sum(x * y for x, y in zip(asked, unit, strict=True)) for unit in units) / len(units)
    db = opened.store.reader()
    assert chosen.usual(db, OTHERS[0]) == pytest.approx(mean)
    assert chosen.usual(db, bytes(255 for _ in OTHERS[0])) == 0.0
    assert state(opened.store).many == 7


def signed(v: bytes) -> list[int]:
    return [byte - 256 if byte > 127 else byte for byte in v]


def test_what_waits_is_told_apart_by_visibility(opened: Memory) -> None:
    """The newest first; those that may not leave the machine only where they are asked for."""
    shared = [save(opened, number) for number in range(3)]
    own = opened.save(Draft(content="my own matter", visibility="local")).observation_id
    db = opened.store.reader()
    with opened.store.read() as snapshot:
        number = {id_: snapshot.row_of(id_) for id_ in (*shared, own)}
    assert chosen.waiting(db, 10, local=False) == {number[id_]: False for id_ in reversed(shared)}
    assert chosen.waiting(db, 2, local=True) == {number[own]: True, number[shared[2]]: False}
    assert (chosen.count_waiting(db, 99, local=False), chosen.count_waiting(db, 99, local=True)) == (3, 4)
    assert chosen.count_waiting(db, 2, local=True) == 2


def test_a_refused_text_waits_no_longer(opened: Memory) -> None:
    """It has no vector, takes part by its built-in one, and can be erased."""
    id_ = save(opened, 1)
    with opened.store.write() as transaction:
        chosen.begin(transaction.db, "one", OTHERS)
        chosen.put(transaction.db, dict.fromkeys(chosen.waiting(transaction.db, 9, local=True)))
    assert chosen.count_waiting(opened.store.reader(), 9, local=True) == 0
    assert (rows(opened.store), state(opened.store).many) == ({}, 0)
    opened.purge([id_])
    opened.gc()


def test_another_size_is_not_mixed_in(opened: Memory) -> None:
    """It is told, and what is here stays."""
    save(opened, 1)
    give(opened.store)
    save(opened, 2)
    before = rows(opened.store)
    with pytest.raises(Fault, match="12 numbers now, those that are here have 48"), opened.store.write() as transaction:
        chosen.put(transaction.db, dict.fromkeys(chosen.waiting(transaction.db, 9, local=True), bytes(12)))
    assert rows(opened.store) == before


def test_forgetting_in_steps_leaves_nothing(opened: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left meanwhile is not compared with, whoever chose what; afterwards all wait again."""
    monkeypatch.setattr(chosen, "_RESET", 4)
    for number in range(10):
        save(opened, number)
    give(opened.store)
    with opened.store.write() as transaction:
        assert chosen.forget_some(transaction.db) == 4
    assert state(opened.store).made_by == ""
    while chosen.state(opened.store.reader()):
        with opened.store.write() as transaction:
            chosen.forget_some(transaction.db)
    assert rows(opened.store) == {}
    assert chosen.count_waiting(opened.store.reader(), 99, local=True) == 10


def test_another_table_of_meanings_moves_them(opened: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """They lie in the cells of the built-in vectors; when those change, nothing is made anew by the chosen embedder."""
    for number in range(5):
        save(opened, number)
    give(opened.store)
    before = rows(opened.store)
    db = opened.store.reader()
    with opened.store.write() as transaction:
        transaction.db.execute("UPDATE observation SET cell = 7")
        transaction.db.execute("UPDATE vector SET cell = 7")
        for n in before:
            chosen.move(transaction.db, n, 7)
    monkeypatch.setattr(meaning, "VERSION", meaning.VERSION + 1)
    vectors.fill(opened.store, FOREVER)
    assert rows(opened.store) == before
    cells = sql.rows(db, "SELECT o.cell, o.chosen >> 40 FROM observation AS o")
    assert all(cell == of_chosen != 7 for cell, of_chosen in cells)


def test_a_rebuild_forgets_them(opened: Memory) -> None:
    """As everything that is derived; they are made anew in the background."""
    for how in (False, True):
        save(opened, str(how))
        while opened.embed(1):
            pass
        give(opened.store)
        assert rows(opened.store)
        opened.rebuild(vectors=how)
        assert rows(opened.store) == {}
        assert chosen.state(opened.store.reader()) is None


def asked(text: str, made_by: str = "one") -> Asked:
    return Asked(text, chosen.packed(vector(text)), made_by, "http://server/v1")


def test_the_nearest_by_the_chosen_embedder(opened: Memory) -> None:
    """Calibrated: what is as near as any two texts are counts as nothing; in the order of the real cosines."""
    told = ["crates of cloves in the cellar", "invoices are rounded to cents", "the wallaby escaped again"]
    ids = [opened.save(Draft(content=text)).observation_id for text in told]
    give(opened.store)
    with opened.store.read(asked=asked("zanzibar")) as snapshot:
        sought = snapshot.sought("zanzibar")
        assert sought
        found = snapshot.nearest(sought, Filter(), 0, 10)
        assert snapshot.ids([row for row, _ in found])[0] == ids[0]
        cosines = [cosine for _, cosine in found]
        assert cosines[0] > 0.3
        assert cosines[1] < 0.15
        assert snapshot.similarities(sought, [row for row, _ in found]) == pytest.approx(dict(found))
        assert {snapshot.embedder(row) for row, _ in found} == {"http://server/v1"}


def test_vectors_of_another_embedder_are_not_compared_with(opened: Memory) -> None:
    """The built-in ones answer as if none had been chosen."""
    save(opened, 1)
    give(opened.store, "another")
    with opened.store.read() as snapshot:
        plain = snapshot.sought("zanzibar")
    for other in (asked("zanzibar", "one"), asked("zanzibar", "another")._replace(vector=bytes(range(1, 9)))):
        with opened.store.read(asked=other) as snapshot:
            assert snapshot.sought("zanzibar") == plain


def test_what_it_has_not_seen_takes_part(opened: Memory) -> None:
    """By its built-in cosine, in proportion to what the two say of the others."""
    said = ("rounding mistakes in the amounts of bills", "a dog barks in the yard at night", "deploy on Fridays only")
    for text in said:
        opened.save(Draft(content=text))
    give(opened.store)
    fresh = opened.save(Draft(content="invoice totals are off by one cent because of rounding")).observation_id
    question = "rounding mistakes in bill amounts"
    with opened.store.read() as snapshot:
        row = snapshot.row_of(fresh)
        assert row is not None
        plain = snapshot.sought(question)
        assert plain
        own = dict(snapshot.nearest(plain, Filter(), 0, 10))
    with opened.store.read(asked=asked(question)) as snapshot:
        sought = snapshot.sought(question)
        assert sought
        found = dict(snapshot.nearest(sought, Filter(), 0, 10))
        best, best_own = max(found.values()), max(cosine for each, cosine in own.items() if each != row)
        assert found[row] == pytest.approx(own[row] * best / max(best_own, 0.35))
        assert snapshot.similarities(sought, [row])[row] == pytest.approx(found[row])
        assert snapshot.embedder(row) == "builtin"


def test_cells_of_a_large_store(opened: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where not all are compared, those in the cells near the question are, and those that lie in none."""
    monkeypatch.setattr(vectors, "_ALL", 0)
    monkeypatch.setattr(vectors, "_SOME", 2)
    opened.save(Draft(content="the tax return of last year was late"))
    near = opened.save(Draft(content="cats and dogs")).observation_id
    nowhere = opened.save(Draft(content="🎉🎉🎉 — …")).observation_id
    opened.save(Draft(content="TypeError: undefined is not a function"))
    give(opened.store)
    with opened.store.read(asked=asked("cats and dogs")) as snapshot:
        sought = snapshot.sought("cats and dogs")
        assert sought
        found = snapshot.nearest(sought, Filter(), 0, 2)
        assert set(snapshot.ids([row for row, _ in found])) == {near, nowhere}
