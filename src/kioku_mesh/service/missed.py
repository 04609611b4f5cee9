"""What a search may have missed: hidden memories, and those of other projects than the filter's; and what hides one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..clock import to_iso
from ..model import STATES, Hit, Notice, Observation, Query
from ..search.elsewhere import outside
from ..store.reading import Snapshot
from .packing import harmless

_NAMES = 5  # of projects


def missed(snapshot: Snapshot, query: Query, hits: Sequence[Hit], confined: bool, now: int) -> list[Notice]:
    """What fits outside the filter, and how to see it. `confined`: the reader may look in this project alone."""
    if hits and not query.text.strip():
        return []
    notes = _hidden(snapshot, query, hits, now)
    if query.where.project and not confined and query.text.strip():
        notes += _of_others(snapshot, query, query.where.project, len(hits), now)
    return notes


def _hidden(snapshot: Snapshot, query: Query, hits: Sequence[Hit], now: int) -> list[Notice]:
    left_out = tuple(state for state in STATES if state not in query.where.states)
    if not left_out:
        return []
    shown = {row for hit in hits for row in _chain(snapshot, hit)}
    rows = outside(snapshot, query, query.where._replace(states=left_out), len(hits), now)
    counts = Counter(snapshot.state(row, now) for row in rows if row not in shown)
    if not counts:
        return []
    states = [state for state in STATES if state in counts]
    told = ", ".join(f"{counts[state]} {state}" for state in states)
    what = "a hidden memory fits" if counts.total() == 1 else "hidden memories fit"
    how = f"search with --include {','.join(states)} (as a tool: include) to see {'it' if counts.total() == 1 else 'them'}"
    return [Notice("hidden_states", f"{what} ({told}): {how}")]


def _chain(snapshot: Snapshot, hit: Hit) -> list[int]:
    """The rows of a hit and its other revisions, which are no news."""
    row = snapshot.row_of(hit.observation.observation_id)
    return [] if row is None else snapshot.chain(row)


def _of_others(snapshot: Snapshot, query: Query, project: str, found: int, now: int) -> list[Notice]:
    rows = outside(snapshot, query, query.where._replace(project=None), found, now)
    inside = snapshot.projects.shown(project)
    names = {signal.project for signal in snapshot.signals(rows).values()} - {inside}
    if not names:
        return []
    told = ", ".join([*sorted(name for name in names if name)[:_NAMES], *(["none"] if None in names else [])])
    how = "search without -p (as a tool: without project) to see them"
    return [Notice("other_projects_match", f"memories of other projects fit ({told}): {how}")]


def hiding(found: Observation) -> str:
    """The state of a hidden memory, by what and when it came about, and how to see it."""
    if found.purged:
        return f"it was purged{_when(found)}: its text is gone for good"
    if found.state == "deleted":
        why = f", reason: {harmless(' '.join(found.deleted_reason.split()))}" if found.deleted_reason else ""
        return f"it was deleted{_when(found)}{why}; {_shown(found)}"
    if found.state == "superseded":
        return f"it is superseded by {', '.join(found.superseded_by)}; {_shown(found)}"
    return f"it expired{f' at {to_iso(found.expires_at)}' if found.expires_at is not None else ''}; {_shown(found)}"


def _when(found: Observation) -> str:
    when = f" at {to_iso(found.deleted_at)}" if found.deleted_at is not None else ""
    return when + (f" by {harmless(' '.join(found.deleted_by.split()))}" if found.deleted_by else "")


def _shown(found: Observation) -> str:
    return f"--include {found.state} (as a tool: include) shows it"
