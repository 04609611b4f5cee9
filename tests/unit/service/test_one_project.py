"""A process of one project alone: what is elsewhere is not there for it, and it changes nothing there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from kioku_mesh.clock import DAY, now
from kioku_mesh.errors import BadInput, NotFound, Refused
from kioku_mesh.model import STATES, Draft, Filter, Query
from kioku_mesh.service.memory import Memory
from support import stores

UNKNOWN = "f" * 32
NEW = "e" * 32


class Two(NamedTuple):
    """`inside` works in project mine alone, `outside` everywhere; `own` and `other` are a memory of each place."""

    inside: Memory
    outside: Memory
    own: str
    other: str


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    with (
        stores.memory(tmp_path / "s", only_project="mine") as inside,
        stores.memory(tmp_path / "s", retention_days=30) as outside,
    ):
        other = stores.save(outside, "other", project="theirs", memory_type="decision")
        own = stores.save(inside, "own")
        yield Two(inside, outside, own, other)


def everything(two: Two) -> dict[str, tuple[str, str | None]]:
    """id -> state and project, of all that is in the store."""
    found = two.outside.search(Query("", Filter(states=STATES), limit=100)).results
    return {hit.observation.observation_id: (hit.observation.state, hit.observation.project) for hit in found}


REACHES: dict[str, Callable[[Memory, str], object]] = {
    "get": lambda memory, id_: memory.get([id_]),
    "prefix": lambda memory, id_: memory.resolve(id_[:12]),
    "supersede": lambda memory, id_: memory.save(Draft("a newer text", supersedes=(id_,))),
    "revise": lambda memory, id_: memory.revise(id_, Draft("a newer text")),
    "revise into": lambda memory, id_: memory.revise(id_, Draft("a newer text", project="mine")),
    "delete": lambda memory, id_: memory.delete([id_]),
    "restore": lambda memory, id_: memory.restore(id_),
    "purge": lambda memory, id_: memory.purge([id_]),
    "purge unknown": lambda memory, id_: memory.purge([id_], unknown=True, visibility="mesh"),
}


@pytest.mark.parametrize("reach", REACHES.values(), ids=REACHES)
def test_what_is_elsewhere_is_as_unknown_as_what_is_nowhere(two: Two, reach: Callable[[Memory, str], object]) -> None:
    """The same error for both, and nothing changes."""
    before = everything(two)
    told = []
    for id_ in (two.other, UNKNOWN):
        with pytest.raises(NotFound) as error:
            reach(two.inside, id_)
        told.append(error.value.message.replace(id_, "ID").replace(id_[:12], "ID"))
    assert told[0] == told[1]
    assert everything(two) == before


def test_why_not_tells_nothing_of_what_is_elsewhere(two: Two) -> None:
    """The answer is that for an unknown id."""
    own, other, unknown = (
        two.inside.search(Query("nothing like this", why_not=id_)).why_not for id_ in (two.own, two.other, UNKNOWN)
    )
    assert other == unknown != own


def test_status_counts_this_project(two: Two) -> None:
    """No other is named or counted, nor what others keep on this machine."""
    status = two.inside.status()
    assert status.counts["states"]["live"] == 1
    assert status.counts["projects"] == {"mine": 1}
    assert status.session_saves == 1
    two.outside.save(Draft("Passing memory of theirs", project="theirs", expires_at=now() + DAY))
    assert two.inside.status().counts == status.counts
    assert "theirs" not in str(status)


def test_completion_and_projects_name_this_project(two: Two) -> None:
    """Labels and ids of others are not offered."""
    two.outside.save(Draft("Something tagged elsewhere", project="theirs", tags=("far",)))
    two.inside.save(Draft("Something tagged here", tags=("near",)))
    assert two.inside.known("project", "") == ("mine",)
    assert two.inside.known("tag", "") == ("near",)
    assert two.other not in two.inside.known("id", "") + two.inside.known("id", two.other[:4])
    assert [project.name for project in two.inside.projects()] == ["mine"]


def test_the_chain_of_a_memory_ends_where_the_project_does(two: Two) -> None:
    """A revision in another project is neither shown nor erased with this one."""
    moved = two.outside.revise(two.own, Draft("a newer text", project="theirs")).observation_id
    assert [o.observation_id for o in two.inside.get([two.own], history=True).history] == [two.own]
    assert two.inside.purge([two.own], chain=True).purged == (two.own,)
    assert everything(two)[moved] == ("live", "theirs")


def test_a_memory_replaced_elsewhere_is_restored_here(two: Two) -> None:
    """Its new revision stands beside the one that may not be touched."""
    moved = two.outside.revise(two.own, Draft("a newer text", project="theirs")).observation_id
    anew = two.inside.restore(two.own)
    found = everything(two)
    assert found[anew.observation_id] == ("live", "mine")
    assert found[moved] == ("live", "theirs")


def test_the_brief_tells_of_no_conflict_elsewhere(two: Two) -> None:
    """Nor of one outside all projects."""
    loose = two.outside.save(Draft("Zebras graze in no project")).observation_id
    for text in ("Zebras graze by day", "Zebras graze by night"):
        two.outside.save(Draft(text, supersedes=(loose,)))
    assert "ebras" not in two.inside.brief().text


def test_the_preview_of_gc_shows_what_the_reader_may_see(two: Two, tmp_path: Path) -> None:
    """Neither other projects nor the scopes of others; they are counted all the same."""
    lee = Memory(two.outside.store, stores.settings(tmp_path / "s"), stores.AGENT._replace(user_id="lee"))
    private = lee.save(Draft("Lee's own reminder", project="mine", visibility="user")).observation_id
    lee.delete([two.other, two.own, private])
    later = now() + 400 * DAY
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kioku_mesh.store.store.read_clock", lambda: later)
        swept = two.inside.gc(dry_run=True)
        assert [line.observation_id for line in swept.preview] == [two.own]
        assert swept.erased == 3


def line(**fields: Any) -> dict[str, Any]:
    return {"observation_id": NEW, "content": "an imported text", **fields}


def test_an_import_writes_into_this_project_alone(two: Two) -> None:
    """Lines of this project and of none arrive in it; lines of others, and what acts on others, are problems."""
    two.outside.delete([two.other])
    (tombstone,) = (r["id"] for r in two.outside.records() if r["kind"] == "tombstone")
    acts = [
        line(project="theirs"),
        line(supersedes=[two.other]),
        line(observation_id=two.other, content="another content"),
        {"kind": "tombstone", "id": NEW, "names": [two.other], "until": "2100-01-01T00:00:00Z"},
        {"kind": "purge", "id": NEW, "names": [two.other]},
        {"kind": "undo", "id": NEW, "names": [tombstone]},
        {"kind": "alias", "id": NEW, "from": "mine", "to": "theirs"},
    ]
    before = everything(two)
    for dry_run in (True, False):
        done = two.inside.import_records(acts, dry_run=dry_run)
        assert [problem.code for problem in done.problems] == ["bad_input"] * len(acts)
        assert done.added == 0
    assert everything(two) == before
    good = [
        line(),
        line(observation_id="d" * 32, project="mine"),
        {"kind": "purge", "id": "c" * 32, "names": [two.own]},
    ]
    assert two.inside.import_records(good)[:2] == (3, 0)
    assert everything(two)[NEW] == ("live", "mine")
    assert everything(two)[two.own][0] == "deleted"


def test_an_import_into_another_project_is_refused(two: Two) -> None:
    """A process of one project cannot be told to import into another."""
    with pytest.raises(Refused):
        two.inside.import_records([line()], "theirs")
    assert two.inside.import_records([line(project="theirs")], "mine").added == 1


def test_sharing_leaves_others_withheld(two: Two) -> None:
    """Named by its id or not."""
    with pytest.raises(NotFound):
        two.inside.share([two.own, two.other])
    assert two.inside.share(where=Filter()).shared == (two.own,)
    assert two.inside.share([two.own]).shared == ()


def test_the_project_keeps_working_under_its_new_name(two: Two) -> None:
    """A server started for a name that was renamed since still finds, reads and deletes."""
    two.outside.rename_project("mine", "ours")
    assert two.inside.get([two.own]).results[0].project == "ours"
    assert [project.name for project in two.inside.projects()] == ["ours"]
    assert two.inside.status().counts["projects"] == {"ours": 1}
    assert two.inside.delete([two.own]).deleted == (two.own,)


def test_a_part_of_an_id_changes_nothing(two: Two) -> None:
    """What changes a memory is told its whole id; the beginning is refused with a hint, not looked for."""
    for change in ("supersede", "revise", "delete", "restore", "purge"):
        with pytest.raises(BadInput, match="whole id"):
            REACHES[change](two.outside, two.own[:8])
