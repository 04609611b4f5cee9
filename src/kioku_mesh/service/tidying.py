"""What was said twice, what contradicts itself, what is about files that are gone: groups, settled one by one.

A new revision, an ordinary record, supersedes the memories of a group, so what they said stays in its history. Stale ones
are deleted, and can be restored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence

from ..clock import now as read_clock
from ..errors import BadInput, Refused
from ..model import Draft, Filter, Notice, Observation
from ..results import Line
from ..seen import Seen
from ..store.reading import Snapshot
from ..text import wording
from . import deleting, freshness, reading, recalling, saving
from .checking import check
from .context import Context
from .grouping import Cluster, clusters
from .groups import DUPLICATES, KINDS, STALE, Group, Settled, Tidied, TidyPlan
from .pairing import Told, pairs

_NEWEST, _CHARACTERS = 20_000, 40_000_000  # memories that are compared, and of their texts
_SECONDS = 20.0  # that comparing vectors may take
_GROUPS = 200  # that are told
_CONFLICTS = 1_000  # memories replaced by several that are looked at
_KEY = 10  # hex digits
_NAMED = 3  # of their files that a reason names
_DATED = 2_000  # memories whose files are looked at
_FILES, _FILES_S = 6_000, 3.0  # how many of those, and seconds for it


def plan(ctx: Context, project: str | None = None, kinds: Sequence[str] = ()) -> TidyPlan:
    """What could be settled, and how: of these kinds, all if none is given. Raises BadInput."""
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise BadInput(f"no such kind of group: {unknown[0][:40]!r}", f"choose among {', '.join(KINDS)}")
    where, now = ctx.within(Filter(project=project)), read_clock()
    with ctx.store.read(ctx.scopes, now) as snapshot:
        told, more_told = _told(snapshot, where, now)
        compared = pairs(snapshot, told, where, now, _SECONDS)
        found = clusters(told, compared.found, _conflicts(snapshot, told))
        drawn = [_group(ctx, snapshot, [told[at].row for at in each.members], each) for each in found]
        used = {at for each in found for at in each.members}
        dated = [each.row for at, each in enumerate(told) if each.dated and at not in used]
        about_files = snapshot.observations(dated[:_DATED])
        notes = _limits(snapshot, len(told), more_told, compared.looked_at, drawn.count(None))
    if len(dated) > _DATED:
        notes += (Notice("only_newest_files", f"files of the newest {_DATED:,} memories alone were looked for"),)
    drawn += _stale(ctx, about_files)
    groups = [each for each in drawn if each and each.kind in (kinds or KINDS)]
    if (more := len(groups) - _GROUPS) > 0:
        notes += (Notice("more_groups", f"there are {more:,} more groups: settle these first"),)
    return TidyPlan(tuple(groups[:_GROUPS]), len(told), max(0, more), notes)


def tidy(ctx: Context, groups: Sequence[Group], keep: str | None = None) -> Tidied:
    """Settle these groups of a plan. `keep`: the id of the memory that holds in the only one of them.

    Raises BadInput, and Refused if a memory has changed since the plan was made; then nothing is done. One that changes while
    others are settled leaves its group as it is.
    """
    known = [line.observation_id for group in groups for line in group.members if group.keep]
    if keep and not (len(groups) == 1 and keep in known):
        raise BadInput(
            f"{keep} is no memory of the group", "name one group by its key, and one of its memories to keep"
        )
    with ctx.store.read(ctx.scopes) as snapshot:
        for group in groups:
            _members(ctx, snapshot, group)
    settled: list[Settled] = []
    left: list[Group] = []
    for group in groups:
        try:
            settled.append(_settle(ctx, group, keep or group.keep))
        except Refused:
            left.append(group)
    told = "a memory of group {} has changed meanwhile: nothing was done about it"
    notes = tuple(Notice("changed_meanwhile", told.format(group.key)) for group in left)
    return Tidied(tuple(settled), tuple(group.key for group in left), notes)


def _told(snapshot: Snapshot, where: Filter, now: int) -> tuple[list[Told], bool]:
    """The newest memories that have a text, as they are compared; and whether there are more."""
    told, room = list[Told](), _CHARACTERS
    rows = snapshot.newest(where, now, _NEWEST + 1)
    for row in rows[:_NEWEST]:
        header, body = snapshot.said(row)
        if body:
            room -= len(body.content)
            if room < 0:
                return told, True
            home = header.scope, snapshot.projects.shown(body.project)
            told.append(Told(row, home, wording.said(body.subject, body.content), any(body.file_hashes)))
    return told, len(rows) > _NEWEST


def _conflicts(snapshot: Snapshot, told: Sequence[Told]) -> Iterator[list[int]]:
    """Positions of what stands side by side in place of an older memory."""
    position = {each.row: at for at, each in enumerate(told)}
    for one in recalling.conflicting(snapshot, _CONFLICTS):
        rows = map(snapshot.row_of, dict.fromkeys((one.observation_id, *one.conflicts_with)))
        sides = [position[row] for row in rows if row in position]
        yield [at for at in sides if told[at].home == told[sides[0]].home]


def _group(ctx: Context, snapshot: Snapshot, rows: Sequence[int], cluster: Cluster) -> Group | None:
    """None for memories that may not leave this machine, as a new one would, or cannot be one memory."""
    if ctx.meshed and any(map(snapshot.is_withheld, rows)):
        return None
    members = snapshot.observations(rows)
    try:
        check(_draft(cluster.kind, members))
    except BadInput:
        return None
    return _drawn(cluster.kind, cluster.why, members, members[0].observation_id)


def _drawn(kind: str, why: str, members: Sequence[Observation], keep: str | None) -> Group:
    lines = (Line(o.observation_id, o.subject, o.project, o.memory_type, o.created_at, o.state) for o in members)
    return Group(_key(kind, members), kind, why, keep, kind == DUPLICATES, tuple(lines))


def _stale(ctx: Context, about_files: Sequence[Observation]) -> Iterator[Group]:
    """Those all of whose files are gone, by their files."""
    known = freshness.of(ctx, about_files, _FILES_S, _FILES)
    gone: dict[tuple[str, str | None, tuple[str, ...]], list[Observation]] = {}
    for each in about_files:
        found = known.get(each.observation_id)
        if found and len(found.gone) == len(each.source_files):
            gone.setdefault((each.visibility, each.project, found.gone), []).append(each)
    for (_, _, files), members in gone.items():
        more = f" and {len(files) - _NAMED} more" if len(files) > _NAMED else ""
        yield _drawn(STALE, f"the files are gone: {', '.join(files[:_NAMED])}{more}", members, None)


def _key(kind: str, members: Iterable[Observation]) -> str:
    """The same for the same records only."""
    named = sorted(f"{each.observation_id} {each.stamp}" for each in members)
    return hashlib.sha256("\n".join((kind, *named)).encode()).hexdigest()[:_KEY]


def _members(ctx: Context, snapshot: Snapshot, group: Group) -> list[Observation]:
    """The memories of a group, if they are what they were when it was listed. Raises Refused."""
    known = [ctx.one(snapshot, line.observation_id) for line in group.members]
    found = [each for each in known if each and each.state == "live"]
    homes = {(each.visibility, each.project) for each in found}
    if len(found) < len(known) or len(homes) > 1 or _key(group.kind, found) != group.key:
        raise Refused(
            f"a memory of group {group.key} has changed since it was listed: nothing was done",
            "see what there is now with `kioku-mesh tidy --plan`",
        )
    return found


def _settle(ctx: Context, group: Group, keep: str | None) -> Settled:
    """Raises Refused if a memory has changed."""
    with ctx.store.read(ctx.scopes) as snapshot:
        members = _members(ctx, snapshot, group)
        ids = [each.observation_id for each in members]
        older = _hidden_by(ctx, snapshot, members)

    def check_still(now: Snapshot) -> None:
        _members(ctx, now, group)

    if keep is None:
        deleted = deleting.delete(ctx, ids + older, group.why, check_still=check_still)
        return Settled(group.key, group.kind, deleted=deleted.deleted)
    members.sort(key=lambda each: each.observation_id != keep)
    draft = _draft(group.kind, members)
    seen = _seen(_tellers(group.kind, members), draft.source_files)
    new = saving.replace(ctx, draft, members[0].project, seen, check_still)
    return Settled(group.key, group.kind, new, tuple(ids))


def _hidden_by(ctx: Context, snapshot: Snapshot, members: Sequence[Observation]) -> list[str]:
    """Older revisions that deleting the members would show again."""
    ids = {each.observation_id for each in members}
    chain = reading.revisions(ctx, snapshot, members)
    others = {each.observation_id for each in chain if each.state == "live"} - ids
    return [] if others else [each.observation_id for each in chain if each.state == "superseded"]


def _draft(kind: str, members: Sequence[Observation]) -> Draft:
    """What supersedes the members, in the words of the first: of duplicates with whatever else any of them has."""
    told = _tellers(kind, members)
    ends = [each.expires_at for each in told]
    return Draft(
        content=members[0].content,
        subject=_given("subject", told),
        summary=_given("summary", told),
        memory_type=next((each.memory_type for each in told if each.memory_type != "note"), "note"),
        importance=max(each.importance for each in told),
        tags=_all(each.tags for each in told),
        source_files=_all(each.source_files for each in told),
        references=_all(each.references for each in told),
        supersedes=tuple(each.observation_id for each in members),
        visibility=members[0].visibility.partition("/")[0],
        expires_at=None if None in ends else max(filter(None, ends)),
    )


def _tellers(kind: str, members: Sequence[Observation]) -> Sequence[Observation]:
    """Those whose details the new revision has."""
    return members if kind == DUPLICATES else members[:1]


def _seen(told: Sequence[Observation], files: Sequence[str]) -> Seen:
    """What the files of a new revision were, as far as the first that tells it does: others may have seen another commit."""
    first = next((each for each in told if each.file_hashes), None)
    if first is None:
        return Seen()
    hashes = dict(zip(first.source_files, first.file_hashes, strict=False))
    paths = dict(zip(first.source_files, first.file_paths, strict=False))
    below = tuple(paths.get(each, "") for each in files) if paths else ()
    return Seen(first.commit, tuple(hashes.get(each, "") for each in files), below)


def _given(field: str, told: Iterable[Observation]) -> str | None:
    """The first that was not derived from the text."""
    return next((getattr(each, field) for each in told if field not in each.derived), None)


def _all(lists: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(entry for entries in lists for entry in entries))


def _limits(snapshot: Snapshot, told: int, more: bool, compared: int, left_out: int) -> tuple[Notice, ...]:
    """What the reader should know about how far was looked."""
    notes = []
    if more:
        notes.append(Notice("only_newest", f"only the newest {told:,} memories were compared"))
    if 0 < compared < told:
        notes.append(
            Notice("time_over", f"only the newest {compared:,} were compared by their meaning: it took too long")
        )
    understood = snapshot.understood()
    if understood.fault:
        notes.append(Notice("words_only", f"compared by words alone: {understood.fault}"))
    elif understood.waiting:
        notes.append(Notice("not_embedded", "some were compared by words alone, as they have no vector yet"))
    if left_out:
        why = "withheld memories would leave the machine, and what is too much for one memory stays several"
        notes.append(Notice("left_out", f"groups left out: {left_out:,} ({why})"))
    return tuple(notes)
