"""Taking in what kioku-mesh up to 1.2 left behind: in the storage of its mesh, or in its local files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from ..errors import BadInput
from ..folders import whole
from ..mesh.foreign import PAYLOAD_MAX, ForeignSpace, Stored
from ..model import Notice
from ..service.context import Context
from ..service.memory import Memory
from ..values import NamedTuple
from . import kioku_mesh, kioku_mesh_files
from .import_ import ERRORS_MAX, Intake, Line, Progress
from .kioku_mesh import UNTIERED, Item

SHARED = "this machine is in a mesh: what is new goes to every machine that may see it"
_SHOWN = 5  # ids or names in a note


class BadRecord(NamedTuple):
    """A record that could not be taken. `key`: where it stands in the old store."""

    key: str
    code: str
    message: str


class Found(NamedTuple):
    """What the old store has that is for this machine. `by_visibility`: observations alone; `untiered`: without one."""

    observations: int
    deletions: int
    untiered: int
    by_visibility: dict[str, int]


class Migrated(NamedTuple):
    """What became of it. `left_out`: records of visibilities that are not this machine's, by name; `failed`: bad ones."""

    source: str
    found: Found
    added: int
    known: int
    conflicts: int
    left_out: dict[str, int]
    failed: int
    errors: tuple[BadRecord, ...]
    notes: tuple[Notice, ...]
    dry_run: bool


class Wish(NamedTuple):
    """How to take it in. `untiered`: the visibility of what has none; `only_untiered`: leave the rest where it is."""

    project: str | None = None
    untiered: str = "mesh"
    only_untiered: bool = False
    dry_run: bool = False
    all_or_nothing: bool = False


Row = tuple[str, Callable[[], Item]]  # where it was found, and what reads it; raises BadInput


class _Gathered:
    """Records that are for this machine, and what became of the others.

    `tiers`: the visibility of memories that have one; `deletions`: those with one, where only what has none is wanted.
    """

    def __init__(self, scopes: frozenset[str], wish: Wish) -> None:
        self._scopes, self._wish = scopes, wish
        self.items: list[Item] = []
        self.bad: list[BadRecord] = []
        self.left_out: dict[str, int] = {}
        self.tiers: dict[str, str] = {}
        self.deletions: list[Item] = []

    def add(self, rows: Iterable[Row]) -> None:
        for key, read in rows:
            try:
                item = read()
            except BadInput as error:
                self.bad.append(BadRecord(key, error.code, error.message))
                continue
            if self.entitled(item.scope, item.id, item.line is None):
                self.items.append(item)
            elif item.line is None and item.scope in self._scopes:
                self.deletions.append(item)

    def entitled(self, scope: str, id: str, deletes: bool) -> bool:
        """Whether a record is wanted here; one that is not is counted."""
        if scope == UNTIERED:
            return True
        if not deletes:
            self.tiers[id] = scope
        if not self._wish.only_untiered and scope not in self._scopes:
            self.leave(scope)
        return scope in self._scopes and not self._wish.only_untiered

    def whole(self) -> list[Item]:
        """With every deletion of a memory among them, whatever visibility it was given."""
        own = {item.id for item in self.items if item.line is not None}
        return self.items + [item._replace(scope=UNTIERED) for item in self.deletions if item.id in own]

    def leave(self, scope: str) -> None:
        self.left_out[scope] = self.left_out.get(scope, 0) + 1


def from_mesh(memory: Memory, endpoint: str, wish: Wish, progress: Progress) -> Migrated:
    """Read the mesh behind a router, whole, and take it in.

    Raises BadInput, and NotAvailable, PeerUnreachable or Timeout when not everything could be read: then nothing is
    taken in.
    """
    wish = _checked(memory, wish)
    scopes = _scopes(memory)
    with ForeignSpace(endpoint, kioku_mesh.STEMS) as space:
        stored = space.gather(lambda key: _scope_of(key) in (None, UNTIERED, *scopes), progress)
    gathered = _Gathered(scopes, wish)
    gathered.add(_rows(stored, gathered))
    return _take(memory, endpoint, gathered, wish, progress)


def _scope_of(key: str) -> str | None:
    """None for a key of no known shape: that is reported."""
    try:
        return kioku_mesh.place(key).scope
    except BadInput:
        return None


def _rows(stored: Mapping[str, Stored], gathered: _Gathered) -> Iterator[Row]:
    for key, (payload, size, time) in sorted(stored.items()):
        if kioku_mesh.is_ours(key):
            continue
        if payload is None and size <= PAYLOAD_MAX:  # of a visibility that is not ours, so it was not looked at
            where = kioku_mesh.place(key)
            gathered.entitled(where.scope, where.id, where.deletes)
        else:
            yield key, partial(kioku_mesh.parse, key, payload, time)


