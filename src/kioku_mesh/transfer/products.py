"""Taking in what another product remembers: each memory once, changed ones as revisions, and nothing left out unsaid."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from ..clock import now as read_clock
from ..clock import parse_time
from ..errors import BadInput, NotFound, SecretFound
from ..folders import whole
from ..model import Notice, Observation
from ..results import Line as Row
from ..service import secrets
from ..service.context import Context
from ..service.memory import Memory
from ..store.reading import Snapshot
from ..text.derive import derive_subject, is_placeholder
from ..values import NamedTuple
from . import entries
from .entries import Bad, Entry, Fitted, Passed, Said
from .import_ import BATCH_LINES, Intake, Line, Progress
from .migration import SHARED, BadRecord
from .sources import SOURCES, Source

PREVIEW = 10  # of the new ones
_NAMED = 5  # ids in a note
_REVISIONS = 1000  # memories with one reference that are looked at for earlier texts


class Wish(NamedTuple):
    """How to take it in. `project`: into that one, whatever the source says."""

    project: str | None = None
    dry_run: bool = False
    all_or_nothing: bool = False


class Brought(NamedTuple):
    """What became of it. `found`: memories of the source by type, `projects` by project ("" none); `skipped`: what is
    not taken, by reason; `revised`: how many of the added are new texts of earlier ones; `preview`: the first added.
    """

    source: str
    paths: tuple[str, ...]
    found: dict[str, int]
    projects: dict[str, int]
    skipped: dict[str, int]
    added: int
    known: int
    revised: int
    conflicts: int
    failed: int
    preview: tuple[Row, ...]
    errors: tuple[BadRecord, ...]
    notes: tuple[Notice, ...]
    dry_run: bool


def take(memory: Memory, source: str, path: str | None, wish: Wish, progress: Progress) -> Brought:
    """Read one of SOURCES, from its usual place if no path is given, and import it.

    Raises NotFound where nothing of it is, and BadInput for a file of something else.
    """
    paths = _paths(SOURCES[source], source, path, memory.config.home)
    if wish.all_or_nothing and not wish.dry_run:
        plan = _Taking(memory, source, wish._replace(dry_run=True), progress).run(paths)
        if plan.failed:
            return plan._replace(added=0, known=0, revised=0, conflicts=0, preview=(), dry_run=False)
    return _Taking(memory, source, wish, progress).run(paths)


def _paths(source: Source, name: str, given: str | None, home: str) -> tuple[str, ...]:
    if given == "-":
        raise BadInput(f"--from {name} cannot be read from stdin", f"name {source.expected}")
    if given is not None:
        return (whole(given),)
    for usual in source.usual:
        found = glob.glob(os.path.join(glob.escape(home), *usual.split("/"))) if home else []
        if found:
            return tuple(sorted(found))
    if not source.usual:
        raise BadInput(f"--from {name} needs a path", f"name {source.expected}")
    places = " or ".join(f"~/{usual}" for usual in source.usual if "*" not in usual)
    where = f"in {places}" if places else "in its usual place"
    raise NotFound(f"there is nothing of {source.title} {where}", f"name {source.expected}")


class _Tally:
    """What a pass has come across."""

    def __init__(self) -> None:
        self.found: dict[str, int] = {}
        self.projects: dict[str, int] = {}
        self.skipped: dict[str, int] = {}
        self.revised = 0
        self.preview: list[Row] = []
        self._adjusted: dict[str, tuple[str, ...]] = {}
        self._doubtful: list[str] = []

    def pass_over(self, why: str, number: int = 1) -> None:
        self.skipped[why] = self.skipped.get(why, 0) + number

    def count(self, memory_type: str, project: str) -> None:
        self.found[memory_type] = self.found.get(memory_type, 0) + 1
        self.projects[project] = self.projects.get(project, 0) + 1

    def add(self, line: dict[str, Any], project: str | None, adjusted: tuple[str, ...], doubtful: bool) -> None:
        """A memory that is not here yet."""
        own = line["observation_id"]
        self._adjusted |= {own: adjusted} if adjusted else {}
        self._doubtful += [own] if doubtful else []
        if len(self.preview) < PREVIEW:
            created = parse_time(line["created_at"], local=False) if "created_at" in line else read_clock()
            subject = line.get("subject") or derive_subject(line["content"])
            where = project or line.get("project")
            self.preview.append(Row(own, subject, where, line["memory_type"], created, "live"))

    def notes(self) -> Iterator[Notice]:
        if self._adjusted:
            fields = sorted({field for adjusted in self._adjusted.values() for field in adjusted})
            told = f"{len(self._adjusted):,} had more {', '.join(fields)} than fit here: {_some(self._adjusted)}"
            yield Notice("adjusted", told)
        if self._doubtful:
            told = f"{len(self._doubtful):,} look as if they held a secret: {_some(self._doubtful)}"
            yield Notice("secret_found", f"{told}; change it there, and erase the memory with `kioku-mesh purge ID`")


def _some(ids: Iterable[str]) -> str:
    return ", ".join(islice(ids, _NAMED))


class _Taking:
    """One pass over a source."""

    def __init__(self, memory: Memory, name: str, wish: Wish, progress: Progress) -> None:
        self._memory, self._name, self._wish, self._progress = memory, name, wish, progress
        self._source = SOURCES[name]
        self._scopes = Context(memory.store, memory.config, memory.identity).scopes
        self._keys: list[str] = []  # where each line comes from
        self._seen: set[str] = set()  # ids, and keys of what has one text
        self._tally = _Tally()

    def run(self, paths: tuple[str, ...]) -> Brought:
        wish, tally = self._wish, self._tally
        report = Intake(self._memory, wish.project, wish.dry_run, self._progress).take(self._lines(paths))
        errors = tuple(BadRecord(self._keys[bad.line - 1], bad.code, bad.message) for bad in report.errors)
        found, projects, skipped = (dict(sorted(each.items())) for each in (tally.found, tally.projects, tally.skipped))
        notes = [*report.notes, *tally.notes()]
        if report.added and self._memory.config.get("mode") != "local":
            notes.append(Notice("shared", SHARED))
        return Brought(
            self._name, paths, found, projects, skipped, report.added, report.known, tally.revised, report.conflicts,
            report.failed, tuple(tally.preview), errors, tuple(notes), wish.dry_run,
        )  # fmt: skip

    def _lines(self, paths: tuple[str, ...]) -> Iterator[Line]:
        """In groups: the store is looked at for a whole group, and not while the group is written."""
        found = self._entries(paths)
        while group := list(islice(found, BATCH_LINES)):
            with self._memory.store.read(self._scopes) as snapshot:
                lines = [line for entry in group for line in self._line(entry, snapshot)]
            yield from lines

    def _entries(self, paths: tuple[str, ...]) -> Iterator[Entry]:
        """A place that cannot be read is an error where it is the only one and nothing of it has been taken."""
        assert self._source.read
        for path in paths:
            begun = len(paths) > 1
            try:
                for entry in self._source.read(path, self._memory.config.home):
                    begun = True
                    yield entry
            except BadInput as problem:
                if not begun:
                    raise
                yield Bad(path, problem)

    def _line(self, entry: Entry, snapshot: Snapshot) -> Iterator[Line]:
        if isinstance(entry, Passed):
            self._tally.pass_over(entry.why, entry.number)
        elif isinstance(entry, Bad):
            yield self._bad(entry)
        else:
            fitted = entries.fit(entry, self._name, self._source.types)
            if is_placeholder(fitted.line["content"]):
                self._tally.pass_over("texts that say nothing")
                return
            try:
                self._place(entry, fitted, snapshot)
            except SecretFound as problem:
                yield self._bad(Bad(entry.key, problem))
                return
            self._keys.append(entry.key)
            yield Line(len(self._keys), len(entry.content), fitted.line, None, entry.foreign)

    def _bad(self, entry: Bad) -> Line:
        self._keys.append(entry.key)
        return Line(len(self._keys), 0, bad=entry.problem)

    def _place(self, said: Said, fitted: Fitted, snapshot: Snapshot) -> None:
        """Give a line the scope that it has here, and what it supersedes. Raises SecretFound."""
        line, project = fitted.line, self._wish.project
        own, key = line["observation_id"], f"{said.within}\0{said.key}"
        row = snapshot.row_of(own)
        if row is not None:
            line["visibility"] = snapshot.observation(row).visibility
        elif own not in self._seen:
            doubtful = self._looks_secret(line)
            if said.single and key not in self._seen:
                self._tally.revised += self._revise(said, line, snapshot)
            self._tally.add(line, project, fitted.adjusted, doubtful)
        self._seen |= {own, key} if said.single else {own}
        self._tally.count(line["memory_type"], project or line.get("project", ""))

    def _looks_secret(self, line: dict[str, Any]) -> bool:
        """Raises SecretFound for what is not saved, as a save would."""
        said = (line["content"], line.get("subject"), line.get("summary"), *line.get("tags", ()), *line["references"])
        found = secrets.find_secrets("\n".join(text for text in said if text))
        worst = secrets.refused(found, self._memory.config.get("save.secrets"))
        if worst:
            raise SecretFound(f"it contains a secret ({worst.rule}: {worst.excerpt})", "take it out there")
        return bool(found)

    def _revise(self, said: Said, line: dict[str, Any], snapshot: Snapshot) -> bool:
        """Let it supersede earlier texts of the same memory, if there are any; not what somebody made of them here."""
        rows = snapshot.referring(entries.reference(self._name, said.key), _REVISIONS)
        before = [each for each in snapshot.observations(rows) if self._is_earlier(said, each)]
        if before:
            line["visibility"] = before[0].visibility
            same = [each.observation_id for each in before if each.visibility == before[0].visibility]
            line["supersedes"] = list(dict.fromkeys([*line.get("supersedes", []), *same]))
        return bool(before)

    def _is_earlier(self, said: Said, there: Observation) -> bool:
        return entries.identity(self._name, said, there.content) == there.observation_id
