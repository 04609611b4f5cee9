"""Completion of values from a fixed list of words."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import click

Complete = Callable[[click.Context, click.Parameter, str], list[str]]


def words(choices: Iterable[str]) -> Complete:
    """Complete from a fixed list; behind a comma, the next piece of a list."""

    def complete(_context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
        before, last = split(parameter, incomplete)
        return [before + word for word in fresh(before, choices) if word.startswith(last)]

    return complete


def fresh(before: str, choices: Iterable[str]) -> list[str]:
    """Those that the list does not have yet."""
    had = before.split(",")
    return [word for word in choices if word not in had]


def split(parameter: click.Parameter, incomplete: str) -> tuple[str, str]:
    """What stands before the piece that is being typed, and the piece."""
    if not parameter.multiple:
        return "", incomplete
    before, comma, last = incomplete.rpartition(",")
    return before + comma, last
