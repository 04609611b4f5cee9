"""Which life of which file is writing: no slot of a stream is ever used twice unnoticed.

A copied, restored or cloned file must not go on numbering where the original does. What tells the lives apart: the
machine, and inode and change time of the file `incarnation`, which no copy can keep; and the high-water mark beside the
database, which an old file copied over the new one falls behind.
"""

from __future__ import annotations

import os

import apsw

from .. import ids
from ..clock import HOUR
from ..values import NamedTuple
from . import sql
from .connection import BIRTH
from .places import machine_id

CLONED = "another copy of this store writes as well"
_PARTED_MAX = 12  # times an hour; who forges records in our name more often finds the same life
NOTHING = "-"  # in a mark, in place of the digest of a newest record


class Fingerprint(NamedTuple):
    machine: str
    device: int
    inode: int
    changed: int


class Life(NamedTuple):
    """`written`, `last`: how many records this incarnation wrote, and the digest of the newest; `clock`: highest stamp."""

    node: str
    incarnation: str
    seen: Fingerprint
    written: int
    last: str
    clock: int

    @property
    def origin(self) -> str:
        return f"{self.node}.{self.incarnation}"

    @property
    def mark(self) -> str:
        return f"{self.incarnation} {self.written} {self.last or NOTHING}"


def fingerprint(directory: str) -> Fingerprint | None:
    """None when the file `incarnation` is not there."""
    try:
        found = os.stat(os.path.join(directory, BIRTH))
    except FileNotFoundError:
        return None
    return Fingerprint(machine_id(), found.st_dev, found.st_ino, found.st_ctime_ns)


def leave_birth_file(directory: str) -> Fingerprint:
    """Create the file `incarnation` once; it is never written again."""
    path = os.path.join(directory, BIRTH)
    if not os.path.exists(path):
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write("kioku-mesh: this file marks one life of memory.db. Do not copy, edit or delete it.\n")
    found = fingerprint(directory)
    assert found is not None
    return found


def read(db: apsw.Connection) -> Life | None:
    row = sql.row(db, "SELECT node, incarnation, machine, device, inode, changed, written, last, clock FROM life")
    return Life(row[0], row[1], Fingerprint(*row[2:6]), *row[6:]) if row else None


def changed(life: Life, directory: str, mark: str) -> str:
    """Why this is not the life that wrote last, or "" when it is."""
    if fingerprint(directory) != life.seen:
        return "the store was copied or moved"
    words = mark.split(" ")
    if len(words) == 3 and words[1].isdigit():
        incarnation, written, last = words[0], int(words[1]), words[2]
        if incarnation != life.incarnation:
            return "the database was replaced"
        if written > life.written or (written == life.written and last != (life.last or NOTHING)):
            return "the database was replaced by an older one"
    return ""


def behind(life: Life, mark: str) -> int:
    """How many records the mark says were acknowledged that this life does not know of."""
    words = mark.split(" ")
    if len(words) != 3 or words[0] != life.incarnation or not words[1].isdigit():
        return 0
    return max(int(words[1]) - life.written, 0)


def may_part_again(db: apsw.Connection, now: int) -> bool:
    """Both lives of a fork are kept whatever they are called, so a new one is a courtesy that has its limit."""
    since = now - HOUR
    return bool(sql.row(db, "SELECT count(*) FROM lives WHERE why = ? AND born > ?", (CLONED, since))[0] < _PARTED_MAX)


def mint(db: apsw.Connection, directory: str, node: str, why: str, now: int, clock: int) -> Life:
    """Begin a new incarnation, inside the caller's transaction."""
    life = Life(node, ids.new_incarnation(), leave_birth_file(directory), 0, "", clock)
    db.execute(
        "INSERT OR REPLACE INTO life VALUES (1, ?, ?, ?, ?, ?, ?, 0, '', ?, ?)",
        (life.node, life.incarnation, *life.seen, life.clock, now),
    )
    db.execute("INSERT INTO lives VALUES (?, ?, ?)", (life.incarnation, now, why))
    return life


def write(db: apsw.Connection, life: Life) -> None:
    db.execute("UPDATE life SET written = ?, last = ?, clock = ?", (life.written, life.last, life.clock))
