"""Opening `memory.db` in every place it may lie, and the one seam where SQLite's errors become ours."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import apsw

from ..errors import DiskFull, Internal, KiokuError, StoreBusy, StoreError, StoreUnwritable
from ..wire import Malformed
from . import sql

DATABASE = "memory.db"
BIRTH = "incarnation"  # exists since the first save: its change time cannot be copied
LOCK = "write.lock"

READ_WRITE = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
READ_ONLY = apsw.SQLITE_OPEN_READONLY

_CHECKSUM = 8  # bytes at the end of each page
_BUSY_MS = 10_000  # only met when a foreign tool writes, or while another process recovers the file

_CORRUPT_HINT = "run `kioku-mesh doctor --fix`: it rebuilds what can be rebuilt, or puts back the newest good backup"


@contextmanager
def translated(path: str) -> Iterator[None]:
    """Map what SQLite and the operating system raise to KiokuError."""
    try:
        yield
    except KiokuError:
        raise
    except apsw.Error as error:
        raise _from_sqlite(error, path) from error
    except OSError as error:
        raise _from_system(error, path) from error
    except (Malformed, UnicodeDecodeError) as error:
        raise StoreError(f"{path} is damaged: {error}", _CORRUPT_HINT) from error


def _from_sqlite(error: apsw.Error, path: str) -> KiokuError:
    if is_damage(error):
        return StoreError(f"{path} is damaged: {error}", _CORRUPT_HINT)
    if isinstance(error, apsw.FullError):
        return _disk_full(path)
    if isinstance(error, (apsw.BusyError, apsw.LockedError)):
        return StoreBusy(
            f"{path} is locked by another program", "close other programs that have the file open, then try again"
        )
    if isinstance(error, (apsw.ReadOnlyError, apsw.PermissionsError)):
        return _unwritable(path)
    if isinstance(error, apsw.CantOpenError):
        return StoreError(
            f"{path} cannot be opened: {error}",
            "look at the permissions of the file and its directory, and at `kioku-mesh doctor`",
        )
    if isinstance(error, (apsw.IOError, apsw.ProtocolError, apsw.NoMemError)):
        if not _permitted(path):
            return _unwritable(path)
        # Beyond a quota there is room, and writing fails all the same.
        if getattr(error, "extendedresult", 0) == apsw.SQLITE_IOERR_WRITE or not _has_room(path):
            return _disk_full(path)
        return StoreError(
            f"{path} cannot be read or written: {error}", "check the disk with `kioku-mesh doctor --deep`"
        )
    return Internal(
        f"unexpected answer of SQLite: {error}", "this is a defect; `kioku-mesh doctor --deep` may tell more"
    )


def is_damage(error: apsw.Error) -> bool:
    """Does it say that the bytes of a database are not those that were written?"""
    if isinstance(error, (apsw.CorruptError, apsw.NotADBError)):
        return True
    return getattr(error, "extendedresult", 0) == apsw.SQLITE_IOERR_DATA


def _from_system(error: OSError, path: str) -> KiokuError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _disk_full(path)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return _unwritable(error.filename or path)
    return StoreError(f"{error.filename or path}: {error.strerror or error}", "see `kioku-mesh doctor`")


def _disk_full(path: str) -> KiokuError:
    return DiskFull(
        f"the disk with {path} is full; nothing was saved",
        "free some space and try again; what was saved before is safe",
    )


def _unwritable(path: str) -> KiokuError:
    return StoreUnwritable(
        f"{path} cannot be written",
        "make the state directory writable, or choose another one with KIOKU_MESH_STATE_DIR; reading still works",
    )


def _permitted(path: str) -> bool:
    """May this user write the database and the files beside it, where there are any?"""
    own = os.access in os.supports_effective_ids
    beside = (name for name in (path, path + "-wal", path + "-shm") if os.path.exists(name))
    return all(os.access(name, os.W_OK, effective_ids=own) for name in beside)


def _has_room(path: str) -> bool:
    try:
        at = os.statvfs(os.path.dirname(path))
    except (OSError, AttributeError):
        return True
    return at.f_bavail * at.f_frsize > 1 << 20


def _load_checksums() -> bool:
    """Let SQLite keep a checksum on every page and verify it on reading, in this process. False where apsw lacks that.

    Without it a turned bit in an index or a full-text page is read as if nothing had been saved there.
    """
    kind = {"win32": "dll", "darwin": "dylib"}.get(sys.platform, "so")
    path = os.path.join(os.path.dirname(apsw.__file__), "sqlite_extra_binaries", f"cksumvfs.{kind}")
    db = apsw.Connection("")
    try:
        db.enable_load_extension(True)
        db.load_extension(path)
        return True
    except (apsw.ExtensionLoadingError, AttributeError):
        return False
    finally:
        db.close()


CHECKED = _load_checksums()


def opened(name: str, flags: int = READ_WRITE) -> apsw.Connection:
    """A connection that verifies pages on reading and gives them their checksum on writing.

    Raises StoreError for a file with checksums where they cannot be kept.
    """
    db = apsw.Connection(name, flags=flags)
    # Else a build with STAT4 compiles a statement anew for every value that is bound to it.
    db.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    if CHECKED and flags & apsw.SQLITE_OPEN_CREATE and not os.path.getsize(name):
        db.reserve_bytes(reserve=_CHECKSUM)
        # Checksums are kept once the first page is there; a copy may write others before it.
        db.execute("BEGIN; PRAGMA user_version = 1; PRAGMA user_version = 0; COMMIT")
    elif not CHECKED and flags & apsw.SQLITE_OPEN_READWRITE and db.reserve_bytes() == _CHECKSUM:
        db.close()
        raise StoreError(
            f"{name} keeps checksums, and the apsw of this installation cannot",
            "install apsw as it is on PyPI: pip install --force-reinstall --only-binary apsw apsw",
        )
    return db


def writable(path: str) -> apsw.Connection:
    """A connection that may write, in WAL mode. The file is created if need be."""
    db = opened(path)
    _prepare(db)
    sql.rows(  # fetched to the end: a pragma that answers would keep those behind it from being run
        db, "PRAGMA synchronous = FULL; PRAGMA fullfsync = 1; PRAGMA secure_delete = ON; PRAGMA wal_autocheckpoint = 0"
    )
    return db


def readable(path: str) -> apsw.Connection:
    """A connection that reads, in a place where writing may be impossible. Raises what SQLite raises."""
    try:
        return _read(path, apsw.SQLITE_OPEN_READWRITE)
    except (apsw.CantOpenError, apsw.ReadOnlyError, apsw.PermissionsError, apsw.IOError):
        pass
    try:
        return _read(path, READ_ONLY)
    except (apsw.CantOpenError, apsw.ReadOnlyError, apsw.PermissionsError):
        # With a write-ahead log beside it, `immutable` would silently miss what that log holds.
        wal = path + "-wal"
        if os.path.exists(wal) and os.path.getsize(wal):
            raise StoreUnwritable(
                f"{path} cannot be read here: its write-ahead log needs a writable directory",
                "let any kioku-mesh command run once where the directory is writable, or copy the directory to such a place",
            ) from None
    return alone(path)


def alone(path: str) -> apsw.Connection:
    """The file itself, as the last checkpoint left it, without its write-ahead log. Raises what SQLite raises."""
    return _read(f"file:{uri(path)}?immutable=1", READ_ONLY | apsw.SQLITE_OPEN_URI)


def uri(path: str) -> str:
    return path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def _read(name: str, flags: int) -> apsw.Connection:
    db = opened(name, flags)
    _prepare(db)
    sql.rows(db, "PRAGMA query_only = ON")
    sql.rows(db, "SELECT count(*) FROM sqlite_schema")
    return db


def _prepare(db: apsw.Connection) -> None:
    db.set_busy_timeout(_BUSY_MS)
    # Closing must not checkpoint: only the holder of the write lock does.
    db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    db.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
    db.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
    sql.rows(db, "PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON")
