"""What a text is about, as 256 small numbers: the sum of the vectors of its pieces, from a table that comes with the package.

Two texts are about the same when their vectors point the same way. The table is a SQLite file that is only ever read:
`tok(piece, v)` with the vectors (256 bytes, each number plus 128), `cell(id, v)` with the centres of 1,024 cells into
which vectors are sorted. Whatever is wrong with it, nothing but this is lost: `Fault` says what.
"""

from __future__ import annotations

import hashlib
import math
import os
from array import array
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import apsw

from ..text import pieces
from ..values import NamedTuple
from . import connection, sql

VERSION = 1  # of the table and of how texts are cut: another one makes all vectors anew
SIZE = 256  # numbers of a vector
FILE = os.path.join(os.path.dirname(os.path.dirname(__file__)), "meaning", "table.db")

_LENGTH = 363  # of a stored vector, so that hardly any of its numbers leaves -127 … 127
_CACHED = 8_000  # words whose sums are kept, a kilobyte each
_COST = 2_000  # words of one text that are looked at: 200 kB of prose have no more


class Fault(Exception):
    """Why there is no vector."""


@contextmanager
def _read() -> Iterator[None]:
    """Whatever goes wrong while the table is read is a Fault."""
    try:
        yield
    except (apsw.Error, OSError) as problem:
        raise Fault(f"the table of meanings cannot be read ({problem})") from problem


class _Sum(NamedTuple):
    """Vectors added up: lanes of 32 bits in one number, and of how many `rows`, each of which added 128 to every lane."""

    lanes: int
    rows: int


class Model:
    """One for each thread. Nothing is opened before the first text."""

    def __init__(self, path: str = FILE, extension: str | None = None) -> None:
        """`extension`: where sqlite-vec lies, without its ending; found by itself."""
        self.path = path
        self._extension = extension or extension_path()
        self._db: apsw.Connection | None = None
        self._sums: dict[str, _Sum | None] = {}

    def vector(self, text: str) -> bytes | None:
        """256 signed bytes; None for a text of which nothing is known. Raises Fault."""
        with _read():
            found = self._add_up(text)
        return _unit(found) if found.rows else None

    def knows(self, text: str) -> bool:
        """Is there a word or a unit in it that the table has as a whole? Else its vector is put together from parts of
        names and numbers, and says little. Raises Fault."""
        with _read():
            units, words = pieces.units_and_words(text)
            return any(self._look_up(word) for word in (*units, *words)[:_COST])

    def cells(self, vector: bytes, count: int = 1) -> list[int]:
        """The cells nearest to a vector, nearest first. Raises Fault."""
        with _read():
            nearest = "SELECT id FROM cell ORDER BY vec_distance_l1(vec_int8(v), vec_int8(?)) LIMIT ?"
            return [number for (number,) in sql.rows(self._opened(), nearest, (vector, count))]

    def open(self) -> None:
        """Is the table there? Raises Fault."""
        with _read():
            self._opened()

    def check(self) -> None:
        """Is the table there and can it be used? Raises Fault."""
        if not self.cells(bytes(SIZE)) or self.vector("memory") is None:
            raise Fault(f"{self.path} has nothing in it")

    def verify(self) -> None:
        """Is every byte as it was shipped? Raises Fault."""
        with (
            _read(),
            open(self.path, "rb") as file,
            open(os.path.splitext(self.path)[0] + ".sha256", encoding="ascii") as told,
        ):
            shipped, found = told.read().strip(), hashlib.file_digest(file, "sha256").hexdigest()
        if found != shipped:
            raise Fault(f"{self.path} is not the file that was shipped")

    def _opened(self) -> apsw.Connection:
        if self._db is None:
            whole = f"file:{connection.uri(self.path)}?immutable=1"
            db = apsw.Connection(whole, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
            load_extension(db, self._extension)
            self._db = db
        return self._db

    def _add_up(self, text: str) -> _Sum:
        units, words = pieces.units_and_words(text)
        lanes = count = 0
        for word in (*units, *words)[:_COST]:
            found = self._sums.get(word, _UNKNOWN)
            if found is _UNKNOWN:
                found = self._sum_of(word)
            if found:
                lanes += found.lanes
                count += found.rows
        return _Sum(lanes, count)

    def _sum_of(self, word: str) -> _Sum | None:
        look_up = self._look_up
        rows = pieces.compound(word, look_up) if word.startswith(pieces.UNIT) else pieces.cut(word, look_up)
        found = [_wide(row) for row in rows]
        if len(self._sums) >= _CACHED:
            self._sums.clear()
        self._sums[word] = kept = _Sum(sum(found), len(found)) if found else None
        return kept

    def _look_up(self, piece: str) -> bytes | None:
        found = sql.row(self._opened(), "SELECT v FROM tok WHERE piece = ?", (piece,))
        return found[0] if found else None


_UNKNOWN = _Sum(-1, -1)


def _wide(row: bytes) -> int:
    """256 bytes as 256 lanes of 32 bits, so that thousands of them are added by adding numbers."""
    return int.from_bytes(array("I", list(row)).tobytes(), "little")


def _unit(added: _Sum) -> bytes:
    lanes = array("I", added.lanes.to_bytes(4 * SIZE, "little"))
    zero = 128 * added.rows
    numbers = [lane - zero for lane in lanes]
    scale = _LENGTH / (math.hypot(*numbers) or 1.0)
    return array("b", [max(-127, min(127, round(number * scale))) for number in numbers]).tobytes()


def extension_path() -> str:
    """Where sqlite-vec lies, beside apsw as everything that is installed."""
    return os.path.join(os.path.dirname(os.path.dirname(apsw.__file__)), "sqlite_vec", "vec0")


def load_extension(db: apsw.Connection, path: str | None = None) -> None:
    """Give a connection the distances of sqlite-vec. Raises Fault where it is not installed."""
    try:
        db.enable_load_extension(True)
        db.load_extension(path or extension_path())
    except (apsw.Error, AttributeError) as problem:
        raise Fault(f"the extension sqlite-vec cannot be loaded ({problem})") from problem
    finally:
        with suppress(AttributeError):  # a build of apsw that loads none
            db.enable_load_extension(False)
