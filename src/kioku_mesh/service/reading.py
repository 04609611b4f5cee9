"""Memories by id: whole ids, prefixes, and the chain of revisions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from .. import ids
from ..errors import Ambiguous, BadInput, NotFound
from ..model import Notice, Observation
from ..results import Got
from ..store.reading import Snapshot
from .context import Context
from .late import Late

if TYPE_CHECKING:
    from . import freshness, replicas
else:
    freshness, replicas = Late(".freshness"), Late(".replicas")

GET_MAX = 1000
_CANDIDATES = 20  # listed when a prefix fits several ids


def get(ctx: Context, wanted: Sequence[str], history: bool = False, prefixes: bool = False) -> Got:
    """Memories by id, whatever their state. Raises NotFound when none of them is here, Ambiguous for a prefix."""
    if not 1 <= len(wanted) <= GET_MAX:
        raise BadInput(f"{len(wanted)} ids at once", f"give 1 to {GET_MAX} ids")
    whole = [resolve(ctx, text) if prefixes else text for text in wanted]
    for text in whole:
        if not ids.is_id(text):
            raise BadInput(f"not an id: {text[:40]!r}", "an id has 32 hex digits")
    with ctx.store.read(ctx.scopes) as snapshot:
        known = {id_: ctx.one(snapshot, id_) for id_ in whole}
        found = [o for o in known.values() if o is not None]
        chain = revisions(ctx, snapshot, found) if history else ()
    if any(o.file_hashes for o in found):
        found = freshness.marked(ctx, found)
    missing = tuple(id_ for id_, o in known.items() if o is None)
    if not found:
        raise NotFound(f"there is no memory {missing[0]}", "look for it with a search", ids=list(missing))
    notes = tuple(
        Notice("body_lost", f"the text of {o.observation_id} is not on this machine") for o in found if o.body_lost
    )
    return Got(replicas.with_places(ctx, found) if ctx.meshed else tuple(found), missing, chain, notes)


def revisions(ctx: Context, snapshot: Snapshot, found: Iterable[Observation]) -> tuple[Observation, ...]:
    """All revisions of these memories that are there for this process, oldest first in each chain."""
    rows: dict[int, None] = {}
    for observation in found:
        row = snapshot.row_of(observation.observation_id)
        if row is not None:
            rows.update(dict.fromkeys(snapshot.chain(row)))
    return tuple(o for o in snapshot.observations(rows) if ctx.sees(snapshot, o.project))


def resolve(ctx: Context, text: str) -> str:
    """The whole id that a prefix of at least 8 digits means. Raises BadInput, NotFound, Ambiguous."""
    text = text.strip().lower().removeprefix("id:")
    if ids.is_id(text):
        return text
    if not ids.is_prefix(text):
        raise BadInput(f"not an id: {text[:40]!r}", f"give the 32 hex digits, or at least the first {ids.PREFIX_MIN}")
    with ctx.store.read(ctx.scopes) as snapshot:
        found = sorted(with_prefix(ctx, snapshot, text, _CANDIDATES))
        if len(found) > 1:
            candidates = [{"observation_id": i, "subject": snapshot.observation(row).subject} for i, row in found]
            raise Ambiguous(f"{text} fits {len(found)} memories", "give more digits", candidates=candidates)
    if not found:
        raise NotFound(f"there is no memory whose id begins with {text}", "look for it with `kioku-mesh search`")
    return found[0][0]


def with_prefix(ctx: Context, snapshot: Snapshot, prefix: str, limit: int) -> list[tuple[str, int]]:
    """Ids that begin with these hex digits, with their rows, as far as they are there for this process."""
    found = snapshot.rows_with_prefix(prefix, limit)
    if not ctx.config.only_project:
        return found
    return [(id_, row) for id_, row in found if ctx.sees(snapshot, snapshot.observation(row).project)]
