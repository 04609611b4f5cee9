"""The options that say what is saved, gathered into one `Draft`."""

from __future__ import annotations

from functools import wraps
from typing import Any

import click

from ..clock import now
from ..errors import BadInput
from ..model import MEMORY_TYPES, VISIBILITIES, Draft
from .completing import words
from .opening import known
from .options import Command, many, point, span

DRAFT = (
    click.option("-p", "--project", metavar="NAME", shell_complete=known("project"), help="The project it belongs to."),
    click.option(
        "--memory-type", "--type", metavar="TYPE", shell_complete=words(MEMORY_TYPES), help="What it is (note)."
    ),
    click.option("--importance", type=int, metavar="1-5", help="How much it matters (2)."),
    click.option("-s", "--subject", metavar="TEXT", help="One line that says what it is about."),
    click.option("--summary", metavar="TEXT", help="A few sentences."),
    many(
        "-t", "--tags", "--tag", "tags", metavar="TAG", shell_complete=known("tag"), help="Tags, repeated or by commas."
    ),
    many("--source-files", "--file", "source_files", metavar="PATH", help="Files it is about."),
    many("--references", "--ref", "references", metavar="REF", help="Issues, commits, links it refers to."),
    many("--supersedes", metavar="ID", shell_complete=known("id"), help="Memories that it replaces."),
    click.option(
        "--visibility", metavar="|".join(VISIBILITIES), shell_complete=words(VISIBILITIES), help="Who may read it."
    ),
    click.option("--local-only", is_flag=True, help="The same as --visibility local."),
    click.option("--expires-at", metavar="TIME", callback=point, help="When it stops being true."),
    click.option("--ttl", metavar="DURATION", callback=span, help="How long it stays true: 30m, 12h, 7d."),
    click.option("--allow-secret", is_flag=True, help="Save it although it looks like it holds a secret."),
)


def draft(command: Command) -> Command:
    """Add the options of a save; the command gets them as one `draft` without content."""

    @wraps(command)
    def gathered(*args: Any, local_only: bool, ttl: int | None, **given: Any) -> Any:
        fields = {name: given.pop(name) for name in Draft._fields if name in given}
        if local_only and fields["visibility"] not in (None, "local"):
            raise BadInput("--local-only and --visibility contradict each other", "give one of them")
        if ttl is not None and fields["expires_at"] is not None:
            raise BadInput("--ttl and --expires-at say the same thing twice", "give one of them")
        if local_only:
            fields["visibility"] = "local"
        if ttl is not None:
            fields["expires_at"] = now() + ttl
        return command(*args, draft=Draft(content="", **fields), **given)

    result: Command = gathered
    for option in reversed(DRAFT):
        result = option(result)
    return result
