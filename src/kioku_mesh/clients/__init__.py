"""Making the memory known to coding agents: which clients are here, registering our server with them, checking it.

What is known of the computer comes from the `Config`: its environment, home and working directory.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from ..config import Config
from ..errors import KiokuError, NotAvailable
from . import change, files, plan, programs
from . import status as health
from .plan import Plan
from .results import Checked, Health, Installed, Known, Registration
from .table import CLIENTS, NAME, SCOPES, Client, Place, client_named, place_of

__all__ = [
    "CLIENTS", "NAME", "SCOPES", "Checked", "Health", "Installed", "Known", "Registration",
    "clients", "install", "status", "uninstall",
]  # fmt: skip


def clients(config: Config) -> tuple[Known, ...]:
    """Every client of the table, and whether it is in use here."""
    return tuple(_known(config, client) for client in CLIENTS.values())


def install(
    config: Config,
    names: Sequence[str] | None = None,
    *,
    scope: str = "user",
    name: str = NAME,
    environment: Mapping[str, str] = MappingProxyType({}),
    server: str | None = None,
    dry_run: bool = False,
    force: bool = False,
) -> Installed:
    """Register our server with the clients `names` (default: all that are in use here) under `name`.

    `environment` is what the client hands to the server; `server` the absolute path of `kioku-mesh-mcp`, found if None.
    Idempotent. What is registered in another way is shown, and replaced only with `force`. If a client in `names` lacks
    its command, that is an error before anything changes; any other failure of a client stands in its row. Raises
    BadInput, NotAvailable.
    """
    plan.check_request(name, environment)
    path = server or programs.find_server(config, sys.executable)
    chosen = _chosen(config, names)
    if not chosen:
        titles = ", ".join(f"{client.title} ({key})" for key, client in CLIENTS.items())
        raise NotAvailable("no coding agent was found on this machine", f"install one of: {titles}")

    def planned(client: Client, place: Place) -> Plan:
        entries = files.entries_of(client, place)
        made = plan.plan_install(client, place, entries, name=name, server=path, environment=environment, force=force)
        per_project = plan.project_notes(client, files.entries_per_project(client, place))
        return made._replace(notes=(*made.notes, *per_project, *plan.folder_notes(config.environ, environment)))

    places = [(client, place_of(client, scope, config)) for client in chosen]
    return Installed(_change(config, places, planned, strict=bool(names), dry_run=dry_run), path, dry_run)


def uninstall(
    config: Config,
    names: Sequence[str] | None = None,
    *,
    scope: str = "user",
    name: str = NAME,
    dry_run: bool = False,
    force: bool = False,
) -> Installed:
    """Take the registration `name` out of the clients, if it is ours; another server of that name needs `force`.

    Raises BadInput, NotAvailable as `install` does.
    """
    plan.check_request(name, {})

    def planned(client: Client, place: Place) -> Plan:
        return plan.plan_uninstall(client, place, files.entries_of(client, place), name=name, force=force)

    places = [(client, place_of(client, scope, config)) for client in _chosen(config, names)]
    return Installed(_change(config, places, planned, strict=bool(names), dry_run=dry_run), None, dry_run)


def status(config: Config, names: Sequence[str] | None = None, *, scope: str | None = None) -> Checked:
    """Every registration of ours in the clients (default: all that are in use here): can it be started, does it answer?

    Without `scope` all are looked at, and a client that has none at all gets one row. Raises BadInput.
    """
    rows: list[Health] = []
    for client in _chosen(config, names):
        places = {
            place.file: place for one in ((scope,) if scope else SCOPES) if (place := place_of(client, one, config))
        }
        found = [row for place in places.values() for row in health.check(config, client, place)]
        rows += [row for row in found if row.state != "not_installed"] or found[:1]
    return Checked(tuple(rows))


def _change(
    config: Config,
    places: Sequence[tuple[Client, Place]],
    planned: Callable[[Client, Place], Plan],
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
    return (*rows, *(change.carry_out(config, made, dry_run) for made in plans))


def _chosen(config: Config, names: Sequence[str] | None) -> list[Client]:
    if names:
        return [client_named(name) for name in dict.fromkeys(names)]
    return [client for client in CLIENTS.values() if _known(config, client).detected]


def _known(config: Config, client: Client) -> Known:
    program = programs.find_client(client, config)
    used = any(os.path.exists(os.path.join(config.home, trace)) for trace in client.traces)
    listed = {place.scope: place_of(client, place.scope, config).file for place in client.places}
    return Known(client.name, client.title, used or program is not None, program, listed)
