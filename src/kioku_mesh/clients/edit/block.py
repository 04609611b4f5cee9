"""A marked block of ours in a text that is somebody else's: Markdown, a shell script, or JavaScript.

To the checks such a text is a table of our blocks, by their labels, and of the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .splice import Splice, Unfit, eol_of, line_at, line_end, line_start

MARKS = {"markdown": ("<!-- ", " -->"), "shell": ("# ", ""), "javascript": ("// ", "")}
PREFIX = "kioku-mesh"  # what the labels of our blocks begin with
REST = "\0rest"


def _marks(kind: str, label: str) -> tuple[str, str]:
    before, after = MARKS[kind]
    return f"{before}{label}:begin{after}", f"{before}{label}:end{after}"


def find(text: str, label: str, kind: str = "markdown") -> tuple[int, int] | None:
    """Where the block is, from its first mark to the end of its last one. Raises Unfit if the marks do not match."""
    begin, end = _marks(kind, label)
    starts, ends = _places(text, begin), _places(text, end)
    if not starts and not ends:
        return None
    if len(starts) != 1 or len(ends) != 1 or ends[0] < starts[0]:
        raise Unfit(f"{begin} and {end} are not there once each, in this order", line_at(text, (starts + ends)[-1]))
    return starts[0], ends[0] + len(end)


def _places(text: str, mark: str) -> list[int]:
    """Where the mark is a line of its own."""
    found, at = [], text.find(mark)
    while at >= 0:
        line = text[line_start(text, at) : line_end(text, at + 1)]
        if line.strip() == mark:
            found.append(at)
        at = text.find(mark, at + 1)
    return found


def parse(text: str, kind: str = "markdown") -> dict[str, Any]:
    """The blocks of ours in a text by their labels, and its other lines. Raises Unfit."""
    before, after = MARKS[kind]
    begins, ends = before + PREFIX, f":begin{after}"
    marks = (line.strip() for line in text.splitlines())
    found = [mark for mark in marks if mark.startswith(begins) and mark.endswith(ends)]
    labels = [mark.removeprefix(before).removesuffix(ends) for mark in found]
    return {REST: rest(text, labels, kind), **{label: _content(text, label, kind) for label in labels}}


def rest(text: str, labels: Iterable[str], kind: str) -> list[str]:
    """The lines that say something and are in no block."""
    for label in labels:
        place = find(text, label, kind)
        if place:
            text = text[: place[0]] + text[place[1] :]
    return [line for line in text.splitlines() if line.strip()]


def put(text: str, _keys: Sequence[str], where: str, value: str, kind: str = "markdown") -> list[Splice]:
    """Set the block `where`."""
    begin, end = _marks(kind, where)
    eol = eol_of(text)
    block = f"{begin}\n{value}\n{end}".replace("\n", eol)
    place = find(text, where, kind)
    if place:
        return [Splice(*place, block)]
    if text and not text.endswith("\n"):
        return [Splice(len(text), len(text), eol + eol + block)]
    return [Splice(len(text), len(text), (eol if text else "") + block + eol)]


def take(text: str, _keys: Sequence[str], where: str, kind: str = "markdown") -> list[Splice]:
    """Take out the block `where`, with the empty line before it and the end of its last line."""
    place = find(text, where, kind)
    if not place:
        return []
    start, end = place
    ended = end < len(text)
    return [Splice(_before(text, start, 1 if ended else 2), line_end(text, end + 1) if ended else end, "")]


def _before(text: str, start: int, most: int) -> int:
    """Without the line ends before `start`: at most so many, and never that of a line that says something but at the end."""
    for _ in range(most):
        length = 2 if text[:start].endswith("\r\n") else 1
        if not text[:start].endswith("\n") or (most == 1 and not text[: start - length].endswith("\n")):
            break
        start -= length
    return start


def _content(text: str, label: str, kind: str) -> str | None:
    place = find(text, label, kind)
    return "\n".join(text[slice(*place)].splitlines()[1:-1]) if place else None
