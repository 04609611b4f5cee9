"""`backup`, `restore-backup` and `rebuild`."""

from __future__ import annotations

import click

from ...clock import ago, to_iso
from ...errors import BadInput
from ...results import BackupFile
from ...service.memory import Memory
from .. import embedding, options, output
from ..opening import with_memory

LIST = click.option("--list", "listing", is_flag=True, help="Show the backups there are.")


@click.command()
@click.argument("file", required=False, type=click.Path())
@LIST
@click.option(
    "--keep", type=click.IntRange(min=1), metavar="N", help="Remove all but the newest N in the folder of backups."
)
@options.as_json
@with_memory
def backup(memory: Memory, file: str | None, listing: bool, keep: int | None, as_json: bool) -> None:
    """Write a verified copy of the whole store.

    While agents go on saving. Without FILE it goes into the folder of backups and stays there until --keep removes it;
    the setting backup.keep counts the automatic ones alone.
    """
    if listing:
        show_backups(memory, as_json)
    else:
        output.show(memory.backup(file, keep), as_json, made_text)


@click.command("restore-backup")
@click.argument("file", required=False, type=click.Path())
@LIST
@options.as_json
@with_memory
def restore_backup(memory: Memory, file: str | None, listing: bool, as_json: bool) -> None:
    """Put the store back to a backup.

    Agents that have it open stay connected. What is here now is backed up first.
    """
    if listing:
        show_backups(memory, as_json)
        return
    if file is None:
        raise BadInput("which backup?", "kioku-mesh restore-backup --list shows them")
    output.show(memory.restore_backup(file), as_json, restored_text)


def made_text(made: BackupFile) -> str:
    return "\n".join((f"backup: {described(made)}", *(f"removed: {path}" for path in made.removed)))


def restored_text(restored: BackupFile) -> str:
    kept = f"\nwhat was here before: {restored.before}" if restored.before else ""
    return f"restored: {described(restored)}{kept}"


def show_backups(memory: Memory, as_json: bool) -> None:
    output.show({"backups": memory.backups()}, as_json, lambda shown: "\n".join(map(described, shown["backups"])))


def described(file: BackupFile) -> str:
    made = f"{to_iso(file.created_at)} ({ago(file.created_at)})"
    kind = f"  {file.kind.replace('_', ' ')}" if file.kind else ""
    return f"{file.path}  {made}  {output.plural(file.records, 'record')}  {file.bytes:,} bytes{kind}"


@click.command()
@click.option("--vectors", is_flag=True, help="Only the vectors, by which memories are found by their meaning.")
@options.as_json
@with_memory
def rebuild(memory: Memory, vectors: bool, as_json: bool) -> None:
    """Rebuild everything derived from the log."""
    shown = {"records": memory.rebuild(vectors), "vectors": embedding.embed(memory)}
    output.show(shown, as_json, rebuilt_text)


def rebuilt_text(shown: dict[str, int]) -> str:
    of = f"rebuilt from {output.plural(shown['records'], 'record')}, " if shown["records"] else "made anew: "
    return f"{of}{output.plural(shown['vectors'], 'vector')}"
