"""`init`."""

from __future__ import annotations

from typing import Any

import click

from ... import config, settings
from ...options import parse, writable
from .. import options, output
from ..consent import ask


@click.command()
@click.option("--mode", type=click.Choice(["local"]), default="local", help="How memories are shared: not at all.")
@click.option("--node", metavar="NAME", help="The name of this machine.")
@click.option("--user-id", metavar="NAME", help="Your name for visibility user, the same on all your machines.")
@click.option("--team-id", metavar="NAME", help="The team for visibility team.")
@click.option("--print", "printing", is_flag=True, help="Print what would be written, change nothing.")
@options.yes
@options.as_json
def init(printing: bool, yes: bool, as_json: bool, **given: str | None) -> None:
    """Set up this machine (never needed for local use).

    Writes what is given into config.toml. Doing it again changes nothing.
    """
    loaded = config.load(tolerant=True)
    wanted = {key: parse(writable(key), value) for key, value in given.items() if value is not None}
    changes = {key: value for key, value in wanted.items() if not stands(loaded, key, value)}
    if not printing:
        replaced = [key for key in changes if loaded.source(key).startswith("config file")]
        if replaced:
            ask(f"change {' and '.join(replaced)} of this machine", lines(changes), yes)
        for key, value in changes.items():
            loaded = loaded.set_value(key, value)
    output.show({"file": loaded.file, "changes": changes, "written": not printing}, as_json, told)


def stands(loaded: config.Config, key: str, value: Any) -> bool:
    """Is this the value already, by the config file or by itself?"""
    return bool(loaded.get(key) == value) and loaded.source(key).startswith(("config file", "default"))


def lines(changes: dict[str, Any]) -> str:
    return "\n".join(settings.line_of(key, value) for key, value in changes.items())


def told(shown: dict[str, Any]) -> str:
    if not shown["changes"]:
        return f"nothing to change: {shown['file']} says so already"
    verb = "written to" if shown["written"] else "would be written to"
    return f"{lines(shown['changes'])}\n{verb} {shown['file']}"
