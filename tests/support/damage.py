"""Damage to a database file, as disks and file systems do it."""

from __future__ import annotations

import os
import random
from pathlib import Path

import apsw

PAGE = 4096


def quiet(path: Path) -> None:
    """Move the write-ahead log into the database, so that the file is all there is."""
    db = apsw.Connection(str(path))
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    db.close()


def pages(path: Path) -> dict[str, list[int]]:
    """Table or index -> numbers of its pages."""
    db = apsw.Connection(str(path))
    rows = db.execute("SELECT name, pageno FROM dbstat ORDER BY pageno").fetchall()
    db.close()
    found: dict[str, list[int]] = {}
    for name, number in rows:
        found.setdefault(name, []).append(number)
    return found


def zero(page: bytes, rng: random.Random) -> bytes:
    """A page that was never written, or trimmed."""
    del rng
    return bytes(len(page))


def scramble(page: bytes, rng: random.Random) -> bytes:
    """A page of something else."""
    return rng.randbytes(len(page))


def flip(page: bytes, rng: random.Random) -> bytes:
    """One bit that turned."""
    changed = bytearray(page)
    changed[rng.randrange(len(page))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def smear(page: bytes, rng: random.Random) -> bytes:
    """A sector of zeros inside a page."""
    at = rng.randrange(len(page) // 512) * 512
    return page[:at] + bytes(512) + page[at + 512 :]


WAYS = (zero, scramble, flip, smear)


def change(path: Path, number: int, way, rng: random.Random) -> bytes:
    """Damage page `number` in one of WAYS; returns what it was."""
    with open(path, "r+b") as file:
        file.seek((number - 1) * PAGE)
        before = file.read(PAGE)
        file.seek((number - 1) * PAGE)
        file.write(way(before, rng))
    return before


def put(path: Path, number: int, page: bytes) -> None:
    """Put a page back."""
    with open(path, "r+b") as file:
        file.seek((number - 1) * PAGE)
        file.write(page)
    os.utime(path)
