"""`hook`: called by clients. It must never cost them anything: it ends at once, and says nothing when anything is wrong."""

from __future__ import annotations

import sys
from contextlib import closing

import click

from ... import app, config
from ...hooks import answers, events, journal

_READ_MAX = 8 << 20  # bytes of what a client sends


@click.command()
@click.argument("event")
@click.option("--client", required=True, metavar="NAME", help="The client that calls.")
def hook(event: str, client: str) -> int:
    """Answer an event of a client's session (clients call it).

    JSON comes on stdin, the answer goes to stdout in the client's own form. EVENT is session-start, prompt, compact or
    session-end, or what the client calls them. What goes wrong stands in hooks.log beside the memory; the exit status is 0 all
    the same.
    """
    events.named(event)
    state_dir = ""
    try:
        told = events.read(event, client, sys.stdin.buffer.read(_READ_MAX))
        settings = config.load(cwd=told.folder, arguments={"session_id": told.session})
        state_dir = settings.state_dir
        with closing(app.open_memory(settings, told.who)) as memory:
            said = events.answer(told, answers.tell(memory, told))
        if said:
            sys.stdout.write(said + "\n")
            sys.stdout.flush()
    except Exception as error:  # noqa: BLE001  the edge of a hook
        journal.write(
            state_dir or config.load(tolerant=True).state_dir, f"{client} {event}: {type(error).__name__}: {error}"
        )
    return 0
