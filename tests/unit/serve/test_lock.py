"""One per state directory, by an OS lock; a request to end is for one process and no other."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from kioku_mesh.errors import Refused, StoreUnwritable
from kioku_mesh.serve import lock
from support import needs
from support.mounts import hand_over, let_pass, nobody


def test_the_second_one_is_refused(tmp_path: Path) -> None:
    """It says who runs, and may begin when that one has ended."""
    directory = str(tmp_path / "state")
    assert lock.holder(directory) == ""
    held = lock.take(directory)
    assert lock.split(lock.holder(directory))[0] == os.getpid()
    with pytest.raises(Refused) as refused:
        lock.take(directory)
    assert str(os.getpid()) in refused.value.message
    held.release()
    assert lock.holder(directory) == ""
    lock.take(directory).release()
    assert (tmp_path / "state" / lock.FILE).exists()


def test_looking_does_not_keep_anybody_out(tmp_path: Path) -> None:
    """While many look whether it is held, whoever wants it gets it."""
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            lock.holder(str(tmp_path))

    lookers = [threading.Thread(target=look) for _ in range(4)]
    for looker in lookers:
        looker.start()
    try:
        for _ in range(20):
            lock.take(str(tmp_path)).release()
    finally:
        over.set()
        for looker in lookers:
            looker.join()


def test_a_request_is_for_one_process(tmp_path: Path) -> None:
    """One that names somebody else, or came before the lock was taken, asks nothing of this one."""
    directory = str(tmp_path)
    first = lock.take(directory)
    who = first.who
    lock.ask_to_end(directory, "1 1")
    assert not lock.is_asked(directory, who)
    lock.ask_to_end(directory, who)
    assert lock.is_asked(directory, who)
    first.release()
    second = lock.take(directory)
    assert second.who != who
    assert not lock.is_asked(directory, second.who)
    lock.ask_to_end(directory, who)  # by somebody who had looked before the change
    assert not lock.is_asked(directory, second.who)
    second.release()


@pytest.mark.parametrize("text", ["", "x", "12", "12 y", "\0\0"])
def test_a_line_of_nobody_names_nobody(text: str) -> None:
    """A lock file that was scribbled over leads to no process."""
    assert lock.split(text) == (0, 0)


@needs("posix")
def test_where_nothing_can_be_written_there_can_be_none(tmp_path: Path) -> None:
    """The failure says that the place is at fault."""
    folder = tmp_path / "state"
    folder.mkdir()
    folder.chmod(0o500)
    let_pass(tmp_path)
    hand_over(folder)
    with nobody(), pytest.raises(StoreUnwritable):
        lock.take(str(folder))
