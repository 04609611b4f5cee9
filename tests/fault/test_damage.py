"""Damaged files: every question is answered as before or refused, never answered wrongly, and mending loses no more than it says."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from kioku_mesh.errors import Internal, KiokuError, NotFound, StoreError
from kioku_mesh.model import STATES, Draft, Filter, Query
from kioku_mesh.service.memory import Memory
from kioku_mesh.store import connection, repair
from support.damage import WAYS, change, flip, pages, quiet, scramble, smear, zero
from support.stores import contents, damage, die, everything, fact, memory, save

FACTS = 60


class Sample:
    """A store with some of everything, the files it lies in, and what it answers when it is whole."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with memory(folder) as opened:
            self.ids = [save(opened, n, tags=(f"tag{n % 5}",), project=f"p{n % 3}") for n in range(FACTS)]
            for n in range(0, 20, 4):
                opened.revise(self.ids[n], Draft(content=fact(f"{n}b")))
            opened.delete(self.ids[1:20:5])
            opened.purge(self.ids[58:])
            opened.alias_project("p0", "p1")
        quiet(folder / "memory.db")
        self.pages = pages(folder / "memory.db")
        self.truth = answers(folder, self.ids)
        with memory(folder) as opened:
            self.everything = everything(opened.store)
        quiet(folder / "memory.db")

    def copy(self, folder: Path) -> Path:
        """The database alone, with nothing beside it."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        shutil.copy(self.folder / "memory.db", folder)
        return folder / "memory.db"


def questions(ids: list[str]) -> dict[str, Callable[[Memory], Any]]:
    """What a person or an agent may ask, and the part of the answer that must be right."""
    anything = Filter(states=STATES)
    asked: dict[str, Callable[[Memory], Any]] = {
        "list": lambda m: [_shown(hit.observation) for hit in m.search(Query(limit=100)).results],
        "filter": lambda m: {
            hit.observation.observation_id
            for hit in m.search(Query(where=Filter(project="p1", tags=("tag2",)), limit=100)).results
        },
        "status": lambda m: m.status().counts,
        "projects": lambda m: m.projects(),
        "export": lambda m: [row.get("content", row["kind"]) for row in m.records()],
        "brief": lambda m: m.brief().text.count("\n"),
    }
    for n in (*range(0, 20, 3), 37, 59):
        asked[f"word {n}"] = lambda m, n=n: [
            _shown(hit.observation) for hit in m.search(Query(text=f"w{n}x", where=anything)).results
        ]
        asked[f"get {n}"] = lambda m, n=n: [_shown(found) for found in m.get([ids[n]], history=True).history]
    return asked


def _shown(found: Any) -> tuple[Any, ...]:
    return (
        found.observation_id,
        found.content,
        found.state,
        found.project,
        found.tags,
        found.superseded_by,
        found.created_at,
    )


def answers(folder: Path, ids: list[str]) -> dict[str, Any]:
    """Each question asked of a service opened for it alone; a refusal is None, and must be one of ours with a way out."""
    given: dict[str, Any] = {}
    for name, ask in questions(ids).items():
        with memory(folder) as opened:
            try:
                given[name] = ask(opened)
            except NotFound:
                given[name] = "not found"
            except KiokuError as refused:
                assert not isinstance(refused, Internal), f"{name}: {refused.message}"
                assert isinstance(refused, StoreError), f"{name}: {refused.message}"
                assert refused.hint
                given[name] = None
    return given


def wrong(sample: Sample, folder: Path) -> list[str]:
    """Questions that are answered, and otherwise than before. A save must be stored or refused, whatever else is damaged."""
    given = answers(folder, sample.ids)
    with memory(folder) as opened:
        try:
            fresh = save(opened, "fresh")
        except StoreError:
            pass
        else:
            with contextlib.suppress(StoreError):
                assert opened.get([fresh]).results[0].content == fact("fresh")
    return [
        f"{name}: {str(sample.truth[name])[:200]} became {str(given[name])[:200]}"
        for name in given
        if given[name] not in (None, sample.truth[name])
    ]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return Sample(tmp_path_factory.mktemp("sample"))


TABLES = (
    "sqlite_schema", "stream", "tip", "record", "record_slot", "record_id", "life", "facet", "observation",
    "observation_time", "observation_project", "observation_standing", "observation_erase", "tagged", "edge", "mark",
    "alias", "counter", "fulltext_data", "fulltext_idx", "fulltext_docsize", "fulltext_config",
)  # fmt: skip


@pytest.mark.parametrize("table", TABLES)
def test_no_damaged_page_gives_a_wrong_answer(sample: Sample, table: str, tmp_path: Path) -> None:
    """With a page of the table zeroed, overwritten, smeared or with a turned bit, answers are the same or refused."""
    rng = random.Random(table)
    for way in WAYS:
        for number in rng.sample(sample.pages[table], min(2, len(sample.pages[table]))):
            change(sample.copy(tmp_path / "s"), number, way, rng)
            assert wrong(sample, tmp_path / "s") == [], f"{way.__name__} on page {number} of {table}"


@pytest.mark.long
def test_no_turned_bit_anywhere_gives_a_wrong_answer(
    sample: Sample, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every page of every table, damaged in every way, several times; prints how many cases were tried and refused."""
    rng = random.Random(1)
    tried = 0
    for table, numbers in sample.pages.items():
        for number in numbers:
            for way in (zero, scramble, smear, *[flip] * 5):
                change(sample.copy(tmp_path / "s"), number, way, rng)
                assert wrong(sample, tmp_path / "s") == [], f"{way.__name__} on page {number} of {table}"
                tried += 1
    with capsys.disabled():
        print(f"\n{tried} damaged pages, no wrong answer")


