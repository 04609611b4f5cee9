"""The name of the git repository around a folder, read from its files: starting git would cost more than a save."""

from __future__ import annotations

import os
import re

NAME_MAX = 64  # characters
_FILE_MAX = 1 << 20  # bytes of a git configuration that are read

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
        text = _read(dot)
        if text.startswith("gitdir:"):
            return os.path.normpath(os.path.join(folder, _first_line(text[7:])))
    elif os.path.isfile(os.path.join(folder, "HEAD")) and all(
        os.path.isdir(os.path.join(folder, part)) for part in ("objects", "refs")
    ):
        return folder
    return ""


def _name(top: str, git: str) -> str:
    home = git
    shared = _first_line(_read(os.path.join(git, "commondir")))
    if shared:  # a worktree: the repository it belongs to has the name
        home = os.path.normpath(os.path.join(git, shared))
    name = clean(last_part(_remote(_read(os.path.join(home, "config")))))
    if name:
        return name
    folder = os.path.basename(home if shared or git == top else top)
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


def _read(path: str) -> str:
    """The text of a file; empty when it cannot be read: a name is a convenience, never a failure."""
    try:
        with open(path, "rb") as file:
            return file.read(_FILE_MAX).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""
