"""Is our server registered, can the registered command be started, and does it answer?"""

from __future__ import annotations

import os

from ..config import Config
from ..errors import KiokuError
from . import files, probe, programs
from .plan import OLD_NAMES, command_of, environment_of, is_ours
from .results import Health
from .table import NAME, Client, Place


def check(config: Config, client: Client, place: Place) -> tuple[Health, ...]:
    """Every registration of ours in one place of a client; a row `not_installed` if there is none."""
    blank = Health(client.name, client.title, "not_installed", place.scope, "", place.file)
    try:
        entries = files.entries_of(client, place)
    except KiokuError as error:
        return (blank._replace(state="unreadable", message=error.message, hint=error.hint),)
    ours = {name: entry for name, entry in entries.items() if name == NAME or is_ours(name, entry)}
    return tuple(_checked(config, blank._replace(name=n, command=command_of(e)), e) for n, e in ours.items()) or (
        blank._replace(message="not registered", hint=f"{_install(blank)} registers it"),
    )


def _install(row: Health) -> str:
    name = f" --name {row.name}" if row.name and row.name not in OLD_NAMES else ""
    return f"kioku-mesh mcp install --client {row.client} --scope {row.scope}{name}"


def _checked(config: Config, row: Health, entry: dict[str, object]) -> Health:
    again = f"{_install(row)} --force registers it anew"
    if entry.get("enabled") is False:
        return row._replace(state="disabled", message="registered, but disabled", hint=f"enable it in {row.file}")
    program = row.command[0] if row.command else ""
    foreign = not is_ours(row.name, entry)
    if foreign and not program:
        return _differs(row)
    path = program if os.path.isabs(program) else programs.find(program, config.environ.get("PATH", ""))
    if not path or not os.path.exists(path):
        return row._replace(state="command_missing", message=f"{program or 'the command'} does not exist", hint=again)
    if os.path.isdir(path) or not os.access(path, os.X_OK):
        return row._replace(state="not_executable", message=f"{path} is not a program one can start", hint=again)
    if foreign:
        return _differs(row)
    environ = {**config.environ, **environment_of(entry)}
    try:
        offered = probe.ask((path, *row.command[1:]), environ, config.cwd)
    except KiokuError as error:
        return row._replace(state="no_answer", message=error.message, hint=error.hint)
    message = f"{offered.name} {offered.version} answers with {len(offered.tools)} tools"
    return row._replace(state="ok", tools=offered.tools, version=offered.version, message=message)


def _differs(row: Health) -> Health:
    """Something else than our server under our name: it is not started here, and `mcp install` would not replace it."""
    words = " ".join(row.command) or "no command"
    hint = f"{_install(row)} --dry-run shows the difference, --force replaces it"
    return row._replace(state="differs", message=f"{row.name} is registered in another way: {words}", hint=hint)
