"""Is our server registered, can the registered command be started, does it answer, and is what comes with it there?"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from ..config import Config
from ..errors import KiokuError
from ..model import Notice
from . import companions, entries, hooks, plugin, probe, programs, rewriting
from .plan import project_notes
from .results import Health, Presence
from .rewriting import Part
from .shapes import OLD_NAMES, command_of, environment_of, is_off, is_ours
from .table import NAME, Client, Place, path_of


def check(config: Config, client: Client, place: Place) -> tuple[Health, ...]:
    """Every registration of ours in one place of a client; a row `not_installed` if there is none."""
    blank = Health(client.name, client.title, "not_installed", place.scope, "", place.file)
    try:
        found = entries.entries_of(client, place)
        notes = project_notes(client, entries.entries_per_project(client, place))
    except KiokuError as error:
        return (blank._replace(state="unreadable", message=error.message, hint=error.hint),)
    ours = {name: entry for name, entry in found.items() if name == NAME or is_ours(name, entry)}
    if not ours:
        return (blank._replace(message="not registered", hint=f"{_install(blank)} registers it", notes=notes),)
    rows = [_checked(config, blank._replace(name=n, command=command_of(e)), e) for n, e in ours.items()]
    rows[0] = _with_companions(config, client, rows[0])
    if len(rows) > 1:
        notes += (Notice("registered_twice", f"{place.file} has it {len(rows)} times: {', '.join(ours)}"),)
    return (rows[0]._replace(notes=notes), *rows[1:])


def compared(config: Config, client: Client, rows: Sequence[Health]) -> tuple[Health, ...]:
    """The rows of a client with what only shows when all its places are seen: shadows, and files of others that it reads."""
    there = {(row.scope, row.name) for row in rows if row.state not in ("not_installed", "unreadable", "differs")}
    result = []
    for row in rows:
        notes = row.notes
        if row.scope == "project" and ("user", row.name) in there:
            notes += (Notice("shadows", f"in this project the entry in {row.file} wins over the user's"),)
        result.append(row._replace(notes=notes))
    for paths in client.also_reads if there else ():
        file = path_of(paths, config)
        if file and os.path.isfile(file) and _registered(file):
            note = Notice("registered_twice", f"{client.title} also reads {file}, where the server is registered too")
            result[0] = result[0]._replace(notes=(*result[0].notes, note))
    if there and client.trusts and client.trusts(config) is False:
        said = f"{client.title} does not trust {config.cwd}: it starts no server and runs no hooks there"
        note = Notice("untrusted_folder", f"{said}; start it there and trust the folder, or type /permissions in it")
        result[0] = result[0]._replace(notes=(*result[0].notes, note))
    return tuple(result)


def _registered(file: str) -> bool:
    """Whether a file of another client has our server; they all keep it under the same key."""
    try:
        found = entries.entries_in("jsonc", file, ("mcpServers",))
        return any(is_ours(name, entry) for name, entry in found.items())
    except KiokuError:
        return False


def _install(row: Health) -> str:
    name = f" --name {row.name}" if row.name and row.name not in OLD_NAMES else ""
    return f"kioku-mesh mcp install --client {row.client} --scope {row.scope}{name}"


def _with_companions(config: Config, client: Client, row: Health) -> Health:
    again = f"kioku-mesh mcp install --client {row.client} --scope {row.scope}"
    rules = _presence(companions.rules_part(client, row.scope, config), again)
    server = row.command[0] if row.command else ""
    program = programs.find(programs.PROGRAM, os.path.dirname(server) or config.environ.get("PATH", ""))
    if not companions.has_called_us(config, client, row.scope):
        return row._replace(rules=rules)
    again += "" if client.hooks else " --plugin"
    try:
        called = _presence(companions.hooks_part(client, row.scope, config, program or programs.PROGRAM), again)
        if called and called.state == "current":
            called = _reviewed(config, client, called)
    except KiokuError as error:
        called = Presence("unreadable", "", error.message, error.hint)
    return row._replace(rules=rules, hooks=called)


def _reviewed(config: Config, client: Client, called: Presence) -> Presence:
    """Hooks that are as they should be, but that the client does not run yet."""
    kind = client.hooks
    if kind and kind.reviewed and not kind.reviewed(config, called.file, rewriting.parse(kind.form, called.file)):
        message = f"the hooks in {called.file} are not reviewed yet"
        return Presence("unreviewed", called.file, message, kind.note)
    return called


def _checked(config: Config, row: Health, entry: dict[str, object]) -> Health:
    again = f"{_install(row)} --force registers it anew"
    if is_off(entry):
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


def _presence(part: Part | None, again: str) -> Presence | None:
    """How a companion stands; `again` is the command that writes it."""
    if part is None:
        return None
    words = {companions.RULES: "the rules block", companions.HOOKS: "the hooks"}[part.name]
    hint = f"{again} writes them" if part.name == companions.HOOKS else f"{again} writes it"
    try:
        data = rewriting.parse(part.form, part.file) or {}
        if not part.holds(data):
            return Presence("missing", part.file, f"{words} missing in {part.file}", hint)
        gone = _gone(data) if part.name == companions.HOOKS else ""
        if gone:
            return Presence("broken", part.file, f"the hooks in {part.file} call {gone}, which is not there", hint)
        if rewriting.preview(part):
            return Presence("outdated", part.file, f"{words} in {part.file} from another release", hint)
        return Presence("current", part.file)
    except KiokuError as error:
        return Presence("unreadable", part.file, error.message, error.hint)


def _gone(data: Any) -> str:
    """A program that our hooks call and that does not exist, "" if there is none."""
    called = {hooks.program_of(entry) for entries in hooks.installed(data).values() for entry in entries}
    called |= {program} if (program := plugin.program_of(data)) else set()
    return next((program for program in called if not os.path.isfile(program)), "")
