"""Taking the memories of an older version in: once each, within what this machine may see, and nothing unsaid."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kioku_mesh.clock import DAY, now, to_iso
from kioku_mesh.errors import BadInput, NotFound
from kioku_mesh.model import Filter, Observation, Query
from kioku_mesh.service.memory import Memory
from kioku_mesh.store.store import Store
from kioku_mesh.transfer.kioku_mesh_files import present
from kioku_mesh.transfer.migration import Migrated, Wish, from_files
from support import older, stores


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    """Of user kim, in team blue."""
    settings = stores.settings(tmp_path / "s")
    who = stores.AGENT._replace(team_id="blue")
    with Memory(Store(str(tmp_path / "s"), host="desk"), settings, who) as opened:
        yield opened


def taken(memory: Memory, path: Path, **wish: Any) -> Migrated:
    return from_files(memory, str(path), Wish(**wish), lambda _done: None)


def queued(memory: Memory, folder: Path, *samples: older.Sample, **wish: Any) -> Migrated:
    """Take in what stands under these keys."""
    return taken(memory, older.queue(folder / "pending_puts.db", list(samples)), **wish)


def shown(memory: Memory, *states: str) -> dict[str, Observation]:
    """Subject -> memory."""
    found = memory.search(Query(where=Filter(states=states or ("live",)), limit=100)).results
    return {hit.observation.subject: hit.observation for hit in found}


def test_the_local_files_of_its_local_mode(memory: Memory, tmp_path: Path) -> None:
    """Revisions, deletions and visibility as they were, with the original ids and authors."""
    older.database(tmp_path / "old" / "local" / "raw.db", "raw.sql")
    report = taken(memory, tmp_path / "old")
    assert (report.added, report.known, report.failed, report.left_out) == (5, 0, 0, {})
    assert report.found._asdict() == {
        "observations": 4, "deletions": 1, "untiered": 0, "by_visibility": {"mesh": 3, "user/kim": 1},
    }  # fmt: skip
    live = shown(memory)
    assert set(live) == {"ports2", "mine"}
    assert live["ports2"].observation_id == "f8c53423315d418da8a6be3bb809ffc8"
    assert live["ports2"].supersedes == ("ad0ae207063a4eddb662e771d9830d2b",)
    assert (live["ports2"].agent_family, live["ports2"].pc_id) == ("claude", "c3" * 16)
    assert live["mine"].visibility == "user/kim"
    gone = memory.get(["ce4d45f58a8f43a28e47206b08fcdb3f"]).results[0]
    assert (gone.state, gone.deleted_reason) == ("deleted", "nope")


def test_the_copy_that_a_machine_of_a_mesh_kept(memory: Memory, tmp_path: Path) -> None:
    """Deletions are known by their time; those of others are left out and counted."""
    report = taken(memory, older.database(tmp_path / "index.db", "index.sql"))
    assert (report.added, report.failed, report.left_out) == (10, 0, {"user/lee": 1})
    assert memory.get(["dfd5cdba519c4cfd8c400400839dd35d"]).results[0].state == "deleted"
    assert set(shown(memory, "expired")) == {"key"}


def test_what_it_had_not_sent_yet(memory: Memory, tmp_path: Path) -> None:
    """The queue of a machine whose hub was away."""
    assert taken(memory, older.database(tmp_path / "pending_puts.db", "pending.sql")).added == 1
    assert set(shown(memory)) == {"pending"}


@pytest.mark.parametrize(("days", "kept"), [(2, True), (31, False)])
def test_a_deletion_may_be_undone_for_thirty_days(memory: Memory, tmp_path: Path, days: int, kept: bool) -> None:
    """Counted from when it was deleted, not from the import; after that the text does not stay here either."""
    deleted_at = to_iso(now() - days * DAY)
    queued(memory, tmp_path, older.observation(1), older.tombstone(1, deleted_at=deleted_at))
    assert bool(memory.get([f"{1:032x}"]).results[0].content) is kept
    if kept:
        memory.restore(f"{1:032x}")
        assert set(shown(memory)) == {"subject 1"}


def test_a_deletion_alone_is_taken_too(memory: Memory, tmp_path: Path) -> None:
    """Its memory, should it come from elsewhere later, stays hidden."""
    assert queued(memory, tmp_path, older.tombstone(1)).added == 1
    assert queued(memory, tmp_path, older.observation(1)).added == 1
    assert not shown(memory)


def test_twice_adds_nothing(memory: Memory, tmp_path: Path) -> None:
    """And says what a first time would do without doing it."""
    samples = older.samples()
    plan = queued(memory, tmp_path, *samples, dry_run=True)
    assert (plan.added, plan.known, plan.dry_run) == (14, 0, True)
    assert not shown(memory)
    assert queued(memory, tmp_path, *samples)._replace(dry_run=True) == plan
    again = queued(memory, tmp_path, *samples)
    assert (again.added, again.known, again.conflicts) == (0, 14, 0)


def test_all_files_of_a_folder_are_one_store(memory: Memory, tmp_path: Path) -> None:
    """The index of its local mode is derived from the raw store and not read beside it."""
    for name, golden in (
        ("local/raw.db", "raw.sql"),
        ("local/index.db", "index.sql"),
        ("pending_puts.db", "pending.sql"),
    ):
        older.database(tmp_path / "old" / name, golden)
    (tmp_path / "old" / "index.db").touch()
    assert [Path(path).name for path in present(str(tmp_path / "old"))] == ["raw.db", "pending_puts.db"]
    assert taken(memory, tmp_path / "old").added == 6


def test_nothing_is_written_beside_a_file(memory: Memory, tmp_path: Path) -> None:
    """Its folder may be one that nobody may write to."""
    path = older.database(tmp_path / "old" / "raw.db", "raw.sql")
    before = path.read_bytes()
    taken(memory, path)
    assert [each.name for each in path.parent.iterdir()] == ["raw.db"]
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [None, b"", b"no database" * 100])
def test_what_is_no_old_store_is_refused(memory: Memory, tmp_path: Path, content: bytes | None) -> None:
    """Never an empty success."""
    path = tmp_path / "there"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises((BadInput, NotFound)) as caught:
        taken(memory, path)
    assert "state directory" in caught.value.hint


def test_a_bad_record_is_named_and_stops_nothing(memory: Memory, tmp_path: Path) -> None:
    """Whether it could not be read or was refused here."""
    broken = older.Sample(older.key("3" * 32), b"{", 0)
    empty = older.observation(2, content=" ")
    report = queued(memory, tmp_path, older.observation(1), empty, broken)
    assert (report.added, report.failed) == (1, 2)
    assert {error.key for error in report.errors} == {empty.key, broken.key}


def test_all_or_nothing(memory: Memory, tmp_path: Path) -> None:
    """One bad record keeps the others out, when that is asked for."""
    empty = older.observation(2, content=" ")
    assert queued(memory, tmp_path, older.observation(1), empty, all_or_nothing=True).added == 0
    assert not shown(memory)
    assert queued(memory, tmp_path, older.observation(1), all_or_nothing=True).added == 1


def test_into_another_project(memory: Memory, tmp_path: Path) -> None:
    """Whatever it says itself."""
    queued(memory, tmp_path, older.observation(1), project="garden")
    assert shown(memory)["subject 1"].project == "garden"


def test_what_has_no_visibility_gets_the_one_asked_for(memory: Memory, tmp_path: Path) -> None:
    """And nothing else is taken then; a deletion goes along."""
    samples = (older.observation(1, ""), older.observation(2), older.observation(3, ""), older.tombstone(3, ""))
    report = queued(memory, tmp_path, *samples, untiered="user", only_untiered=True)
    assert (report.added, report.found.untiered, report.left_out) == (3, 2, {})
    assert {each.visibility for each in shown(memory, "live", "deleted").values()} == {"user/kim"}
    assert set(shown(memory)) == {"subject 1"}


def test_what_was_deleted_under_another_key_stays_deleted(memory: Memory, tmp_path: Path) -> None:
    """Also where only what has no visibility is taken."""
    samples = (older.observation(1, ""), older.tombstone(1, "mesh"), older.tombstone(2, "mesh"))
    report = queued(memory, tmp_path, *samples, untiered="user", only_untiered=True)
    assert (report.added, shown(memory)) == (2, {})


def test_a_later_import_of_all_does_not_make_it_public(memory: Memory, tmp_path: Path) -> None:
    """What was given a visibility here keeps it, and the import says so."""
    samples = (older.observation(1, ""), older.observation(2))
    queued(memory, tmp_path, *samples, untiered="user", only_untiered=True)
    report = queued(memory, tmp_path, *samples)
    assert (report.added, report.known) == (1, 1)
    assert "kept_visibility" in {note.code for note in report.notes}
    assert shown(memory)["subject 1"].visibility == "user/kim"


@pytest.mark.parametrize(("tier", "left"), [("user/kim", {}), ("user/lee", {"user/lee": 2})])
def test_a_copy_that_was_being_made_private_stays_so(memory: Memory, tmp_path: Path, tier: str, left: Any) -> None:
    """A migration of the older version that broke off leaves a memory under both keys."""
    report = queued(memory, tmp_path, older.observation(1, ""), older.observation(1, tier))
    assert report.left_out == left
    assert {each.visibility for each in shown(memory).values()} == ({tier} if not left else set())


@pytest.mark.parametrize("target", ["team/red", "user/lee", "nobody"])
def test_a_visibility_that_is_not_yours_is_refused(memory: Memory, tmp_path: Path, target: str) -> None:
    """Before anything is read."""
    with pytest.raises(BadInput):
        queued(memory, tmp_path, older.observation(1, ""), untiered=target)


def test_what_cannot_act_across_visibilities_is_said(memory: Memory, tmp_path: Path) -> None:
    """The older version let a revision hide a memory of any visibility."""
    report = queued(memory, tmp_path, older.observation(1, "user/kim"), older.observation(2, supersedes=[f"{1:032x}"]))
    assert [note.message for note in report.notes if note.code == "across"]
    assert len(shown(memory)) == 2


def test_what_was_changed_to_fit_is_said(memory: Memory, tmp_path: Path) -> None:
    """With its id, and with fields that nobody here knows."""
    report = queued(memory, tmp_path, older.observation(1, memory_type="idea", mood="good"))
    assert {note.code for note in report.notes} == {"adjusted", "foreign_fields"}
    assert f"{1:032x}" in report.notes[1].message + report.notes[0].message
