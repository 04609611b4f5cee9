"""Checks of what lies around the store: its directory, its file system, its disk, the clock of the machine."""

from __future__ import annotations

import os
import stat
import sys

from ..clock import DAY, to_iso
from ..store import backup, places
from ..store.connection import BIRTH, DATABASE, LOCK
from .case import Case, failed, passed, warned
from .results import Check, plural

_MOVE = "choose another folder with the environment variable KIOKU_MESH_STATE_DIR"
_LITTLE = 1 << 30  # bytes of free disk from which on it is time to think of it
_TOO_LITTLE = 100 << 20
_OURS = (DATABASE, LOCK, BIRTH)
_EARLIEST, _LATEST = 1_704_067_200_000_000, 4_102_444_800_000_000  # 2024 and 2100


def state_directory(case: Case) -> Check:
    """Is it there or can it be made, is it ours, can we write in it, can nobody else read it?"""
    directory = case.store.directory
    if not os.path.exists(directory):
        return _creatable(directory)
    if not os.path.isdir(directory):
        return failed(f"{directory} is not a directory", f"move that file away, or {_MOVE}")
    if not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
        return failed(f"{directory} cannot be read and written by you", f"give yourself the right to, or {_MOVE}")
    if sys.platform == "win32":
        return passed(f"{directory} can be written")
    strangers = [path for path in _private(case) if os.stat(path).st_uid != os.geteuid()]
    if strangers:
        owner = f"sudo chown -R {os.geteuid()} {directory}"
        return warned(f"{strangers[0]} belongs to another user", f"make it yours: {owner}", not_ours=strangers)
    readable = open_to_others(case)
    if readable:
        return warned(
            f"other users of this machine may read {plural(len(readable), 'file')} or folders of your memory",
            "make them private with `kioku-mesh doctor --fix`",
            open=readable,
        )
    return passed(f"{directory} is private and can be written")


def _creatable(directory: str) -> Check:
    above = places.existing(directory)
    if os.path.isdir(above) and os.access(above, os.W_OK | os.X_OK):
        return passed(f"{directory} will be made by the first save")
    return failed(f"{directory} cannot be made: {above} cannot be written", f"give yourself the right to, or {_MOVE}")


def open_to_others(case: Case) -> list[str]:
    """Our files and folders whose permissions let group or others in."""
    return [path for path in _private(case) if os.stat(path).st_mode & 0o077]


def _private(case: Case) -> list[str]:
    """Every file and folder of ours that is there."""
    backups = backup.folder(case.store)
    names = [case.store.directory, backups]
    for folder in (case.store.directory, backups):
        if os.path.isdir(folder):
            ours = folder == backups
            names += [os.path.join(folder, n) for n in sorted(os.listdir(folder)) if ours or n.startswith(_OURS)]
    return [name for name in names if os.path.exists(name)]


def make_private(case: Case) -> list[str]:
    """Take the rights of group and others away; says what was done."""
    done = []
    for path in open_to_others(case):
        os.chmod(path, places.PRIVATE_FOLDER if stat.S_ISDIR(os.stat(path).st_mode) else places.PRIVATE_FILE)
        done.append(f"made {path} private")
    return done


def place(case: Case) -> Check:
    """Does SQLite work on this file system, and does nothing copy the folder while it is in use?"""
    directory = case.store.directory
    kind = places.file_system(directory)
    if places.is_network(kind):
        return failed(
            f"{directory} is on a network file system ({kind}): saving is refused, as the store would be damaged",
            _MOVE + " on a local disk",
            file_system=kind,
        )
    program = places.synced_folder(directory)
    if program:
        return warned(
            f"{program} copies {directory} to other machines, which can damage the store and double it",
            f"exclude the folder in {program}, or {_MOVE}",
            file_system=kind,
            synced_by=program,
        )
    return passed(f"a local file system ({kind or 'of unknown kind'})", file_system=kind)


def disk(case: Case) -> Check:
    """Is there room to go on saving?"""
    free = places.free_bytes(case.store.directory)
    summary = f"{free / (1 << 30):.1f} GB free" if free >= 1 << 30 else f"{free >> 20} MB free"
    hint = "free some space; `kioku-mesh gc` erases what is past its time"
    if free < _TOO_LITTLE:
        return failed(f"the disk is almost full: {summary}", hint, free_bytes=free)
    if free < _LITTLE:
        return warned(f"the disk is filling up: {summary}", hint, free_bytes=free)
    return passed(summary, free_bytes=free)


def system_clock(case: Case) -> Check:
    """Is this a year in which this program can be running?"""
    if _EARLIEST <= case.now < _LATEST:
        return passed(f"it is {to_iso(case.now // DAY * DAY)[:10]}")
    return failed(
        f"this machine believes that it is {to_iso(case.now)[:10]}",
        "set its clock: what is saved now is sorted and expires by that time",
    )
