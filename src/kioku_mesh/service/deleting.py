"""Deleting, undoing it, and purging: always a record in the log, never a row that disappears."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from .. import ids, wire
from ..clock import DAY
from ..clock import now as read_clock
from ..errors import BadInput, NotFound, Refused
from ..model import STATES, Draft, Filter, Observation, Patience
from ..results import Deleted, Line, Purged, Restored
from ..seen import Seen
from ..store import upkeep as store_upkeep
from ..store.reading import Snapshot
from ..store.transaction import Transaction
from . import checking, reading, saving, upkeep
from .context import Context
from .late import Late

if TYPE_CHECKING:
    from ..store import spread
    from . import replicas
else:
    spread, replicas = Late("..store.spread"), Late(".replicas")


def delete(
    ctx: Context,
    wanted: Sequence[str],
    reason: str | None = None,
    dry_run: bool = False,
    check_still: Callable[[Snapshot], object] | None = None,
) -> Deleted:
    """Hide memories on every machine; the text is erased when the retention time is over. Raises NotFound.

    `check_still` is asked before anything is written, in the same transaction; nothing is deleted if it raises."""
    known = _known(ctx, wanted)
    fresh = [o for o in known if o.state != "deleted"]
    gone = tuple(o.observation_id for o in known if o.state == "deleted")
    if dry_run or not fresh:
        return Deleted((), gone, preview=_preview(fresh), dry_run=dry_run)
    with ctx.store.write() as transaction:
        if check_still:
            check_still(transaction.snapshot(ctx.scopes))
        until = transaction.now + ctx.config.get("retention_days") * DAY
        alive = _revealing(ctx, transaction, fresh)
        for scope, names in _by_scope(fresh):
            transaction.append(wire.TOMBSTONE, scope, _reason(ctx, reason), names=names, until=until)
        again = _revealed(ctx, transaction, alive)
    upkeep.after_save(ctx)
    return Deleted(tuple(o.observation_id for o in fresh), gone, again, until)


def delete_matching(ctx: Context, where: Filter, reason: str | None = None, dry_run: bool = False) -> Deleted:
    """Delete everything that fits, hidden revisions too. Raises BadInput for a filter that fits everything."""
    where = ctx.within(where)
    if where._replace(states=()) == Filter(states=()):
        raise BadInput("this would delete every memory", "say which ones: a project, machine, session or time")
    hidden_too = where._replace(states=tuple(s for s in STATES if s != "deleted"))
    with ctx.store.read(ctx.scopes) as snapshot:
        found = snapshot.ids(snapshot.newest(hidden_too, read_clock(), -1))
    return delete(ctx, found, reason, dry_run) if found else Deleted((), dry_run=dry_run)


def restore(ctx: Context, observation_id: str) -> Restored:
    """Bring a memory back: its deletion is undone while it can be, else its content is saved anew."""
    (old,) = _known(ctx, [observation_id])
    if old.state == "live":
        return Restored(old.observation_id, "already_live", old.subject)
    if old.state == "deleted":
        with ctx.store.write() as transaction:
            tombstones, purged = _tombstones(transaction, old)
            if purged:
                raise Refused(
                    f"{old.observation_id} was purged: its text is gone for good", "save it anew if you still know it"
                )
            names = [name for name, _ in tombstones]
            # Only an undo stamped before the erasure counts, and what it names may carry a stamp of the future.
            if all(until > transaction.stamp(old.visibility, names) for _, until in tombstones):
                transaction.append(wire.UNDO, old.visibility, _reason(ctx, None), names=names)
                return Restored(old.observation_id, "undone", old.subject)
    if old.content == "":
        raise NotFound(
            f"the text of {old.observation_id} was erased: the retention time is over",
            "nothing here brings it back, a backup neither: only a copy that its owner made elsewhere before (an export, a "
            "copied file) still has it",
        )
    heads = _heads(ctx, old) if old.state == "superseded" else ()
    # A deleted one stays deleted: the new memory stands alone.
    supersedes = heads or (() if old.state == "deleted" else (old.observation_id,))
    saved = saving.save(
        ctx,
        Draft(
            content=old.content, subject=None if "subject" in old.derived else old.subject,
            summary=None if "summary" in old.derived else old.summary, memory_type=old.memory_type,
            importance=old.importance, project=old.project or None, tags=old.tags, source_files=old.source_files,
            references=old.references, supersedes=supersedes, visibility=old.visibility.partition("/")[0], allow_secret=True,
        ),
        seen=Seen(old.commit, old.file_hashes, old.file_paths),
    )  # fmt: skip
    return Restored(saved.observation_id, "saved_again", saved.subject)


def purge(
    ctx: Context,
    wanted: Sequence[str],
    chain: bool = False,
    unknown: bool = False,
    visibility: str | None = None,
    dry_run: bool = False,
    patience: Patience | None = None,
) -> Purged:
    """Hide and erase at once, here and wherever the record goes. Only whole ids. With `patience` receipts are waited for.

    `chain`: every revision of each as well. `unknown`: also ids that are not here, in the scope of `visibility`.
    """
    for id_ in wanted:
        if not ids.is_id(id_):
            raise BadInput(
                f"not a whole id: {id_[:40]!r}", "purge takes the 32 hex digits; `kioku-mesh get` shows them"
            )
    found, absent = _present(ctx, wanted)
    if absent and ctx.config.only_project:
        # What is not here for this process may well be a memory of another project.
        raise NotFound(f"there is no memory {absent[0]}", "look for it with `kioku-mesh search`", ids=absent)
    if absent and not unknown:
        raise NotFound(
            f"there is no memory {absent[0]}", "add --unknown to purge an id that is not on this machine", ids=absent
        )
    if absent and visibility is None:
        raise BadInput("in which scope shall the unknown ids be purged?", "add --visibility mesh, user, team or local")
    if chain:
        with ctx.store.read(ctx.scopes) as snapshot:
            found = list(reading.revisions(ctx, snapshot, found))
    before = _purges(ctx, found, absent, visibility)
    found, absent = [o for o in found if o.observation_id not in before], [id_ for id_ in absent if id_ not in before]
    answer = Purged(tuple(o.observation_id for o in found), tuple(absent), already_purged=tuple(before))
    if dry_run:
        return answer._replace(purged=(), preview=_preview(found), dry_run=True)
    written: list[wire.Header] = []
    if found or absent:
        names = [*_by_scope(found), *([(ctx.scope(visibility), absent)] if absent else [])]
        with ctx.store.write() as transaction:
            alive = _revealing(ctx, transaction, found)
            store_upkeep.note_traces(ctx.store)
            written = [transaction.append(wire.PURGE, scope, _reason(ctx, None), names=part) for scope, part in names]
            answer = answer._replace(live_again=_revealed(ctx, transaction, alive))
    if store_upkeep.has_traces(ctx.store):
        store_upkeep.erase_all(ctx.store, purged=True)
    return _with_receipts(ctx, answer, (*spread.slots_of(*written), *before.values()), patience)


def _purges(
    ctx: Context, found: Sequence[Observation], absent: Sequence[str], visibility: str | None
) -> dict[str, spread.Slot]:
    """Of those that were purged before: the record that did it. In a mesh one that stays here is not enough."""
    scopes = [(o.observation_id, o.visibility) for o in found] + [(id_, ctx.scope(visibility)) for id_ in absent]
    with ctx.store.read(ctx.scopes) as snapshot:
        purges = {id_: spread.purges(snapshot.db, scope, id_, ctx.meshed) for id_, scope in scopes}
    return {id_: slots[0] for id_, slots in purges.items() if slots}


def _with_receipts(ctx: Context, answer: Purged, slots: Sequence[spread.Slot], patience: Patience | None) -> Purged:
    """The answer with which other machines have erased it."""
    slots = [slot for slot in slots if slot.scope != "local"]
    if not (ctx.meshed or patience):
        return answer
    warnings = replicas.wait_erased(ctx, slots, patience)[1] if patience else ()
    got = replicas.receipts(ctx, slots)
    stored = replicas.erased(got) if ctx.meshed and slots else answer.stored
    return answer._replace(stored=stored, receipts=got, warnings=warnings)


def _present(ctx: Context, wanted: Iterable[str]) -> tuple[list[Observation], list[str]]:
    with ctx.store.read(ctx.scopes) as snapshot:
        known = {id_: ctx.one(snapshot, id_) for id_ in wanted}
    return [o for o in known.values() if o is not None], [id_ for id_, o in known.items() if o is None]


def _known(ctx: Context, wanted: Iterable[str]) -> list[Observation]:
    found, absent = _present(ctx, wanted)
    if absent:
        raise NotFound(f"there is no memory {absent[0][:40]}", "look for it with `kioku-mesh search`", ids=absent)
    return found


def _by_scope(found: Iterable[Observation]) -> Iterator[tuple[str, list[str]]]:
    """Names for one record each: per scope, and not more than a record may name."""
    scopes: dict[str, list[str]] = {}
    for observation in found:
        scopes.setdefault(observation.visibility, []).append(observation.observation_id)
    for scope, names in scopes.items():
        for at in range(0, len(names), wire.NAMES_MAX):
            yield scope, names[at : at + wire.NAMES_MAX]


def _reason(ctx: Context, reason: str | None) -> bytes:
    if reason:
        checking.text(reason, "reason", checking.REASON_MAX)
    who = ctx.identity
    said = {"reason": reason, "agent_family": who.agent_family, "client_id": who.client_id, "host": who.host}
    return wire.encode_body({**said, "created_at": read_clock()})


def _preview(found: Iterable[Observation]) -> tuple[Line, ...]:
    return tuple(Line(o.observation_id, o.subject, o.project, o.memory_type, o.created_at, o.state) for o in found)


def _revealing(ctx: Context, transaction: Transaction, found: Sequence[Observation]) -> list[str]:
    """Older revisions that are hidden now and that deleting these may bring back."""
    named = dict.fromkeys(name for o in found for name in o.supersedes)
    snapshot = transaction.snapshot(ctx.scopes)
    return [name for name in named if _state(snapshot, name, transaction.now) == "superseded"]


def _revealed(ctx: Context, transaction: Transaction, candidates: Sequence[str]) -> tuple[str, ...]:
    snapshot = transaction.snapshot(ctx.scopes)
    return tuple(name for name in candidates if _state(snapshot, name, transaction.now) == "live")


def _state(snapshot: Snapshot, observation_id: str, now: int) -> str | None:
    row = snapshot.row_of(observation_id)
    return None if row is None else snapshot.state(row, now)


def _tombstones(transaction: Transaction, old: Observation) -> tuple[list[tuple[str, int]], bool]:
    """The tombstones that hide a memory (id and until) and whether a purge does."""
    snapshot = transaction.snapshot(frozenset((old.visibility,)))
    marks = snapshot.deletions(old.observation_id)
    return [(id_, until) for kind, id_, until in marks if kind == wire.TOMBSTONE], any(
        k == wire.PURGE for k, _, _ in marks
    )


def _heads(ctx: Context, old: Observation) -> tuple[str, ...]:
    """The newest revisions above a superseded one."""
    with ctx.store.read(ctx.scopes) as snapshot:
        return tuple(o.observation_id for o in reading.revisions(ctx, snapshot, [old]) if o.state == "live")
