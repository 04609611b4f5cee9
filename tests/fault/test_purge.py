"""Purge proof: of what was purged, or erased after its time, no byte is left in any file of the state directory."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kioku_mesh import wire
from kioku_mesh.clock import DAY
from kioku_mesh.clock import now as read_clock
from kioku_mesh.model import Draft, Identity, Query
from kioku_mesh.service.memory import Memory
from kioku_mesh.store import backup, connection, repair, sql, upkeep, usage
from kioku_mesh.store.store import Store
from support.company import Companion, hold
from support.crashes import Nursery
from support.stores import contents, damage, fill, memory, save

FIELDS = ("content", "subject", "summary", "tag", "project", "file", "reference", "session")


class Plant:
    """A memory of which every field holds a word that stands nowhere else, and the bytes it became on disk."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        rng = random.Random(str(folder))
        # Each begins with another rare letter: an index may store words without the beginning they share with the one before.
        self.words = {
            field: f"{start}{''.join(rng.choices('bcdfghjkqvwxz', k=14))}"
            for field, start in zip(FIELDS, "qxzjvwky", strict=True)
        }
        self.opened = memory(folder, **{"retention_days": 0, **settings})
        self.opened = Memory(
            self.opened.store, self.opened.config,
            Identity("claude", "test", session_id=self.words["session"], user_id="kim", host="desk"),
        )  # fmt: skip
        self.packed: list[bytes] = []

    def draft(self, **fields: object) -> Draft:
        words = self.words
        return Draft(
            content=f"Remember that {words['content']} is the way, and {words['content']} once more, " + "for reasons, " * 20,
            subject=f"About {words['subject']}", summary=f"In short {words['summary']}", tags=(words["tag"], "kept"),
            project=words["project"], source_files=(f"src/{words['file']}.py",), references=(f"https://example.org/{words['reference']}",),
        )._replace(**fields)  # fmt: skip

    def save(self, **fields: object) -> str:
        """Save it; it must be found by its words, and its words must be in the files as searched for."""
        id_ = self.opened.save(self.draft(**fields)).observation_id
        self.note(id_)
        assert self.opened.search(Query(text=self.words["content"])).results[0].observation.observation_id == id_
        assert self.traces(), "what is looked for would not be recognised"
        return id_

    def note(self, id_: str) -> None:
        """Remember the bytes of its body at rest."""
        with self.opened.store.read():
            rows = sql.rows(self.opened.store.reader(), "SELECT body FROM record WHERE id = ?", (bytes.fromhex(id_),))
        self.packed += [packed for (packed,) in rows if packed]

    def traces(self) -> list[str]:
        """Where something of it is still found: words as they were or as an index keeps them, bodies deflated and inflated."""
        pieces = [word[-10:].encode() for word in self.words.values()]
        chunks = [packed[at : at + 16] for packed in self.packed for at in range(8, len(packed) - 16, 16)]
        found = []
        for path in sorted(self.folder.rglob("*")):
            if path.is_file():
                data = path.read_bytes()
                found += [f"{path.name}: {piece.decode()}" for piece in pieces if piece in data.lower()]
                found += [f"{path.name}: {sum(chunk in data for chunk in chunks)} parts of a body"] * any(
                    chunk in data for chunk in chunks
                )
                found += [f"{path.name}: {word} in a record" for word in self._in_records(path)]
        return found

    def _in_records(self, path: Path) -> list[str]:
        if path.suffix != ".db" or path.name == usage.FILE:
            return []
        if path.name == "memory.db":
            said = [record.raw + (record.body or b"") for record in _records(self.opened.store)]
        else:
            copy = self.folder.with_name("inspected")
            shutil.rmtree(copy, ignore_errors=True)
            copy.mkdir()
            shutil.copy(path, copy / "memory.db")
            store = Store(str(copy))
            said = [record.raw + (record.body or b"") for record in _records(store)]
            store.close()
        return [word for word in self.words.values() if any(word.encode() in text for text in said)]


def save_by_another(folder: Path) -> None:
    """The next save, by somebody who has nothing of what was planted in their session."""
    with memory(folder) as opened:
        save(opened, "next")


