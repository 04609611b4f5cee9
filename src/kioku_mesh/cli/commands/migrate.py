"""`migrate-visibility`."""

from __future__ import annotations

import click

from ...errors import BadInput
from ...service.memory import Memory
from .. import consent, older, options
from ..opening import with_memory

TARGETS = ("mesh", "user", "team")


@click.command("migrate-visibility")
@click.option("--from", "origin", type=click.Choice(("legacy",)), required=True, help="What has no visibility.")
@click.option(
    "--to", "target", metavar="mesh|user|team", required=True, help="The visibility that it gets on this machine."
)
@older.connect
@options.dry_run
@options.yes
@options.as_json
@with_memory
def migrate_visibility(
    memory: Memory, origin: str, target: str, connect: str | None, dry_run: bool, yes: bool, as_json: bool
) -> int:
    """Import what has no visibility from an old mesh.

    Reads what kioku-mesh before 0.8 saved, and imports it with the visibility that --to names. The old mesh is not
    changed.
    """
    del origin
    if target.partition("/")[0] not in TARGETS:
        raise BadInput(f"--to cannot be {target[:60]!r}", f"choose one of {', '.join(TARGETS)}")
    wish = older.wish(untiered=target, only_untiered=True, dry_run=dry_run)
    if not dry_run:
        place = older.address(memory, connect)
        consent.ask(f"import what has no visibility at {place} as {target}", "", yes)
    return older.migrate(memory, older.MESH, None, connect, wish, as_json)
