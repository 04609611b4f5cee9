"""The write lock: who holds it is named, a stopped holder delays and damages nothing, a reader cannot make the log grow for ever."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from kioku_mesh.errors import DiskFull, StoreBusy
from kioku_mesh.model import Query
from kioku_mesh.store import checkpoint, lock
from support import needs
from support.company import Companion, hold, stall
from support.stores import contents, damage, fact, fill, memory, save


def wal(folder: Path) -> int:
    return (folder / "memory.db-wal").stat().st_size


@needs("posix")
def test_a_saver_stopped_in_its_transaction_is_named(tmp_path: Path) -> None:
    """Others are told which process holds the lock and since when, still read, and go on when it does; all is stored."""
    with memory(tmp_path, wait_s=0.2) as opened:
        first = save(opened, "first")
        saver = Companion(stall, tmp_path, "stopped")
        saver.go()
        assert saver.hear() == "inside"
        os.kill(saver.process.pid, signal.SIGSTOP)
        try:
            with pytest.raises(StoreBusy) as refused:
                save(opened, "second")
            assert f"process {saver.process.pid}, since " in refused.value.message
            assert refused.value.hint
            assert contents(opened.store).keys() == {first}
        finally:
            os.kill(saver.process.pid, signal.SIGCONT)
        saver.go()
        stopped = saver.result()
        second = save(opened, "second")
        assert contents(opened.store).keys() == {first, stopped, second}
        assert damage(opened.store) == []


@needs("posix")
def test_a_saver_killed_in_its_transaction_leaves_nothing(tmp_path: Path) -> None:
    """What was not committed is gone with its process, and the lock is free."""
    with memory(tmp_path, wait_s=5) as opened:
        first = save(opened, "first")
        saver = Companion(stall, tmp_path, "killed")
        saver.go()
        assert saver.hear() == "inside"
        saver.process.kill()
        saver.process.communicate()
        assert contents(opened.store).keys() == {first}
        save(opened, "second")
        assert damage(opened.store) == []


def test_a_wait_that_was_given_up_does_not_keep_the_lock(tmp_path: Path) -> None:
    """A saver that gave up waiting gives the lock back as soon as it gets it after all."""
    path = str(tmp_path / "write.lock")
    first = lock.WriteLock(path, 1)
    for _ in range(3):
        with pytest.raises(StoreBusy):
            lock.WriteLock(path, 0.01)
    first.release()
    lock.WriteLock(path, 5).release()


def test_a_lock_that_cannot_be_signed_is_given_back(tmp_path: Path) -> None:
    """When the name of the holder cannot be written, the lock is not held on by a forgotten descriptor."""
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs linux")
    path = tmp_path / "write.lock"
    path.symlink_to(full)
    with pytest.raises(OSError, match="No space left"):
        lock.WriteLock(str(path), 0.1)
    open_files = [
        os.readlink(f"/proc/self/fd/{name}")
        for name in os.listdir("/proc/self/fd")
        if os.path.islink(f"/proc/self/fd/{name}")
    ]
    assert str(full) not in open_files


def test_the_lines_of_the_lock_file_do_not_touch(tmp_path: Path) -> None:
    """Taking the lock changes nothing of the marks that commits and checkpoints left in its file."""
    path = str(tmp_path / "write.lock")
    held = lock.WriteLock(path, 1)
    held.mark, held.checkpointed = "m" * 255, "b" * 191
    held.release()
    again = lock.WriteLock(path, 1)
    assert (again.mark, again.checkpointed, lock.checkpointed(path)) == ("m" * 255, "b" * 191, "b" * 191)
    again.release()


def test_the_log_is_bounded(tmp_path: Path) -> None:
    """Hundreds of saves leave a write-ahead log that is not much larger than the bound."""
    with memory(tmp_path) as opened:
        sizes = []
        for number in range(400):
            fill(opened.store, 1, number)
            sizes.append(wal(tmp_path))
    assert max(sizes) < 2 * checkpoint.LARGE
    assert sum(after < before for before, after in pairwise(sizes)) > 3, "the log was not moved often enough to tell"


def test_a_reader_that_never_stops_pins_the_log_until_it_ends(tmp_path: Path) -> None:
    """Savers never wait for it and it sees its own moment; the log grows with what is written, and is emptied after it."""
    with memory(tmp_path) as opened:
        fill(opened.store, 10)
        reader = Companion(hold, tmp_path)
        reader.go()
        assert reader.hear() == "holding"
        fill(opened.store, 200, 10, at_once=1)
        grown = wal(tmp_path)
        assert grown > checkpoint.LARGE, "the reader held nothing up"
        assert opened.search(Query(text="w199x")).count == 1
        reader.go()
        reader.process.communicate()
        save(opened, "after")
        assert wal(tmp_path) < checkpoint.LARGE
        assert damage(opened.store) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs linux")
def test_a_full_lock_file_is_a_full_disk(tmp_path: Path) -> None:
    """A disk on which not even the lock file can be written is called full, not busy."""
    (tmp_path / "write.lock").symlink_to("/dev/full")
    with memory(tmp_path) as opened, pytest.raises(DiskFull):
        save(opened, fact(1))


@needs("posix")
def test_a_child_that_inherited_the_lock_does_not_keep_it(tmp_path: Path) -> None:
    """Between fork and exec every child has all descriptors of its parent."""
    path = str(tmp_path / "write.lock")
    held = lock.WriteLock(path)
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[held._fd])
    try:
        held.release()
        assert not lock.is_held(path)
    finally:
        child.communicate(b"\n")