def _records(store: Store) -> list[wire.Record]:
    with store.read(frozenset(("mesh", "local", "user/kim", "team/red"))) as snapshot:
        return list(snapshot.records(include_local=True))


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    planted = Plant(tmp_path / "state")
    fill(planted.opened.store, 60)
    return planted


def test_purge_before_the_first_backup(plant: Plant) -> None:
    """Right after a purge nothing is left in the database, its log or their neighbours; other memories stay."""
    plant.opened.purge([plant.save()])
    assert plant.traces() == []
    assert len(contents(plant.opened.store)) == 60
    assert plant.opened.search(Query(text="w7x")).count == 1
    assert damage(plant.opened.store) == []


def test_purge_after_backups(plant: Plant) -> None:
    """Managed backups that contained it are replaced by one that does not."""
    id_ = plant.save()
    plant.opened.backup(keep=3)
    plant.opened.backup(keep=3)
    plant.opened.purge([id_])
    assert plant.traces() == []
    (kept,) = plant.opened.backups()
    assert kept.records == 62
    plant.opened.restore_backup(kept.path)
    assert plant.traces() == []
    assert len(contents(plant.opened.store)) == 60


def test_purge_after_a_damaged_backup(plant: Plant) -> None:
    """A managed backup that cannot be read any more goes as well: it may still contain what was purged."""
    id_ = plant.save()
    broken = Path(plant.opened.backup().path)
    with open(broken, "r+b") as file:
        file.write(bytes(200))
    plant.opened.purge([id_])
    assert plant.traces() == []


def test_purge_after_a_backup_that_was_cut_off(plant: Plant) -> None:
    """What a killed process left of a backup that it was making goes as well."""
    id_ = plant.save()
    whole = Path(plant.opened.backup().path)
    shutil.copy(whole, f"{whole}.12345.part")
    plant.opened.purge([id_])
    assert plant.traces() == []


def test_purge_of_a_whole_chain(plant: Plant) -> None:
    """With `chain` every revision goes, whichever is named."""
    first = plant.save()
    second = plant.opened.revise(
        first, Draft(content=f"Rather {plant.words['content']} in another way.")
    ).observation_id
    third = plant.opened.revise(second, Draft(content=f"Or {plant.words['content']} in a third.")).observation_id
    for id_ in (second, third):
        plant.note(id_)
    plant.opened.backup()
    plant.opened.purge([second], chain=True)
    assert plant.traces() == []
    assert len(contents(plant.opened.store)) == 60


@pytest.mark.parametrize("visibility", ["local", "user", "mesh"])
def test_purge_in_every_scope(plant: Plant, visibility: str) -> None:
    """A purge erases in the scope of the memory that it names."""
    plant.opened.purge([plant.save(visibility=visibility)])
    assert plant.traces() == []


def test_purge_of_what_is_deleted_superseded_or_expired(plant: Plant) -> None:
    """Hidden memories are purged like others."""
    deleted = plant.save()
    plant.opened.delete([deleted])
    plant.opened.purge([deleted])
    assert plant.traces() == []


def test_purge_of_an_id_with_two_contents(plant: Plant) -> None:
    """Both records of an id that was saved with different contents are erased."""
    id_ = plant.save()
    line = {"observation_id": id_, "content": f"Something else about {plant.words['content']}.", "stamp": "1000.x.1"}
    assert plant.opened.import_records([line]).conflicts == 1
    plant.note(id_)
    plant.opened.purge([id_])
    assert plant.traces() == []


def test_purge_that_came_before_its_memory(plant: Plant) -> None:
    """A memory that arrives after its purge leaves nothing, not even in the log of the database."""
    other = memory(plant.folder.with_name("other"))
    id_ = other.save(plant.draft()).observation_id
    plant.opened.purge([id_], unknown=True, visibility="mesh")
    with plant.opened.store.write() as transaction:
        assert transaction.apply(_records(other.store)).added == 1
    assert plant.traces() == []
    other.close()


def test_purge_twice(plant: Plant) -> None:
    """A purge that is repeated, as after an interruption, is no error and leaves nothing."""
    id_ = plant.save()
    plant.opened.purge([id_])
    plant.opened.purge([id_])
    assert plant.traces() == []


