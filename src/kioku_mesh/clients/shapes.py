"""How an entry for our server is written by each client, and what an entry found there starts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..patterns import pattern
from .table import Environment, Shape

# kioku-mesh up to 1.2 was registered by hand, under several names and as several commands
OLD_NAMES = ("mesh_mem", "mesh-mem", "kioku_mesh")
_SERVER = pattern(r"(kioku[-_]mesh|mesh[-_]mem)[-_.]mcp")


def entry_of(shape: Shape, name: str, command: Sequence[str], environment: Environment) -> dict[str, Any]:
    """What is written for a server."""
    entry: dict[str, Any] = {shape.naming: name} if shape.naming else {}
    entry |= {key: value for key, value in shape.fixed if key == "type"}
    entry[shape.command] = command[0] if shape.args else list(command)
    if shape.args and (command[1:] or shape.whole):
        entry[shape.args] = list(command[1:])
    if environment or shape.whole:
        entry[shape.env] = dict(environment)
    entry |= dict(shape.fixed)
    return {shape.inside: entry} if shape.inside else entry


def merged(shape: Shape, old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """An entry that replaces one of ours: what else that said, such as time-outs, stays."""
    if shape.inside:
        inner = old.get(shape.inside)
        return {
            **old,
            shape.inside: merged(
                shape._replace(inside=""), inner if isinstance(inner, Mapping) else {}, new[shape.inside]
            ),
        }
    ours = {shape.command, shape.args, shape.env, *(key for key, _ in shape.fixed)}
    # another way to reach a server would stand beside our command
    other = {"url", "serverUrl", "httpUrl", "uri", "headers", "cwd"}
    kept = {key: value for key, value in old.items() if key in new or key not in ours | other}
    return {**kept, **new}


def command_of(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """The command line of an entry, of whatever client; empty if it starts no program."""
    inner = entry.get("transport")
    if isinstance(inner, Mapping):
        return command_of(inner)
    command, words = entry.get("command", entry.get("cmd")), entry.get("args")
    if isinstance(command, Mapping):
        command, words = (command.get(key) for key in ("path", "args"))
    if isinstance(command, list):
        return tuple(map(str, command))
    if not isinstance(command, str):
        return ()
    return (command, *map(str, words)) if isinstance(words, list) else (command,)


def environment_of(entry: Mapping[str, Any]) -> dict[str, str]:
    """The variables that an entry sets for the server."""
    inner = entry.get("transport")
    if isinstance(inner, Mapping):
        return environment_of(inner)
    found: Mapping[str, Any] = next(
        (entry[key] for key in ("env", "environment", "envs") if isinstance(entry.get(key), Mapping)), {}
    )
    return {key: str(value) for key, value in found.items()}


def is_off(entry: Mapping[str, Any]) -> bool:
    """Whether the client was told not to start it."""
    return entry.get("enabled") is False or entry.get("disabled") in (True, "true")


def is_ours(name: str, entry: Mapping[str, Any]) -> bool:
    """Does this entry start our server, of whatever release and by whatever way?"""
    return name in OLD_NAMES or any(is_server(word) for word in command_of(entry))


def is_server(word: str) -> bool:
    return _SERVER.match(re.split(r"[/\\]", word)[-1]) is not None
