"""`tidy`: what was said twice, what contradicts itself, group by group."""

from __future__ import annotations

from collections.abc import Sequence

import click

from ...errors import BadInput, NotFound, Refused
from ...service.groups import KINDS, Group, Settled, Tidied, TidyPlan
from ...service.memory import Memory
from .. import filters, options, output
from ..completing import words
from ..consent import answer, ask
from ..opening import known, with_memory
from ..reading import on_terminal

_ASK = "settle it? [y/N/q, or the number of the one that holds] "
_ASK_STALE = "delete? [y/N/q] "


@click.command()
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@filters.project
@options.many("--kind", "kinds", metavar="KIND", shell_complete=words(KINDS), help="Only these groups.")
@click.option("--keep", metavar="ID", shell_complete=known("id"), help="Which memory of the one KEY holds.")
@click.option("--plan", is_flag=True, help="Show the groups, change nothing.")
@options.yes
@options.as_json
@with_memory
def tidy(
    memory: Memory, keys: tuple[str, ...], project: str | None, kinds: tuple[str, ...], keep: str | None, plan: bool, yes: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Merge what was said twice, settle what contradicts itself.

    Shows groups of memories with a KEY each; on a terminal it asks about one after the other. KEYs settle those groups
    alone; --yes without a KEY settles duplicates only, as which of two contradictory memories holds only you know. One new
    memory supersedes those of a group, whose texts stay in its history (get --history). Memories about files that are gone
    are deleted, and can be restored.
    """
    if keep and len(keys) != 1:
        raise BadInput("--keep needs one KEY", "for example: kioku-mesh tidy KEY --keep ID")
    found = memory.tidy_plan(project, kinds)
    if keys:
        found = found._replace(groups=named(found.groups, keys))
    agreed, answers = bool(keys or yes), on_terminal() and not as_json
    if plan or not (agreed or answers) or not (found.groups or as_json):
        output.show(found, as_json, plan_text)
        told(found, as_json)
        return
    told(found, as_json)
    if keys:
        kept = memory.resolve(keep) if keep else None
        ask(f"settle {output.plural(len(keys), 'group')}", listed(found.groups, kept), yes, "--plan")
        done = memory.tidy(found.groups, kept)
    elif yes:
        done = memory.tidy([group for group in found.groups if group.sure])
        left = tuple(group.key for group in found.groups if not group.sure)
        done = done._replace(left=(*done.left, *left))
    else:
        done = one_by_one(memory, found.groups)
    output.show(done, as_json, tidied_text)
    if not as_json:
        output.notes(done.notes)


def named(groups: Sequence[Group], keys: Sequence[str]) -> tuple[Group, ...]:
    """The groups with these keys. Raises NotFound before anything is done about any of them."""
    by_key = {group.key: group for group in groups}
    wanted = dict.fromkeys(key.strip().lower() for key in keys)
    absent = [key for key in wanted if key not in by_key]
    if absent:
        raise NotFound(
            f"there is no group {absent[0][:40]}: nothing was done",
            "it was settled, or one of its memories has changed: kioku-mesh tidy --plan shows what there is now",
            keys=absent,
        )
    return tuple(by_key[key] for key in wanted)


def one_by_one(memory: Memory, groups: Sequence[Group]) -> Tidied:
    """What the person agrees to is settled at once, so an end in between leaves the rest as it is."""
    done = Tidied(())
    for at, group in enumerate(groups):
        said = answer(group_text(at + 1, group), _ASK if group.keep else _ASK_STALE)
        if said == "q":
            return done._replace(left=(*done.left, *(each.key for each in groups[at:])))
        number = int(said[:4]) if said.isdecimal() and group.keep else 0
        new = Tidied((), (group.key,))
        if said in ("y", "yes") or 0 < number <= len(group.members):
            try:
                new = memory.tidy([group], group.members[number - 1].observation_id if number else None)
            except Refused as error:  # the others can be settled all the same
                output.note(error.message)
        done = Tidied(done.settled + new.settled, done.left + new.left, done.notes + new.notes)
    return done


def plan_text(found: TidyPlan) -> str:
    if not found.groups:
        return f"nothing to tidy among {memories(found.looked_at)}"
    more = [f"and {output.plural(found.more, 'more group')}"] if found.more else []
    how = "settle one with kioku-mesh tidy KEY, all duplicates with kioku-mesh tidy --yes"
    return "\n\n".join([listed(found.groups), *more, f"compared {memories(found.looked_at)}; {how}"])


def memories(count: int) -> str:
    return output.plural(count, "memory", "memories")


def listed(groups: Sequence[Group], keep: str | None = None) -> str:
    return "\n\n".join(group_text(number, group, keep) for number, group in enumerate(groups, 1))


def group_text(number: int, group: Group, keep: str | None = None) -> str:
    """The group with what would be done about it; the one that holds is marked."""
    lines = output.rows(
        ("*" if line.observation_id == (keep or group.keep) else " ", str(at), *output.listed(line))
        for at, line in enumerate(group.members, 1)
    )
    head = f"{number}. {group.kind} {group.key}: {group.why}"
    does = "one new memory with the text of * would supersede" if group.keep else "would delete"
    return f"{output.one_line(head)}\n{output.indent(lines)}\n    -> {does} {memories(len(group.members))}"


def tidied_text(done: Tidied) -> str:
    told = list(map(settled_text, done.settled))
    told += [f"left: {output.plural(len(done.left), 'group')} ({', '.join(done.left)})"] if done.left else []
    return "\n".join(told) or "nothing was changed"


def settled_text(settled: Settled) -> str:
    if settled.observation_id:
        did = f"{settled.observation_id} supersedes {memories(len(settled.superseded))}"
        undo = f"delete {settled.observation_id[: output.SHORT_ID]}"
    else:
        did = f"deleted {memories(len(settled.deleted))}"
        undo = f"restore {settled.deleted[0][: output.SHORT_ID]}"
    return f"settled: {settled.key}, {did} (undo: kioku-mesh {undo})"


def told(found: TidyPlan, as_json: bool) -> None:
    if not as_json:
        output.notes(found.notes)