def test_purge_while_another_process_reads(plant: Plant) -> None:
    """A reader that holds the log delays its emptying; the first save after it ended finishes what the purge began."""
    id_ = plant.save()
    reader = Companion(hold, plant.folder)
    reader.go()
    assert reader.hear() == "holding"
    plant.opened.purge([id_])
    assert plant.opened.search(Query(text=plant.words["content"])).count == 0
    reader.go()
    reader.process.communicate()
    save_by_another(plant.folder)
    assert plant.traces() == []


def test_a_purge_that_was_cut_off_is_finished_by_later_saves(tmp_path: Path) -> None:
    """A purge that was stored and whose process died before erasing is carried out with the next save."""
    plant = Plant(tmp_path / "state")
    id_ = plant.save()
    with plant.opened.store.write() as transaction:
        transaction.append(wire.PURGE, "mesh", wire.encode_body({}), names=[id_])
    assert plant.traces()
    save_by_another(plant.folder)
    assert plant.traces() == []


def _delete_and_collect(plant: Plant) -> None:
    plant.opened.delete([plant.save()])
    plant.opened.gc()


def _let_expire_and_collect(plant: Plant) -> None:
    now = read_clock() - 2 * DAY
    told = plant.draft()
    said = {"content": told.content, "tags": told.tags, "project": told.project, "memory_type": "note", "importance": 2}
    said |= {"created_at": now, "agent_family": "claude", "client_id": "test", "session_id": plant.words["session"]}
    with plant.opened.store.write(now) as transaction:
        id_ = transaction.append(wire.OBSERVATION, "mesh", wire.encode_body(said), until=now + DAY).id
    plant.note(id_)
    assert plant.traces()
    plant.opened.gc()


def _delete_and_save(plant: Plant) -> None:
    plant.opened.delete([plant.save()])
    save_by_another(plant.folder)


ENDINGS: dict[str, Callable[[Plant], None]] = {
    "deleted, then gc": _delete_and_collect,
    "expired, then gc": _let_expire_and_collect,
    "deleted, then the next save": _delete_and_save,
}


@pytest.mark.parametrize("how", ENDINGS)
def test_erased_after_its_time(plant: Plant, how: str) -> None:
    """What was deleted or expired is erased like a purge once the retention time (here none) is over."""
    ENDINGS[how](plant)
    assert plant.traces() == []
    assert damage(plant.opened.store) == []


def test_gc_replaces_the_backups(plant: Plant) -> None:
    """Erasing by `gc` replaces managed backups that still contain what was erased."""
    id_ = plant.save()
    plant.opened.backup()
    plant.opened.delete([id_])
    plant.opened.gc()
    assert plant.traces() == []
    assert len(plant.opened.backups()) == 1


def test_nothing_is_erased_before_its_time(tmp_path: Path) -> None:
    """Within the retention time the text is kept, so that the deletion can be undone: `gc` changes nothing."""
    plant = Plant(tmp_path / "state", retention_days=30)
    id_ = plant.save()
    plant.opened.delete([id_])
    plant.opened.gc()
    assert plant.traces()
    plant.opened.restore(id_)
    assert plant.opened.search(Query(text=plant.words["content"])).count == 1


def test_purge_of_many_among_many(tmp_path: Path) -> None:
    """A hundred purged between five hundred that stay: no word and no packed byte of theirs is left, all others are found."""
    with memory(tmp_path / "state") as opened:
        ids = fill(opened.store, 600)
        doomed = ids[::6]
        with opened.store.read():
            rows = sql.rows(opened.store.reader(), "SELECT hex(id), body FROM record")
        packed = {id_.lower(): body for id_, body in rows}
        opened.purge(doomed)
        data = b"".join(path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file())
        living = b"".join(packed[id_] for id_ in set(ids) - set(doomed))
        chunks = [packed[id_][at : at + 16] for id_ in doomed for at in range(40, len(packed[id_]) - 16, 16)]
        assert len([chunk for chunk in chunks if chunk not in living]) > 200
        assert not [chunk for chunk in chunks if chunk in data and chunk not in living]
        assert contents(opened.store).keys() == set(ids) - set(doomed)
        assert damage(opened.store) == []


