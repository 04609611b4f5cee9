"""`mcp install`, `uninstall`, `status` and `clients`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import click

from ... import clients, config
from ...clients import (
    CLIENTS,
    NAME,
    PASTED,
    SCOPES,
    Checked,
    Companion,
    Health,
    Installed,
    Known,
    Presence,
    Registration,
)  # fmt: skip
from ...config import Config
from ...errors import BadInput
from ...model import Notice
from ...service.packing import harmless
from .. import consent, options, output
from ..completing import words
from ..reading import on_terminal

CLIENT = options.many(
    "--client", "names", metavar="NAME", shell_complete=words(CLIENTS), help="Which (all found here)."
)
CLIENT_OR_PASTED = options.many(
    "--client", "names", metavar="NAME", shell_complete=words((*CLIENTS, *PASTED)),
    help="Which (all found here); json or toml prints what to paste anywhere.",
)  # fmt: skip
RULES = click.option("--rules/--no-rules", default=True, help="The block in the client's instructions (on).")
HOOKS = click.option("--hooks/--no-hooks", default=True, help="The hooks at session events (on).")
PLUGIN = click.option(
    "--plugin", is_flag=True,
    help="Also a plugin for OpenCode, which has no hooks (off: a folder of plugins can make its start slow).",
)  # fmt: skip
SCOPE = click.option("--scope", type=click.Choice(SCOPES), default="user", show_default=True, help="Where it counts.")
SERVER = click.option(
    "--name", default=NAME, show_default=True, metavar="NAME", help="The name the client knows it by."
)
FORCE = click.option("--force", is_flag=True, help="Also change what was registered in another way.")

STATES = {
    "already_installed": "installed already",
    "not_installed": "not installed",
    "needs_force": "left as it is",
    "command_missing": "broken: the command is gone",
    "not_executable": "broken: the command cannot be run",
    "differs": "registered in another way",
    "no_answer": "broken: the server does not answer",
}
PARTS = {
    "already_installed": "there",
    "not_installed": "not there",
    "kept": "left: others need it",
    "missing": "not there",
    "outdated": "from another release",
    "broken": "broken",
    "unreviewed": "not reviewed yet",
}
NOBODY = "no client was found on this machine: kioku-mesh mcp clients"


@click.group(no_args_is_help=False)
def mcp() -> None:
    """Register the memory with your agents."""


def variables(_context: click.Context, _parameter: click.Parameter, pairs: tuple[str, ...]) -> dict[str, str]:
    """`KEY=VALUE`, repeated."""
    for pair in pairs:
        if "=" not in pair:
            raise BadInput(f"not an environment variable: {pair!r}", "write it as NAME=value")
    return dict(pair.split("=", 1) for pair in pairs)


@mcp.command()
@CLIENT_OR_PASTED
@SCOPE
@SERVER
@click.option("-e", "environment", multiple=True, metavar="K=V", callback=variables, help="Variables for the server.")
@RULES
@HOOKS
@PLUGIN
@options.dry_run
@FORCE
@options.yes
@options.as_json
def install(names: tuple[str, ...], dry_run: bool, yes: bool, as_json: bool, **how: Any) -> int:
    """Register the server with clients.

    With it come a short block of rules in the client's instructions file and hooks at the events of a session. Doing it
    again changes nothing. --dry-run shows the change; files that change are backed up first. Without --client all clients
    that are found here are listed first, and at a terminal you are asked.
    """
    settings = config.load(tolerant=True)
    if set(names) & set(PASTED):
        return paste(settings, names, as_json, **how)
    if not names and not dry_run:
        announce(settings, "register the server with", how, yes)
    return tell(clients.install(settings, names, dry_run=dry_run, **how), as_json)


def announce(settings: Config, what: str, how: Mapping[str, Any], yes: bool) -> None:
    """Say which clients are meant before anything changes; at a terminal show the changes, and ask."""
    found = [known for known in clients.clients(settings) if known.detected and how["scope"] in known.files]
    titles = ", ".join(known.title for known in found)
    if not found or yes or not on_terminal():
        output.note(f"clients found here: {titles}" if found else NOBODY)
        return
    planned = clients.install(settings, dry_run=True, **how)
    consent.ask(f"{what} {titles}", listing(planned), yes)


def paste(
    settings: Config, names: tuple[str, ...], as_json: bool, *, name: str, environment: dict[str, str], **_how: Any
) -> int:
    """Print the registration as text."""
    if len(names) > 1:
        raise BadInput(f"--client {' and '.join(PASTED)} stand alone", "leave out the others, or run it once for each")
    text, advice = clients.pasted(settings, names[0], name=name, environment=environment)
    output.show({"text": text, "advice": advice}, as_json, lambda shown: str(shown["text"]))
    for line in () if as_json else advice:
        output.note(line)
    return 0


@mcp.command()
@CLIENT
@SCOPE
@SERVER
@RULES
@HOOKS
@options.dry_run
@FORCE
@options.as_json
def uninstall(names: tuple[str, ...], as_json: bool, **how: Any) -> int:
    """Take the registration out of clients.

    A file that nobody else changed becomes byte for byte what it was; from any other our own entry alone is taken out.
    """
    done = clients.uninstall(config.load(tolerant=True), names, **how)
    if not done.results and not as_json:
        output.note(NOBODY)
    return tell(done, as_json)


def tell(done: Installed, as_json: bool) -> int:
    output.show(done, as_json, listing)
    return 0 if done.ok else 1


def listing(done: Installed) -> str:
    return "\n".join(registered(row, done.dry_run) for row in done.results)


def registered(row: Registration, dry_run: bool) -> str:
    parts = [f"{row.title}: {became(row.state, STATES, dry_run)} ({row.scope}: {row.file})"]
    parts += failure(row.error)
    if dry_run or row.error:
        parts += [*row.commands, row.diff.rstrip("\n")]
    if row.backup:
        parts.append(f"backup: {row.backup}")
    for name, part in (("rules", row.rules), ("hooks", row.hooks)):
        parts += companion(name, part, dry_run) if part else []
    return below(parts, row.notes)


def became(state: str, states: Mapping[str, str], dry_run: bool) -> str:
    changes = state in ("installed", "replaced", "removed")
    return f"{'would be ' if dry_run and changes else ''}{states.get(state, state)}"


def failure(error: Mapping[str, Any] | None) -> list[str]:
    return [f"error: {error['message']}", f"hint: {error['hint']}"] if error else []


def companion(name: str, part: Companion, dry_run: bool) -> list[str]:
    """Rules or hooks of a client."""
    told = [f"{name}: {became(part.state, PARTS, dry_run)} ({part.file})", *failure(part.error)]
    told += [part.diff] if dry_run else []
    return told + ([f"backup: {part.backup}"] if part.backup else [])


def below(parts: list[str], notes: Iterable[Notice] = ()) -> str:
    told = [part for part in parts[1:] if part] + [f"note: {notice.message}" for notice in notes]
    return "\n".join([parts[0], *(output.indent(harmless(part)) for part in told)])


@mcp.command()
@CLIENT
@click.option("--scope", type=click.Choice(SCOPES), help="Only this one.")
@options.as_json
def status(names: tuple[str, ...], scope: str | None, as_json: bool) -> int:
    """Whether clients can start the server, and whether it answers."""
    checked = clients.status(config.load(tolerant=True), names, scope=scope)
    output.show(checked, as_json, health)
    if not checked.results and not as_json:
        output.note(NOBODY)
    return 0 if checked.ok else 1


def health(checked: Checked) -> str:
    return "\n".join(map(healthy, checked.results))


def healthy(row: Health) -> str:
    state = STATES.get(row.state, row.state)
    parts = [f"{row.title}: {state} ({row.scope}: {row.file})", row.message, f"hint: {row.hint}" if row.hint else ""]
    for name, part in (("rules", row.rules), ("hooks", row.hooks)):
        parts += presence(name, part) if part else []
    return below(parts, row.notes)


def presence(name: str, part: Presence) -> list[str]:
    told = [f"{name}: {PARTS.get(part.state, part.state)} ({part.file})"]
    return told + ([part.message] if not part.ok else []) + ([f"hint: {part.hint}"] if part.hint else [])


@mcp.command("clients")
@options.as_json
def clients_(as_json: bool) -> None:
    """The clients that can be registered with, and which are here."""
    known = clients.clients(config.load(tolerant=True))
    output.show({"clients": known}, as_json, lambda shown: table(shown["clients"]))


def table(known: Iterable[Known]) -> str:
    return output.rows((row.name, "here" if row.detected else "-", row.program or "", row.title) for row in known)
