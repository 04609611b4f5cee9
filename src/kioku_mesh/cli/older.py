"""What the commands that read an older version share: where it is, and how the outcome is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .. import endpoints
from ..errors import BadInput
from ..service.late import Late
from ..service.memory import Memory
from ..transfer.sources import OLD_FILES, OLD_MESH
from . import embedding, output

if TYPE_CHECKING:
    from ..transfer import migration
    from ..transfer.migration import Migrated, Wish
    from ..zenohd import status as zenohd
else:
    migration, zenohd = Late("..transfer.migration"), Late("..zenohd.status")

FILES, MESH = OLD_FILES, OLD_MESH
SOURCES = (FILES, MESH)


def _endpoint(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    try:
        return endpoints.normal(value)
    except ValueError as error:
        raise BadInput(f"--connect cannot be {value[:60]!r}", f"it is {error}") from None


connect = click.option(
    "--connect", metavar="ADDRESS", callback=_endpoint, help="The zenohd of the older version's mesh."
)


def wish(**given: Any) -> Wish:
    """How to take it in."""
    return migration.Wish(**given)


def address(memory: Memory, given: str | None) -> str:
    """The router to read: given, else the one that this machine is set up to use. Raises BadInput."""
    found = given or zenohd.endpoint_of(memory.config)
    if not found:
        raise BadInput("where is the old mesh?", "name its zenohd: --connect ADDRESS")
    if found.startswith("tls/"):
        raise BadInput(
            f"{found}: an old mesh is read over plain TCP alone",
            "run this on a machine of that mesh, whose own zenohd listens there as well: --connect 127.0.0.1",
        )
    return found


def migrate(memory: Memory, source: str, path: str | None, given: str | None, wanted: Wish, as_json: bool) -> int:
    """Read one of SOURCES and tell what became of it; the exit status."""
    if source == MESH and path is not None:
        raise BadInput(f"--from {MESH} reads a router, not {path[:60]}", "leave the file out; --connect says which one")
    if source == MESH:
        report = migration.from_mesh(memory, address(memory, given), wanted, output.counter("read"))
    else:
        report = migration.from_files(memory, path, wanted, output.counter("read"))
    if not wanted.dry_run:
        embedding.embed(memory, embedding.IMPORT_S)
    return told(report, as_json)


def told(report: Migrated, as_json: bool) -> int:
    """Show the outcome; 1 if a record could not be taken."""
    output.show(report, as_json, text)
    if not as_json:
        output.notes(report.notes)
        output.rejected((f"{error.key}: {error.message}" for error in report.errors), report.failed, "record")
    return 1 if report.failed else 0


def text(report: Migrated) -> str:
    found = report.found
    scopes = ", ".join(f"{count:,} {scope}" for scope, count in found.by_visibility.items())
    there = [output.plural(found.observations, "memory", "memories") + (f" ({scopes})" if scopes else "")]
    there.append(output.plural(found.deletions, "deletion"))
    outcome = [f"{report.added:,} new", f"{report.known:,} known"]
    if report.conflicts:
        outcome.append(output.plural(report.conflicts, "conflict"))
    if report.left_out:
        outcome.append(f"{sum(report.left_out.values()):,} left out")
    if report.failed:
        outcome.append(output.plural(report.failed, "bad record"))
    verb = "would import" if report.dry_run else "imported"
    return f"found: {', '.join(there)} in {report.source}\n{verb}: {', '.join(outcome)}"
