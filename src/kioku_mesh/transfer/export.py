"""Writing every record of the memory to a file that `import` reads back."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, BinaryIO

from .. import __version__
from ..clock import now, to_iso
from ..errors import BadInput, DiskFull, KiokuError
from ..folders import whole
from ..model import Filter
from ..service.memory import Memory
from ..values import NamedTuple
from . import lines

_STEP = 1000  # records between two reports of progress

Progress = Callable[[int], None]


class Exported(NamedTuple):
    """`path` is None for a stream; `bytes`: size of the whole file."""

    path: str | None
    records: int
    bytes: int


def export_file(
    memory: Memory, path: str, where: Filter, include_local: bool, force: bool, progress: Progress
) -> Exported:
    """Write all records that fit `where` to `path`, which appears whole or not at all, readable by its owner only.

    Raises BadInput (the file exists and not `force`, or cannot be written) and DiskFull.
    """
    target = os.path.realpath(whole(path))
    if os.path.exists(target) and not os.path.isfile(target):
        raise BadInput(f"{path} is not an ordinary file", "name a file, or - for stdout")
    if os.path.exists(target) and not force:
        raise BadInput(f"{path} exists", "choose another name, or --force to replace it")
    temporary = f"{target}.{os.urandom(4).hex()}.tmp"
    try:
        with open(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            exported = export_stream(memory, file, where, include_local, progress)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except OSError as error:
        raise _unwritable(path, error) from None
    finally:
        _discard(temporary)
    return exported._replace(path=path)


def export_stream(memory: Memory, file: BinaryIO, where: Filter, include_local: bool, progress: Progress) -> Exported:
    """Write the header and all records that fit `where`, in the order of the log."""
    found = memory.records(where, include_local)  # refuses a wrong filter before anything is written
    size = file.write(lines.encode(_header(where, include_local)))
    records = 0
    for record in found:
        size += file.write(lines.encode(record))
        records += 1
        if records % _STEP == 0:
            progress(records)
    return Exported(None, records, size)


def _header(where: Filter, include_local: bool) -> dict[str, Any]:
    return {
        lines.HEADER: lines.VERSION,
        "version": __version__,
        "exported_at": to_iso(now()),
        "project": where.project,
        "since": None if where.since is None else to_iso(where.since),
        "include_local": include_local,
    }


def _unwritable(path: str, error: OSError) -> KiokuError:
    import errno

    if error.errno == errno.ENOSPC:
        return DiskFull(f"no space left for {path}", "free some space, or name a file elsewhere")
    return BadInput(f"cannot write {path}: {error.strerror}", "name a file in a folder that you may write to")


def _discard(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return
