"""`export` and `import`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import click

from ...errors import BadInput
from ...model import Filter
from ...service.memory import Memory
from ...transfer.export import Exported, export_file, export_stream
from ...transfer.import_ import ImportReport, import_stream
from ...transfer.products import Wish
from ...transfer.sources import SOURCES
from .. import bringing, embedding, filters, older, options, output
from ..opening import with_memory
from ..output import counter


@click.command("export")
@click.argument("file", type=click.Path(allow_dash=True))
@filters.project
@options.since
@click.option("--include-local", is_flag=True, help="Also what is not meant to leave this machine.")
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@options.as_json
@with_memory
def export(
    memory: Memory, file: str, project: str | None, since: int | None, include_local: bool, force: bool, as_json: bool
) -> None:
    """Write memories to a file (JSON Lines).

    Everything that import needs to build the same memory elsewhere, what was deleted included. - writes to stdout.
    """
    where = Filter(project=project, since=since)
    if file == "-":
        if as_json:
            raise BadInput("export to stdout is JSON already", "leave out --json, or name a file")
        sys.stdout.flush()
        export_stream(memory, sys.stdout.buffer, where, include_local, counter("exported"))
        return
    exported = export_file(memory, file, where, include_local, force, counter("exported"))
    output.show(exported, as_json, exported_text)


def exported_text(exported: Exported) -> str:
    return f"exported: {output.plural(exported.records, 'record')} to {exported.path} ({exported.bytes:,} bytes)"


@click.command("import")
@click.argument("file", required=False, type=click.Path(allow_dash=True))
@click.option(
    "--from", "source", type=click.Choice(tuple(SOURCES)), metavar="KIND",
    help=f"Read what another program remembers; FILE is where, if not in its usual place. KIND: {', '.join(SOURCES)}.",
)  # fmt: skip
@older.connect
@click.option("-p", "--project", metavar="NAME", help="Import into this project, whatever the file says.")
@options.dry_run
@click.option("--all-or-nothing", is_flag=True, help="Import nothing if a line is bad.")
@options.as_json
@with_memory
def import_(
    memory: Memory,
    file: str | None,
    source: str | None,
    connect: str | None,
    project: str | None,
    dry_run: bool,
    all_or_nothing: bool,
    as_json: bool,
) -> int:
    """Read memories from a file, or from another program.

    A file (JSON Lines) is what export wrote, or any lines with at least {"content": "..."}; - reads stdin. --from reads
    other programs and older versions, and changes nothing of theirs. Importing again adds only what is new.
    """
    if connect and source != older.MESH:
        raise BadInput("--connect is for the mesh of an older version", f"add --from {older.MESH}, or leave it out")
    if source in older.SOURCES:
        wish = older.wish(project=project, dry_run=dry_run, all_or_nothing=all_or_nothing)
        return older.migrate(memory, source, file, connect, wish, as_json)
    if source:
        return bringing.bring(memory, source, file, Wish(project, dry_run, all_or_nothing), as_json)
    if file is None:
        raise BadInput("there is nothing to import from", "name a file, or - for stdin; --from reads other programs")
    with opened(file, again=all_or_nothing) as lines:
        report = import_stream(memory, lines, project, dry_run, all_or_nothing, counter("read"))
    if not dry_run:
        embedding.embed(memory, embedding.IMPORT_S)
    output.show(report, as_json, imported_text)
    if not as_json:
        output.notes(report.notes)
        output.rejected((f"line {error.line}: {error.message}" for error in report.errors), report.failed, "line")
    return 1 if report.failed else 0


def imported_text(report: ImportReport) -> str:
    verb = "would import" if report.dry_run else "imported"
    told = [f"{report.added:,} new", f"{report.known:,} known"]
    if report.conflicts:
        told.append(output.plural(report.conflicts, "conflict"))
    if report.failed:
        told.append(output.plural(report.failed, "bad line"))
    return f"{verb}: {', '.join(told)}"


@contextmanager
def opened(path: str, again: bool) -> Iterator[BinaryIO]:
    """The file, or stdin; a copy of stdin if it must be read `again`."""
    if path != "-":
        try:
            file = open(path, "rb")  # noqa: SIM115
        except OSError as error:
            raise BadInput(
                f"cannot read {path}: {error.strerror}", "name a file of JSON lines, or - for stdin"
            ) from None
        with file:
            yield file
    elif not again:
        yield sys.stdin.buffer
    else:
        import shutil
        import tempfile

        with tempfile.TemporaryFile() as copy:
            shutil.copyfileobj(sys.stdin.buffer, copy)
            copy.seek(0)
            yield copy
