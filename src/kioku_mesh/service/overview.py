"""What `status` tells, and what completion offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import __version__
from ..clock import now as read_clock
from ..model import MEMORY_TYPES, STATES, Filter, Notice, Stored
from ..results import Status
from ..store import upkeep
from ..store.reading import Snapshot
from . import embedding, residence, stats
from .context import Context
from .late import Late
from .reading import with_prefix

if TYPE_CHECKING:
    from . import meshing
else:
    meshing = Late(".meshing")

_STANDING = {0: "live", 1: "superseded", 2: "deleted"}
_DIMENSIONS = ("projects", "types", "families", "clients", "machines")
_SETTINGS = ("mode", "default_visibility", "retention_days", "save.secrets")
_PROJECTS = 10_000  # names that completion looks through: a renamed project is found by its new one
KINDS = ("project", "tag", "type", "client", "session", "pc", "id", "hidden", "peer")


def status(ctx: Context) -> Status:
    """Version, places, identity with sources, counts. Reads only."""
    exists = ctx.store.exists()
    with ctx.store.read(ctx.scopes) as snapshot:
        counts = _counts(ctx, snapshot)
        session = Filter(ctx.config.only_project, session_id=ctx.identity.session_id, states=STATES)
        saves = snapshot.count(session, read_clock(), 10**9) if session.session_id else 0
        # These are counted over all projects.
        outside = {} if ctx.config.only_project else snapshot.outside()
        node = snapshot.node
    identity = ctx.config.identity_rows((ctx.identity.agent_family, ctx.identity.client_id))
    identity["node"] = {"value": node, "source": "store" if node else "made at the first save"}
    notes = [
        Notice(
            "other_scopes",
            f"{count} {'memory' if count == 1 else 'memories'} of {scope} {'is' if count == 1 else 'are'} not shown to you",
        )
        for scope, count in sorted(outside.items())
    ]
    project, source = ctx.config.project()
    shared = meshing.status(ctx) if ctx.meshed else None
    return Status(
        version=__version__,
        state_dir=ctx.config.state_dir,
        config_dir=ctx.config.config_dir,
        mode=ctx.config.get("mode"),
        store="ok" if exists else "empty",
        identity=identity,
        settings={
            **{key: {"value": ctx.config.get(key), "source": ctx.config.source(key)} for key in _SETTINGS},
            "project": {"value": project, "source": source},
        },
        counts=counts,
        session_saves=saves,
        bytes=upkeep.size(ctx.store),
        stored=shared.stored if shared else Stored(),
        notes=(*notes, *(shared.notes if shared else ())),
        serve=residence.resident(ctx.config.state_dir),
        mesh=shared and shared._replace(notes=(), serve=None),
        meaning=embedding.meaning(ctx),
        usage=stats.this_week(ctx),
    )


def _counts(ctx: Context, snapshot: Snapshot) -> dict[str, dict[str, int]]:
    """States of everything in sight; the other dimensions count what is live."""
    counts: dict[str, dict[str, int]] = {"states": dict.fromkeys(STATES, 0), **{d: {} for d in _DIMENSIONS}}

    def add(state: str, labels: tuple[str | None, ...], count: int) -> None:
        counts["states"][state] += count
        for dimension, label in zip(_DIMENSIONS, labels, strict=True):
            if label is not None and state == "live":
                shown = snapshot.projects.shown(label) if dimension == "projects" else label
                counts[dimension][str(shown)] = counts[dimension].get(str(shown), 0) + count

    for _, *labels, standing, count in snapshot.counters():
        if standing in _STANDING and ctx.sees(snapshot, labels[0]):
            add(_STANDING[standing], tuple(labels), count)
    for told, state in snapshot.temporal():
        if ctx.sees(snapshot, told[0]):
            add(state, told, 1)
    return {
        d: dict(sorted(c.items(), key=lambda kv: (-kv[1], kv[0]))) if d != "states" else c for d, c in counts.items()
    }


def known(ctx: Context, kind: str, prefix: str, limit: int) -> tuple[str, ...]:
    """Values that begin with a prefix, for completion; nothing at all when there is no store."""
    if kind not in KINDS:
        return ()
    if kind == "type":
        return tuple(t for t in MEMORY_TYPES if t.startswith(prefix))
    if kind == "peer":
        return meshing.names(ctx, prefix)[:limit]
    with ctx.store.read(ctx.scopes) as snapshot:
        only = ctx.config.only_project
        if kind == "project":
            names = snapshot.values(kind, "", _PROJECTS, only)
            shown = dict.fromkeys(snapshot.projects.shown(name) or name for name in names)
            return tuple(sorted(name for name in shown if name.startswith(prefix)))[:limit]
        if kind in ("id", "hidden"):
            where = Filter(only, states=STATES[1:]) if kind == "hidden" else Filter(only)
            found = snapshot.ids(_newest(ctx, snapshot, where, prefix, limit))
            return tuple(id_ for id_ in found if id_.startswith(prefix))
        return tuple(snapshot.values(kind, prefix, limit, only))


def _newest(ctx: Context, snapshot: Snapshot, where: Filter, prefix: str, limit: int) -> list[int]:
    if len(prefix) >= 2 and all(c in "0123456789abcdef" for c in prefix):
        rows = [row for _, row in with_prefix(ctx, snapshot, prefix, limit)]
        return [
            row for row in rows if where.states == Filter().states or snapshot.state(row, read_clock()) in where.states
        ]
    return snapshot.newest(where, read_clock(), limit)
