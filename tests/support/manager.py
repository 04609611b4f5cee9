"""A systemd of a test's own: a user manager in namespaces of its own, on a machine that was not booted with one."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .home import Home, Result

SYSTEMD = "/lib/systemd/systemd"
_GROUPS = "mount -t tmpfs none /sys/fs/cgroup && mkdir /sys/fs/cgroup/systemd && mount -t cgroup -o none,name=systemd,xattr cgroup /sys/fs/cgroup/systemd"
_BEGIN = f"""
mkdir -p /run/systemd && mount -t tmpfs none /run/systemd && mkdir /run/systemd/system && {_GROUPS} || exit 1
{SYSTEMD} --user & wait
"""
_LEAVE = f"{_GROUPS} && find /sys/fs/cgroup/systemd -mindepth 1 -depth -type d -exec rmdir {{}} +"
_PATIENCE = 30.0


class Managed(Home):
    """A home whose commands find the manager."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.run_dir = folder / "run"
        self.run_dir.mkdir(mode=0o700)

    def env(self, **settings: str | None) -> dict[str, str]:
        return super().env(**settings) | {"XDG_RUNTIME_DIR": str(self.run_dir)}

    def systemctl(self, *arguments: str) -> Result:
        whole = [*self.prefix, "systemctl", "--user", "--no-pager", *arguments]
        done = subprocess.run(whole, capture_output=True, text=True, env=self.env(), check=False, timeout=60)
        return Result(done.returncode, done.stdout, done.stderr)


@contextmanager
def managed(folder: Path) -> Iterator[Managed]:
    """A home with a user manager; everything that it started is gone afterwards."""
    home = Managed(folder)
    apart = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", _BEGIN]
    with open(folder / "systemd.log", "wb") as log:
        process = subprocess.Popen(apart, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=home.env())
    try:
        home.prefix = ("nsenter", "--target", _child(process.pid), "--mount", "--pid")
        end = time.monotonic() + _PATIENCE
        while home.systemctl("is-system-running").out.strip() not in ("running", "degraded"):
            ended = process.poll() is not None or time.monotonic() > end
            assert not ended, (folder / "systemd.log").read_text()
            time.sleep(0.1)
        yield home
    finally:
        process.kill()
        process.wait()
        subprocess.run(["unshare", "--mount", "sh", "-c", _LEAVE], capture_output=True, check=False)


def _child(pid: int) -> str:
    """The first process in the new namespaces."""
    end = time.monotonic() + _PATIENCE
    while not (found := Path(f"/proc/{pid}/task/{pid}/children").read_text().split()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found[0]


def available() -> bool:
    """Can this machine run one? Root may, where no systemd has the machine already."""
    booted = os.path.isdir("/run/systemd/system")
    return os.path.exists(SYSTEMD) and not booted and hasattr(os, "geteuid") and os.geteuid() == 0
