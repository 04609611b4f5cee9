"""Editing JSON in place, with or without comments and trailing commas.

The positions come from a reader of our own; `parse` reads the same text through Python's, so that one checks the other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from ...patterns import pattern
from ...values import NamedTuple
from .splice import Damaged, Splice, Unfit, Where, eol_of, line_at, line_start, margin, nested, unit_of

_SPACE = pattern(r"[ \t\r\n]+|//[^\r\n]*|/\*.*?\*/", re.DOTALL)
_STRING = pattern(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
_WORD = pattern(r"[-+.\w]+")
_BESIDE = pattern(r"[ \t]*(?://[^\r\n]*|/\*[^\r\n]*?\*/(?=[ \t]*\r?$))", re.MULTILINE)
_LINE_END = pattern(r"[ \t]*(?:\r?\n|$)")
_COMMENTS = pattern(r'("(?:[^"\\]|\\.)*")|//[^\r\n]*|/\*.*?\*/', re.DOTALL)
_COMMAS = pattern(r'("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])', re.DOTALL)


class Twice(list[Any]):
    """The values of a key that an object has more than once."""


class Node(NamedTuple):
    """A value and where it stands. `kind`: object, array, text, or the word itself, such as null."""

    kind: str
    start: int
    end: int
    children: tuple[Child, ...] = ()


class Child(NamedTuple):
    """A member (with its key) or an item, from `start` to `end`; `comma` is where the comma behind it is, -1 if none."""

    key: str | None
    start: int
    value: Node
    comma: int

    @property
    def end(self) -> int:
        return self.value.end


class Dialect(NamedTuple):
    """What a client's parser takes beyond JSON."""

    comments: bool = True
    trailing: bool = True


EVERYTHING = Dialect()


class _Reader:
    """Reads one document into nodes. Raises Damaged."""

    def __init__(self, text: str, dialect: Dialect) -> None:
        self.text, self.dialect = text, dialect

    def document(self) -> Node | None:
        at = self.skip(0)
        if at == len(self.text):
            return None
        node = self.value(at)
        at = self.skip(node.end)
        if at < len(self.text):
            raise self.wrong(at, "something follows the end")
        return node

    def wrong(self, at: int, problem: str) -> Damaged:
        return Damaged(problem, line_at(self.text, at))

    def skip(self, at: int) -> int:
        while found := _SPACE.match(self.text, at):
            if self.text[at] == "/" and not self.dialect.comments:
                raise self.wrong(at, "a comment, which the client does not take here")
            at = found.end()
        return at

    def value(self, at: int) -> Node:
        sign = self.text[at : at + 1]
        if sign in ("{", "["):
            return self.collection(at, "object" if sign == "{" else "array")
        if found := _STRING.match(self.text, at):
            return Node("text", at, found.end())
        if found := _WORD.match(self.text, at):
            return Node(found[0], at, found.end())
        raise self.wrong(at, f"a value is expected, not {sign!r}" if sign else "it ends too early")

    def collection(self, start: int, kind: str) -> Node:
        close, children = ("}" if kind == "object" else "]"), list[Child]()
        at = self.skip(start + 1)
        while self.text[at : at + 1] != close:
            if children and children[-1].comma < 0:
                raise self.wrong(at, f"a comma or {close!r} is missing" if at < len(self.text) else "it ends too early")
            key, value = self.key(at) if kind == "object" else (None, self.value(at))
            behind = self.skip(value.end)
            comma = behind if self.text[behind : behind + 1] == "," else -1
            children.append(Child(key, at, value, comma))
            at = self.skip(behind + 1) if comma >= 0 else behind
        if children and children[-1].comma >= 0 and not self.dialect.trailing:
            raise self.wrong(children[-1].comma, "a comma behind the last entry, which the client does not take")
        return Node(kind, start, at + 1, tuple(children))

    def key(self, at: int) -> tuple[str, Node]:
        found = _STRING.match(self.text, at)
        if not found:
            raise self.wrong(at, "a key in quotes is expected")
        colon = self.skip(found.end())
        if self.text[colon : colon + 1] != ":":
            raise self.wrong(colon, "a colon is missing")
        return str(json.loads(found[0], strict=False)), self.value(self.skip(colon + 1))


