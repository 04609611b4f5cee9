"""The process that reads finished sessions: started by a hook, seen by nobody, gone when it is done."""

from __future__ import annotations

import sys

from .. import app, config
from ..errors import KiokuError
from ..service.memory import Memory
from . import capture, journal
from .events import Event


def main(state_dir: str, config_dir: str) -> int:
    places = {"state_dir": state_dir, "config_dir": config_dir}

    def open_(event: Event) -> Memory:
        settings = config.load(cwd=event.folder, arguments=places | {"session_id": event.session})
        return app.open_memory(settings, event.who)

    try:
        capture.read_queued(config.load(arguments=places), open_)
    except (KiokuError, OSError) as error:
        journal.write(state_dir, f"capture: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
