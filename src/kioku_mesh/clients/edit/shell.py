"""Editing a shell script that registers servers by commands: `mcp add NAME --command … --args … --env KEY VALUE`.

What the script would do under conditions is not known: what is ours stands in a marked block, and nothing else is touched.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import block
from .splice import Splice, Unfit

KIND = "shell"


def label(name: str) -> str:
    return name if name == block.PREFIX else f"{block.PREFIX} {name}"


def parse(text: str) -> dict[str, Any]:
    """The servers that the script adds, under `mcp`, and its lines outside of our blocks. Raises Unfit."""
    blocks = block.parse(text, KIND)
    servers: dict[str, Any] = {}
    for _, words in _commands(text):
        if words[:2] == ["mcp", "add"] and words[2:]:
            servers[words[2]] = _entry(words[3:])
        elif words[:1] == ["mcp"] and words[1:2] in (["remove"], ["rm"]):
            servers.pop(words[-1], None)
    return {"mcp": servers, block.REST: blocks[block.REST]}


def put(text: str, _keys: Sequence[str], where: str, value: Mapping[str, Any]) -> list[Splice]:
    """Set the block that adds the server `where`."""
    _only_in_block(text, where)
    words = ["mcp", "add", where, "--type", str(value["type"]), "--command", value["command"]]
    words += [word for one in value.get("args", ()) for word in ("--args", one)]
    words += [word for pair in value.get("env", {}).items() for word in ("--env", *pair)]
    return block.put(text, (), label(where), shlex.join(words), KIND)


def take(text: str, _keys: Sequence[str], where: str) -> list[Splice]:
    """Take out the block that adds the server `where`."""
    _only_in_block(text, where)
    return block.take(text, (), label(where), KIND)


def _only_in_block(text: str, name: str) -> None:
    place = block.find(text, label(name), KIND)
    outside = text[: place[0]] + "\n" * text.count("\n", *place) + text[place[1] :] if place else text
    for line, words in _commands(outside):
        if words[:3] == ["mcp", "add", name]:
            raise Unfit(f"`mcp add {name}` stands outside of our block; take it out by hand", line)


def _commands(text: str) -> Iterator[tuple[int, list[str]]]:
    """The commands that can be read as words, with the numbers of their lines."""
    said, first = "", 1
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        said, first = (said + line, first) if said else (line, number)
        if said.endswith("\\"):
            said = said[:-1] + " "
            continue
        try:
            words = shlex.split(said, comments=True)
        except ValueError:
            words = []
        said = ""
        if words:
            yield first, words


def _entry(words: Sequence[str]) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": "stdio"}
    at = 0
    while at < len(words):
        option, value = words[at], words[at + 1] if at + 1 < len(words) else ""
        at += 2
        if option == "--args":
            entry.setdefault("args", []).append(value)
        elif option == "--env":
            entry.setdefault("env", {})[value] = words[at] if at < len(words) else ""
            at += 1
        elif option.startswith("--"):
            entry[option.removeprefix("--")] = value
    return entry
