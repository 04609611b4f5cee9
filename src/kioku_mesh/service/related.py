"""What belongs to a task beside what is found by its words and meaning: through the files and references it names."""

from __future__ import annotations

from collections.abc import Sequence

from ..ids import is_id
from ..model import Filter, Hit, Observation
from ..store.naming import COMMON
from ..store.reading import Snapshot

_LEADING = 5  # hits whose files and references are followed
_NAMED = 12  # memories that are told for the files and references of the task
_RELATED = 8


def named(snapshot: Snapshot, task: str, where: Filter, now: int) -> list[Hit]:
    """Memories that name the files and references of the filter, those first that mean most nearly the task."""
    rows: dict[int, None] = {}
    for only in (where._replace(references=()), where._replace(source_files=())):
        if only.source_files or only.references:
            rows |= dict.fromkeys(snapshot.newest(only, now, COMMON))
    if not rows:
        return []
    sought = snapshot.sought(task)
    near = snapshot.similarities(sought, rows) if sought else {}
    best = sorted(rows, key=lambda row: -near.get(row, 0.0))[:_NAMED]
    return [Hit(each, 0.0, "names a file or reference of the task") for each in snapshot.observations(best)]


def related(snapshot: Snapshot, hits: Sequence[Observation], where: Filter, now: int) -> list[Hit]:
    """Memories that name the same files and references as the leading hits, or that name each other by id."""
    leading = hits[:_LEADING]
    own = [hit.observation_id for hit in leading]
    files = tuple(dict.fromkeys(name for hit in leading for name in hit.source_files))
    references = tuple(dict.fromkeys(name.removeprefix("id:") for hit in leading for name in hit.references))
    spelled = (*references, *own, *(f"id:{id_}" for id_ in (*references, *own) if is_id(id_)))
    linked = [row for row in map(snapshot.row_of, filter(is_id, references)) if row is not None]
    rows = dict.fromkeys(row for row in linked if not snapshot.hidden(row, where, now))
    rows |= dict.fromkeys(row for row, _ in snapshot.naming(files, spelled, where, now))
    known = {hit.observation_id for hit in hits}
    found: list[Hit] = []
    for row in rows:
        if len(found) == _RELATED:
            break
        observation = snapshot.observation(row)
        if observation.observation_id not in known:
            found.append(Hit(observation, 0.0, "names the same file or reference as a hit"))
    return found
