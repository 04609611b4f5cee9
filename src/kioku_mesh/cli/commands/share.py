"""`share`."""

from __future__ import annotations

import click

from ...errors import BadInput
from ...model import MEMORY_TYPES, Filter
from ...results import Shared
from ...service.memory import Memory
from .. import filters, options, output
from ..completing import words
from ..consent import ask
from ..opening import known, with_memory
from .erase import listed, memories, would


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID]...", shell_complete=known("id"))
@filters.project
@options.many(
    "--memory-type", "--type", "memory_types", read=options.some, metavar="TYPE", shell_complete=words(MEMORY_TYPES),
    help="Only this type.",
)  # fmt: skip
@options.dry_run
@options.yes
@options.as_json
@with_memory
def share(
    memory: Memory, ids: tuple[str, ...], project: str | None, memory_types: tuple[str, ...], dry_run: bool, yes: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Share memories that were withheld from other machines.

    Those with these ids (or their first 8 or more digits), and those that fit the options. What other machines have
    got cannot be called back, only deleted or purged.
    """
    chosen = Filter(project=project, memory_types=memory_types)
    where = None if chosen == Filter() else chosen
    if not ids and where is None:
        raise BadInput("give ids, or what to share", "for example: kioku-mesh share -p NAME --dry-run")
    shared = memory.share([memory.resolve(each) for each in ids], where, dry_run=True)
    if shared.preview and not dry_run:
        ask(f"share {memories(shared.preview)} with other machines", output.preview(shared.preview), yes)
        shared = memory.share(listed(shared.preview))
    output.show(shared._replace(dry_run=dry_run), as_json, text)


def text(shared: Shared) -> str:
    if not shared.shared and not shared.preview:
        return "nothing to share: they are shared already, or local"
    if shared.dry_run:
        return would("share", shared.preview)
    return "\n".join(f"shared: {each}" for each in shared.shared)
