"""`stats` and `review`."""

from __future__ import annotations

from collections.abc import Iterable

import click

from ...clock import ago, to_iso
from ...errors import BadInput
from ...model import VISIBILITIES
from ...results import Pending, Stats, Week
from ...service.memory import Memory
from ...service.stats import COUNTED
from .. import options, output
from ..opening import with_memory


@click.command()
@click.option("--forget", is_flag=True, help="Start counting anew.")
@options.as_json
@with_memory
def stats(memory: Memory, forget: bool, as_json: bool) -> None:
    """How agents use the memory, per client and week.

    It is counted on this machine, and never leaves it.
    """
    output.show(memory.stats(forget), as_json, table)


def table(found: Stats) -> str:
    rows = [("week of", "client", *COUNTED), *(_row(week) for week in found.weeks)]
    told = output.rows(rows) if found.weeks else "nothing was counted yet"
    return (
        f"{told}\n\n{output.plural(found.live, 'memory', 'memories')}, of which {found.never_shown:,} were never shown"
    )


def _row(week: Week) -> tuple[str, ...]:
    counts = (f"{week.counts[name]:,}" if week.counts[name] else "-" for name in COUNTED)
    return to_iso(week.week)[:10], output.one_line(week.client), *counts


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--accept", is_flag=True, help="Save these.")
@click.option("--drop", is_flag=True, help="Throw these away; they do not come again.")
@click.option("--all", "everything", is_flag=True, help="All that wait.")
@click.option("--visibility", type=click.Choice(VISIBILITIES), help="Who may see what is accepted.  [default: local]")
@options.as_json
@with_memory
def review(
    memory: Memory,
    ids: tuple[str, ...],
    accept: bool,
    drop: bool,
    everything: bool,
    visibility: str | None,
    as_json: bool,
) -> None:
    """What was captured from sessions and waits for you.

    Without options it is listed; --accept saves it, --drop throws it away. Nothing is captured unless
    `kioku-mesh config set capture review` was said. What you accept stays on this machine unless --visibility says more.
    """
    if accept and drop:
        raise BadInput("both --accept and --drop", "say one of them")
    if not (accept or drop):
        if ids or everything:
            raise BadInput("what shall become of them?", "add --accept or --drop")
        output.show({"pending": memory.pending()}, as_json, lambda shown: listed(shown["pending"]))
        return
    if bool(ids) == everything:
        raise BadInput("which ones?", "give the ids that `kioku-mesh review` lists, or --all")
    chosen = ids or tuple(each.id for each in memory.pending())
    if drop:
        output.show({"dropped": memory.drop(chosen)}, as_json, lambda done: f"dropped: {len(done['dropped'])}")
        return
    saved = memory.accept(chosen, visibility)
    output.show(
        {"saved": saved}, as_json,
        lambda done: "\n".join(f"saved: {each.observation_id} (visibility={each.visibility})" for each in done["saved"]),
    )  # fmt: skip


def listed(waiting: Iterable[Pending]) -> str:
    rows = [
        (
            each.id,
            ago(each.captured_at),
            each.memory_type,
            output.one_line(each.client_id),
            output.one_line(each.content),
        )
        for each in waiting
    ]
    return output.rows(rows) if rows else "nothing waits for review"
