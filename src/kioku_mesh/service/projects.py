"""Projects: names of memories' homes. Two names become one by an alias record; nothing is rewritten."""

from __future__ import annotations

from .. import wire
from ..clock import now as read_clock
from ..errors import BadInput, NotFound, Refused
from ..model import STATES, Filter
from ..results import Deleted, Project, Renamed
from ..store.reading import Snapshot
from . import deleting
from .context import Context


def projects(ctx: Context) -> tuple[Project, ...]:
    """All projects that have had a memory, most recently used first."""
    with ctx.store.read(ctx.scopes) as snapshot:
        live: dict[str, int] = {}
        total: dict[str, int] = {}
        for _, name, *_, standing, count in snapshot.counters():
            shown = snapshot.projects.shown(name)
            if shown is not None:
                total[shown] = total.get(shown, 0) + count
                live[shown] = live.get(shown, 0) + (count if standing == 0 else 0)
        for labels, state in snapshot.temporal():
            shown = snapshot.projects.shown(labels[0])
            if shown is not None and state == "live":
                live[shown] = live.get(shown, 0) + 1
        found = [
            Project(name, snapshot.projects.names(name)[1:], live.get(name, 0), count, _last_saved(snapshot, name))
            for name, count in total.items()
        ]
        found = [project for project in found if ctx.sees(snapshot, project.name)]
    return tuple(sorted(found, key=lambda p: (-(p.last_saved or 0), p.name)))


def _last_saved(snapshot: Snapshot, name: str) -> int | None:
    rows = snapshot.newest(Filter(project=name, states=STATES), read_clock(), 1)
    return snapshot.signals(rows)[rows[0]].hlc if rows else None


def rename(ctx: Context, old: str, new: str, dry_run: bool = False) -> Renamed:
    """`old` and `new` are one project from now on, shown as `new`, on every machine. Raises NotFound, BadInput."""
    return _join(ctx, _name(old), _name(new), _name(old), dry_run)


def alias(ctx: Context, name: str, to: str, dry_run: bool = False) -> Renamed:
    """`name`, which may be new, is another name of project `to`. Raises NotFound, BadInput."""
    return _join(ctx, _name(name), _name(to), _name(to), dry_run)


def _join(ctx: Context, name: str, to: str, needed: str, dry_run: bool) -> Renamed:
    if ctx.config.only_project:
        raise Refused(
            f"this process works in project {ctx.config.only_project!r} alone", "rename it from the command line"
        )
    if name == to:
        raise BadInput("both names are the same", "give another name")
    with ctx.store.read(ctx.scopes) as snapshot:
        if not snapshot.scopes_of_project(needed):
            raise NotFound(f"there is no project {needed!r}", "see `kioku-mesh projects list`")
        # In every scope that knows one of the names: an alias counts within its own scope only.
        scopes = snapshot.scopes_of_project(name) | snapshot.scopes_of_project(to)
        count = snapshot.count(Filter(project=name, states=STATES), read_clock(), 10**9)
    if not dry_run:
        with ctx.store.write() as transaction:
            for scope in sorted(scopes):
                transaction.append(wire.ALIAS, scope, wire.encode_body({"from": name, "to": to}))
    return Renamed(to, name, count, dry_run)


def delete(ctx: Context, name: str, dry_run: bool = False) -> Deleted:
    """Delete every memory of a project, hidden ones too, in one transaction. Raises NotFound."""
    ctx.within(Filter(project=_name(name)))
    with ctx.store.read(ctx.scopes) as snapshot:
        if not snapshot.scopes_of_project(_name(name)):
            raise NotFound(f"there is no project {name!r}", "see `kioku-mesh projects list`")
    return deleting.delete_matching(ctx, Filter(project=_name(name)), "the project was deleted", dry_run)


def _name(text: str) -> str:
    name = text.strip()
    if not name or len(name) > 200 or not name.isprintable():
        raise BadInput(f"not a project name: {text[:40]!r}", "one line of at most 200 printable characters")
    return name