def read(text: str, dialect: Dialect = EVERYTHING) -> Node | None:
    """The document as nodes, None if there is none. Raises Damaged."""
    try:
        return _Reader(text, dialect).document()
    except RecursionError:
        raise Damaged("nested too deeply") from None
    except ValueError as error:
        if isinstance(error, Damaged):
            raise
        raise Damaged(str(error)) from None


def parse(text: str, dialect: Dialect = EVERYTHING) -> Any:
    """What the text says, None if it says nothing. Raises Damaged."""
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=str)
    except (ValueError, RecursionError):  # not in the narrowest sense: our own reader says whether the client takes it
        return None if read(text, dialect) is None else _loaded(text)


def _loaded(text: str) -> Any:
    bare = _COMMAS.sub(lambda found: found[1] or "", _COMMENTS.sub(lambda found: found[1] or " ", text))
    try:
        return json.loads(bare, object_pairs_hook=_object, parse_constant=str, strict=False)
    except RecursionError:
        raise Damaged("nested too deeply") from None
    except json.JSONDecodeError as error:
        raise Damaged(error.msg, error.lineno) from None
    except ValueError as error:
        raise Damaged(str(error)) from None


def _object(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        old = found.get(key)
        found[key] = value if key not in found else Twice([*old, value] if isinstance(old, Twice) else [old, value])
    return found


def put(text: str, keys: Sequence[str], where: Where, value: Any, dialect: Dialect = EVERYTHING) -> list[Splice]:
    """Set the member `where` of the object at `keys`, or the item that `where` knows of the array there."""
    node = read(text, dialect)
    page = _Page(text, node)
    if node is None:
        return [Splice(len(text), len(text), page.tall(nested(keys, where, value), "") + page.eol)]
    for depth, key in enumerate(keys):
        if node.kind == "null":
            return [Splice(node.start, node.end, page.rendered(nested(keys[depth:], where, value), node.start))]
        child = _member(node, key)
        if child is None:
            return page.added(node, key, nested(keys[depth + 1 :], where, value))
        node = child.value
    if node.kind == "null":
        return [Splice(node.start, node.end, page.rendered(nested((), where, value), node.start))]
    found = _chosen(text, node, where)
    if not found:
        return page.added(node, where if isinstance(where, str) else None, value)
    first = node.children[found[0]]
    return [Splice(first.value.start, first.end, page.rendered(value, first.start))]


def take(text: str, keys: Sequence[str], where: Where, dialect: Dialect = EVERYTHING) -> list[Splice]:
    """Take out the member or the first item that `where` knows; nothing if there is none."""
    node = read(text, dialect)
    for key in keys:
        child = _member(node, key) if node and node.kind == "object" else None
        node = child.value if child else None
    found = _chosen(text, node, where) if node else []
    return _Page(text, node).cut(node, found[0]) if node and found else []


def _member(node: Node, key: str) -> Child | None:
    if node.kind != "object":
        raise Unfit(f"there is no object for {key!r}")
    found = [child for child in node.children if child.key == key]
    if len(found) > 1:
        raise Unfit(f"{key!r} is there twice")
    return found[0] if found else None


def _chosen(text: str, node: Node, where: Where) -> list[int]:
    if isinstance(where, str):
        child = _member(node, where)
        return [node.children.index(child)] if child else []
    items = enumerate(node.children)
    return [n for n, child in items if where(_loaded(text[child.value.start : child.end]))]


class _Page:
    """A text and its look: where entries are put and cut."""

    def __init__(self, text: str, root: Node | None) -> None:
        self.text, self.eol = text, eol_of(text)
        self.one_line = root is not None and bool(root.children) and "\n" not in text[root.start : root.end]
        self.colon = ":" if self.one_line and '": ' not in text else ": "
        self.gap = "" if self.colon == ":" else " "

    def rendered(self, value: Any, at: int) -> str:
        """A value that stands in the line of `at`."""
        if self.one_line or not isinstance(value, (dict, list)):
            return self.flat(value)
        return self.tall(value, margin(self.text, at))

    def flat(self, value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, separators=("," + self.gap, self.colon))

    def tall(self, value: Any, indent: str) -> str:
        text = json.dumps(value, indent=unit_of(self.text), ensure_ascii=False)
        return text.replace("\n", self.eol + indent)

    def added(self, node: Node, key: str | None, value: Any) -> list[Splice]:
        """A new last entry."""
        if (node.kind == "object") is (key is None) or node.kind not in ("object", "array"):
            raise Unfit(f"there is no {'array' if key is None else 'object'} for our entry")
        name = "" if key is None else json.dumps(key, ensure_ascii=False) + self.colon
        if not node.children:
            return self._first(node, name, value)
        first, last = node.children[0], node.children[-1]
        trailing = last.comma >= 0
        end = last.comma + 1 if trailing else last.end
        comma = [] if trailing else [Splice(end, end, ",")]
        if "\n" not in self.text[node.start : first.start]:
            member = self.gap + name + self.flat(value) + ("," if trailing else "")
            return [Splice(end, end, ("" if trailing else ",") + member)]
        beside = _BESIDE.match(self.text, end)
        at = beside.end() if beside else end
        indent = margin(self.text, last.start if _begins_line(self.text, last.start) else first.start)
        member = self.eol + indent + name + self.tall(value, indent) + ("," if trailing else "")
        return [Splice(end, end, ("" if trailing else ",") + member)] if at == end else [*comma, Splice(at, at, member)]

    def _first(self, node: Node, name: str, value: Any) -> list[Splice]:
        start, end = node.start + 1, node.end - 1
        inner = self.text[start:end]
        if self.one_line:
            return [Splice(end, end, name + self.flat(value))] if not inner.strip() else self._below(node, name, value)
        if inner.strip():
            return self._below(node, name, value)
        base = margin(self.text, node.start)
        indent = base + unit_of(self.text)
        return [Splice(start, end, self.eol + indent + name + self.tall(value, indent) + self.eol + base)]

    def _below(self, node: Node, name: str, value: Any) -> list[Splice]:
        """An object that holds comments alone."""
        inner = self.text[node.start + 1 : node.end - 1]
        at = node.start + 1 + len(inner.rstrip())
        base = margin(self.text, node.start)
        indent = base + unit_of(self.text)
        end = "" if "\n" in self.text[at : node.end] else self.eol + base
        return [Splice(at, at, self.eol + indent + name + self.tall(value, indent) + end)]

    def cut(self, node: Node, position: int) -> list[Splice]:
        """Without one entry, its comma and the line it had for itself."""
        text, child = self.text, node.children[position]
        last = position == len(node.children) - 1
        end = child.comma + 1 if child.comma >= 0 else child.end
        before = len(text[: child.start].rstrip())
        if len(node.children) == 1 and not (text[node.start + 1 : before] + text[end : node.end - 1]).strip():
            return [Splice(node.start + 1, node.end - 1, "")]
        own_line = "\n" in text[before : child.start]
        ends_line = _LINE_END.match(text, end) is not None
        commented = "//" in text[line_start(text, before) : before]
        start = child.start if own_line else before
        if own_line and (ends_line or (last and not commented)):
            start = before
        elif not last:
            follower = node.children[position + 1].start
            if not text[end:follower].strip(" \t"):
                start, end = child.start, follower
        spare = node.children[position - 1].comma if last and position and child.comma < 0 else -1
        if spare < 0:
            return [Splice(start, end, "")]
        return [Splice(spare, spare + 1, ""), Splice(max(start, spare + 1), end, "")]


def _begins_line(text: str, at: int) -> bool:
    return not text[line_start(text, at) : at].strip()
