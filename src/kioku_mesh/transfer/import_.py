"""Reading an export file back, or any file of JSON lines that have at least `content`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO

from ..errors import BadInput, KiokuError
from ..model import Notice
from ..service.memory import Memory
from ..values import NamedTuple
from . import lines

BATCH_LINES = 500  # lines that reach the store in one transaction
BATCH_BYTES = 4 * 1024 * 1024
ERRORS_MAX = 100  # bad lines that are named; the others are counted

Progress = Callable[[int], None]


class BadLine(NamedTuple):
    """`line` counts from 1."""

    line: int
    code: str
    message: str


class ImportReport(NamedTuple):
    """What became of the lines. `conflicts`: an id that is here with another content; `failed`: bad lines, in all."""

    added: int = 0
    known: int = 0
    conflicts: int = 0
    failed: int = 0
    errors: tuple[BadLine, ...] = ()
    notes: tuple[Notice, ...] = ()
    dry_run: bool = False


class Line(NamedTuple):
    """A line of the file: `bad` says why it is no record; `size` in bytes."""

    number: int
    size: int
    record: dict[str, Any] | None = None
    bad: KiokuError | None = None
    foreign: frozenset[str] = frozenset()


def import_stream(
    memory: Memory, file: BinaryIO, project: str | None, dry_run: bool, all_or_nothing: bool, progress: Progress
) -> ImportReport:
    """Import every line of `file`; a bad one is reported and does not stop the others.

    `project` replaces that of every observation. `all_or_nothing` reads the file twice (it must be seekable) and writes
    nothing if a line is bad. Raises BadInput for a newer format, and StoreError.
    """
    if all_or_nothing and not dry_run:
        report = Intake(memory, project, True, progress).take(read(file))
        if report.failed:
            return report._replace(added=0, known=0, conflicts=0, dry_run=False)
        file.seek(0)
    return Intake(memory, project, dry_run, progress).take(read(file))


class Intake:
    """One pass over lines, from whatever source."""

    def __init__(self, memory: Memory, project: str | None, dry_run: bool, progress: Progress) -> None:
        self._memory, self._project, self._dry_run, self._progress = memory, project, dry_run, progress
        self._report = ImportReport(dry_run=dry_run)
        self._foreign: set[str] = set()
        self._planned: set[tuple[Any, Any]] = set()  # ids and scopes that a dry run would have added by now
        self._elsewhere = 0

    def take(self, source: Iterable[Line]) -> ImportReport:
        for batch in _batches(source):
            for line in batch:
                if line.bad:
                    self._reject(line, line.bad.code, line.bad.message)
                self._foreign |= line.foreign
            good = [line for line in batch if line.record is not None]
            self._add(self._unplanned(good) if self._dry_run else good)
            self._progress(batch[-1].number)
        return self._report._replace(notes=tuple(self._notes()))

    def _notes(self) -> Iterator[Notice]:
        if self._foreign:
            shown = ", ".join(sorted(self._foreign)[:20])
            yield Notice("foreign_fields", f"fields that are not ours were left out: {shown}")
        if self._elsewhere:
            told = f"{self._elsewhere:,} of the known are in another project and stay there; revise one to move it"
            yield Notice("kept_project", told)

    def _add(self, batch: list[Line]) -> None:
        records = [line.record for line in batch if line.record is not None]
        if not records:
            return
        done = self._memory.import_records(records, self._project, self._dry_run)
        self._count(added=done.added, known=done.known, conflicts=done.conflicts)
        self._elsewhere += done.elsewhere
        for problem in done.problems:
            self._reject(batch[problem.position], problem.code, problem.message)

    def _unplanned(self, batch: list[Line]) -> list[Line]:
        """The lines whose id has not come by yet: a dry run stores nothing that could tell the others."""
        first = []
        for line in batch:
            assert line.record is not None
            own = line.record.get("observation_id")
            named = (own, line.record.get("visibility"))
            if named in self._planned:
                self._count(known=1)
                continue
            if own:
                self._planned.add(named)
            first.append(line)
        return first

    def _count(self, added: int = 0, known: int = 0, conflicts: int = 0) -> None:
        now = self._report
        self._report = now._replace(
            added=now.added + added, known=now.known + known, conflicts=now.conflicts + conflicts
        )

    def _reject(self, line: Line, code: str, message: str) -> None:
        now = self._report
        errors = now.errors
        if len(errors) < ERRORS_MAX:
            errors = (*errors, BadLine(line.number, code, message))
        self._report = now._replace(failed=now.failed + 1, errors=errors)


def read(file: BinaryIO) -> Iterator[Line]:
    """The lines of a file, parsed; blank lines and headers are passed over. Raises BadInput for a newer format."""
    for number, raw in enumerate(_raw_lines(file), 1):
        if len(raw) > lines.LINE_MAX:
            yield Line(number, 0, bad=BadInput(f"longer than {lines.LINE_MAX:,} bytes"))
            continue
        text = raw.removeprefix(b"\xef\xbb\xbf").strip() if number == 1 else raw.strip()
        if not text:
            continue
        try:
            parsed = lines.parse(text)
        except lines.Newer:
            raise
        except BadInput as error:
            yield Line(number, 0, bad=error)
            continue
        if parsed.record is not None:
            yield Line(number, len(raw), parsed.record, None, parsed.foreign)


def _raw_lines(file: BinaryIO) -> Iterator[bytes]:
    """Lines as they are; of one that is too long only the beginning, so that no file can fill the memory."""
    while raw := file.readline(lines.LINE_MAX + 1):
        yield raw
        while len(raw) > lines.LINE_MAX and not raw.endswith(b"\n"):
            raw = file.readline(lines.LINE_MAX + 1)


def _batches(source: Iterable[Line]) -> Iterator[list[Line]]:
    """Bounded in lines and in bytes."""
    batch: list[Line] = []
    size = 0
    for line in source:
        batch.append(line)
        size += line.size
        if len(batch) == BATCH_LINES or size > BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
