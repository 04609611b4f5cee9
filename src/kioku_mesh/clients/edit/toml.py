"""Editing TOML in place: one table of servers.

The places come from a scanner of our own that knows where statements begin and end; `parse` is Python's reader.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ...patterns import pattern
from ...values import NamedTuple
from .splice import Damaged, Splice, Unfit, eol_of, line_at, line_end, line_start

_BARE = pattern(r"[A-Za-z0-9_-]+")
_KEY = pattern(r"""[ \t]*(?:([A-Za-z0-9_-]+)|"((?:[^"\\\n]|\\.)*)"|'([^'\n]*)')[ \t]*""")
_BLANK = pattern(r"[ \t\r\n]+|#[^\n]*")
# a string, a comment, a bracket, or anything else up to the next of them
_PIECE = pattern(
    r'"""(?:[^\\]|\\.)*?"{3,5}|'
    + r"'''.*?'{3,5}"
    + r'|"(?:[^"\\\n]|\\.)*"|'
    + r"'[^'\n]*'|#[^\n]*|[\[\]{},\n]|[^\[\]{},\n\"'#]+",
    re.DOTALL,
)

Keys = tuple[str, ...]


class Statement(NamedTuple):
    """A header or a key with its value, whole lines from `start` to `end`. `keys`: where it stands, from the root; the
    `table` it is written in is their beginning. `value`: where the value begins, -1 of a header."""

    start: int
    end: int
    table: Keys
    keys: Keys
    value: int


