"""Markdown files: what stands between the lines `---` at the top, the text, and the small syntax of notes."""

from __future__ import annotations

import re
from typing import Any

from ..errors import BadInput
from ..patterns import pattern
from ..settings import parse_yaml
from ..values import NamedTuple

FRONT_MAX = 16 * 1024  # characters; more is text

_FENCE = pattern(r"---[ \t]*\n(.*?\n|)---[ \t]*(?:\n|\Z)", re.DOTALL)
_TITLE = pattern(r"^#[ \t]+(\S.*?)[ \t#]*$", re.MULTILINE)
_SECTION = pattern(r"##?[ \t]+(\S.*?)[ \t#]*$")
_HEADING = pattern(r"(#{1,6})[ \t]+\S")
_CODE = pattern(r"[ \t]*(?:```|~~~)")
# `- [category] text`, but neither a task nor a link
_OBSERVATION = pattern(r"[-*+][ \t]+\[(?![ xX\-/]\])([^\[\]()\n]{1,60})\](?![(\[:])[ \t]*(\S.*)")
_TAG = pattern(r"(?<![^\s(,;])#([^\W\d_][\w/-]*)")
_LINK = pattern(r"\[\[([^\[\]|#\n]+)(?:[|#][^\[\]\n]*)?\]\]")


class Document(NamedTuple):
    """`fields`: of the front matter. `title`: as the file says it, in a field or the first heading; or ""."""

    fields: dict[str, Any]
    body: str
    title: str


class Observation(NamedTuple):
    category: str
    text: str


def parse(written: str) -> Document:
    """Any text is a document: front matter that cannot be read is part of the text."""
    text = written.removeprefix("\ufeff").replace("\r\n", "\n")
    found = _FENCE.match(text[:FRONT_MAX])
    fields: dict[str, Any] = {}
    if found:
        try:
            fields = parse_yaml(found[1], "the front matter")
            text = text[found.end() :]
        except BadInput:
            fields = {}
    heading = _TITLE.search(_prose(text))
    named = fields.get("title")
    title = named if isinstance(named, str) and named.strip() else heading[1] if heading else ""
    return Document(fields, text.strip(), title)


def _prose(text: str) -> str:
    """Without blocks of code, whose comments look like headings."""
    kept, code = [], False
    for line in text.split("\n"):
        if _CODE.match(line):
            code = not code
        elif not code:
            kept.append(line)
    return "\n".join(kept)


def sections(text: str) -> list[tuple[str, str]]:
    """The parts of a text below its headings of the first two levels, each with its title; those that say nothing left out."""
    parts: list[tuple[str, list[str]]] = [("", [])]
    code = False
    for line in text.split("\n"):
        code ^= bool(_CODE.match(line))
        found = None if code else _SECTION.match(line)
        if found:
            parts.append((found[1], []))
        else:
            parts[-1][1].append(line)
    told = ((title, "\n".join(lines).strip()) for title, lines in parts)
    return [(title, said) for title, said in told if said]


def links(text: str) -> tuple[str, ...]:
    """The notes that a text links to, as they are written: `[[name]]`."""
    return tuple(dict.fromkeys(f"[[{found[1].strip()}]]" for found in _LINK.finditer(text) if found[1].strip()))


def tags(text: str) -> tuple[str, ...]:
    """The words after a `#`."""
    return tuple(dict.fromkeys(found[1] for found in _TAG.finditer(text)))


def observations(body: str) -> tuple[list[Observation], str]:
    """The lines `- [category] text` of a note, each with what is indented below it; and the note without them.

    A heading under which nothing is left goes as well; "" if only headings remain.
    """
    found: list[Observation] = []
    kept: list[str] = []
    above, heading, code, inside = set(), -1, False, False  # `above`: places in `kept` of headings of observations
    for line in body.split("\n"):
        if inside and line[:1] in (" ", "\t") and line.strip():
            found[-1] = found[-1]._replace(text=f"{found[-1].text}\n{line.rstrip()}")
            continue
        mark = None if code else _OBSERVATION.match(line)
        inside = mark is not None
        if mark:
            found.append(Observation(mark[1].strip(), mark[2].strip()))
            above.add(heading)
            continue
        code ^= bool(_CODE.match(line))
        if not code and _HEADING.match(line):
            heading = len(kept)
        kept.append(line)
    return found, _without_empty(kept, above) if found else body


def _without_empty(lines: list[str], headings: set[int]) -> str:
    kept: list[str] = []
    said = False
    for place, line in enumerate(lines):
        is_heading = bool(_HEADING.match(line))
        rest = (each for each in lines[place + 1 :] if each.strip())
        below = next(rest, "#")
        if place in headings and (below == "#" or _HEADING.match(below)):
            continue
        said = said or (bool(line.strip()) and not is_heading)
        kept.append(line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip() if said else ""
