"""The bytes of the clients' files: reading, keeping copies, replacing one as a whole."""

from __future__ import annotations

import errno
import os
from contextlib import suppress

from ..clock import now, to_iso
from ..errors import DiskFull, NotAvailable

KEPT = 10  # copies of one client's files of one name


class Raced(Exception):
    """Somebody else changed the file meanwhile; nothing was written."""


def read_bytes(file: str) -> bytes | None:
    """The content of a file, None if there is none. Raises NotAvailable."""
    try:
        with open(file, "rb") as stream:
            return stream.read()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise NotAvailable(f"{file} cannot be read: {error.strerror}", "make it readable for you") from None


def keep_copy(client: str, file: str, content: bytes | None, state_dir: str) -> str | None:
    """Keep what a client's file holds in our state directory, readable by its owner only; None if there is no file."""
    if content is None:
        return None
    folder = os.path.join(state_dir, "backups", "clients", client)
    stamp = to_iso(now()).replace(":", "").replace("-", "")
    name = os.path.basename(file).lstrip(".")
    path = os.path.join(folder, f"{stamp}-{name}")
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        write(path, content, 0o600)
        for old in sorted(found for found in os.listdir(folder) if found.endswith(f"Z-{name}"))[:-KEPT]:
            os.unlink(os.path.join(folder, old))
    except OSError as error:
        hint = "nothing was changed; make room or the folder writable"
        raise NotAvailable(f"no copy of {file} can be kept in {folder}: {error.strerror}", hint) from None
    return path


def replace(file: str, before: bytes | None, after: bytes, mode: int = 0o600) -> list[str]:
    """Replace a file that holds `before` (None: that is not there) as a whole; answers the folders that were made for it.

    Links are followed and stay links; mode and owner stay, a new file gets `mode`. A reader sees the old content or the
    new one, never a part. Raises Raced, NotAvailable, DiskFull.
    """
    real = os.path.realpath(file)
    made: list[str] = []
    try:
        made += make_folders(os.path.dirname(real))
        _swap(file, real, before, after, mode)
    except (OSError, Raced) as error:
        remove_folders(made)
        if isinstance(error, Raced):
            raise
        raise _unwritable(file, error) from None
    return made


def _swap(file: str, real: str, before: bytes | None, after: bytes, mode: int) -> None:
    known = os.stat(real) if before is not None else None
    if known and not known.st_mode & 0o222:
        raise PermissionError(errno.EACCES, "it is marked read-only", real)
    beside = f"{real}.{os.getpid()}.new"
    try:
        with suppress(FileNotFoundError):
            os.unlink(beside)
        write(beside, after, known.st_mode & 0o7777 if known else mode)
        if known and hasattr(os, "chown"):
            os.chmod(beside, known.st_mode & 0o7777)
            with suppress(PermissionError):
                os.chown(beside, known.st_uid, known.st_gid)
        if read_bytes(file) != before or os.path.realpath(file) != real:
            raise Raced
        os.replace(beside, real)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(beside)
    sync_folder(os.path.dirname(real))


def remove(file: str, before: bytes) -> None:
    """Remove a file that holds `before`. Raises Raced, NotAvailable."""
    if read_bytes(file) != before:
        raise Raced
    try:
        os.unlink(os.path.realpath(file))
    except OSError as error:
        raise _unwritable(file, error) from None


def _unwritable(file: str, error: OSError) -> NotAvailable | DiskFull:
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", None)):
        return DiskFull(f"{file} cannot be written: the disk is full", "nothing was changed; make room")
    return NotAvailable(f"{file} cannot be written: {error.strerror}", "nothing was changed; make it writable for you")


def make_folders(folder: str) -> list[str]:
    """Make a folder and those above it; answers the new ones, the topmost first. Raises OSError."""
    missing: list[str] = []
    while folder and not os.path.isdir(folder):
        missing.insert(0, folder)
        folder = os.path.dirname(folder)
    for made, path in enumerate(missing):
        try:
            os.mkdir(path)
        except OSError:
            remove_folders(missing[:made])
            raise
    return missing


def remove_folders(folders: list[str]) -> None:
    """Remove those of the folders that are empty, the last one first."""
    for folder in reversed(folders):
        with suppress(OSError):
            os.rmdir(folder)


def write(path: str, content: bytes, mode: int) -> None:
    """Write a new file, down to the disk. Raises OSError."""
    with open(path, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def sync_folder(folder: str) -> None:
    """Have the names in a folder on the disk, where the platform knows such a thing."""
    with suppress(OSError):
        number = os.open(folder or ".", os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
