"""Tidying: what is proposed, what is done about it, and that no text is lost and nothing else is touched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kioku_mesh.clock import DAY, now
from kioku_mesh.errors import BadInput, Refused
from kioku_mesh.model import Draft, Observation
from kioku_mesh.service.groups import Group
from kioku_mesh.service.memory import Memory
from kioku_mesh.store.store import Store
from kioku_mesh.store.transaction import Transaction
from support import stores

ONE, OTHER = "We keep the tokens of the gateway in the vault", "we keep tokens of our gateway in the vault!"
OLD, NEW = "The gateway listens on port 8080", "The gateway listens on port 9090"


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    with stores.memory(tmp_path / "s", retention_days=30) as opened:
        yield opened


def saved(memory: Memory, text: str, **fields: object) -> str:
    return memory.save(Draft(text, **{"project": "shop", **fields})).observation_id


def only(memory: Memory, **where: object) -> Group:
    """The only group there is."""
    (group,) = memory.tidy_plan(**where).groups
    return group


def ids(group: Group) -> list[str]:
    return [line.observation_id for line in group.members]


def get(memory: Memory, id_: str) -> Observation:
    return memory.get([id_]).results[0]


def test_duplicates_become_one_with_all_that_each_has(memory: Memory) -> None:
    """The fullest text; tags, files and references of all; what was given of subject, type, importance and the longest life."""
    full = f"{ONE}. Ask."
    first = saved(memory, full, tags=("a", "b"), expires_at=now() + DAY, source_files=("x.py",))
    second = saved(
        memory, OTHER, tags=("b", "c"), importance=5, memory_type="decision", references=("#1",), summary="Tokens"
    )
    group = only(memory)
    assert (group.kind, group.sure, group.keep, ids(group)) == ("duplicates", True, first, [first, second])
    (settled,) = memory.tidy([group]).settled
    assert settled.superseded == (first, second)
    new = get(memory, settled.observation_id or "")
    assert (new.content, new.tags, new.importance, new.memory_type) == (full, ("a", "b", "c"), 5, "decision")
    assert (new.source_files, new.references, new.summary, new.expires_at) == (("x.py",), ("#1",), "Tokens", None)
    assert (new.project, new.visibility, set(new.supersedes)) == ("shop", "mesh", {first, second})


def test_no_text_is_lost_and_it_can_be_undone(memory: Memory) -> None:
    """What was superseded stays in the history, and is back when the new one is deleted."""
    old = {saved(memory, text) for text in (ONE, OTHER)}
    new = memory.tidy([only(memory)]).settled[0].observation_id or ""
    history = memory.get([new], history=True).history
    assert {each.content for each in history} == {ONE, OTHER}
    assert {each.state for each in history if each.observation_id in old} == {"superseded"}
    assert set(memory.delete([new]).live_again) == old
    assert only(memory).members


def test_what_was_settled_is_not_proposed_again(memory: Memory) -> None:
    """And the same group is no group any more."""
    saved(memory, ONE)
    saved(memory, OTHER)
    group = only(memory)
    memory.tidy([group])
    before = stores.everything(memory.store)
    assert memory.tidy_plan().groups == ()
    with pytest.raises(Refused, match="nothing was done"):
        memory.tidy([group])
    assert stores.everything(memory.store) == before


def test_the_newest_value_holds_unless_another_is_chosen(memory: Memory) -> None:
    """It is saved anew as it was, and supersedes the others; tags of these say nothing of it."""
    saved(memory, OLD, tags=("old",), importance=5)
    newest = saved(memory, NEW, tags=("new",))
    group = only(memory)
    assert (group.kind, group.sure, group.keep) == ("contradictions", False, newest)
    assert "9090" in group.why
    assert "8080" in group.why
    held = get(memory, memory.tidy([group]).settled[0].observation_id or "")
    assert (held.content, held.tags, held.importance) == (NEW, ("new",), 2)
    assert memory.tidy_plan().groups == ()


def test_the_owner_chooses_what_holds(memory: Memory) -> None:
    """One of the memories of the only group, and nothing else."""
    old, newest = saved(memory, OLD), saved(memory, NEW)
    stranger = saved(memory, ONE)
    saved(memory, OTHER)
    plan = {group.kind: group for group in memory.tidy_plan().groups}
    for groups, keep in ((list(plan.values()), old), ([plan["contradictions"]], stranger)):
        with pytest.raises(BadInput):
            memory.tidy(groups, keep)
    new = memory.tidy([plan["contradictions"]], old).settled[0]
    assert get(memory, new.observation_id or "").content == OLD
    assert set(new.superseded) == {old, newest}


def test_revisions_side_by_side_are_a_contradiction(memory: Memory) -> None:
    """As two machines make them that revise the same memory; settling it ends the conflict."""
    first = saved(memory, "Marek keeps the ledger")
    sides = [saved(memory, text, supersedes=(first,)) for text in ("Yuki keeps the ledger", "Ines has the ledger now")]
    group = only(memory)
    assert (group.kind, group.keep, set(ids(group))) == ("contradictions", sides[1], set(sides))
    held = get(memory, memory.tidy([group]).settled[0].observation_id or "")
    assert (held.content, held.conflicts_with) == ("Ines has the ledger now", ())
    assert memory.tidy_plan().groups == ()


@pytest.mark.parametrize("apart", [{"project": "site"}, {"visibility": "local"}, {"visibility": "user"}])
def test_nothing_is_merged_across_scopes_and_projects(memory: Memory, apart: dict[str, str]) -> None:
    """Not even a memory of no project with one of a project."""
    saved(memory, ONE)
    saved(memory, OTHER, **apart)
    assert memory.tidy_plan().groups == ()
    saved(memory, f"{ONE}.", **apart)
    group = only(memory, project=apart.get("project"))
    new = get(memory, memory.tidy([group]).settled[0].observation_id or "")
    assert (new.project, new.visibility.partition("/")[0]) == (
        apart.get("project", "shop"),
        apart.get("visibility", "mesh"),
    )


def test_a_memory_of_no_project_stays_in_none(tmp_path: Path) -> None:
    """Whatever project the process that tidies works in."""
    with stores.memory(tmp_path / "s") as outside:
        for text in (ONE, OTHER):
            outside.save(Draft(text))
    with stores.memory(tmp_path / "s", project="shop") as inside:
        new = inside.tidy([only(inside)]).settled[0].observation_id or ""
        assert get(inside, new).project is None


def test_others_and_other_projects_are_not_looked_at(tmp_path: Path) -> None:
    """A reader sees groups of what it may see; a process of one project those of its project."""
    with stores.memory(tmp_path / "s", wait_s=29.0) as kim, stores.memory(tmp_path / "s", only_project="site") as site:
        for text in (ONE, OTHER):
            saved(kim, text, visibility="user")
        assert len(kim.tidy_plan().groups) == 1
        lee = Memory(kim.store, kim.config, kim.identity._replace(user_id="lee"))
        assert (lee.tidy_plan().groups, lee.tidy_plan().looked_at) == ((), 0)
        assert (site.tidy_plan().groups, site.tidy_plan().looked_at) == ((), 0)
        with pytest.raises(Refused):
            site.tidy_plan("shop")
        with pytest.raises(Refused):
            lee.tidy([only(kim)])


def test_what_changed_meanwhile_is_refused_as_a_whole(memory: Memory) -> None:
    """Before anything is done about any group."""
    for text in (ONE, OTHER, OLD, NEW):
        saved(memory, text)
    groups = memory.tidy_plan().groups
    assert [group.kind for group in groups] == ["duplicates", "contradictions"]
    memory.delete([groups[1].members[0].observation_id])
    before = stores.everything(memory.store)
    with pytest.raises(Refused, match=groups[1].key):
        memory.tidy(groups)
    assert stores.everything(memory.store) == before


def test_what_changes_while_others_are_settled_is_left(memory: Memory) -> None:
    """It is looked at once more in the transaction that would settle it."""
    saved(memory, ONE)
    saved(memory, OTHER)
    group = only(memory)
    done = memory.tidy([group, group])
    assert ([each.key for each in done.settled], done.left) == ([group.key], (group.key,))
    assert [note.code for note in done.notes] == ["changed_meanwhile"]


class Slow(Store):
    """A store to which another process gets before us: it deletes what `first` names when we are about to write."""

    first: tuple[str, ...] = ()

    @contextmanager
    def write(self, now: int | None = None) -> Iterator[Transaction]:
        first, self.first = self.first, ()
        if first:
            with stores.memory(self.directory) as other:
                other.delete(first)
        with super().write(now) as transaction:
            yield transaction


def test_nothing_comes_between_the_last_look_and_the_writing(memory: Memory) -> None:
    """Whoever deletes a memory of a group at the last moment is not overridden."""
    first = saved(memory, ONE)
    saved(memory, OTHER)
    slow = Slow(memory.store.directory, host="desk")
    slow.first = (first,)
    with Memory(slow, memory.config, memory.identity) as late:
        group = only(late)
        assert late.tidy([group]).left == (group.key,)
    assert sorted(state for state, _ in stores.everything(memory.store).values()) == ["deleted", "live"]


def test_a_key_stands_for_memories_as_they_are(memory: Memory) -> None:
    """It is the same in every plan, and another once there is one more of them."""
    saved(memory, ONE)
    saved(memory, OTHER)
    key = only(memory).key
    assert only(memory).key == only(memory, kinds=["duplicates"]).key == key
    saved(memory, f"{ONE}.")
    assert only(memory).key != key


def test_kinds_can_be_chosen(memory: Memory) -> None:
    """And only those there are."""
    for text in (ONE, OTHER, OLD, NEW):
        saved(memory, text)
    assert [group.kind for group in memory.tidy_plan(kinds=["contradictions"]).groups] == ["contradictions"]
    with pytest.raises(BadInput, match="no such kind"):
        memory.tidy_plan(kinds=["nonsense"])


def test_what_one_memory_cannot_hold_is_left_out(memory: Memory) -> None:
    """Nothing of it is cut, and a note says so."""
    saved(memory, ONE, tags=tuple(f"a{number}" for number in range(30)))
    saved(memory, OTHER, tags=tuple(f"b{number}" for number in range(30)))
    plan = memory.tidy_plan()
    assert (plan.groups, [note.code for note in plan.notes]) == ((), ["left_out"])


def test_withheld_memories_do_not_leave_by_being_merged(tmp_path: Path) -> None:
    """On a machine that shares now; where nothing is shared there is nothing to leave."""
    with stores.memory(tmp_path / "s") as local:
        for text in (ONE, OTHER):
            local.save(Draft(text))
        assert len(local.tidy_plan().groups) == 1
        local.withhold()
    with stores.memory(tmp_path / "s", mode="hub", listen=("127.0.0.1:7447",)) as meshed:
        plan = meshed.tidy_plan()
        assert (plan.groups, [note.code for note in plan.notes]) == ((), ["left_out"])


def test_how_far_was_looked_is_told(memory: Memory) -> None:
    """How many memories, and which of them by their words alone."""
    stores.fill(memory.store, 40)
    plan = memory.tidy_plan()
    assert (plan.groups, plan.looked_at, [note.code for note in plan.notes]) == ((), 40, ["not_embedded"])
    memory.embed(60)
    assert memory.tidy_plan() == ((), 40, 0, ())


def test_an_empty_store_has_nothing_to_tidy(memory: Memory) -> None:
    """And is not created for it."""
    assert memory.tidy_plan() == ((), 0, 0, ())
    assert memory.tidy(()) == ((), (), ())
    assert not memory.store.exists()
