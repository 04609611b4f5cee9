"""Starting, ending and looking at the resident process, from any other one. Cheap to import."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..config import Config
from ..errors import NotAvailable, Timeout
from ..store.run import Run, Serve
from . import lock
from .installed import is_newer

if TYPE_CHECKING:
    import subprocess

START_S = 15.0
STOP_S = 15.0  # longer than the parts are given
_SETTLE_S = 3.0  # for the first sign of life of one that has just begun
_BREATH_S = 0.05

# What the resident process takes over from whoever starts it: where things are, not who is asking or what for.
_KEPT = (
    "HOME", "USER", "LOGNAME", "LANG", "TZ", "PATH", "TMPDIR", "TEMP", "TMP", "VIRTUAL_ENV", "LD_LIBRARY_PATH",
    "USERPROFILE", "USERNAME", "USERDOMAIN", "COMPUTERNAME", "LOCALAPPDATA", "APPDATA", "PROGRAMDATA", "SYSTEMROOT",
    "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "KIOKU_MESH_USER_ID", "KIOKU_MESH_TEAM_ID", "KIOKU_MESH_LOG",
)  # fmt: skip
_KEPT_KINDS = ("LC_", "XDG_", "PYTHON", "SSL_", "DYLD_")


def state(config: Config) -> Serve | None:
    """The resident process that runs now, as it last told of itself; None when there is none. Raises StoreError.

    Its `beat` is 0 when it has not told anything yet.
    """
    who = lock.holder(config.state_dir)
    return _told(config, who) if who else None


def ensure(config: Config, wait_s: float = START_S) -> bool:
    """Have one running that is not older than this program; True when it had to be started.

    Raises NotAvailable or Timeout when it does not come up, StoreError where there can be none.
    """
    who = lock.holder(config.state_dir)
    if who:
        if not _must_go(config, who):
            return False
        _end(config, who, STOP_S)
    return _start(config, wait_s)


def stop(config: Config, wait_s: float = STOP_S) -> bool:
    """End the one that runs; False when there is none. Raises Timeout when it does not end."""
    who = lock.holder(config.state_dir)
    return bool(who) and _end(config, who, wait_s)


def command(config: Config, *options: str) -> list[str]:
    """The command line of the resident process of these folders. Raises NotAvailable."""
    if not sys.executable:
        raise NotAvailable("the Python that runs this is not known", "run `kioku-mesh serve --foreground`")
    # -P: what lies in the working directory is not imported
    whole = [sys.executable, "-P", "-m", "kioku_mesh.serve", *options]
    return [*whole, "--state-dir", config.state_dir, "--config-dir", config.config_dir]


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What of the environment it takes over."""
    return {name: value for name, value in environ.items() if name in _KEPT or name.startswith(_KEPT_KINDS)}


def _must_go(config: Config, who: str) -> bool:
    """Is it ending already, or older than this program?"""
    return lock.is_asked(config.state_dir, who) or is_newer(__version__, _settled(config, who).version or __version__)


def _told(config: Config, who: str) -> Serve:
    pid, started = lock.split(who)
    with closing(Run(config.state_dir)) as table:
        row = table.serve()
    if row and (row.pid, row.started) == (pid, started):
        return row
    return Serve(pid, "", started, 0, config.get("mode"), config.get("engine"))


def _settled(config: Config, who: str) -> Serve:
    end = time.monotonic() + _SETTLE_S
    while not (row := _told(config, who)).beat and time.monotonic() < end:
        time.sleep(_BREATH_S)
    return row


def _end(config: Config, who: str, wait_s: float) -> bool:
    """True when this one has ended: another one that took its place meanwhile is none of our business."""
    lock.ask_to_end(config.state_dir, who)
    end = time.monotonic() + wait_s
    while lock.holder(config.state_dir) == who:
        if time.monotonic() > end:
            pid, _ = lock.split(who)
            raise Timeout(
                f"the resident process did not end within {wait_s:g} s (process {pid})",
                "end that process by hand: nothing that was saved depends on it",
                pid=pid,
            )
        time.sleep(_BREATH_S)
    return True


def _start(config: Config, wait_s: float) -> bool:
    """Start one that outlives us. False when another one was faster."""
    said = _heard(_spawned(config), wait_s)
    if said.get("started"):
        return True
    error = said.get("error", {})
    if error.get("code") == "refused":
        return False
    raise NotAvailable(
        f"the resident process could not be started: {error.get('message', 'it ended without saying why')}",
        error.get("hint") or "run `kioku-mesh serve --foreground` to see what happens",
    )


def _spawned(config: Config) -> subprocess.Popen[bytes]:
    import subprocess

    whole = command(config, "--detached")
    options: dict[str, Any] = {
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.PIPE,  # for its first words
        "stderr": subprocess.STDOUT,
        "env": environment(config.environ),
        "cwd": os.path.abspath(os.sep),  # no folder is kept in use
    }
    try:
        if sys.platform == "win32":
            return _spawned_apart(whole, options)
        return subprocess.Popen(whole, start_new_session=True, **options)
    except OSError as error:
        raise NotAvailable(
            f"the resident process could not be started: {whole[0]}: {error.strerror}",
            "run `kioku-mesh serve --foreground` to see what happens",
        ) from None


def _spawned_apart(whole: list[str], options: dict[str, Any]) -> subprocess.Popen[bytes]:
    """On Windows: without a console, and out of the job of an agent that ends with everything in it, where allowed."""
    import subprocess

    apart = 0x00000008 | 0x00000200  # DETACHED_PROCESS, CREATE_NEW_PROCESS_GROUP
    try:
        return subprocess.Popen(whole, creationflags=apart | 0x01000000, **options)  # CREATE_BREAKAWAY_FROM_JOB
    except OSError:
        return subprocess.Popen(whole, creationflags=apart, **options)


def _heard(process: subprocess.Popen[bytes], wait_s: float) -> dict[str, Any]:
    """Its first words: it says that it has started, or why not, and then lets go of the pipe.

    Not by `communicate`, which would wait for its end as well, where it cannot leave a process between us behind.
    """
    heard: list[bytes] = []
    pipe = process.stdout
    assert pipe is not None
    listener = threading.Thread(target=lambda: heard.append(pipe.read()), daemon=True)
    listener.start()
    listener.join(wait_s)
    if not heard:
        raise Timeout(
            f"the resident process said nothing for {wait_s:g} s",
            "`kioku-mesh serve --status` shows whether it came up",
        )
    pipe.close()
    if sys.platform != "win32":
        process.wait()  # the one between us, which ends at once
    lines = heard[0].decode("utf-8", "replace").strip().splitlines()
    try:
        said = json.loads(lines[-1])
    except (IndexError, ValueError):
        return {"error": {"message": lines[-1][:300]}} if lines else {}
    return said if isinstance(said, dict) else {}
