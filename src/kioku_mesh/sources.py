"""The files that a memory is about: found in a repository, and read within limits. Nothing here raises or waits for anybody.

What is not known is "": a file outside the repository, one that is no regular file or cannot be read, one for which
there was no time.
"""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from time import perf_counter, time_ns

from . import repository
from .patterns import pattern
from .seen import Seen, content_hash
from .values import NamedTuple

FILE_MAX = 512 * 1024  # bytes of a file that is read
PATH_MAX = 1000  # characters of a path below the top folder
GONE, LARGE = "gone", "large"  # of a file: is not there; is larger than what is ever read

_SURE = 8  # files that are read whatever the clock says: the processor may have been with others meanwhile
_SURE_MAX = 64 * 1024  # bytes of such a file
_RATE = 500e6  # bytes that are read and hashed in a second, at least
_SETTLED = 2_000_000_000  # ns after which another content would have another time: some file systems count in seconds
_KEPT = 4096  # hashes of files read before
_NOWHERE: Mapping[str, str] = {}

_PLACE = pattern(r"(?::\d+(?:[-:]\d+)*|#L\d+(?:C\d+)?(?:-L?\d+(?:C\d+)?)?)$")  # `:12`, `:12-20`, `:12:5`, `#L12-L20`


class Look(NamedTuple):
    """`hash`: of what is in the file, or GONE, LARGE, or "" where that is not known; `real`: where it is without links."""

    hash: str = ""
    real: str = ""


def see(files: Sequence[str], folder: str, top: str, seconds: float, known: Mapping[str, str] = _NOWHERE) -> Seen:
    """What the files are now. Relative ones are looked for in `folder`, then in `top`, the repository's top folder; those
    of which it is `known` where they are below that, only there."""
    reader = Reader(seconds, 2 * len(files))
    found = [
        _find(reader, each, [place(each, known[each], top)] if each in known else _places(each, folder, top), top)
        for each in files
    ]
    hashes, paths = tuple(hash_ for hash_, _ in found), tuple(path for _, path in found)
    if not any(hashes):
        return Seen()
    return Seen(repository.commit(top) or None, hashes, paths if any(paths) else ())


def _places(given: str, folder: str, top: str) -> Iterable[str]:
    return dict.fromkeys(os.path.normpath(os.path.join(start, without_line(given))) for start in (folder, top))


def _find(reader: Reader, given: str, places: Iterable[str], top: str) -> tuple[str, str]:
    """The hash of a file, and its path below the top folder if that is another than the given one."""
    for path in places:
        look = reader.look(path, top)
        if look.hash == GONE:
            continue
        if look.hash in ("", LARGE):
            break
        below = reader.below(path, look.real, top)
        if len(below) > PATH_MAX:
            break
        return look.hash, "" if below == posixpath.normpath(without_line(given)) else below
    return "", ""


def without_line(given: str) -> str:
    """The path without a line number or a range of lines behind it."""
    return _PLACE.sub("", given) if ":" in given or "#" in given else given


def place(given: str, below: str, top: str) -> str:
    """Where a file of a memory is in the repository with this top folder; `below` is its path of `Seen`.

    Empty where that would lead out of it: nobody who wrote a memory has us look anywhere else.
    """
    path = os.path.normpath(os.path.join(top, below or without_line(given)))
    return path if path.startswith(os.path.join(top, "")) else ""


class Reader:
    """Looks at no more than `files` files, and stops after about `seconds`, but for the first few."""

    def __init__(self, seconds: float, files: int) -> None:
        self._end = perf_counter() + seconds
        self._files, self._sure = files, _SURE
        self._real: dict[str, str] = {}

    @property
    def is_over(self) -> bool:
        return self._files <= 0 or (self._sure <= 0 and perf_counter() >= self._end)

    def look(self, path: str, top: str) -> Look:
        """Look at a file of the repository with this top folder."""
        if self.is_over:
            return Look()
        self._files -= 1
        try:
            real = self._resolved(path, top)
            return Look(self._hash(real, os.lstat(real)), real) if real else Look()
        except (FileNotFoundError, NotADirectoryError):
            return Look(GONE)
        except (OSError, ValueError):
            return Look()

    def below(self, path: str, real: str, top: str) -> str:
        """The path of a file below the top folder, with `/`; `real` is used where `path` gets there another way."""
        for file, folder in ((path, top), (real, self._folder(top))):
            inside = os.path.join(folder, "")
            if file.startswith(inside):
                return file[len(inside) :].replace(os.sep, "/")
        return ""

    def _hash(self, path: str, there: os.stat_result) -> str:
        if not stat.S_ISREG(there.st_mode):
            return GONE if stat.S_ISDIR(there.st_mode) else ""
        if there.st_size > FILE_MAX:
            return LARGE
        is_sure = self._sure > 0 and there.st_size <= _SURE_MAX
        if not is_sure and there.st_size > (self._end - perf_counter()) * _RATE:
            return ""
        self._sure -= 1
        times = (there.st_mtime_ns, there.st_ctime_ns)
        read = _read if time_ns() - max(times) > _SETTLED else _read.__wrapped__
        return read(path, there.st_size, *times, there.st_ino)

    def _resolved(self, path: str, top: str) -> str:
        """The path without symbolic links; empty if it leads out of the top folder. Raises OSError, ValueError."""
        inside = os.path.join(self._folder(top), "")
        folder, name = os.path.split(path)
        real = os.path.join(self._folder(folder), name)
        if real.startswith(inside) and stat.S_ISLNK(os.lstat(real).st_mode):
            real = os.path.realpath(real)
        return real if real.startswith(inside) else ""

    def _folder(self, path: str) -> str:
        if path not in self._real:
            self._real[path] = os.path.realpath(path)
        return self._real[path]


@lru_cache(_KEPT)
def _read(path: str, size: int, *_: int) -> str:
    """The hash of a file that has this size, these times and this inode. Raises OSError, ValueError."""
    content = repository.content(path, size + 1)
    if len(content) != size:
        raise OSError(f"{path} is being written")
    return content_hash(content)
