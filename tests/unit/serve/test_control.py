"""Starting the resident process: what it takes over, and what its starter learns."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from kioku_mesh import config
from kioku_mesh.errors import NotAvailable, StoreError, Timeout
from kioku_mesh.serve import control, lock
from support import needs


def settings(folder: Path) -> config.Config:
    environ = {"HOME": str(folder), "KIOKU_MESH_STATE_DIR": str(folder / "state")}
    return config.load(environ, str(folder))


def talker(program: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def test_where_things_are_is_taken_over(tmp_path: Path) -> None:
    """Not who asks, what for, or what he knows."""
    told = {
        "HOME": "/h", "LC_ALL": "C", "XDG_DATA_HOME": "/d", "PYTHONPATH": "/p", "KIOKU_MESH_USER_ID": "kim",
        "API_KEY": "x", "KIOKU_MESH_PROJECT": "p", "KIOKU_MESH_SESSION_ID": "s", "KIOKU_MESH_STATE_DIR": "/s",
    }  # fmt: skip
    assert set(control.environment(told)) == {"HOME", "LC_ALL", "XDG_DATA_HOME", "PYTHONPATH", "KIOKU_MESH_USER_ID"}
    whole = control.command(settings(tmp_path))
    assert whole[whole.index("--state-dir") + 1] == str(tmp_path / "state")


@pytest.mark.parametrize(
    ("says", "heard"),
    [
        ('{"started": true}', {"started": True}),
        ('a warning\\n{"started": true}', {"started": True}),
        ("Traceback\\nImportError: no apsw", {"error": {"message": "ImportError: no apsw"}}),
        ("7", {}),
        ("", {}),
    ],
)
@needs("posix")
def test_its_first_words_are_heard(says: str, heard: dict[str, object]) -> None:
    """Whatever they are."""
    assert control._heard(talker(f"print('{says}')"), 60) == heard


def test_one_that_says_nothing_is_not_waited_for() -> None:
    """Longer than it may take."""
    silent = talker("input()")
    with pytest.raises(Timeout):
        control._heard(silent, 0.05)
    assert silent.stdin
    silent.stdin.close()
    silent.wait(60)


def test_one_that_does_not_end_is_named(tmp_path: Path) -> None:
    """Nobody is killed: a person decides."""
    held = lock.take(str(tmp_path / "state"))
    try:
        with pytest.raises(Timeout) as late:
            control.stop(settings(tmp_path), 0.1)
    finally:
        held.release()
    assert late.value.details == {"pid": os.getpid()}
    assert control.stop(settings(tmp_path)) is False


def test_one_that_is_ending_is_waited_for(tmp_path: Path) -> None:
    """Whoever wants one running does not take the one that is about to end for it."""
    held = lock.take(str(tmp_path / "state"))
    lock.ask_to_end(str(tmp_path / "state"), held.who)
    ending = threading.Timer(0.3, held.release)
    ending.start()
    try:
        assert control.ensure(settings(tmp_path))
        assert not control.ensure(settings(tmp_path))
    finally:
        ending.join()
        assert control.stop(settings(tmp_path))


def test_one_that_just_begins_counts(tmp_path: Path) -> None:
    """It holds the lock and has not told anything yet: it runs, of a version that nobody knows."""
    held = lock.take(str(tmp_path / "state"))
    try:
        row = control.state(settings(tmp_path))
        assert row
        assert (row.pid, row.version, row.beat) == (os.getpid(), "", 0)
    finally:
        held.release()


def test_a_program_that_is_broken_is_told_as_it_is(tmp_path: Path) -> None:
    """The last line of what it said, and how to see more."""
    broken = tmp_path / "broken"
    (broken / "kioku_mesh").mkdir(parents=True)
    (broken / "kioku_mesh" / "__init__.py").write_text("raise ImportError('half of an upgrade')\n")
    environ = {"HOME": str(tmp_path), "PYTHONPATH": str(broken), "KIOKU_MESH_STATE_DIR": str(tmp_path / "state")}
    with pytest.raises(NotAvailable) as failed:
        control.ensure(config.load(environ, str(tmp_path)))
    assert "half of an upgrade" in failed.value.message
    assert "--foreground" in failed.value.hint


def test_a_state_directory_that_is_a_file(tmp_path: Path) -> None:
    """There can be none, and there is none."""
    (tmp_path / "state").write_text("")
    with pytest.raises((NotAvailable, StoreError)):
        control.ensure(settings(tmp_path))
    with pytest.raises(StoreError):
        control.state(settings(tmp_path))