def parse(text: str) -> Any:
    """What the text says. Raises Damaged."""
    import tomllib

    try:
        return tomllib.loads(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+), column \d+\)", str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        raise Damaged(str(error).partition(" (at ")[0], line) from None
    except RecursionError:
        raise Damaged("nested too deeply") from None


def statements(text: str) -> list[Statement]:
    """Every header and every key of a text that parses, in its order."""
    found: list[Statement] = []
    table: Keys = ()
    at = 0
    while True:
        while blank := _BLANK.match(text, at):
            at = blank.end()
        if at >= len(text):
            return found
        start = line_start(text, at)
        if text[at] == "[":
            listed = text.startswith("[[", at)
            keys, at = _dotted(text, at + 1 + listed)
            # an element of an array of tables is nobody's path
            table = (*keys, "[]") if listed else keys
            at = line_end(text, at + 1)
            found.append(Statement(start, at, table, table, -1))
        else:
            keys, at = _dotted(text, at)
            value = at + 1 + len(text[at + 1 :]) - len(text[at + 1 :].lstrip(" \t"))
            at = line_end(text, _behind(text, value))
            found.append(Statement(start, at, table, (*table, *keys), value))


def _dotted(text: str, at: int) -> tuple[Keys, int]:
    keys: list[str] = []
    while found := _KEY.match(text, at):
        bare, quoted, literal = found.groups()
        keys.append(bare or (json.loads(f'"{quoted}"', strict=False) if quoted is not None else literal))
        at = found.end()
        if text[at : at + 1] != ".":
            return tuple(keys), at
        at += 1
    raise Unfit("a key that cannot be read", line_at(text, at))


def _behind(text: str, at: int, stops: str = "\n") -> int:
    """Where the value that begins at `at` ends: before a stop outside of all brackets."""
    depth = 0
    while found := _PIECE.match(text, at):
        piece = found[0]
        if depth == 0 and piece in stops:
            return at
        depth += (piece in "[{") - (piece in "]}")
        at = found.end()
    return len(text)


def put(text: str, keys: Sequence[str], where: str, value: Mapping[str, Any]) -> list[Splice]:
    """Set the table `where` below `keys`."""
    path, eol = (*keys, where), eol_of(text)
    there = statements(text)
    ours = [one for one in there if one.keys[: len(path)] == path]
    inside = _inline_parent(there, path, text)
    if inside:
        return _put_inline(text, inside, path, value)
    if not ours:
        return [_appended(text, _block(path, value).replace("\n", eol), eol)]
    first = ours[0]
    if first.value < 0:
        new = _block(path, value).replace("\n", eol)
    else:
        name = ".".join(map(_key, path[len(first.table) :]))
        new = f"{name} = {_inline(value)}{eol}"
    if not text[first.start : first.end].endswith("\n"):
        new = new.removesuffix(eol)
    regions = _regions(there, ours)
    end = regions[0][1]
    if text[end - 1 : end] != "\n":
        new = new.removesuffix(eol)
    return [Splice(first.start, end, new), *(_without(text, *region) for region in regions[1:])]


def take(text: str, keys: Sequence[str], where: str) -> list[Splice]:
    """Take out the table `where` below `keys`, wherever its parts stand; nothing if there is none."""
    path = (*keys, where)
    there = statements(text)
    inside = _inline_parent(there, path, text)
    if inside:
        return _take_inline(text, inside, path)
    ours = [one for one in there if one.keys[: len(path)] == path]
    return [_without(text, *region) for region in _regions(there, ours)]


def _regions(there: Sequence[Statement], ours: Sequence[Statement]) -> list[tuple[int, int]]:
    """What is ours as spans: statements that follow each other are one, with the comments between them."""
    regions: list[tuple[int, int]] = []
    for number, one in enumerate(there):
        if one not in ours:
            continue
        if regions and number and there[number - 1] in ours:
            regions[-1] = (regions[-1][0], one.end)
        else:
            regions.append((one.start, one.end))
    return regions


def _without(text: str, start: int, end: int) -> Splice:
    """Cut whole lines, and the empty line before them where another one or nothing follows."""
    before = text[:start]
    if end == len(text) or text[end:].lstrip(" \t").startswith(("\n", "\r\n")):
        start -= _ends_blank(before)
    if end == len(text) and not text.endswith("\n"):
        start -= 2 if text[:start].endswith("\r\n") else text[:start].endswith("\n")
    return Splice(start, end, "")


def _ends_blank(text: str) -> int:
    """The length of the empty line that the text ends with, 0 if it ends with none."""
    for eol in ("\r\n", "\n"):
        if text.endswith(eol):
            return len(eol) if text.removesuffix(eol).endswith("\n") else 0
    return 0


def _appended(text: str, block: str, eol: str) -> Splice:
    if not text.strip():
        return Splice(len(text), len(text), block)
    if not text.endswith("\n"):
        return Splice(len(text), len(text), eol + eol + block.removesuffix(eol))
    return Splice(len(text), len(text), eol + block)


def _inline_parent(there: Sequence[Statement], path: Keys, text: str) -> Statement | None:
    """The statement whose inline table holds, or would hold, what is at `path`."""
    for one in there:
        if one.value >= 0 and len(one.keys) < len(path) and one.keys == path[: len(one.keys)]:
            if text[one.value] != "{":
                raise Unfit(f"{'.'.join(one.keys)} is no table", line_at(text, one.start))
            return one
    return None


class _Member(NamedTuple):
    keys: Keys
    start: int
    end: int
    value: int


def _members(text: str, brace: int) -> tuple[list[_Member], int]:
    """The members of an inline table, and where its closing brace is."""
    members: list[_Member] = []
    at = brace + 1
    while True:
        while blank := _BLANK.match(text, at):
            at = blank.end()
        if text[at] == "}":
            return members, at
        start = at
        keys, at = _dotted(text, at)
        value = at + 1
        end = _behind(text, value, ",}")
        members.append(_Member(keys, start, value + len(text[value:end].rstrip()), value))
        at = end + (text[end] == ",")


def _put_inline(text: str, parent: Statement, path: Keys, value: Mapping[str, Any]) -> list[Splice]:
    rest = path[len(parent.keys) :]
    members, close = _members(text, parent.value)
    ours = [one for one in members if one.keys[: len(rest)] == rest]
    if (
        len(ours) > 1
        or (ours and ours[0].keys != rest)
        or any(one.keys == rest[: len(one.keys)] != rest for one in members)
    ):
        raise Unfit(f"{'.'.join(path)} is written in a way that cannot be changed safely", line_at(text, parent.start))
    name = ".".join(map(_key, rest))
    if ours:
        return [Splice(ours[0].value, ours[0].end, " " + _inline(value))]
    if members:
        return [Splice(members[-1].end, members[-1].end, f", {name} = {_inline(value)}")]
    return [Splice(close, close, f"{name} = {_inline(value)}")]


def _take_inline(text: str, parent: Statement, path: Keys) -> list[Splice]:
    rest = path[len(parent.keys) :]
    members, _ = _members(text, parent.value)
    found = [n for n, one in enumerate(members) if one.keys[: len(rest)] == rest]
    if not found:
        return []
    n = found[0]
    if n:
        return [Splice(members[n - 1].end, members[n].end, "")]
    return [Splice(members[0].start, members[1].start if members[1:] else members[0].end, "")]


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def _block(path: Keys, value: Mapping[str, Any]) -> str:
    """A table with its tables below it, as lines."""
    plain = {key: one for key, one in value.items() if not isinstance(one, Mapping)}
    lines = [f"[{'.'.join(map(_key, path))}]", *(f"{_key(key)} = {_inline(one)}" for key, one in plain.items())]
    below = ["\n" + _block((*path, key), one) for key, one in value.items() if isinstance(one, Mapping)]
    return "\n".join([*lines, "".join(below)])


def _inline(value: Any) -> str:
    """A value in one line. Strings, numbers and words are written as in JSON."""
    if isinstance(value, Mapping):
        members = ", ".join(f"{_key(key)} = {_inline(one)}" for key, one in value.items())
        return f"{{ {members} }}" if members else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_inline, value))}]"
    if isinstance(value, (str, bool, int)):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value.isoformat() if hasattr(value, "isoformat") else value)
