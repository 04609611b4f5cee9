"""Changing a text at a few places and nowhere else, and the look of the text around those places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...values import NamedTuple

Where = str | Callable[[Any], bool]  # a member by its name, or the item of a list that passes a test


class Unfit(ValueError):
    """A file that is left as it is: `problem`, and the `line` where it is (0: no particular one)."""

    def __init__(self, problem: str, line: int = 0) -> None:
        super().__init__(problem)
        self.problem, self.line = problem, line


class Damaged(Unfit):
    """A file that does not parse."""


class Splice(NamedTuple):
    """Replace the characters from `start` to `end` by `text`."""

    start: int
    end: int
    text: str


def spliced(text: str, splices: Sequence[Splice]) -> str:
    """The text with every splice made. Splices that touch the same character are a defect."""
    parts, at = [], 0
    for splice in sorted(splices):
        if splice.start < at:
            raise Unfit("two changes touch the same place")
        parts += [text[at : splice.start], splice.text]
        at = splice.end
    return "".join([*parts, text[at:]])


def line_at(text: str, at: int) -> int:
    """The number of the line that a position is in."""
    return text.count("\n", 0, at) + 1


def line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def line_end(text: str, at: int) -> int:
    """The position behind the line end that follows, or the end of the text; `at` itself if a line has just ended."""
    if at and text[at - 1] == "\n":
        return at
    found = text.find("\n", at)
    return found + 1 if found >= 0 else len(text)


def eol_of(text: str) -> str:
    """How most lines of the text end."""
    windows = text.count("\r\n")
    return "\r\n" if windows * 2 > text.count("\n") else "\n"


def margin(text: str, at: int) -> str:
    """The blanks that the line of a position begins with."""
    start = line_start(text, at)
    end = start
    while end < len(text) and text[end] in " \t":
        end += 1
    return text[start:end]


def unit_of(text: str, default: str = "  ") -> str:
    """One step of indentation: the smallest margin of the text, a tab if lines begin with tabs."""
    margins = {margin(text, at) for at in _lines(text)} - {""}
    if any("\t" in found for found in margins):
        return "\t"
    return min(margins, key=len, default=default)


def _lines(text: str) -> list[int]:
    """Where the first lines start that say something."""
    starts, at = [], 0
    for line in text.splitlines(keepends=True)[:2000]:
        if line.strip():
            starts.append(at)
        at += len(line)
    return starts


def nested(keys: Sequence[str], where: Where, value: Any) -> Any:
    """A table of tables that has `value` at `keys` and `where`, and nothing else."""
    tree: Any = {where: value} if isinstance(where, str) else [value]
    for key in reversed(keys):
        tree = {key: tree}
    return tree
