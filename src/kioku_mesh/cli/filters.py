"""The options that say which memories are meant, gathered into one `Filter`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from ..model import MEMORY_TYPES, STATES, Filter
from .completing import words
from .opening import known
from .options import Command, many, since, some, when

project = click.option("-p", "--project", metavar="NAME", shell_complete=known("project"), help="Only this project.")
FILTERS = (
    project,
    many(
        "--memory-type",
        "--type",
        "memory_types",
        read=some,
        metavar="TYPE",
        shell_complete=words(MEMORY_TYPES),
        help="Only this type.",
    ),
    many(
        "-t",
        "--tags",
        "--tag",
        "tags",
        read=some,
        metavar="TAG",
        shell_complete=known("tag"),
        help="Only with all of these tags.",
    ),
    many("--source-files", "--file", "source_files", read=some, metavar="PATH", help="About a file."),
    many("--references", "--ref", "references", read=some, metavar="REF", help="With a reference."),
    click.option("--agent-family", metavar="NAME", help="Saved by agents of this family."),
    click.option("--client-id", metavar="NAME", shell_complete=known("client"), help="Saved by this client."),
    click.option("--session-id", metavar="ID", shell_complete=known("session"), help="Saved in this session."),
    click.option("--pc-id", metavar="NAME", shell_complete=known("pc"), help="Saved on this machine."),
    click.option("--here", is_flag=True, help="Saved on the machine you are at."),
    since,
    click.option("--until", metavar="TIME", callback=when, help="Saved until."),
)
INCLUDE = many(
    "--include", read=some, metavar="STATE", shell_complete=words(STATES[1:]), help="Also superseded, expired, deleted."
)


def where(hidden_states: bool = False) -> Callable[[Command], Command]:
    """Add the options of a filter; the command gets them as one `where`. `hidden_states` adds `--include`."""

    def decorate(command: Command) -> Command:
        @wraps(command)
        def gathered(*args: Any, **given: Any) -> Any:
            fields = {name: given.pop(name) for name in Filter._fields if name in given}
            states = (STATES[0], *given.pop("include", ()))
            return command(*args, where=Filter(**fields, states=states), **given)

        result: Command = gathered
        for option in reversed((*FILTERS, INCLUDE) if hidden_states else FILTERS):
            result = option(result)
        return result

    return decorate
