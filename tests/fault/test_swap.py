"""The file swapped under agents that save: each acknowledged save is in the file afterwards, or the call failed with the reason."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from kioku_mesh import wire
from kioku_mesh.errors import StoreError
from kioku_mesh.store import repair, upkeep
from support import needs
from support.company import Companion, save_until_told
from support.stores import body, contents, damage, everything, fill, memory, save

SAVERS = 3


def _restore(folder: Path, old: Path) -> None:
    with memory(folder) as opened:
        opened.restore_backup(str(old))


def _rebuild(folder: Path, old: Path) -> None:
    del old
    with memory(folder) as opened:
        opened.rebuild()


def _delete(folder: Path, old: Path) -> None:
    del old
    shutil.rmtree(folder, ignore_errors=True)  # a saver may put a file into a folder that is being emptied
    shutil.rmtree(folder, ignore_errors=True)


def _move_away(folder: Path, old: Path) -> None:
    del old
    os.rename(folder, folder.with_name("away"))


def _rename_over(folder: Path, old: Path) -> None:
    with memory(folder) as opened:
        upkeep.empty_wal(opened.store)
    os.replace(old, folder / "memory.db")


def _delete_log(folder: Path, old: Path) -> None:
    del old
    (folder / "memory.db-wal").unlink()


SWAPS: dict[str, Callable[[Path, Path], None]] = {
    "restore-backup": _restore,
    "rebuild": _rebuild,
    "directory deleted": _delete,
    "directory moved away": _move_away,
    "file replaced by rename": _rename_over,
    "log deleted": _delete_log,
}


@needs("posix")
@pytest.mark.parametrize("how", SWAPS)
def test_savers_go_on_in_the_file_that_is_there(how: str, tmp_path: Path) -> None:
    """What was acknowledged by a call that began after the swap is in the file that lies there now; refusals have a reason."""
    folder = tmp_path / "state"
    with memory(folder) as opened:
        fill(opened.store, 20)
        old = Path(opened.backup(str(tmp_path / "old.db")).path)
    savers = [Companion(save_until_told, folder, f"s{n}n") for n in range(SAVERS)]
    for saver in savers:
        saver.go()
    time.sleep(0.3)
    SWAPS[how](folder, old)
    swapped = time.monotonic()
    time.sleep(0.5)
    for saver in savers:
        saver.go()
    calls = [call for saver in savers for call in saver.result()]
    later = {outcome for outcome, begin, _ in calls if begin > swapped}
    acknowledged = {outcome for outcome in later if len(outcome) == 32}
    refused = {outcome for outcome in later if len(outcome) != 32}
    reasons = {outcome.partition(":")[0] for outcome in refused}
    with memory(folder) as opened:
        if "store_unreadable" in reasons and not acknowledged:
            # Two files were mixed: nobody was told "saved", and the owner can mend it.
            with suppress(StoreError):
                contents(opened.store)
            repair.mend(opened.store)
            assert contents(opened.store)
            assert not [problem for problem in damage(opened.store) if not problem.startswith("numbering")]
            return
        assert reasons <= {"store_unreadable", "store_busy"}, refused
        assert acknowledged, "nobody saved after the swap"
        assert acknowledged <= contents(opened.store).keys()
        assert not [problem for problem in damage(opened.store) if not problem.startswith("numbering")]


@needs("posix")
def test_nothing_is_lost_between_the_backup_and_the_restore(tmp_path: Path) -> None:
    """Whatever was acknowledged before a backup is put back is in the backup that is made before, or in the file after."""
    folder = tmp_path / "state"
    with memory(folder) as opened:
        fill(opened.store, 20)
        old = opened.backup(str(tmp_path / "old.db")).path
        savers = [Companion(save_until_told, folder, f"s{n}n") for n in range(SAVERS)]
        for saver in savers:
            saver.go()
        time.sleep(0.3)
        opened.restore_backup(old)
        for saver in savers:
            saver.go()
        calls = [call for saver in savers for call in saver.result()]
        acknowledged = {outcome for outcome, _, _ in calls if len(outcome) == 32}
        assert len(acknowledged) == len(calls), calls
        (kept,) = opened.backups()
        after = contents(opened.store)
        opened.restore_backup(kept.path)
        assert acknowledged <= after.keys() | contents(opened.store).keys()
        assert acknowledged - after.keys(), "nobody saved before"


@pytest.mark.parametrize("how", ["renamed", "deleted", "log deleted"])
def test_a_swap_inside_a_transaction_fails_the_save(how: str, tmp_path: Path) -> None:
    """A save whose file is replaced before it is acknowledged is not acknowledged; the next one is refused until the mixture is mended,
    or goes into the new file."""
    folder = tmp_path / "state"
    with memory(folder) as opened:
        fill(opened.store, 5)
        upkeep.empty_wal(opened.store)
        copy = Path(opened.backup(str(tmp_path / "copy.db")).path)
        with pytest.raises(StoreError, match="replaced or removed"), opened.store.write() as transaction:
            lost = transaction.append(wire.OBSERVATION, "mesh", body("lost", transaction.now)).id
            if how == "renamed":
                os.replace(copy, folder / "memory.db")
            elif how == "deleted":
                shutil.rmtree(folder)
            else:
                (folder / "memory.db-wal").unlink()
        if how == "renamed":  # the log holds a commit that belongs to the file that is gone
            with pytest.raises(StoreError, match="overwritten by another file"):
                save(opened, "refused")
            repair.mend(opened.store)
        found = save(opened, "found")
        assert found in contents(opened.store)
        if how != "renamed":  # the log may belong to a copy of the same state as well
            assert lost not in everything(opened.store)
        assert damage(opened.store) == []


def test_an_open_process_follows_a_restore(tmp_path: Path) -> None:
    """A process that read before reads what was put back, and its next save is there for others."""
    with memory(tmp_path / "state") as a, memory(tmp_path / "state") as b:
        first = save(a, "first")
        old = a.backup(str(tmp_path / "old.db")).path
        second = save(b, "second")
        assert contents(a.store).keys() == contents(b.store).keys() == {first, second}
        a.restore_backup(old)
        assert contents(b.store).keys() == {first}
        third = save(b, "third")
        assert contents(a.store).keys() == {first, third}
