"""How a command gets the memory: opened when the command runs, closed when it ends. And what it completes from it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from functools import wraps
from typing import Any

import click

from .. import app, config
from ..errors import KiokuError
from ..service.memory import Memory
from .completing import Complete, fresh, split


def open_memory(context: click.Context) -> Memory:
    """The memory of this machine, or what the caller of `main.run` handed in instead."""
    opener: Callable[[], Memory] | None = context.find_root().obj
    return opener() if opener else app.open_memory(config.load())


def with_memory(command: Callable[..., Any]) -> Callable[..., Any]:
    """Call the command with the opened memory as its first argument."""

    @click.pass_context
    @wraps(command)
    def wrapped(context: click.Context, *args: Any, **kwargs: Any) -> Any:
        with closing(open_memory(context)) as memory:
            return command(memory, *args, **kwargs)

    return wrapped


def known(kind: str) -> Complete:
    """Complete from what is stored: projects, tags, ids and so on. A store that cannot be read completes nothing."""

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
        before, last = split(parameter, incomplete)
        try:
            with closing(open_memory(context)) as memory:
                return [before + word for word in fresh(before, memory.known(kind, last))]
        except (KiokuError, OSError):
            return []

    return complete
