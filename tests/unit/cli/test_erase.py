"""What hides, erases and renames: previews, consent, and that nothing but the preview is touched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from kioku_mesh.model import Filter
from kioku_mesh.results import Deleted, Purged, Renamed, Restored, Swept

from .conftest import IDS, Asked, line, preview

UNTIL = 4_102_444_800_000_000


def deleting(*numbers: int) -> Asked:
    """A memory in which these fit every filter, and whose deletions succeed."""

    def delete(ids: Sequence[str], _reason: str | None = None, dry_run: bool = False) -> Deleted:
        return preview(*numbers) if dry_run else Deleted(tuple(ids), erased_after=UNTIL)

    return Asked(delete=delete, delete_matching=preview(*numbers), delete_project=preview(*numbers))


def test_ids_are_deleted_at_once(cli: Any) -> None:
    """Who names a memory has decided; the whole ids and the way back are shown."""
    memory = deleting()
    memory.answers["resolve"] = lambda text: {"11111111": IDS[0]}.get(text, text)
    ran = cli("delete", "11111111", IDS[1], "-r", "wrong", memory=memory)
    assert memory.only("delete") == ([IDS[0], IDS[1]], "wrong", False)
    assert ran.out.splitlines() == [
        f"deleted: {IDS[0]}",
        f"deleted: {IDS[1]}",
        "the text is erased after 2100-01-01T00:00:00Z; kioku-mesh restore brings it back until then",
    ]


def test_what_is_visible_again_is_told(cli: Any) -> None:
    """Deleting a revision brings the one before back, and the person learns of it."""
    memory = Asked(delete=Deleted((IDS[0],), (IDS[2],), live_again=(IDS[1],)))
    out = cli("delete", IDS[0], memory=memory).out
    assert f"visible again: {IDS[1]}" in out
    assert f"already deleted: {IDS[2]}" in out


@pytest.mark.parametrize("arguments", [[], [IDS[0], "-p", "shop"]])
def test_a_deletion_needs_ids_or_a_filter(cli: Any, arguments: list[str]) -> None:
    """Neither can be a slip that deletes everything; both would be ambiguous."""
    memory = deleting(1)
    ran = cli("delete", *arguments, "--yes", memory=memory)
    assert (ran.status, memory.asked("delete"), memory.asked("delete_matching")) == (2, [], [])


def test_in_bulk_nothing_happens_without_consent(cli: Any) -> None:
    """Without a terminal and without --yes the deletion is refused, with how to see and how to do it."""
    memory = deleting(1, 2)
    ran = cli("delete", "-p", "shop", "--json", memory=memory)
    assert (ran.status, ran.out, ran.error()["code"]) == (1, "", "refused")
    assert "delete 2 memories" in ran.err
    assert "--yes" in ran.error()["hint"]
    assert "--dry-run" in ran.error()["hint"]
    assert memory.asked("delete") == []


def test_in_bulk_only_what_was_listed_is_deleted(cli: Any) -> None:
    """After the preview the listed ids are deleted, not whatever fits by then."""
    memory = deleting(1, 2)
    ran = cli("delete", "-p", "shop", "--pc-id", "laptop", "-r", "old", "--yes", memory=memory)
    assert ran.status == 0
    assert memory.only("delete_matching") == (Filter(project="shop", pc_id="laptop"), "old", True)
    assert memory.only("delete") == ([IDS[0], IDS[1]], "old")


def test_a_dry_run_shows_exactly_what_would_go(cli: Any) -> None:
    """One line for each memory, and nothing is deleted."""
    memory = deleting(1, 2)
    ran = cli("delete", "--session-id", "s1", "--dry-run", memory=memory)
    assert ran.out.splitlines() == [
        "would delete 2 memories:",
        "111111111111  1h ago  note  shop  subject 1",
        "222222222222  1h ago  note  shop  subject 2",
    ]
    assert memory.asked("delete") == []


@pytest.mark.parametrize(
    ("answer", "deleted"), [("y\n", True), ("YES\n", True), ("\n", False), ("n\n", False), ("", False)]
)
def test_a_person_is_asked(cli: Any, answer: str, deleted: bool) -> None:
    """At a terminal the preview is shown and only a clear yes goes on."""
    memory = deleting(1, 2)
    ran = cli("delete", "-p", "shop", memory=memory, typed=answer)
    assert "222222222222  1h ago  note  shop  subject 2\ndelete 2 memories? [y/N]" in ran.err
    assert bool(memory.asked("delete")) is deleted
    assert ran.status == (0 if deleted else 1)


def test_nothing_that_fits_is_no_question(cli: Any) -> None:
    """An empty preview needs no consent."""
    memory = deleting()
    ran = cli("delete", "-p", "shop", memory=memory)
    assert (ran.status, ran.out) == (0, "nothing to delete\n")
    assert cli("delete", "-p", "shop", "--json", memory=memory).json()["dry_run"] is False


def test_restore_says_how(cli: Any) -> None:
    """The same id, a new one, or nothing to do."""
    for how, shown in (("undone", "restored"), ("saved_again", "saved again as"), ("already_live", "not deleted")):
        ran = cli("restore", IDS[0], memory=Asked(restore=Restored(IDS[1], how, "subject")))
        assert ran.out == f"{shown}: {IDS[1]} subject\n"


def purging(*numbers: int, unknown: tuple[str, ...] = ()) -> Asked:
    def purge(ids: Sequence[str], *_: Any, dry_run: bool = False) -> Purged:
        return Purged((), unknown, preview=tuple(map(line, numbers)), dry_run=True) if dry_run else Purged(tuple(ids))

    def resolve(text: str) -> str:
        raise AssertionError(f"{text} was resolved")

    return Asked(purge=purge, resolve=resolve)


def test_purge_takes_whole_ids_and_acts_on_the_preview(cli: Any) -> None:
    """Beginnings of ids are never completed, and what --chain listed is what is erased."""
    memory = purging(1, 2, 3)
    ran = cli("purge", IDS[0], "--chain", "--yes", memory=memory)
    assert memory.asked("purge") == [
        ((IDS[0],), True, False, None, True),
        ([IDS[0], IDS[1], IDS[2]], False, False, None),
    ]
    assert ran.out.splitlines() == [f"purged: {each}" for each in IDS[:3]]


def test_purge_of_unknown_ids(cli: Any) -> None:
    """Ids that are not here are purged too when asked for, in the scope that was named."""
    memory = purging(unknown=(IDS[4],))
    assert cli("purge", IDS[4], "--unknown", "--visibility", "mesh", "--yes", memory=memory).status == 0
    assert memory.asked("purge")[-1] == ([IDS[4]], False, True, "mesh")


def test_purge_needs_consent(cli: Any) -> None:
    """Erasing for good is refused without --yes, and a dry run erases nothing."""
    memory = purging(1)
    assert cli("purge", IDS[0], memory=memory).status == 1
    ran = cli("purge", IDS[0], "--dry-run", memory=memory)
    assert ran.out == "would erase for good:\n111111111111  1h ago  note  shop  subject 1\n"
    assert all(arguments[-1] is True for arguments in memory.asked("purge"))


def sweeping(*numbers: int) -> Asked:
    def gc(dry_run: bool = False) -> Swept:
        rows = tuple(map(line, numbers))
        return Swept(len(rows), 0, 2000, 2000, rows, True) if dry_run else Swept(len(rows), 1, 2000, 1000)

    return Asked(gc=gc)


def test_gc_asks_before_it_erases(cli: Any) -> None:
    """Refused when something is due and nobody can be asked; done when nothing is due or with --yes."""
    memory = sweeping(1)
    assert cli("gc", memory=memory).status == 1
    assert memory.asked("gc") == [(True,)]
    assert cli("gc", "--yes", memory=memory).out == "erased: 1 text, swept: 1 expired memory, 2,000 -> 1,000 bytes\n"
    assert cli("gc", memory=sweeping()).status == 0
    assert cli("gc", "--dry-run", memory=sweeping()).out == "nothing to erase\n"


@pytest.mark.parametrize(
    ("option", "hint"),
    [
        (["--retention-days", "3"], "config set retention_days"),
        (["--force-id", IDS[0]], "purge"),
        (["--by-pc-id", "old"], "delete --pc-id"),
    ],
)
def test_options_of_old_name_their_successor(cli: Any, option: list[str], hint: str) -> None:
    """An option of older versions ends in an error that says what to use now."""
    memory = sweeping(1)
    ran = cli("gc", *option, "--yes", memory=memory)
    assert (ran.status, memory.calls) == (2, [])
    assert hint in ran.err


def test_projects_are_renamed_with_consent(cli: Any) -> None:
    """How many memories are shown under another name is said before it happens."""

    def rename(old: str, new: str, dry_run: bool = False) -> Renamed:
        return Renamed(new, old, 7, dry_run)

    memory = Asked(rename_project=rename, alias_project=rename)
    for verb in ("rename", "alias"):
        assert cli("projects", verb, "old", "new", memory=memory).status == 1
        assert (
            cli("projects", verb, "old", "new", "--dry-run", memory=memory).out == "new would show 7 memories of old\n"
        )
        assert cli("projects", verb, "old", "new", "--yes", memory=memory).out == "new now shows 7 memories of old\n"
    assert memory.asked("rename_project")[-1] == ("old", "new")


def test_a_project_is_deleted_as_listed(cli: Any) -> None:
    """Deleting a project deletes the memories of the preview."""
    memory = deleting(1, 3)
    assert cli("projects", "delete", "shop", memory=memory).status == 1
    assert cli("projects", "delete", "shop", "--yes", memory=memory).status == 0
    assert memory.only("delete") == ([IDS[0], IDS[2]],)
