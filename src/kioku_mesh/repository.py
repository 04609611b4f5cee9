"""The git repository around a folder: its name and its commits, read from its files. Starting git would cost more than a save.

Everything here is a convenience, never a failure: what cannot be read is not known, whatever lies in its place.
"""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress

from . import ids

NAME_MAX = 64  # characters
_FILE_MAX = 1 << 20  # bytes of a git configuration, or of packed references, that are read
_LINE_MAX = 4096  # bytes of a file that has one line
_LINKS_MAX = 5  # references that name another one
_PACKS_MAX = 50  # of one folder of objects
_STORES_MAX = 8  # folders of objects that another one borrows from
_INDEX = b"\xfftOc\0\0\0\2"  # an index of a pack begins so; then 256 counts, the last that of all, then the names
_NAMES_AT = len(_INDEX) + 4 * 256

# Whoever puts a pipe in the place of a file does not make us wait; missing on Windows, as are such pipes.
_QUIETLY = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)

_REMOTE = r'(?i)\[\s*remote\s+"((?:[^"\\]|\\.)*)"\s*\]'
_URL = r"(?i)\s*url\s*=\s*(.*)"
_AUTHORITY = r"[A-Za-z][A-Za-z0-9+.-]*://[^/]*"


def find(start: str, stop: tuple[str, ...] = ()) -> tuple[str, str] | None:
    """(name, top folder) of the nearest repository from `start` upwards; folders above one of `stop` are not looked at.

    The name is the last part of the remote's address, else that of the top folder; the worktrees of a repository agree.
    """
    folder = start
    while True:
        git = _git_folder(folder)
        if git:
            name = _name(folder, git)
            return (name, folder) if name else None
        parent = os.path.dirname(folder)
        if folder in stop or parent == folder:
            return None
        folder = parent


def commit(top: str) -> str:
    """The commit that is checked out in the repository with this top folder.

    Empty where there is none yet, and where references lie in a database of their own (reftable).
    """
    git = _git_folder(top)
    said = _first_line(_read(os.path.join(git, "HEAD"), _LINE_MAX)) if git else ""
    for _ in range(_LINKS_MAX):
        if ids.is_commit(said):
            return said
        name = said[4:].strip() if said.startswith("ref:") else ""
        if not name.startswith("refs/") or ".." in name:
            break
        said = _reference(git, name)
    return ""


def knows(top: str, commit: str | None) -> bool:
    """Is the repository with this top folder there, and the commit in it? None: is it there at all?"""
    git = _git_folder(top)
    if not git or not commit:
        return bool(git)
    objects = os.path.join(_home(git), "objects")
    borrowed = _read(os.path.join(objects, "info", "alternates")).splitlines()[:_STORES_MAX]
    return any(_holds(os.path.join(objects, folder), commit) for folder in ("", *filter(None, borrowed)))


def content(path: str, limit: int) -> bytes:
    """The first `limit` bytes of a regular file. Never waits for another process. Raises OSError, ValueError."""
    file = os.open(path, os.O_RDONLY | _QUIETLY)
    try:
        there = os.fstat(file)
        if not stat.S_ISREG(there.st_mode):
            raise OSError(f"{path} is not a regular file")
        limit = min(limit, there.st_size + 1)  # room for more is not set aside, and growth is noticed
        found = os.read(file, limit)
        while len(found) < limit and (more := os.read(file, limit - len(found))):
            found += more
        return found
    finally:
        os.close(file)


def clean(text: str) -> str:
    """`text` as a name: composed, printable, at most NAME_MAX characters; empty if nothing remains."""
    if not text.isascii():
        import unicodedata

        text = unicodedata.normalize("NFC", text)  # macOS hands out decomposed names
    text = "".join(c if c.isprintable() else " " for c in text)
    return text.strip()[:NAME_MAX].strip()


def last_part(url: str) -> str:
    """The last part of a remote's address without `.git`; empty when it names a host alone."""
    authority = re.match(_AUTHORITY, url)
    if authority:
        url = url[authority.end() :].split("?", maxsplit=1)[0]
    parts = [part for part in re.split(r"[/\\:]", url) if part]
    if parts and parts[-1] == ".git":
        parts.pop()
    return _without_suffix(parts[-1]) if parts else ""


