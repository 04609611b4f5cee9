"""Reading what was said in a session, apart from the hook that must not wait for it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress

from ..config import Config
from ..ids import new_id
from ..service.memory import Memory
from ..text.decisions import findings
from . import transcript
from .events import Event

_FOLDER, _ENDING = "captures", ".json"
_QUEUED_MAX = 100


def queue(config: Config, event: Event) -> None:
    """Note a session that should be read, and start a process that does it. Raises OSError."""
    folder = _folder(config)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    if len(os.listdir(folder)) >= _QUEUED_MAX:
        return
    beside = os.path.join(folder, new_id())
    with open(beside, "x", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        json.dump(event._asdict() | {"prompt": ""}, file)
    os.replace(beside, beside + _ENDING)
    _start(config)


def _start(config: Config) -> None:
    import subprocess

    # -P: what lies in the working directory is not imported
    command = [sys.executable, "-P", "-m", "kioku_mesh.hooks", config.state_dir, config.config_dir]
    nothing = subprocess.DEVNULL
    environ = {name: value for name, value in config.environ.items() if not name.startswith("KIOKU_MESH_")}
    subprocess.Popen(
        command, stdin=nothing, stdout=nothing, stderr=nothing, env=environ, start_new_session=True, close_fds=True
    )


def read_queued(config: Config, open_: Callable[[Event], Memory]) -> int:
    """Read every session that was noted, and keep what it decided for review; returns how much there was.

    `open_`: the memory as the client of an event has it. Raises KiokuError; what could not be read is given up."""
    added = 0
    for path in _queued(config):
        event = _taken(path)
        if event and event.transcript:
            with suppress(OSError):
                said = transcript.turns(event.transcript)
                memory = open_(event)
                try:
                    found = [(each.kind, each.text) for each in findings(said)]
                    added += memory.propose(found, event.transcript)
                finally:
                    memory.close()
    return added


def _queued(config: Config) -> list[str]:
    folder = _folder(config)
    try:
        return sorted(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(_ENDING))
    except OSError:
        return []


def _taken(path: str) -> Event | None:
    """The event of a file, which is ours alone now; None if another process was faster, or for none of ours."""
    mine = f"{path}.{os.getpid()}"
    try:
        os.rename(path, mine)
        with open(mine, encoding="utf-8") as file:
            return Event(**json.load(file))
    except (OSError, ValueError, TypeError):
        return None
    finally:
        with suppress(OSError):
            os.unlink(mine)


def _folder(config: Config) -> str:
    return os.path.join(config.state_dir, _FOLDER)
