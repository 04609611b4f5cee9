"""`config list`, `get`, `set`, `unset` and `path`."""

from __future__ import annotations

from typing import Any

import click

from ... import config as settings
from ...errors import BadInput
from ...options import OPTIONS, SHARING, choices
from ...options import written as as_text
from .. import options, output
from ..completing import words

KEY = click.argument("key", shell_complete=words(OPTIONS))
WRITABLE = click.argument("key", shell_complete=words(key for key, option in OPTIONS.items() if option.in_config))


def values(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The words that a setting can be, for completion."""
    option = OPTIONS.get(context.params.get("key", ""))
    return [word for word in choices(option) if word.startswith(incomplete)] if option else []


@click.group(no_args_is_help=False)
def config() -> None:
    """Show and change settings."""


@config.command("list")
@options.as_json
def list_(as_json: bool) -> None:
    """Every setting with its value, where it comes from, and what it does."""
    loaded = settings.load(tolerant=True)
    problems = [problem.as_json() for problem in loaded.problems]
    shown = {"settings": loaded.rows(), "file": loaded.file, "problems": problems, "notes": loaded.notices}
    output.show(shown, as_json, table)
    if not as_json:
        complain(loaded)


def table(shown: dict[str, Any]) -> str:
    return output.rows((row.key, written(row.value), f"({row.source})", row.help) for row in shown["settings"])


def written(value: Any) -> str:
    return output.one_line(as_text(value)) or "-"


def complain(loaded: settings.Config) -> None:
    """Say what in the settings could not be used."""
    for problem in loaded.problems:
        output.note(f"{problem.message}: {problem.hint}")
    output.notes(loaded.notices)


@config.command()
@KEY
@options.as_json
def get(key: str, as_json: bool) -> None:
    """The value in force."""
    tell(settings.load(tolerant=True), key, as_json)


@config.command("set")
@WRITABLE
@click.argument("value", shell_complete=values)
@options.as_json
def set_(key: str, value: str, as_json: bool) -> None:
    """Write a setting into config.toml."""
    if key == "mode" and value.strip().lower() in SHARING[1:]:
        raise BadInput(
            "the mode is changed by init, which asks what the other machines get", f"use kioku-mesh init --mode {value}"
        )
    tell(settings.load(tolerant=True).set_value(key, value), key, as_json)


@config.command()
@WRITABLE
@options.as_json
def unset(key: str, as_json: bool) -> None:
    """Take a setting out of config.toml."""
    loaded = settings.load(tolerant=True).unset(key)
    tell(loaded, key, as_json)
    if loaded.get(key) is None and not as_json:
        output.note(f"{key} is not set")


def tell(loaded: settings.Config, key: str, as_json: bool) -> None:
    row = {"key": key, "value": loaded.get(key), "source": loaded.source(key)}
    output.show(row, as_json, lambda shown: as_text(shown["value"]))


@config.command()
@options.as_json
def path(as_json: bool) -> None:
    """The file that set and unset change."""
    output.show({"file": settings.load(tolerant=True).file}, as_json, lambda shown: str(shown["file"]))
