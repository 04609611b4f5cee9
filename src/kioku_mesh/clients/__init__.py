"""Making the memory known to coding agents: which clients are here, registering our server with them, checking it.

What is known of the computer comes from the `Config`: its environment, home, platform and working directory.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from ..config import Config
from ..errors import BadInput, KiokuError, NotAvailable
from ..model import Notice
from . import change, companions, entries, paste, plan, programs
from . import status as health
from .companions import Together, Wanted
from .plan import Plan
from .results import Checked, Companion, Health, Installed, Known, Presence, Registration
from .rows import CLIENTS, client_named, required_place
from .table import NAME, SCOPES, Client, Place, is_used, place_of, places_of

__all__ = [
    "CLIENTS", "NAME", "PASTED", "SCOPES", "Checked", "Companion", "Health", "Installed", "Known", "Presence", "Registration",
    "clients", "install", "pasted", "status", "uninstall",
]  # fmt: skip

PASTED = tuple(paste.FORMS)  # what stands in for a client's name where it is not in the table
_SERVER_STANDS = ("installed", "replaced", "already_installed")


def clients(config: Config) -> tuple[Known, ...]:
    """Every client of the table, and whether it is in use here."""
    return tuple(_known(config, client) for client in CLIENTS.values())


def pasted(
    config: Config,
    form: str,
    *,
    name: str = NAME,
    environment: Mapping[str, str] = MappingProxyType({}),
    server: str | None = None,
) -> tuple[str, tuple[str, ...]]:
    """The registration as text for any other client, and what to know about it. Raises BadInput, NotAvailable."""
    plan.check_request(name, environment)
    return paste.snippet(form, name, server or programs.find_server(config, sys.executable), environment), paste.ADVICE


def install(
    config: Config,
    names: Sequence[str] | None = None,
    *,
    scope: str = "user",
    name: str = NAME,
    environment: Mapping[str, str] = MappingProxyType({}),
    server: str | None = None,
    rules: bool = True,
    hooks: bool = True,
    plugin: bool = False,
    dry_run: bool = False,
    force: bool = False,
) -> Installed:
    """Register our server with the clients `names` (default: all that are in use here) under `name`, with its companions.

    `environment` is what the client hands to the server; `server` the absolute path of `kioku-mesh-mcp`, found if None.
    `plugin`: also one where that stands in for hooks.
    Idempotent. What is registered in another way is shown, and replaced only with `force`. If a client in `names` lacks
    its command, or its file cannot be read, that is an error before anything changes; any other failure of a client
    stands in its row. Raises BadInput, NotAvailable.
    """
    plan.check_request(name, environment)
    path = server or programs.find_server(config, sys.executable)
    chosen = _chosen(config, names, scope)
    if not chosen:
        titles = ", ".join(f"{client.title} ({key})" for key, client in CLIENTS.items())
        raise NotAvailable("no coding agent was found on this machine", f"install one of: {titles}")
    if plugin:
        plan.check_plugin((client for client, _ in chosen), hooks)

    def planned(client: Client, place: Place) -> Plan:
        found = entries.entries_of(client, place)
        made = plan.plan_install(client, place, found, name=name, server=path, environment=environment, force=force)
        per_project = plan.project_notes(client, entries.entries_per_project(client, place))
        return made._replace(notes=(*made.notes, *per_project, *plan.folder_notes(config.environ, environment)))

    program: list[str | Notice] = []  # found when the first client needs it

    def carried(made: Plan) -> Registration:
        row = change.carry_out(config, made, dry_run)
        if row.error or row.state not in _SERVER_STANDS:
            return row
        if hooks and not program and companions.calls_us(config, made.client, scope, plugin):
            program.append(companions.program_for(path, config))
        said = program[0] if program else ""
        return _with(row, companions.accompany(config, made.client, scope, Wanted(rules, hooks, plugin), dry_run, said))

    return Installed(_change(config, chosen, planned, carried, strict=bool(names), dry_run=dry_run), path, dry_run)


def uninstall(
    config: Config,
    names: Sequence[str] | None = None,
    *,
    scope: str = "user",
    name: str = NAME,
    rules: bool = True,
    hooks: bool = True,
    dry_run: bool = False,
    force: bool = False,
) -> Installed:
    """Take the registration `name` out of the clients, if it is ours, with its companions unless another registration of
    ours is left; another server of that name needs `force`.

    Raises BadInput, NotAvailable as `install` does.
    """
    plan.check_request(name, {})
    chosen = _chosen(config, names, scope)
    going = [client.name for client, _ in chosen]

    def planned(client: Client, place: Place) -> Plan:
        return plan.plan_uninstall(client, place, entries.entries_of(client, place), name=name, force=force)

    def carried(made: Plan) -> Registration:
        if made.error or any(note.code == "other_registration" for note in made.notes):
            return change.carry_out(config, made, dry_run)
        # what came last goes first: then each finds the file as it left it
        parted = companions.part_from(config, made.client, scope, Wanted(rules, hooks), dry_run, going)
        return _with(change.carry_out(config, made, dry_run), parted)

    return Installed(_change(config, chosen, planned, carried, strict=bool(names), dry_run=dry_run), None, dry_run)


def status(config: Config, names: Sequence[str] | None = None, *, scope: str | None = None) -> Checked:
    """Every registration of ours in the clients (default: all that are in use here): can it be started, does it answer?

    Without `scope` all are looked at, and a client that has none at all gets one row. Raises BadInput.
    """
    named = [client_named(name) for name in dict.fromkeys(names or ())]
    rows: list[Health] = []
    for client in named or [client for client in CLIENTS.values() if _known(config, client).detected]:
        places = places_of(client, config, (scope,) if scope else SCOPES)
        found = [row for place in places for row in health.check(config, client, place)]
        shown = [row for row in found if row.state != "not_installed"] or found[:1]
        rows += health.compared(config, client, shown)
    return Checked(tuple(rows))


def _change(
    config: Config,
    places: Sequence[tuple[Client, Place]],
    planned: Callable[[Client, Place], Plan],
    carried: Callable[[Plan], Registration],
    *,
    strict: bool,
    dry_run: bool,
) -> tuple[Registration, ...]:
    """Plan for every client, then carry out. `strict`: raise what can be known before anything changes."""
    rows: list[Registration] = []
    plans: list[Plan] = []
    for client, place in places:
        try:
            plans.append(planned(client, place))
        except KiokuError as error:
            if strict:
                raise
            rows.append(change.unreadable(client, place, error))
    if strict and not dry_run:
        change.require_programs(config, plans)
    return (*rows, *map(carried, plans))


def _with(row: Registration, together: Together) -> Registration:
    return row._replace(rules=together.rules, hooks=together.hooks, notes=(*row.notes, *together.notes))


def _chosen(config: Config, names: Sequence[str] | None, scope: str) -> list[tuple[Client, Place]]:
    """The clients that are meant, with their places. Raises BadInput for a named one that has none in this scope."""
    if names:
        named = [client_named(name) for name in dict.fromkeys(names)]
        return [(client, required_place(client, scope, config)) for client in named]
    if scope not in SCOPES:
        raise BadInput(f"no such scope: {scope}", f"scopes: {', '.join(SCOPES)}")
    found = [client for client in CLIENTS.values() if _known(config, client).detected]
    return [(client, place) for client in found if (place := place_of(client, scope, config))]


def _known(config: Config, client: Client) -> Known:
    program = programs.find_client(client, config)
    used = program is not None or is_used(client, config)
    places = {place.scope: place.file for scope in SCOPES if (place := place_of(client, scope, config))}
    return Known(client.name, client.title, used and bool(places), program, places)
