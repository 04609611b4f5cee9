"""Which version of this program lies on the disk, where an upgrade may have replaced the one that runs."""

from __future__ import annotations

import os
import re

from .. import __version__
from ..patterns import pattern

_FILE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "__init__.py")
_VERSION = pattern(r"^__version__\s*=\s*[\"']([^\"']+)[\"']", re.MULTILINE)
_PIECE = pattern(r"\d+|[a-z]+")
_BEFORE = {"dev": -4, "a": -3, "alpha": -3, "b": -2, "beta": -2, "c": -1, "rc": -1}  # a release: 0


def version() -> str:
    """What the file on the disk says; empty when it cannot be read, as in the middle of an upgrade."""
    try:
        with open(_FILE, encoding="utf-8") as file:
            found = _VERSION.search(file.read(10_000))
    except (OSError, UnicodeDecodeError):
        return ""
    return found[1] if found else ""


def is_newer(one: str, other: str = __version__) -> bool:
    """Is `one` a later release than `other`?"""
    return _key(one) > _key(other)


def _key(text: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The numbers of the release, then what comes before or after it: 1.2.dev1 < 1.2a1 < 1.2rc1 < 1.2 < 1.2.post1."""
    release: list[int] = []
    rest: list[int] = []
    for piece in _PIECE.findall(text.lower().partition("+")[0]):
        if piece.isdigit():
            (rest or release).append(int(piece))
        elif piece != "v":
            rest.append(_BEFORE.get(piece, 1))
    while release and not release[-1]:
        release.pop()
    return tuple(release), tuple(rest or (0,))
