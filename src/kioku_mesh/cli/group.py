"""The group of all commands: finds the chosen one through the table, and turns the failures of click into ours."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click

from .. import __version__, config
from ..errors import BadInput
from . import pages, table
from .edge import ReaderLeft

HELP = {"help_option_names": ["-h", "--help"]}


class Commands(click.Group):
    """Imports a command when it is chosen; lists them from the table."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(table.ENTRIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        command: click.Command | None = table.command(cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in table.ENTRIES and name not in table.ALIASES and not ctx.resilient_parsing:
            hint = f"{_like(name, (*table.ENTRIES, *table.ALIASES))}{ctx.command_path} --help lists the commands"
            raise BadInput(f"no such command: {name}", hint)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise ReaderLeft from None

    def get_help(self, ctx: click.Context) -> str:  # noqa: ARG002
        return pages.help_page().rstrip()

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem

        named = [CompletionItem(n, help=e.help) for n, e in table.ENTRIES.items() if n.startswith(incomplete)]
        return named + click.Command.shell_complete(self, ctx, incomplete)


@click.group(cls=Commands, invoke_without_command=True, context_settings=HELP)
@click.version_option(__version__, message=pages.version_line().rstrip())
@click.pass_context
def cli(context: click.Context) -> None:
    """One memory for every coding agent on this machine."""
    if context.invoked_subcommand is None:
        sys.stdout.write(pages.EXAMPLES)


def invoke(arguments: Sequence[str], opener: Callable[[], Any] | None = None) -> Any:
    """Run the command that the arguments choose and return its exit status (None is 0).

    Raises KiokuError (wrong usage included), KeyboardInterrupt, and whatever the command did not expect.
    """
    try:
        return cli.main(list(arguments), prog_name=table.PROGRAM, standalone_mode=False, obj=opener)
    except click.Abort:
        raise KeyboardInterrupt from None
    except click.ClickException as error:
        raise _bad_usage(error, arguments) from None


def verbose() -> bool:
    """Whether the person wants to see where a defect is."""
    return bool(config.load(tolerant=True).get("log") == "debug")


def _bad_usage(error: click.ClickException, arguments: Sequence[str]) -> BadInput:
    message = " ".join(error.format_message().split()).rstrip(".")
    message = message[:1].lower() + message[1:]
    context: click.Context | None = getattr(error, "ctx", None)
    if context is None:
        command = next((name for name in arguments if name in table.ENTRIES or name in table.ALIASES), None)
        if command:
            return BadInput(message, f"{table.PROGRAM} {command} --help shows what it takes")
        return BadInput(message, f"{table.PROGRAM} --help lists the commands")
    if isinstance(context.command, click.Group) and context.parent:
        return BadInput(message, f"{context.command_path} takes: {', '.join(context.command.list_commands(context))}")
    return BadInput(message, f"{context.command_path} --help shows what it takes")


def _like(name: str, known: Iterable[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, known, 1)
    return f"did you mean {near[0]}? " if near else ""
