"""What `status` tells, and what completion offers."""

from __future__ import annotations

from .. import __version__
from ..clock import now as read_clock
from ..model import MEMORY_TYPES, STATES, Filter, Notice, Stored
from ..results import Status
from ..store import upkeep
from ..store.reading import Snapshot
from .context import Context

_STANDING = {0: "live", 1: "superseded", 2: "deleted"}
_DIMENSIONS = ("projects", "types", "families", "clients", "machines")
_SETTINGS = ("mode", "default_visibility", "retention_days", "save.secrets")
KINDS = ("project", "tag", "type", "client", "session", "pc", "id")


def status(ctx: Context) -> Status:
    """Version, places, identity with sources, counts. Reads only."""
    exists = ctx.store.exists()
    with ctx.store.read(ctx.scopes) as snapshot:
        counts = _counts(snapshot)
        session = ctx.identity.session_id
        saves = snapshot.count(Filter(session_id=session, states=STATES), read_clock(), 10**9) if session else 0
        outside = snapshot.outside()
        node = snapshot.node
    identity = ctx.config.identity_rows((ctx.identity.agent_family, ctx.identity.client_id))
    identity["node"] = {"value": node, "source": "store" if node else "made at the first save"}
    notes = [
        Notice("other_scopes", f"{count} memories of {scope} are not shown to you")
        for scope, count in sorted(outside.items())
    ]
    project, source = ctx.config.project()
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
        stored=Stored(),
        notes=tuple(notes),
    )


def _counts(snapshot: Snapshot) -> dict[str, dict[str, int]]:
    """States of everything; the other dimensions count what is live."""
    counts: dict[str, dict[str, int]] = {"states": dict.fromkeys(STATES, 0), **{d: {} for d in _DIMENSIONS}}

    def add(state: str, labels: tuple[str | None, ...], count: int) -> None:
        counts["states"][state] += count
        for dimension, label in zip(_DIMENSIONS, labels, strict=True):
            if label is not None and state == "live":
                shown = snapshot.projects.shown(label) if dimension == "projects" else label
                counts[dimension][str(shown)] = counts[dimension].get(str(shown), 0) + count

    for _, *labels, standing, count in snapshot.counters():
        if standing in _STANDING:
            add(_STANDING[standing], tuple(labels), count)
    for told, state in snapshot.temporal():
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
    with ctx.store.read(ctx.scopes) as snapshot:
        if kind == "id":
            return tuple(snapshot.ids(_newest(snapshot, prefix, limit)))
        return tuple(snapshot.values(kind, prefix, limit))


def _newest(snapshot: Snapshot, prefix: str, limit: int) -> list[int]:
    if len(prefix) >= 2 and all(c in "0123456789abcdef" for c in prefix):
        return [row for _, row in snapshot.rows_with_prefix(prefix, limit)]
    return snapshot.newest(Filter(), read_clock(), limit)
