"""`completion`."""

from __future__ import annotations

import sys

import click
from click.shell_completion import get_completion_class

from ..table import PROGRAM

SHELLS = {
    "bash": 'eval "$(kioku-mesh completion bash)" in ~/.bashrc',
    "zsh": 'eval "$(kioku-mesh completion zsh)" in ~/.zshrc',
    "fish": "kioku-mesh completion fish > ~/.config/fish/completions/kioku-mesh.fish",
}


@click.command(epilog="\b\n" + "\n".join(SHELLS.values()))
@click.argument("shell", type=click.Choice(list(SHELLS)))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    It completes commands, options, and what is stored: ids, projects, tags, sessions and so on.
    """
    written = get_completion_class(shell)
    assert written is not None
    variable = f"_{PROGRAM.replace('-', '_')}_COMPLETE".upper()
    sys.stdout.write(written(context.find_root().command, {}, PROGRAM, variable).source())