def test_a_backup_outside_is_the_owners_own(plant: Plant) -> None:
    """A copy that somebody made elsewhere is not touched: it is theirs, and it still has the memory."""
    id_ = plant.save()
    own = plant.opened.backup(str(plant.folder.with_name("own.db")))
    plant.opened.purge([id_])
    assert plant.traces() == []
    db = connection.opened(own.path, connection.READ_ONLY)
    assert sql.row(db, "SELECT body IS NOT NULL FROM record WHERE id = ?", (bytes.fromhex(id_),))[0]
    db.close()


def test_a_purge_outlives_the_return_of_an_older_copy(plant: Plant) -> None:
    """Putting back a copy from before a purge does not bring back what was purged."""
    id_ = plant.save()
    own = plant.opened.backup(str(plant.folder.with_name("own.db")))
    plant.opened.purge([id_])
    plant.opened.restore_backup(own.path)
    assert plant.traces() == []
    assert len(contents(plant.opened.store)) == 60
    assert damage(plant.opened.store) == []


def test_what_was_erased_after_its_time_outlives_the_return_of_an_older_copy(plant: Plant) -> None:
    """Neither does what was deleted and erased; what was deleted and is only hidden comes back with the copy."""
    id_ = plant.save()
    own = plant.opened.backup(str(plant.folder.with_name("own.db")))
    plant.opened.delete([id_])
    plant.opened.gc()
    kept = memory(plant.folder, retention_days=30)
    hidden = next(iter(contents(kept.store)))
    kept.delete([hidden])
    kept.restore_backup(own.path)
    assert plant.traces() == []
    assert hidden in contents(kept.store)
    assert id_ not in contents(kept.store)


def test_a_copy_of_a_damaged_file_goes_as_well(plant: Plant) -> None:
    """What a repair kept beside the database may contain what is purged later."""
    id_ = plant.save()
    upkeep.empty_wal(plant.opened.store)
    plant.opened.backup()
    with open(plant.folder / "memory.db", "r+b") as file:
        file.seek(4096)
        file.write(bytes(4096))
    assert repair.mend(plant.opened.store).kept
    plant.opened.purge([id_])
    assert plant.traces() == []


def test_what_is_erased_during_a_scrub_is_the_next_ones(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that erases while another one cleans up leaves its own note, which stays."""
    plant.opened.backup()
    replace_all = backup.Keeper.replace_all

    def and_another(keeper: backup.Keeper) -> None:
        replace_all(keeper)
        upkeep.note_traces(plant.opened.store)

    monkeypatch.setattr(backup.Keeper, "replace_all", and_another)
    plant.opened.purge([plant.save()])
    assert upkeep.has_traces(plant.opened.store)
    monkeypatch.undo()
    plant.opened.gc()
    assert not upkeep.has_traces(plant.opened.store)


@pytest.mark.parametrize("name", ["check.part", "restore.part", "seed.part", "restore.part-journal"])
def test_working_copies_of_processes_that_died_go_as_well(plant: Plant, name: str) -> None:
    """What a killed check or restore left behind may contain what is purged later."""
    id_ = plant.save()
    plant.opened.backup(str(plant.folder / name))
    plant.opened.purge([id_])
    assert plant.traces() == []


def test_workers_that_die_while_erasing_leave_nothing_behind(tmp_path: Path) -> None:
    """After kills during purges a last purge and `gc` leave no word of anything that was purged or collected."""
    rng = random.Random()
    with Nursery() as nursery:
        for _ in range(8):
            said = nursery.crash(
                "erasing", tmp_path / "state", tmp_path / "acks", rng.randint(0, 3), rng.uniform(0, 0.03)
            )
    gone = {words[1] for words in said if words[0] == "deleted"}
    assert gone
    with memory(tmp_path / "state", retention_days=0) as opened:
        opened.gc()
        opened.purge([opened.save(Draft(content="One more that goes at once.")).observation_id])
        with opened.store.read():
            erased = sql.rows(opened.store.reader(), "SELECT hex(id), body FROM record WHERE kind = 'observation'")
        assert not [id_ for id_, packed in erased if id_.lower() in gone and packed]
        assert not list((tmp_path / "state").rglob("*.part"))


def test_bodies_are_not_kept_as_they_are(plant: Plant) -> None:
    """Bodies at rest are packed, so a search for plain words alone would prove little: their packed bytes are looked for too."""
    plant.save()
    assert all(plant.words["content"].encode() not in packed for packed in plant.packed)
    assert any("parts of a body" in trace for trace in plant.traces())
