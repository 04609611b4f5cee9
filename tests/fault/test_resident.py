"""The resident process when things go wrong around it."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

from support import Home, needs
from support.mounts import fill_up, small_disk
from support.residents import is_gone, resident, until


@needs("posix")
def test_killed_again_and_again(home: Home) -> None:
    """Each time the next one starts at once, and what was saved meanwhile is there."""
    for number in range(8):
        assert home.json("serve")["started"]
        pid = (resident(home) or {})["pid"]
        home.save(f"fact number {number} of eight")
        os.kill(pid, signal.SIGKILL)
        until(lambda pid=pid: is_gone(pid))
    assert home.json("search", "fact number")["count"] == 8
    home.ok("doctor", "--deep")


@needs("linux", "root")
def test_a_full_disk(home: Home) -> None:
    """It stays, says nothing for as long as it cannot, and is heard again when there is room."""
    with small_disk(home.state, 4096) as disk:
        home.save("before the disk was full")
        home.ok("serve")
        pid = (resident(home) or {})["pid"]
        ballast = fill_up(disk)
        started = home.run("status", "--json").json()["serve"]["pid"]
        assert started == pid
        for _ in range(3):
            assert home.run("search", "disk").status == 0
        assert not is_gone(pid)
        ballast.unlink()
        before = (resident(home) or {})["last_seen"]
        found = until(lambda: (row := resident(home)) and row["running"] and row["last_seen"] > before and row) or {}
        assert found["pid"] == pid
        assert home.json("serve", "--stop")["stopped"]


@needs("posix")
def test_savers_do_not_notice_it(home: Home) -> None:
    """While it is started, stopped and killed, every save succeeds and is found."""
    over = threading.Event()

    def churn() -> None:
        while not over.is_set():
            home.run("serve")
            found = resident(home)
            if found:
                os.kill(found["pid"], signal.SIGKILL)

    disturber = threading.Thread(target=churn)
    disturber.start()
    try:
        for number in range(20):
            home.save(f"disturbance {number} w{number}x")
    finally:
        over.set()
        disturber.join(120)
    assert home.json("search", "disturbance", "--limit", "50")["count"] == 20


def test_a_scribbled_table(home: Home) -> None:
    """A damaged run.db is made anew, and nobody fails over it meanwhile."""
    home.ok("serve")
    pid = (resident(home) or {})["pid"]
    for name in ("run.db", "run.db-wal"):
        path = Path(home.state / name)
        if path.exists():
            path.write_bytes(b"not a database" * 400)
    home.ok("status")
    home.save("a save beside a damaged table")
    until(lambda: (row := resident(home)) and row["running"])
    assert (resident(home) or {})["pid"] == pid
