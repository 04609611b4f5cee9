"""Folders of Markdown files: plain ones, a note each; and those of basic-memory, whose notes have observations in them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

from ..errors import BadInput, NotFound
from . import files, notes, workplace
from .entries import Bad, Entry, Passed, Said, about, moment, text, texts
from .notes import Document
from .workplace import Workplace

EXPECTED = "a folder of Markdown files, or one such file"
NOTES = "the folder of a project of basic-memory, or ~/.basic-memory/config.json"
CATEGORIES = {
    "issue": "bug", "problem": "bug", "error": "bug", "fix": "bug", "bugfix": "bug",
    "tip": "pattern", "technique": "pattern", "method": "pattern", "approach": "pattern", "convention": "pattern",
    "rule": "instruction", "requirement": "instruction", "constraint": "instruction",
    "step": "process", "workflow": "process", "outcome": "result", "setting": "config", "configuration": "config",
}  # fmt: skip

FILE_MAX = 4 * 1024 * 1024  # bytes; a memory holds far less
_SUFFIXES = (".md", ".markdown")
_NOT_NOTES = frozenset(("node_modules", "__pycache__"))
_OURS = frozenset((
    "title", "type", "tags", "permalink", "project", "created", "created_at", "date", "modified", "updated",
    "updated_at", "description", "summary", "aliases",
))  # fmt: skip
EMPTY = Passed("empty files")
Teller = Callable[[Said, Document], Iterator[Entry]]  # what a note is taken as

_CREATED = ("created", "created_at", "date")
_CHANGED = ("modified", "updated", "updated_at")


def whole(said: Said, document: Document) -> Iterator[Entry]:
    """A note as one memory."""
    yield said if document.body else EMPTY


def split(said: Said, document: Document) -> Iterator[Entry]:
    """Its observations one by one, and what else it says. basic-memory knows a note by its permalink."""
    said = said._replace(key=text(document.fields.get("permalink")) or said.key)
    found, rest = notes.observations(document.body)
    for category, told in found:
        yield said._replace(
            content=about(said.title, told), title="", summary="", type=category, single=False,
            tags=(*said.tags, *notes.tags(told)), references=notes.links(told),
        )  # fmt: skip
    if rest:
        yield said._replace(content=rest, references=notes.links(rest))
    elif not found:
        yield EMPTY


def read(path: str, home: str) -> Iterator[Entry]:
    """Each file is a memory. Raises NotFound."""
    for file, place in found(path, home, EXPECTED):
        yield from told(file, place.name(file), place.project, whole)


def read_notes(path: str, home: str) -> Iterator[Entry]:
    """Each observation is a memory, and what else a note says. Raises NotFound, and BadInput for another configuration."""
    for project, folder in _projects(path):
        try:
            for file, place in found(folder, home, NOTES):
                yield from told(file, place.name(file), place.project if project is None else project, split)
        except NotFound:
            if project is None:
                raise
            yield Passed("projects without a note on this machine")


def _projects(path: str) -> Iterator[tuple[str | None, str]]:
    """Names and folders; the name is None where only the folder is known, "" for what belongs to no project."""
    if os.path.basename(path) != "config.json":
        yield None, path
        return
    data = files.parsed(path, NOTES)
    listed = data.get("projects") if isinstance(data, dict) else None
    if not isinstance(listed, dict):
        raise files.foreign(path, NOTES)
    for name, where in listed.items():
        folder = text(where.get("path") if isinstance(where, dict) else where)
        if folder:
            yield "" if name == data.get("default_project") else name, folder


def found(path: str, home: str, expected: str) -> Iterator[tuple[str, Workplace]]:
    """The files below a folder, or the one that is named. Raises NotFound where there is none."""
    if os.path.isfile(path):
        yield path, workplace.around(os.path.dirname(path), home)
        return
    place = workplace.around(path, home)
    unreadable: list[str] = []
    empty = True
    for folder, below, names in os.walk(path, onerror=lambda error: unreadable.append(error.filename)):
        below[:] = sorted(name for name in below if not name.startswith(".") and name not in _NOT_NOTES)
        for name in sorted(names):
            if name.lower().endswith(_SUFFIXES) and not name.startswith("."):
                empty = False
                yield os.path.join(folder, name), place
    if empty and (not unreadable or unreadable == [path]):
        raise files.missing(path, expected)
    yield from ((folder, place) for folder in unreadable)  # reading it as a file says what is wrong


def told(file: str, key: str, project: str, tell: Teller) -> Iterator[Entry]:
    """What one file says."""
    if os.path.islink(file):
        yield Passed("links to files elsewhere")
        return
    try:
        document = notes.parse(decoded(file))
    except BadInput as problem:
        yield Bad(key, problem)
        return
    yield from tell(_said(key, document, project, files.written(file), file), document)


def decoded(file: str) -> str:
    """Raises BadInput for what is no text, or too large."""
    data = files.raw(file, FILE_MAX + 1)
    if len(data) > FILE_MAX:
        raise BadInput(f"it has more than {FILE_MAX:,} bytes")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise BadInput("it is not text in UTF-8") from None


def _said(key: str, document: Document, project: str, written: int | None, file: str) -> Said:
    """The note as a whole."""
    fields = document.fields
    stem = os.path.splitext(os.path.basename(file))[0]
    created, changed = _time(fields, _CREATED), _time(fields, _CHANGED)
    return Said(
        key, document.body, title=document.title or stem, type=text(fields.get("type")), tags=texts(fields.get("tags")),
        summary=text(fields.get("description")) or text(fields.get("summary")), references=notes.links(document.body),
        project=text(fields.get("project")) or project, created=created or changed or written, changed=changed or written,
        single=True, foreign=frozenset(fields) - _OURS,
    )  # fmt: skip


def _time(fields: dict[str, Any], names: tuple[str, ...]) -> int | None:
    return next((when for name in names if (when := moment(fields.get(name)))), None)
