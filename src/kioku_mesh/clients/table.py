"""The clients we know: how each is found, where it keeps its MCP servers, and its own commands that change them.

A client is one row of CLIENTS; nothing else in the package knows a client by name.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..config import Config
from ..errors import BadInput
from ..values import NamedTuple

NAME = "kioku-mesh"  # what the server is registered as unless somebody says otherwise
SCOPES = ("user", "project")


class Place(NamedTuple):
    """Where the servers of one scope are kept: a file, and the keys down to the table of entries.

    {folder} in `file` and `environ` stands for the client's own folder, {cwd} for the working directory; `environ`
    makes the client's commands work on this file; `note` is what the user still has to do.
    """

    scope: str
    file: str
    keys: tuple[str, ...]
    environ: tuple[tuple[str, str], ...] = ()
    note: str = ""


Environment = Mapping[str, str]
Command = Sequence[str]


class Client(NamedTuple):
    """One client. `add`, `remove` and `show` give the arguments of its own command `program`.

    `entry` is what `add` writes. `folder` (below the home directory) is moved by the environment variable `variable`;
    any of `traces` or the program itself, on PATH or in one of `elsewhere`, shows that the client is in use.
    `overwrites`: adding a name that exists replaces it; otherwise it fails. `per_project` is the key below which the
    user's file keeps servers of single projects, which win there.
    """

    name: str
    title: str
    program: str
    elsewhere: tuple[str, ...]
    variable: str
    folder: str
    traces: tuple[str, ...]
    format: str  # "json" | "toml"
    places: tuple[Place, ...]
    add: Callable[[str, str, Environment, Command], tuple[str, ...]]  # scope, name, environment, command
    remove: Callable[[str, str], tuple[str, ...]]  # scope, name
    show: Callable[[str], tuple[str, ...]]  # name
    entry: Callable[[Environment, Command], dict[str, Any]]
    overwrites: bool
    per_project: str = ""


def _options(option: str, environment: Environment) -> tuple[str, ...]:
    return tuple(word for key, value in environment.items() for word in (option, f"{key}={value}"))


def _codex_entry(environment: Environment, command: Command) -> dict[str, Any]:
    entry: dict[str, Any] = {"command": command[0]}
    if command[1:]:
        entry["args"] = list(command[1:])
    if environment:
        entry["env"] = dict(environment)
    return entry


CLIENTS: dict[str, Client] = {
    client.name: client
    for client in (
        Client(
            name="claude-code",
            title="Claude Code",
            program="claude",
            elsewhere=(".local/bin", ".claude/local"),
            variable="CLAUDE_CONFIG_DIR",
            folder="",
            traces=(".claude.json", ".claude"),
            format="json",
            places=(
                Place("user", "{folder}/.claude.json", ("mcpServers",)),
                Place("project", "{cwd}/.mcp.json", ("mcpServers",), note="it asks for approval at the next start"),
            ),
            add=lambda scope, name, environment, command: (
                "mcp", "add", "-s", scope, name, *_options("-e", environment), "--", *command
            ),
            remove=lambda scope, name: ("mcp", "remove", "-s", scope, name),
            show=lambda name: ("mcp", "get", name),
            entry=lambda environment, command: {
                "type": "stdio", "command": command[0], "args": list(command[1:]), "env": dict(environment)
            },
            overwrites=False,
            per_project="projects",
        ),
        Client(
            name="codex-cli",
            title="Codex CLI",
            program="codex",
            elsewhere=(".local/bin",),
            variable="CODEX_HOME",
            folder=".codex",
            traces=(".codex",),
            format="toml",
            places=(
                Place("user", "{folder}/config.toml", ("mcp_servers",)),
                Place(
                    "project", "{cwd}/.codex/config.toml", ("mcp_servers",), (("CODEX_HOME", "{cwd}/.codex"),),
                    note="it is read only in a project that Codex trusts",
                ),
            ),
            add=lambda _scope, name, environment, command: (
                "mcp", "add", name, *_options("--env", environment), "--", *command
            ),
            remove=lambda _scope, name: ("mcp", "remove", name),
            show=lambda name: ("mcp", "get", name, "--json"),
            entry=_codex_entry,
            overwrites=True,
        ),
    )
}  # fmt: skip


def client_named(name: str) -> Client:
    """The client of this name. Raises BadInput with the names there are."""
    if name not in CLIENTS:
        raise BadInput(f"no such client: {name}", f"known clients: {', '.join(CLIENTS)}")
    return CLIENTS[name]


def folder_of(client: Client, config: Config) -> str:
    return config.environ.get(client.variable) or os.path.join(config.home, client.folder)


def place_of(client: Client, scope: str, config: Config) -> Place:
    """The client's place of a scope on this machine, paths filled in. Raises BadInput for an unknown scope."""
    found = next((place for place in client.places if place.scope == scope), None)
    if found is None:
        raise BadInput(f"no such scope: {scope}", f"scopes: {', '.join(SCOPES)}")
    words = {"{folder}": folder_of(client, config), "{cwd}": config.cwd}

    def fill(text: str) -> str:
        for word, path in words.items():
            text = text.replace(word, path)
        return os.path.normpath(text)

    return found._replace(file=fill(found.file), environ=tuple((key, fill(path)) for key, path in found.environ))
