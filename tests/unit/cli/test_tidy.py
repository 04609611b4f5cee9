"""The command `tidy`: what it shows, whom it asks, and that it settles what was listed and agreed to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from kioku_mesh.errors import Refused
from kioku_mesh.model import Notice
from kioku_mesh.service.groups import Group, Settled, Tidied, TidyPlan

from .conftest import IDS, Asked, line

TWICE = Group("aaaaaaaaaa", "duplicates", "they say the same", IDS[0], True, (line(1), line(2)))
AGAINST = Group("bbbbbbbbbb", "contradictions", "the newest says 9, another 8", IDS[2], False, (line(3), line(4)))
STALE = Group("cccccccccc", "stale", "the files are gone: a.py", None, False, (line(5),))


def tidying(*groups: Group, more: int = 0, notes: tuple[Notice, ...] = ()) -> Asked:
    """A memory with these groups, each of which can be settled."""

    def tidy(chosen: Sequence[Group], _keep: str | None = None) -> Tidied:
        return Tidied(tuple(map(settled, chosen)))

    return Asked(tidy_plan=TidyPlan(groups, 99, more, notes), tidy=tidy)


def settled(group: Group) -> Settled:
    ids = tuple(each.observation_id for each in group.members)
    if group.keep is None:
        return Settled(group.key, group.kind, deleted=ids)
    return Settled(group.key, group.kind, IDS[8], ids)


def keys(memory: Asked) -> list[list[str]]:
    """The groups of every call that settled some."""
    return [[group.key for group in arguments[0]] for arguments in memory.asked("tidy")]


@pytest.mark.parametrize("arguments", [[], ["--plan"], ["--plan", "--yes"], ["--json"], ["--plan", AGAINST.key]])
def test_without_a_terminal_the_plan_is_shown(cli: Any, arguments: list[str]) -> None:
    """And nothing is done."""
    memory = tidying(TWICE, AGAINST, STALE)
    ran = cli("tidy", *arguments, memory=memory)
    assert (ran.status, keys(memory)) == (0, [])
    assert AGAINST.key in ran.out
    assert (TWICE.key in ran.out) == (AGAINST.key not in arguments)


def test_the_plan_says_what_would_be_done(cli: Any) -> None:
    """Numbered groups with their keys, why they belong together, which one holds, how far was looked."""
    memory = tidying(TWICE, STALE, notes=(Notice("only_newest", "only the newest"),))
    ran = cli("tidy", "-p", "shop", "--kind", "stale,duplicates", memory=memory)
    assert memory.only("tidy_plan") == ("shop", ("stale", "duplicates"))
    first, kept, other, does, _, second, lost, gone, *_, last = ran.out.splitlines()
    assert first == "1. duplicates aaaaaaaaaa: they say the same"
    assert kept.split()[:3] == ["*", "1", IDS[0][:12]]
    assert other.split()[:2] == ["2", IDS[1][:12]]
    assert does == "    -> one new memory with the text of * would supersede 2 memories"
    assert second == "2. stale cccccccccc: the files are gone: a.py"
    assert lost.split()[0] == "1"
    assert gone == "    -> would delete 1 memory"
    assert last.startswith("compared 99 memories; ")
    assert ran.err == "note: only the newest\n"
    assert cli("tidy", memory=tidying()).out == "nothing to tidy among 99 memories\n"


def test_the_plan_as_json(cli: Any) -> None:
    """One object with all that is known."""
    shown = cli("tidy", "--json", memory=tidying(TWICE)).json()
    assert shown.keys() == {"groups", "looked_at", "more", "notes"}
    (group,) = shown["groups"]
    assert group.keys() == {"key", "kind", "why", "keep", "sure", "members"}


def test_yes_settles_what_is_sure(cli: Any) -> None:
    """Which of two values holds, and what of lost files is of use, nobody said."""
    memory = tidying(TWICE, AGAINST, STALE)
    ran = cli("tidy", "--yes", memory=memory)
    assert keys(memory) == [[TWICE.key]]
    assert ran.out.splitlines() == [
        f"settled: {TWICE.key}, {IDS[8]} supersedes 2 memories (undo: kioku-mesh delete {IDS[8][:12]})",
        f"left: 2 groups ({AGAINST.key}, {STALE.key})",
    ]
    assert cli("tidy", "--yes", "--json", memory=memory).json()["left"] == [AGAINST.key, STALE.key]
    none = tidying()
    assert cli("tidy", "--yes", memory=none).out == "nothing to tidy among 99 memories\n"
    assert cli("tidy", "--yes", "--json", memory=none).json() == {"settled": [], "left": [], "notes": []}


def test_a_group_is_settled_by_its_key(cli: Any) -> None:
    """With consent: --yes, or a person who is asked."""
    memory = tidying(TWICE, AGAINST, STALE)
    ran = cli("tidy", AGAINST.key, memory=memory)
    assert (ran.status, keys(memory)) == (1, [])
    assert "--yes" in ran.err
    assert "--plan" in ran.err
    assert cli("tidy", AGAINST.key.upper(), STALE.key, "--yes", memory=memory).status == 0
    assert keys(memory) == [[AGAINST.key, STALE.key]]
    assert cli("tidy", AGAINST.key, memory=memory, typed="n\n").status == 1
    assert cli("tidy", AGAINST.key, memory=memory, typed="y\n").status == 0
    assert keys(memory)[1:] == [[AGAINST.key]]


def test_another_memory_of_the_group_can_hold(cli: Any) -> None:
    """By its id or the beginning of it; of one group."""
    memory = tidying(AGAINST)
    memory.answers["resolve"] = lambda text: {"44444444": IDS[3]}[text]
    assert cli("tidy", AGAINST.key, "--keep", "44444444", "--yes", memory=memory).status == 0
    assert memory.only("tidy")[1] == IDS[3]
    for given in ([], [AGAINST.key, TWICE.key]):
        ran = cli("tidy", *given, "--keep", IDS[3], "--yes", memory=memory)
        assert (ran.status, "one KEY" in ran.err) == (2, True)


def test_a_key_that_is_none_settles_nothing(cli: Any) -> None:
    """Not even the other groups that were named."""
    memory = tidying(TWICE)
    ran = cli("tidy", TWICE.key, "0123456789", "--yes", memory=memory)
    assert (ran.status, keys(memory)) == (3, [])
    assert "nothing was done" in ran.err


@pytest.mark.parametrize(
    ("typed", "done"),
    [
        ("y\ny\ny\n", [TWICE, AGAINST, STALE]),
        ("n\nYes\nn\n", [AGAINST]),
        ("y\nq\n", [TWICE]),
        ("", []),
        ("maybe\n9\n" + "9" * 9000 + "\n", []),
        ("1\n0\n\n", [TWICE]),
    ],
)
def test_a_person_is_asked_about_each_group(cli: Any, typed: str, done: list[Group]) -> None:
    """Settled at once where they agree; what is not understood, and the end of what they type, is no."""
    memory = tidying(TWICE, AGAINST, STALE)
    ran = cli("tidy", memory=memory, typed=typed)
    assert (ran.status, keys(memory)) == (0, [[group.key] for group in done])
    left = [group.key for group in (TWICE, AGAINST, STALE) if group not in done]
    assert not left or f"left: {len(left)} group" in ran.out


def test_a_person_chooses_what_holds_by_its_number(cli: Any) -> None:
    """Where something holds; what is stale is deleted or not."""
    memory = tidying(AGAINST, STALE)
    assert cli("tidy", memory=memory, typed="2\n1\n").status == 0
    assert memory.only("tidy") == ([AGAINST], IDS[3])


def test_what_was_left_meanwhile_is_told(cli: Any) -> None:
    """By a note, whoever asked for it."""
    left = Tidied((), (TWICE.key,), (Notice("changed_meanwhile", "a memory has changed meanwhile"),))
    memory = Asked(tidy_plan=TidyPlan((TWICE,), 9), tidy=left)
    ran = cli("tidy", "--yes", memory=memory)
    assert (ran.out, ran.err) == (f"left: 1 group ({TWICE.key})\n", "note: a memory has changed meanwhile\n")


def test_a_person_goes_on_when_a_group_has_changed(cli: Any) -> None:
    """What was refused is told and left; the next one is asked about."""

    def tidy(chosen: Sequence[Group], _keep: str | None = None) -> Tidied:
        if chosen[0] is TWICE:
            raise Refused("a memory of group aaaaaaaaaa has changed: nothing was done")
        return Tidied(tuple(map(settled, chosen)))

    ran = cli("tidy", memory=Asked(tidy_plan=TidyPlan((TWICE, AGAINST), 9), tidy=tidy), typed="y\n" * 2)
    assert ran.status == 0
    assert "note: a memory of group aaaaaaaaaa has changed" in ran.err
    assert ran.out.splitlines()[0].startswith(f"settled: {AGAINST.key}")
    assert ran.out.splitlines()[1] == f"left: 1 group ({TWICE.key})"
