"""What a row of the table of clients says, and where its files are on this machine.

Nothing else in the package knows a client by name. A new client is a row in `rows.py` and a sample in the tests.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..config import Config
from ..patterns import pattern
from ..values import NamedTuple

NAME = "kioku-mesh"  # what the server is registered as unless somebody says otherwise
SCOPES = ("user", "project")
PLATFORMS = {"win32": "windows", "darwin": "macos"}  # everything else is "linux"

_VARIABLE = pattern(r"\{(\w+)\|([^}]*)\}")

Environment = Mapping[str, str]
Command = Sequence[str]


class Paths(NamedTuple):
    """Where a file is, per platform: the first of the paths that is there, else the last one.

    A path begins with `~/` (home), `./` (the working directory) or `{VARIABLE|folder}`: what the environment variable
    says, or the folder below home.
    """

    linux: tuple[str, ...] = ()
    macos: tuple[str, ...] = ()
    windows: tuple[str, ...] = ()


def anywhere(*paths: str) -> Paths:
    """The same on every platform."""
    return Paths(paths, paths, paths)


class Place(NamedTuple):
    """Where the servers of one scope are kept: a file, and the keys down to the table (or list) of entries.

    `start` is what a new file begins with; `note` what the user still has to do. `file` is filled in by `place_of`.
    """

    scope: str
    paths: Paths
    keys: tuple[str, ...]
    start: str = ""
    note: str = ""
    file: str = ""


class Shape(NamedTuple):
    """How an entry is written. `args`: "" if the command is one list; `whole`: lists and tables also when they are empty;
    `naming`: a key that repeats the server's name; `inside`: a table in the entry that holds it all."""

    command: str = "command"
    args: str = "args"
    env: str = "env"
    fixed: tuple[tuple[str, Any], ...] = ()
    whole: bool = False
    naming: str = ""
    inside: str = ""


class Rules(NamedTuple):
    """The instructions file of a scope. `start` is what a new file begins with."""

    scope: str
    paths: Paths
    start: str = ""


class Hooks(NamedTuple):
    """Hooks of a client. `events`: its names for them, and ours. `kind`: nested, flat or paired (see `hooks.py`).

    `timeout` in the client's own unit; 0 leaves it out. `form` is a key of `edit.FORMATS`. `reviewed`: given a hooks file and
    what it says, have all of ours been reviewed? None where nobody has to; `note` says how it is done.
    """

    kind: str
    places: tuple[tuple[str, Paths], ...]
    events: tuple[tuple[str, str], ...]
    timeout: int = 0
    form: str = "json"
    start: str = ""
    note: str = ""
    reviewed: Callable[[Config, str, Any], bool] | None = None


class Own(NamedTuple):
    """The client's own commands that change its files: `add`, `remove` and `show` give their arguments.

    `per_project` is the key below which the user's file keeps servers of single projects, which win there.
    """

    add: Callable[[str, str, Environment, Command], tuple[str, ...]]  # scope, name, environment, command
    remove: Callable[[str, str], tuple[str, ...]]  # scope, name
    show: Callable[[str], tuple[str, ...]]  # name
    per_project: str = ""


class Client(NamedTuple):
    """One client. Any of `traces` (paths as in Paths), or its `program` on PATH or in one of the folders `elsewhere`
    below home, shows that it is in use.

    `plugin`: where one of ours stands in for hooks, per scope (see `plugin.py`).
    `form` is a key of `edit.FORMATS`; `listed`: entries are items of a list, found by their `name`. `own`: it is changed
    by its own commands, because that is safer. `also_reads`: files of other clients that it takes servers from.
    `trusts`: whether it trusts the working directory, without which it does nothing of ours there; None if unknown.
    `verified`: program (the tests drive the real one), schema (its documented form, with samples), unsure (not even that).
    """

    name: str
    title: str
    form: str
    places: tuple[Place, ...]
    shape: Shape = Shape()
    program: str = ""
    elsewhere: tuple[str, ...] = (".local/bin",)
    traces: Paths = Paths()
    rules: tuple[Rules, ...] = ()
    hooks: Hooks | None = None
    plugin: tuple[tuple[str, Paths], ...] = ()
    own: Own | None = None
    listed: bool = False
    also_reads: tuple[Paths, ...] = ()
    trusts: Callable[[Config], bool | None] | None = None
    verified: str = "schema"


def mode_of(scope: str) -> int:
    """The permissions of a new file: the user's own are private, those of a project are for whoever works in it."""
    return 0o600 if scope == "user" else 0o666


def path_of(paths: Paths, config: Config) -> str:
    """The file on this machine, "" if the client has none on this platform."""
    found = candidates(paths, config)
    return next((path for path in found if os.path.isfile(path)), found[-1] if found else "")


def candidates(paths: Paths, config: Config) -> list[str]:
    platform = PLATFORMS.get(config.platform, "linux")
    return [_filled(path, config) for path in getattr(paths, platform)]


def _filled(path: str, config: Config) -> str:
    def folder(found: Any) -> str:
        return config.environ.get(found[1], "").strip() or os.path.join(config.home, found[2])

    path = _VARIABLE.sub(folder, path)
    if path.startswith("~/"):
        path = os.path.join(config.home, path[2:])
    return os.path.normpath(os.path.join(config.cwd, path))


def is_used(client: Client, config: Config) -> bool:
    """Whether the client has left a trace here."""
    return any(os.path.exists(path) for path in candidates(client.traces, config))


def place_of(client: Client, scope: str, config: Config) -> Place | None:
    """The client's place of a scope on this machine, its file filled in; None if it has none."""
    for place in client.places:
        file = path_of(place.paths, config)
        if place.scope == scope and file:
            return place._replace(file=file)
    return None


def places_of(client: Client, config: Config, scopes: Iterable[str] = SCOPES) -> list[Place]:
    """Its places of these scopes, a file that two of them share once."""
    found = [place for scope in scopes if (place := place_of(client, scope, config))]
    return list({place.file: place for place in reversed(found)}.values())[::-1]


def rules_of(client: Client, scope: str, config: Config) -> tuple[str, str] | None:
    """The instructions file of a scope and what a new one begins with; None if the client has none."""
    for rules in client.rules:
        file = path_of(rules.paths, config)
        if rules.scope == scope and file:
            return file, rules.start
    return None


def hooks_of(client: Client, scope: str, config: Config) -> str:
    """The file of a scope with hooks, or with the plugin that stands in for them; "" if the client has none."""
    places = dict(client.hooks.places if client.hooks else client.plugin)
    return path_of(places[scope], config) if scope in places else ""
