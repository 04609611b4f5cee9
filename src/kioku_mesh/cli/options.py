"""Options that several commands share, and how their values are read."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from ..clock import SECOND, parse_duration, parse_point, parse_time
from ..errors import BadInput
from ..model import Patience

ALL = "all"
Waiting = dict[str, Any]
Command = Callable[..., Any]
Parsed = Callable[[click.Context, click.Parameter, Any], Any]


def pieces(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """A list given by repeating the option, by commas, or both."""
    return tuple(piece.strip() for value in values for piece in value.split(",") if piece.strip())


def some(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """A list for a filter: one that names nothing would mean everything."""
    if not all(pieces(context, parameter, (value,)) for value in values):
        raise BadInput(f"{parameter.opts[0]} is empty", "say which, or leave it out to mean all")
    return pieces(context, parameter, values)


def when(_context: click.Context, _parameter: click.Parameter, value: str | None) -> int | None:
    """A time: ISO 8601, or how long ago."""
    return None if value is None else parse_time(value)


def point(_context: click.Context, _parameter: click.Parameter, value: str | None) -> int | None:
    """A point in time, to come."""
    return None if value is None else parse_point(value, "how long from now: --ttl 7d")


def span(_context: click.Context, _parameter: click.Parameter, value: str | None) -> int | None:
    """A length of time: `30m`, `12h`, `7d`."""
    return None if value is None else parse_duration(value)


def many(*names: str, read: Parsed = pieces, **attributes: Any) -> Callable[[Command], Command]:
    """An option that takes a list."""
    return click.option(*names, multiple=True, callback=read, **attributes)


def _seconds(context: click.Context, parameter: click.Parameter, value: str) -> int:
    return int(value[:6]) * SECOND if value.isascii() and value.isdigit() else span(context, parameter, value) or 0


def waiting(command: Command) -> Command:
    """Add `--wait [K]` and `--timeout`; the command gets them as arguments of the service in `waiting`."""

    @wraps(command)
    def gathered(*args: Any, wait: str | None, timeout: int, **given: Any) -> Any:
        waiting = {} if wait is None else {"patience": Patience(_count(wait), timeout)}
        return command(*args, waiting=waiting, **given)

    result: Command = gathered
    timeout = click.option(
        "--timeout", default="30s", show_default=True, metavar="DURATION", callback=_seconds, help="How long to wait."
    )
    wait = click.option(
        "--wait", is_flag=False, flag_value=ALL, default=None, metavar="[K]",
        help="Wait until K other machines, or all that are known, have it.",
    )  # fmt: skip
    return wait(timeout(result))


def _count(text: str) -> int | None:
    if text == ALL:
        return None
    if not (text.isascii() and text.isdigit() and 0 < int(text[:6]) < 100_000):
        raise BadInput(
            f"--wait takes a number of machines, not {text[:40]!r}",
            "to wait for all, write --wait behind the other words",
        )
    return int(text)


as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
dry_run = click.option("--dry-run", is_flag=True, help="Show what would happen, change nothing.")
yes = click.option("-y", "--yes", is_flag=True, help="Don't ask.")
since = click.option(
    "--since", metavar="TIME", callback=when, help="Saved since: 2026-01-31, 2026-01-31T12:00Z, 7d, 12h."
)
offset = click.option("--offset", type=click.IntRange(min=0), default=0, metavar="N", help="Leave out the first N.")


def limit(default: int) -> Callable[[Command], Command]:
    return click.option(
        "-n", "--limit", type=int, default=default, show_default=True, metavar="N", help="At most so many."
    )


def budget(default: int) -> Callable[[Command], Command]:
    return click.option(
        "--budget", type=int, default=default, show_default=True, metavar="TOKENS", help="At most so many tokens."
    )
