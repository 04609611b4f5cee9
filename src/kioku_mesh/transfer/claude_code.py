"""What Claude Code remembers by itself: the Markdown files that it writes for each project, and for its subagents.

CLAUDE.md files are instructions that it reads anyway; one is taken if it is named, a memory for each of its sections.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator
from functools import partial

from ..errors import BadInput
from ..patterns import pattern
from . import files, markdown, notes, workplace
from .entries import Bad, Entry, Passed, Said, text
from .notes import Document

EXPECTED = "the folder of Claude Code (~/.claude), a folder of its memory files, one of those, or a CLAUDE.md"
TYPES = {"user": "preference", "feedback": "instruction", "project": "context", "reference": "fact"}

_AGENT = "claude"
_MEMORY, _SUBAGENTS = "memory", "agent-memory"
# Folders of memory files, below the one that is named.
_PLACES = (f"projects/*/{_MEMORY}", f"*/{_MEMORY}", _MEMORY, f"{_SUBAGENTS}/*")
_INDEX = pattern(r"\s*(?:[-*+]\s+\[[^\]]*\]\([^)]*\.md\).*|#.*)?")  # a line that says only where something is
_INSTRUCTIONS = ("CLAUDE.md", "CLAUDE.local.md")
_OURS = pattern(r"<!-- kioku-mesh[\w-]*:begin -->.*?<!-- kioku-mesh[\w-]*:end -->", re.DOTALL)


def read(path: str, home: str) -> Iterator[Entry]:
    """Raises NotFound, and BadInput for a CLAUDE.md that cannot be read."""
    if os.path.isfile(path) and os.path.basename(path) in _INSTRUCTIONS:
        yield from _instructions(path, home)
        return
    places = [path] if os.path.isfile(path) or os.path.basename(path) == _MEMORY else _below(path)
    if not any(map(os.path.exists, places)):
        raise files.missing(path, EXPECTED)
    projects: dict[str, str] = {}
    for place in places:
        for file, _ in markdown.found(place, home, EXPECTED):
            top = _top(file)
            if top not in projects:
                projects[top] = _project(top, home)
            yield from markdown.told(file, _key(file, top), projects[top], partial(_remembered, top))


def _below(path: str) -> list[str]:
    """The folders of memory files below a folder: those that have any."""
    found = {folder for place in _PLACES for folder in glob.glob(os.path.join(glob.escape(path), *place.split("/")))}
    return sorted(
        folder for folder in found if glob.glob(os.path.join(glob.escape(folder), "**", "*.md"), recursive=True)
    )


def _top(file: str) -> str:
    """The folder of memory files that a file belongs to."""
    folder = first = os.path.dirname(file)
    while os.path.basename(folder) != _MEMORY and not _is_subagent(folder):
        above = os.path.dirname(folder)
        if above == folder:
            return first
        folder = above
    return folder


def _is_subagent(top: str) -> bool:
    return os.path.basename(os.path.dirname(top)) == _SUBAGENTS


def _key(file: str, top: str) -> str:
    """`PROJECT/file.md`, as Claude Code calls the project; or `agent-memory/NAME/file.md`."""
    whose = f"{_SUBAGENTS}/{os.path.basename(top)}" if _is_subagent(top) else os.path.basename(os.path.dirname(top))
    return "/".join((whose, *os.path.relpath(file, top).split(os.sep)))


def _project(top: str, home: str) -> str:
    """Of a folder of memory files; what is of a subagent belongs to no project.

    The folder above is called like that of the project, with a dash for whatever is neither letter nor digit.
    """
    if _is_subagent(top):
        return ""
    slug = os.path.basename(os.path.dirname(top))
    folder = _folder(slug, os.path.abspath(os.sep))
    return workplace.around(folder, home).project if folder else slug.removeprefix(_dashed(home)).strip("-")


def _dashed(path: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "-", path)


def _folder(slug: str, above: str) -> str:
    """The folder that is called so; empty if it is not there."""
    if not os.path.isdir(above) or not slug.startswith("-"):
        return ""
    try:
        names = sorted(os.listdir(above))
    except OSError:
        return ""
    for name in names:
        part, path = f"-{_dashed(name)}", os.path.join(above, name)
        if slug == part and os.path.isdir(path):
            return path
        if slug.startswith(f"{part}-") and (found := _folder(slug[len(part) :], path)):
            return found
    return ""


def _remembered(top: str, said: Said, document: Document) -> Iterator[Entry]:
    """One file of memory; the index of the others is none."""
    if said.key.endswith("/MEMORY.md") and all(map(_INDEX.fullmatch, document.body.split("\n"))):
        yield Passed("lists of the other files (MEMORY.md)")
        return
    fields = document.fields
    more = fields.get("metadata")
    more = more if isinstance(more, dict) else {}
    whose = (os.path.basename(top),) if _is_subagent(top) else ()
    said = said._replace(
        title=text(fields.get("name")) or said.title, type=text(fields.get("type")) or text(more.get("type")),
        tags=(*said.tags, *whose), agent=_AGENT, session=text(more.get("originSessionId")),
        foreign=said.foreign - {"name", "metadata"},
    )  # fmt: skip
    yield from markdown.whole(said, document)


def _instructions(path: str, home: str) -> Iterator[Entry]:
    """The sections of a CLAUDE.md; the rules in it that are ours are no memory."""
    place = workplace.around(os.path.dirname(path), home)
    key = place.name(path)
    try:
        body = _OURS.sub("", markdown.decoded(path).removeprefix("\ufeff").replace("\r\n", "\n"))
    except BadInput as problem:
        yield Bad(key, problem)
        return
    everywhere = os.path.basename(os.path.dirname(path)) == ".claude" and os.path.dirname(os.path.dirname(path)) == home
    for title, section in notes.sections(body):
        yield Said(
            key, section, title=title, type="instruction", project="" if everywhere else place.project, agent=_AGENT,
            created=files.written(path),
        )  # fmt: skip