def test_the_questions_notice_a_loss(sample: Sample, tmp_path: Path) -> None:
    """The test itself can fail: with one row gone by foreign hands, questions are answered otherwise."""
    path = sample.copy(tmp_path / "s")
    db = connection.opened(str(path))
    db.execute("DELETE FROM observation WHERE n = 38")
    db.close()
    assert wrong(sample, tmp_path / "s")


def test_pages_carry_checksums(sample: Sample) -> None:
    """Every page of a store has the checksum by which a turned bit is noticed (without it, hits go missing silently)."""
    assert connection.CHECKED, "apsw lacks the checksum layer"
    db = connection.opened(str(sample.folder / "memory.db"), connection.READ_ONLY)
    assert db.reserve_bytes() == 8
    db.close()


MENDED = ("record_id", "observation", "fulltext_data", "counter", "facet", "tagged", "record_slot")


@pytest.mark.parametrize("table", MENDED)
def test_damage_to_what_is_derived_is_mended_without_loss(sample: Sample, table: str, tmp_path: Path) -> None:
    """A damaged index or derived table is made anew from the log, with or without a backup, and says what it did."""
    rng = random.Random(table)
    path = sample.copy(tmp_path / "s")
    change(path, rng.choice(sample.pages[table]), rng.choice((zero, scramble, smear)), rng)
    with memory(tmp_path / "s") as opened:
        repair.mend(opened.store)
        assert everything(opened.store) == sample.everything
        assert damage(opened.store) == []
        assert save(opened, "after") in contents(opened.store)


@pytest.mark.parametrize("table", ["record", "sqlite_schema", "stream", "life"])
def test_damage_to_the_log_is_mended_from_a_backup(sample: Sample, table: str, tmp_path: Path) -> None:
    """A backup and what is still readable of the damaged file together lose nothing."""
    rng = random.Random(table)
    path = sample.copy(tmp_path / "s")
    with memory(tmp_path / "s") as opened:
        opened.backup()
    quiet(path)
    for number in sample.pages[table][:3]:
        change(path, number, rng.choice((zero, scramble)), rng)
    with memory(tmp_path / "s") as opened:
        repair.mend(opened.store)
        assert everything(opened.store) == sample.everything
        assert damage(opened.store) == []