def _git_folder(folder: str) -> str:
    """The git folder that belongs to `folder`: beside it, named by a `.git` file, or `folder` itself (bare)."""
    dot = os.path.join(folder, ".git")
    if os.path.isdir(dot):
        return dot
    if os.path.isfile(dot):
        text = _read(dot, _LINE_MAX)
        if text.startswith("gitdir:"):
            return os.path.normpath(os.path.join(folder, _first_line(text[7:])))
    elif os.path.isfile(os.path.join(folder, "HEAD")) and all(
        os.path.isdir(os.path.join(folder, part)) for part in ("objects", "refs")
    ):
        return folder
    return ""


def _home(git: str) -> str:
    """The git folder of the whole repository: for that of a worktree the one it belongs to."""
    shared = _first_line(_read(os.path.join(git, "commondir"), _LINE_MAX))
    return os.path.normpath(os.path.join(git, shared)) if shared else git


def _name(top: str, git: str) -> str:
    home = _home(git)
    name = clean(last_part(_remote(_read(os.path.join(home, "config")))))
    if name:
        return name
    folder = os.path.basename(home if home != git or git == top else top)
    if folder.startswith("."):  # `.git` and `.bare` are named by the folder around them
        folder = os.path.basename(os.path.dirname(home))
    return clean(_without_suffix(folder))


def _remote(text: str) -> str:
    """The address of `origin`, else of the first remote, in a git configuration."""
    first = remote = ""
    for line in text.splitlines():
        header = re.match(_REMOTE, line.strip())
        if header:
            remote, line = header[1], line.strip()[header.end() :]  # noqa: PLW2901
        elif line.lstrip().startswith("["):
            remote = ""
        url = re.match(_URL, line) if remote else None
        if url:
            address = _value(url[1])
            if remote == "origin":
                return address
            first = first or address
    return first


def _value(text: str) -> str:
    text = text.strip()
    if text.startswith('"'):
        return text[1:].split('"')[0]
    return re.split(r"[#;]", text)[0].strip()


def _without_suffix(name: str) -> str:
    return name[:-4] if name.endswith(".git") else name


def _first_line(text: str) -> str:
    return text.strip().split("\n")[0].strip()


def _reference(git: str, name: str) -> str:
    """What a reference says: a commit, or which reference to look at. A worktree has few of its own."""
    home = _home(git)
    for folder in dict.fromkeys((git, home)):
        if said := _first_line(_read(os.path.join(folder, name), _LINE_MAX)):
            return said
    packed = _read(os.path.join(home, "packed-refs"))
    end = packed.find(f" {name}\n")
    return packed[packed.rfind("\n", 0, end) + 1 : end] if end > 0 else ""


def _holds(objects: str, commit: str) -> bool:
    """Is the commit in a folder of objects, by itself or in a pack?"""
    if os.path.isfile(os.path.join(objects, commit[:2], commit[2:])):
        return True
    packs = os.path.join(objects, "pack")
    with suppress(OSError, ValueError):
        indexes = [name for name in os.listdir(packs) if name.endswith(".idx")]
        return any(_lists(os.path.join(packs, name), bytes.fromhex(commit)) for name in indexes[:_PACKS_MAX])
    return False


def _lists(index: str, name: bytes) -> bool:
    """Does the index of a pack, whose names are sorted, have this one? Raises OSError."""
    if not os.path.isfile(index):
        return False
    with open(index, "rb", buffering=0) as file:
        head = file.read(_NAMES_AT)
        if len(head) < _NAMES_AT or not head.startswith(_INDEX):
            return False
        low, high = 0, int.from_bytes(head[-4:], "big")
        while low < high:
            middle = (low + high) // 2
            file.seek(_NAMES_AT + middle * len(name))
            found = file.read(len(name))
            if found == name:
                return True
            low, high = (middle + 1, high) if len(found) == len(name) and found < name else (low, middle)
    return False


def _read(path: str, limit: int = _FILE_MAX) -> str:
    """The beginning of a file, at most `limit` bytes; empty when it cannot be read."""
    with suppress(OSError, ValueError):
        return content(path, limit).decode("utf-8", "replace")
    return ""
