"""`delete`, `restore`, `purge` and `gc`: what hides and erases, and what takes hiding back."""

from __future__ import annotations

from collections.abc import Sequence

import click

from ...clock import ago, to_iso
from ...errors import BadInput
from ...model import VISIBILITIES, Filter
from ...results import Deleted, Line, Purged, Receipt, Restored, Swept
from ...service.memory import Memory
from .. import embedding, filters, options, output
from ..completing import words
from ..consent import ask
from ..opening import known, with_memory


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID]...", shell_complete=known("id"))
@click.option("-r", "--reason", metavar="TEXT", help="Why; kept with the deletion.")
@filters.where()
@options.dry_run
@options.yes
@options.as_json
@with_memory
def delete(
    memory: Memory, ids: tuple[str, ...], reason: str | None, where: Filter, dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Hide memories, by id or in bulk.

    Ids (or their first 8 or more digits) are deleted at once. Without ids everything that fits the options is, after
    a question; what is superseded or expired too. restore brings a memory back until its text is erased.
    """
    if bool(ids) == (where != Filter()):
        raise BadInput(
            "give either ids or what to delete", "for example: kioku-mesh delete -p NAME --until 90d --dry-run"
        )
    if ids:
        deleted = memory.delete([memory.resolve(each) for each in ids], reason, dry_run)
    else:
        deleted = memory.delete_matching(where, reason, dry_run=True)
        if deleted.preview and not dry_run:
            ask(f"delete {memories(deleted.preview)}", output.preview(deleted.preview), yes)
            deleted = memory.delete(listed(deleted.preview), reason)
    output.show(deleted._replace(dry_run=dry_run), as_json, deleted_text)


def memories(lines: Sequence[Line]) -> str:
    return output.plural(len(lines), "memory", "memories")


def listed(lines: Sequence[Line]) -> list[str]:
    """A person agrees to what was shown: act on nothing else."""
    return [line.observation_id for line in lines]


def would(verb: str, lines: Sequence[Line]) -> str:
    if not lines:
        return f"nothing to {verb}"
    return f"would {verb} {memories(lines)}:\n{output.preview(lines)}"


def deleted_text(deleted: Deleted) -> str:
    if deleted.dry_run:
        return would("delete", deleted.preview)
    told = [f"deleted: {each}" for each in deleted.deleted]
    told += [f"already deleted: {each}" for each in deleted.already_deleted]
    told += [f"visible again: {each} (what superseded it is gone)" for each in deleted.live_again]
    if deleted.deleted and deleted.erased_after:
        told.append(
            f"the text is erased after {to_iso(deleted.erased_after)}; kioku-mesh restore brings it back until then"
        )
    return "\n".join(told) or "nothing to delete"


@click.command()
@click.argument("observation_id", metavar="ID", shell_complete=known("hidden"))
@options.as_json
@with_memory
def restore(memory: Memory, observation_id: str, as_json: bool) -> None:
    """Bring a deleted memory back.

    The same id comes back while its text is still here. A superseded memory is saved again under a new id.
    """
    output.show(memory.restore(memory.resolve(observation_id)), as_json, restored_text)


def restored_text(restored: Restored) -> str:
    how = {"undone": "restored", "saved_again": "saved again as", "already_live": "not deleted"}
    return f"{how[restored.how]}: {restored.observation_id} {output.one_line(restored.subject)}".rstrip()


@click.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option("--chain", is_flag=True, help="Also all earlier and later versions.")
@click.option("--unknown", is_flag=True, help="Also ids that are not here, so that they never come.")
@click.option("--visibility", metavar="SCOPE", shell_complete=words(VISIBILITIES), help="Where the unknown ids belong.")
@options.waiting
@options.dry_run
@options.yes
@options.as_json
@with_memory
def purge(
    memory: Memory, ids: tuple[str, ...], chain: bool, unknown: bool, visibility: str | None,
    waiting: options.Waiting, dry_run: bool, yes: bool, as_json: bool,
) -> None:  # fmt: skip
    """Erase memories for good.

    The text is gone at once from the store, its index and its managed backups. Whole ids only. Nothing brings it back.
    Other machines erase it as soon as they are reached; with --wait each of them is named that has done so.
    """
    purged = memory.purge(ids, chain, unknown, visibility, dry_run=True)
    if not dry_run:
        targets = [*listed(purged.preview), *purged.unknown]
        if targets:
            ask(f"erase {output.plural(len(targets), 'memory', 'memories')} for good", purge_preview(purged), yes)
        purged = memory.purge([*targets, *purged.already_purged], False, unknown, visibility, **waiting)
    output.show(purged, as_json, purged_text)
    if not as_json:
        output.notes(purged.warnings)


def purge_preview(purged: Purged) -> str:
    return "\n".join(filter(None, [output.preview(purged.preview), *(f"{each}  not here" for each in purged.unknown)]))


def purged_text(purged: Purged) -> str:
    before = [f"already purged: {each}" for each in purged.already_purged]
    if purged.dry_run and not (purged.preview or purged.unknown):
        return "\n".join(before)
    if purged.dry_run:
        return f"would erase for good:\n{purge_preview(purged)}"
    told = [f"purged: {each}" for each in purged.purged]
    told += [f"purged unseen: {each}" for each in purged.unknown]
    told += [f"visible again: {each} (what superseded it is gone)" for each in purged.live_again]
    told += before
    told += [receipt(each) for each in purged.receipts]
    return "\n".join(told)


def receipt(each: Receipt) -> str:
    name = output.one_line(f"{each.node} ({each.host})" if each.host else each.node)
    return f"erased on {name}" if each.erased else f"not yet erased on {name}, last seen {ago(each.last_seen)}"


def successor(hint: str) -> options.Parsed:
    """The callback of an option that older versions had."""

    def refuse(_context: click.Context, parameter: click.Parameter, value: object) -> None:
        if value:
            raise BadInput(f"gc has no {parameter.opts[0]} any more", hint)

    return refuse


@click.command()
@options.dry_run
@options.yes
@options.as_json
@click.option(
    "--retention-days", hidden=True, expose_value=False, callback=successor("kioku-mesh config set retention_days N")
)
@click.option("--force-id", hidden=True, expose_value=False, callback=successor("kioku-mesh purge ID"))
@click.option("--by-pc-id", hidden=True, expose_value=False, callback=successor("kioku-mesh delete --pc-id NAME"))
@with_memory
def gc(memory: Memory, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Erase what is past its time.

    The text of memories that were deleted or expired longer ago than retention_days. Saves do it in small steps too.
    """
    look_first = dry_run or not yes
    swept = memory.gc(dry_run=look_first)
    if look_first and not dry_run:
        if swept.preview:
            ask(f"erase the text of {memories(swept.preview)}", output.preview(swept.preview), yes)
        swept = memory.gc()
    if not dry_run:
        embedding.by_choice(memory)
    output.show(swept, as_json, swept_text)


def swept_text(swept: Swept) -> str:
    if swept.dry_run:
        return would("erase", swept.preview)
    texts = output.plural(swept.erased, "text")
    expired = output.plural(swept.swept, "expired memory", "expired memories")
    return f"erased: {texts}, swept: {expired}, {swept.bytes_before:,} -> {swept.bytes_after:,} bytes"