def test_damage_to_the_log_without_a_backup_loses_what_was_on_the_page(sample: Sample, tmp_path: Path) -> None:
    """All records on other pages are saved, and how many are lost is told."""
    path = sample.copy(tmp_path / "s")
    change(path, sample.pages["record"][len(sample.pages["record"]) // 2], scramble, random.Random(1))
    with memory(tmp_path / "s") as opened:
        mended = repair.mend(opened.store)
        found = everything(opened.store)
        assert found.keys() < sample.everything.keys()
        assert len(found) > FACTS // 2
        assert mended.lost >= len(sample.everything) - len(found)
        assert not [problem for problem in damage(opened.store) if not problem.startswith("numbering")]


# --- the write-ahead log


def cut_off(folder: Path, keep: float) -> None:
    """Cut the write-ahead log to a part of its length, while nobody has it open."""
    log = folder / "memory.db-wal"
    os.truncate(log, int(log.stat().st_size * keep))


LOSSES: dict[str, Callable[[Path], None]] = {
    "cut in half": lambda folder: cut_off(folder, 0.5),
    "emptied": lambda folder: cut_off(folder, 0),
    "deleted": lambda folder: (folder / "memory.db-wal").unlink(),
    "turned bit": lambda folder: _turn(folder / "memory.db-wal"),
}


def _turn(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("how", LOSSES)
def test_a_damaged_log_is_a_loss_that_is_told(how: str, tmp_path: Path) -> None:
    """What a damaged write-ahead log lost is counted for every reader, nothing else changes, and numbers are not used again."""
    with memory(tmp_path) as opened:
        ids = [save(opened, n) for n in range(30)]
        before = everything(opened.store)
        die(opened)
    LOSSES[how](tmp_path)
    with memory(tmp_path) as opened:
        found = everything(opened.store)
        assert found.items() <= before.items()
        lost = len(before) - len(found)
        assert 0 < lost < len(ids)
        with opened.store.read() as snapshot:
            assert snapshot.behind == lost
            origin = snapshot.origin
        fresh = save(opened, "fresh")
        assert contents(opened.store).keys() == {*found, fresh}
        assert damage(opened.store) == []
        with opened.store.read() as snapshot:
            assert snapshot.behind == 0
            assert snapshot.origin != origin, "numbers that others may have seen are used again"


@pytest.mark.parametrize("data", [b"", b"\xff" * 32768, bytes(32768)], ids=["empty", "ones", "zeros"])
def test_the_index_of_the_log_is_never_believed(data: bytes, tmp_path: Path) -> None:
    """A damaged `-shm` file changes no answer: it is made again from the log."""
    with memory(tmp_path) as opened:
        ids = {save(opened, n) for n in range(10)}
    (tmp_path / "memory.db-shm").write_bytes(data)
    with memory(tmp_path) as opened:
        assert contents(opened.store).keys() == ids
        ids.add(save(opened, "more"))
        assert contents(opened.store).keys() == ids


# --- the file itself


def _directory(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "something").write_text("else")


def _foreign(path: Path) -> None:
    path.unlink()
    (path.parent / "memory.db-wal").unlink(missing_ok=True)
    db = apsw.Connection(str(path))
    db.execute("CREATE TABLE notes(a); INSERT INTO notes VALUES (1)")
    db.close()


REPLACED: dict[str, Callable[[Path], None]] = {
    "missing": lambda path: path.unlink(),
    "empty": lambda path: os.truncate(path, 0),
    "short": lambda path: os.truncate(path, 5000),
    "text": lambda path: path.write_text("Dear diary, " * 1000) and None,
    "noise": lambda path: path.write_bytes(random.Random(1).randbytes(50_000)) and None,
    "directory": _directory,
    "foreign database": _foreign,
}


@pytest.mark.parametrize("how", REPLACED)
def test_what_is_no_store_is_no_empty_store(how: str, tmp_path: Path) -> None:
    """With something else in the place of memory.db every question and every save is refused, and nothing is overwritten."""
    with memory(tmp_path) as opened:
        ids = [save(opened, n) for n in range(FACTS)]
        opened.gc()
    path = tmp_path / "memory.db"
    REPLACED[how](path)
    before = path.read_bytes() if path.is_file() else None
    given = answers(tmp_path, ids)
    assert set(given.values()) == {None}, {name: value for name, value in given.items() if value is not None}
    with memory(tmp_path) as opened, pytest.raises(StoreError) as refused:
        save(opened, "new")
    assert refused.value.hint
    assert (path.read_bytes() if path.is_file() else None) == before


@pytest.mark.parametrize("how", [how for how in REPLACED if how not in ("directory", "foreign database")])
def test_a_backup_is_put_back_in_the_place_of_anything(how: str, tmp_path: Path) -> None:
    """`restore-backup` makes the store whole again whatever lies in its place, and it can be written."""
    with memory(tmp_path) as opened:
        ids = {save(opened, n) for n in range(5)}
        good = opened.backup()
    REPLACED[how](tmp_path / "memory.db")
    with memory(tmp_path) as opened:
        opened.restore_backup(good.path)
        assert contents(opened.store).keys() == ids
        ids.add(save(opened, "new"))
        assert contents(opened.store).keys() == ids
        assert damage(opened.store) == []


def test_a_damaged_backup_is_not_put_back(tmp_path: Path) -> None:
    """A backup with one turned bit is refused before anything is changed."""
    with memory(tmp_path) as opened:
        for n in range(20):
            save(opened, n)
        good = Path(opened.backup().path)
        ids = {*contents(opened.store), save(opened, "later")}
        for number in pages(good)["record"]:
            change(good, number, flip, random.Random(number))
        with pytest.raises(StoreError):
            opened.restore_backup(str(good))
        assert contents(opened.store).keys() == ids
