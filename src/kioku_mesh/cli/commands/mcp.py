"""`mcp install`, `uninstall`, `status` and `clients`."""

from __future__ import annotations

from collections.abc import Iterable

import click

from ... import clients, config
from ...clients import CLIENTS, NAME, SCOPES, Checked, Health, Installed, Known, Registration
from ...errors import BadInput
from ...model import Notice
from ...service.packing import harmless
from .. import options, output
from ..completing import words

CLIENT = options.many(
    "--client", "names", metavar="NAME", shell_complete=words(CLIENTS), help="Which (all found here)."
)
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
@CLIENT
@SCOPE
@SERVER
@click.option("-e", "environment", multiple=True, metavar="K=V", callback=variables, help="Variables for the server.")
@options.dry_run
@FORCE
@options.as_json
def install(
    names: tuple[str, ...],
    scope: str,
    name: str,
    environment: dict[str, str],
    dry_run: bool,
    force: bool,
    as_json: bool,
) -> int:
    """Register the server with clients.

    Doing it again changes nothing. --dry-run shows the change; files that change are backed up first.
    """
    settings = config.load(tolerant=True)
    done = clients.install(
        settings, names, scope=scope, name=name, environment=environment, dry_run=dry_run, force=force
    )
    return tell(done, as_json)


@mcp.command()
@CLIENT
@SCOPE
@SERVER
@options.dry_run
@FORCE
@options.as_json
def uninstall(names: tuple[str, ...], scope: str, name: str, dry_run: bool, force: bool, as_json: bool) -> int:
    """Take the registration out of clients."""
    settings = config.load(tolerant=True)
    done = clients.uninstall(settings, names, scope=scope, name=name, dry_run=dry_run, force=force)
    if not done.results and not as_json:
        output.note(NOBODY)
    return tell(done, as_json)


def tell(done: Installed, as_json: bool) -> int:
    output.show(done, as_json, lambda done: "\n".join(registered(row, done.dry_run) for row in done.results))
    return 0 if done.ok else 1


def registered(row: Registration, dry_run: bool) -> str:
    state = STATES.get(row.state, row.state)
    changes = row.state in ("installed", "replaced", "removed")
    parts = [f"{row.title}: {'would be ' if dry_run and changes else ''}{state} ({row.scope}: {row.file})"]
    if row.error:
        parts += [f"error: {row.error['message']}", f"hint: {row.error['hint']}"]
    if dry_run or row.error:
        parts += [*row.commands, row.diff.rstrip("\n")]
    if row.backup:
        parts.append(f"backup: {row.backup}")
    return below(parts, row.notes)


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
    return below(
        [f"{row.title}: {state} ({row.scope}: {row.file})", row.message, f"hint: {row.hint}" if row.hint else ""]
    )


@mcp.command("clients")
@options.as_json
def clients_(as_json: bool) -> None:
    """The clients that can be registered with, and which are here."""
    known = clients.clients(config.load(tolerant=True))
    output.show({"clients": known}, as_json, lambda shown: table(shown["clients"]))


def table(known: Iterable[Known]) -> str:
    return output.rows((row.name, "here" if row.detected else "-", row.program or "", row.title) for row in known)