def from_files(memory: Memory, path: str | None, wish: Wish, progress: Progress) -> Migrated:
    """Read the local files of the older version in a folder, or one of them. Raises BadInput, NotFound."""
    wish = _checked(memory, wish)
    source = whole(path) if path else memory.config.state_dir
    gathered = _Gathered(_scopes(memory), wish)
    gathered.add(kioku_mesh_files.rows(source))
    report = _take(memory, source, gathered, wish, progress)
    if memory.config.get("mode") == "local" or not report.added:
        return report
    return report._replace(notes=(*report.notes, Notice("shared", SHARED)))


def _checked(memory: Memory, wish: Wish) -> Wish:
    """With the scope that the visibility for untiered records means here. Raises BadInput."""
    wanted = wish.untiered
    if "/" not in wanted:
        return wish._replace(untiered=Context(memory.store, memory.config, memory.identity).scope(wanted))
    if wanted not in _scopes(memory):
        raise BadInput(f"visibility {wanted[:80]} is not yours", "set user_id or team_id to that name first")
    return wish


def _scopes(memory: Memory) -> frozenset[str]:
    return Context(memory.store, memory.config, memory.identity).scopes


def _take(memory: Memory, source: str, gathered: _Gathered, wish: Wish, progress: Progress) -> Migrated:
    placed, moved = _placed(memory, gathered, wish.untiered)
    pairs = kioku_mesh.lines(placed)
    lines = [Line(number, len(str(line)), line) for number, (_, line) in enumerate(pairs)]
    report = None
    if wish.all_or_nothing and not wish.dry_run:
        report = Intake(memory, wish.project, True, progress).take(lines)
        spoilt = report.failed or gathered.bad
        report = report._replace(added=0, known=0, conflicts=0) if spoilt else None
    report = report or Intake(memory, wish.project, wish.dry_run, progress).take(lines)
    refused = [BadRecord(pairs[bad.line][0], bad.code, bad.message) for bad in report.errors]
    notes = (*report.notes, *_notes(placed, gathered.left_out, moved))
    return Migrated(
        source, _found(placed, gathered), report.added, report.known, report.conflicts,
        dict(sorted(gathered.left_out.items())), len(gathered.bad) + report.failed,
        tuple([*gathered.bad, *refused][:ERRORS_MAX]), notes, wish.dry_run,
    )  # fmt: skip


def _placed(memory: Memory, gathered: _Gathered, untiered: str) -> tuple[list[Item], int]:
    """Every record with its scope, and how many have another one than they were read with or asked for.

    One without a visibility has that of its copy in the old store, or that with which it is here already: what somebody
    has made private is not made public by an import.
    """
    placed, moved = [], 0
    scopes = _scopes(memory)
    with memory.store.read(scopes) as snapshot:
        for item in gathered.whole():
            if item.scope == UNTIERED:
                row = snapshot.row_of(item.id)
                there = None if row is None else snapshot.observation(row).visibility
                scope = there or gathered.tiers.get(item.id) or untiered
                moved += scope != untiered and item.line is not None
                if scope not in scopes:
                    gathered.leave(scope)
                    continue
                placed.append(item._replace(scope=scope))
            else:
                placed.append(item)
    return placed, moved


def _found(placed: Sequence[Item], gathered: _Gathered) -> Found:
    scopes: dict[str, int] = {}
    for item in placed:
        if item.line is not None:
            scopes[item.scope] = scopes.get(item.scope, 0) + 1
    saved = sum(scopes.values())
    untiered = sum(item.scope == UNTIERED and item.line is not None for item in gathered.items)
    return Found(saved, len(placed) - saved, untiered, dict(sorted(scopes.items())))


def _notes(items: Sequence[Item], left_out: dict[str, int], moved: int) -> Iterable[Notice]:
    if left_out:
        said = ", ".join(f"{count:,} of {scope}" for scope, count in sorted(left_out.items()))
        yield Notice("left_out", f"not yours, and left where they are: {said}; see user_id and team_id")
    adjusted = [item for item in items if item.adjusted]
    if adjusted:
        fields = sorted({field for item in adjusted for field in item.adjusted})
        ids = ", ".join(item.id for item in adjusted[:_SHOWN])
        yield Notice("adjusted", f"{len(adjusted):,} had a {', '.join(fields)} that does not fit here: {ids}")
    foreign = sorted({name for item in items for name in item.foreign})
    if foreign:
        yield Notice("foreign_fields", f"fields that are not ours were left out: {', '.join(foreign[:20])}")
    if moved:
        yield Notice("kept_visibility", f"{moved:,} are here already with another visibility, and keep it")
    across = _across(items)
    if across:
        yield Notice("across", f"{across:,} supersede a memory of another visibility, which has no effect here")


def _across(items: Sequence[Item]) -> int:
    scopes: dict[str, set[str]] = {}
    for item in items:
        if item.line is not None:
            scopes.setdefault(item.id, set()).add(item.scope)
    return sum(
        any(item.scope not in scopes.get(name, {item.scope}) for name in item.names) for item in items if item.line
    )
