"""What has to change in a client so that it knows our server, or no longer does. Pure: from entries to steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import BadInput, Refused
from ..model import Notice
from ..patterns import pattern
from ..values import NamedTuple
from .entries import Entries
from .shapes import command_of, entry_of, environment_of, is_ours, is_server, merged
from .table import Client, Place

_NAME = pattern(r"[A-Za-z0-9_-]{1,64}")
_FOLDERS = ("KIOKU_MESH_STATE_DIR", "KIOKU_MESH_CONFIG_DIR")
_VARIABLE = pattern(r"[A-Za-z_][A-Za-z0-9_]*")


class Plan(NamedTuple):
    """`before` and `after` are the entries that are touched. `steps` are arguments of the client's own command, for one
    that is changed by its own commands.

    `error` says why it must not be carried out now.
    """

    client: Client
    place: Place
    name: str
    state: str
    before: Entries
    after: Entries
    steps: tuple[tuple[str, ...], ...] = ()
    notes: tuple[Notice, ...] = ()
    error: Refused | None = None


def check_request(name: str, environment: Mapping[str, str]) -> None:
    """Raises BadInput for names that some client would refuse or misread."""
    if not _NAME.fullmatch(name):
        raise BadInput(f"not a name for a server: {name!r}", "use letters, digits, - and _, at most 64")
    for key, value in environment.items():
        if not _VARIABLE.fullmatch(key) or "\0" in value:
            raise BadInput(f"not an environment variable: {key!r}", "write it as NAME=value")


def check_plugin(clients: Iterable[Client], hooks: bool) -> None:
    """Raises BadInput where a plugin was asked for and none of the clients can get one."""
    if not hooks:
        raise BadInput("a plugin does what hooks do: --plugin and --no-hooks contradict", "leave out one of them")
    if not any(client.plugin for client in clients):
        raise BadInput(
            "there is no plugin for any of these clients", "leave out --plugin: the others have hooks, or neither"
        )


def plan_install(
    client: Client,
    place: Place,
    entries: Entries,
    *,
    name: str,
    server: str,
    environment: Mapping[str, str],
    force: bool,
) -> Plan:
    """Variables and options that the entry has already are kept; `environment` adds to them."""
    old = entries.get(name)
    older = {n: e for n, e in entries.items() if n != name and is_ours(n, e) and command_of(e)[:1] != (server,)}
    command, variables = _wanted(old, server, environment)
    fits = old is not None and command_of(old) == command and environment_of(old) == variables
    before = {**({name: old} if old is not None else {}), **older}
    if fits and not (older and force):
        return Plan(client, place, name, "already_installed", {}, {}, notes=_other_notes(older))

    steps: list[tuple[str, ...]] = []
    if client.own:
        if not fits:  # adding a name that exists fails
            steps += [client.own.remove(place.scope, name)] * (old is not None)
            steps.append(client.own.add(place.scope, name, variables, command))
        # the older ones go last: there is a working registration at any time
        steps += [client.own.remove(place.scope, other) for other in older]
    entry = entry_of(client.shape, name, command, variables)
    if old is not None and not client.own and is_ours(name, old):
        entry = merged(client.shape, old, entry)
    after = {name: old if fits and old is not None else entry}
    error = None
    if before and not force:
        error = Refused(_difference(client, name, old, older), "see the difference; --force replaces it")
    state = "needs_force" if error else "replaced" if before else "installed"
    notes = (Notice("last_step", place.note),) if place.note else ()
    return Plan(client, place, name, state, before, after, tuple(steps), notes, error)


def plan_uninstall(client: Client, place: Place, entries: Entries, *, name: str, force: bool) -> Plan:
    old = entries.get(name)
    others = {n: e for n, e in entries.items() if n != name and is_ours(n, e)}
    if old is None:
        return Plan(client, place, name, "not_installed", {}, {}, notes=_other_notes(others))
    steps = (client.own.remove(place.scope, name),) if client.own else ()
    error = None
    if not is_ours(name, old) and not force:
        words = " ".join(command_of(old)) or "no command"
        error = Refused(
            f"{client.title} has another server under the name {name}: {words}", "--force removes it all the same"
        )
    state = "needs_force" if error else "removed"
    return Plan(client, place, name, state, {name: old}, {}, steps, _other_notes(others), error)


def _wanted(
    old: Mapping[str, Any] | None, server: str, environment: Mapping[str, str]
) -> tuple[tuple[str, ...], dict[str, str]]:
    if old is None:
        return (server,), dict(environment)
    was = command_of(old)
    options = was[1:] if was and is_server(was[0]) else ()
    return (server, *options), {**environment_of(old), **environment}


def _difference(client: Client, name: str, old: Mapping[str, Any] | None, older: Entries) -> str:
    if old is not None:
        return f"{client.title} has {name} already, registered in another way"
    return f"{client.title} has an older registration of kioku-mesh: {', '.join(older)}"


def project_notes(client: Client, per_project: Mapping[str, Entries]) -> tuple[Notice, ...]:
    """Names the registrations of ours that single projects have of their own: they win over the user's."""
    own = client.own
    return (
        ()
        if own is None
        else tuple(
            Notice(
                "project_registration",
                f"{path} has a registration of its own, {name}, which wins there; "
                f"remove it there with: {' '.join((client.program, *own.remove('local', name)))}",
            )
            for path, entries in per_project.items()
            for name, entry in entries.items()
            if is_ours(name, entry)
        )
    )


def folder_notes(environ: Mapping[str, str], given: Mapping[str, str]) -> tuple[Notice, ...]:
    """Names our folders that are set for this shell only: most clients do not hand such variables on."""
    return tuple(
        Notice(
            "not_handed_on", f"{key} is set here, but not for the server; add -e {key}={environ[key]} if it should be"
        )
        for key in _FOLDERS
        if environ.get(key) and key not in given
    )


def _other_notes(others: Entries) -> tuple[Notice, ...]:
    return tuple(
        Notice("other_registration", f"{name} starts kioku-mesh too: {' '.join(command_of(entry))}")
        for name, entry in others.items()
    )
