"""Editing YAML in place: a mapping or a list of mappings in block or flow style.

PyYAML says where every node stands, and reads the result back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from ...patterns import pattern
from .splice import Damaged, Splice, Unfit, Where, eol_of, line_end, line_start, nested, unit_of

_PLAIN = pattern(r"[A-Za-z/][A-Za-z0-9_./-]*")
_NODES_MAX = 1_000_000
_WORDS = ("true", "false", "yes", "no", "on", "off", "null", "y", "n")
_NOTHING = ("", "~", "null", "Null", "NULL")
_ALIAS = pattern(r"[ \t]*:[ \t]*\*[^\s,\[\]{}]+")
_EMPTY_FLOW = pattern(r"[ \t]*(?:\{\s*\}|\[\s*\])")


@lru_cache(maxsize=1)
def _loader() -> Any:
    """YAML as data; tags that we do not know are left out of account."""
    import yaml

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        pass

    def untagged(loader: Any, node: Any) -> Any:
        kinds = {"scalar": loader.construct_scalar, "sequence": loader.construct_sequence}
        build = kinds.get(node.id, loader.construct_mapping)
        return build(node) if node.id == "scalar" else build(node, deep=True)

    Loader.add_constructor(None, untagged)
    return Loader


def parse(text: str) -> Any:
    """What the text says, None if it says nothing. Raises Damaged."""
    import yaml

    return _damage(lambda: _unshared(yaml.load(text, Loader=_loader()), [_NODES_MAX]))


def _unshared(data: Any, left: list[int]) -> Any:
    """The data with a value of its own in each place of an alias."""
    left[0] -= 1
    if left[0] < 0:
        raise Damaged("too much by aliases of aliases")
    if isinstance(data, dict):
        return {key: _unshared(value, left) for key, value in data.items()}
    return [_unshared(value, left) for value in data] if isinstance(data, list) else data


def _root(text: str) -> Any:
    import yaml

    return _damage(lambda: yaml.compose(text, Loader=yaml.BaseLoader))


def _damage(action: Callable[[], Any]) -> Any:
    import yaml

    try:
        return action()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Damaged(error.problem or "not YAML", mark.line + 1 if mark else 0) from None
    except (yaml.YAMLError, ValueError, TypeError) as error:
        raise Damaged(str(error).split("\n")[0]) from None
    except RecursionError:
        raise Damaged("nested too deeply") from None


def put(text: str, keys: Sequence[str], where: Where, value: Any) -> list[Splice]:
    """Set the key `where` of the mapping at `keys`, or the item that `where` knows of the list there."""
    page, node, holder = _Page(text), _root(text), None
    if _is_nothing(node):
        return [page.at_end(page.block(nested(keys, where, value), 0))]
    for depth, key in enumerate(keys):
        pair, in_flow = _pair(node, key), node.flow_style
        if pair is None:
            return page.added(node, key, nested(keys[depth + 1 :], where, value))
        holder, node = pair
        if _is_nothing(node):
            return page.filled(holder, node, nested(keys[depth + 1 :], where, value), in_flow)
        holder = None if in_flow else holder
    found = _chosen(node, where)
    if found is None:
        return page.added(node, where if isinstance(where, str) else None, value, holder)
    return page.replaced(node, found, value)


def take(text: str, keys: Sequence[str], where: Where) -> list[Splice]:
    """Take out the key or the first item that `where` knows; nothing if there is none."""
    page, node, holder = _Page(text), _root(text), None
    for key in keys:
        pair = None if _is_nothing(node) or node.id != "mapping" else _pair(node, key)
        if pair is None:
            return []
        holder, node = pair
    if _is_nothing(node) or node.id == "scalar":
        return []
    found = _chosen(node, where)
    return [] if found is None else page.cut(node, found, holder)


def _is_nothing(node: Any) -> bool:
    return node is None or (node.id == "scalar" and node.style is None and node.value in _NOTHING)


def _pair(node: Any, key: str) -> Any:
    if node.id != "mapping":
        raise Unfit(f"there is no mapping for {key!r}", node.start_mark.line + 1)
    found = [pair for pair in node.value if pair[0].value == key]
    if len(found) > 1:
        raise Unfit(f"{key!r} is there twice", found[1][0].start_mark.line + 1)
    return found[0] if found else None


def _chosen(node: Any, where: Where) -> int | None:
    """The position of the child that is meant."""
    if isinstance(where, str):
        pair = _pair(node, where)
        return node.value.index(pair) if pair else None
    if node.id != "sequence":
        raise Unfit("there is no list for our entry", node.start_mark.line + 1)
    found = (n for n, item in enumerate(node.value) if item.id == "mapping" and where(_named(item)))
    return next(found, None)


def _named(item: Any) -> dict[str, str]:
    return {key.value: value.value for key, value in item.value if value.id == "scalar"}


def _edges(child: Any) -> tuple[Any, Any]:
    """The first and the last node of a child: key and value, or the item itself."""
    return child if isinstance(child, tuple) else (child, child)


def _content_end(text: str, node: Any, key: Any = None) -> int:
    """Where what a node says ends; PyYAML counts comments and empty lines behind it in. `key`: that of a value."""
    least = key.end_mark.index if key is not None else 0
    if node.start_mark.index < least:  # an alias: the node stands elsewhere
        alias = _ALIAS.match(text, least)
        if not alias:
            raise Unfit("an alias that cannot be found", key.start_mark.line + 1)
        return alias.end()
    if node.id != "scalar" and not node.flow_style and node.value:
        return _child_end(text, node.value[-1])
    end = max(int(node.end_mark.index), least)
    if node.id == "scalar" and node.style in ("|", ">"):
        head = text[node.start_mark.index : line_end(text, node.start_mark.index + 1)]
        if "+" not in head:
            end = node.start_mark.index + len(text[node.start_mark.index : end].rstrip())
    return end


def _child_end(text: str, child: Any) -> int:
    first, last = _edges(child)
    return _content_end(text, last, None if first is last else first)


class _Page:
    """A text and its look: where entries are put and cut."""

    def __init__(self, text: str) -> None:
        self.text, self.eol = text, eol_of(text)
        unit = unit_of(text)
        self.unit = unit if unit.isspace() and "\t" not in unit else "  "

    def block(self, value: Any, column: int) -> str:
        return _block(value, " " * column, self.unit)

    def lines(self, block: str, at: int) -> Splice:
        """Whole lines, put in at the start of a line or at the end of the text."""
        block = block.replace("\n", self.eol)
        if at == len(self.text) and self.text and not self.text.endswith("\n"):
            block = self.eol + block.removesuffix(self.eol)
        return Splice(at, at, block)

    def at_end(self, block: str) -> Splice:
        return self.lines(block, len(self.text))

    def added(self, node: Any, key: str | None, value: Any, holder: Any = None) -> list[Splice]:
        """A new last child."""
        if node.id != ("sequence" if key is None else "mapping"):
            raise Unfit("there is something else in the place of our entry", node.start_mark.line + 1)
        tree = {key: value} if key is not None else [value]
        if node.flow_style:
            return (
                self._added_to_flow(node, key, value)
                if node.value or holder is None
                else self.filled(holder, node, tree)
            )
        first = _edges(node.value[0])[0]
        column = first.start_mark.column if key is not None else node.start_mark.column
        at = line_end(self.text, _content_end(self.text, node))
        return [self.lines(self.block(tree, column), at)]

    def _added_to_flow(self, node: Any, key: str | None, value: Any) -> list[Splice]:
        name = "" if key is None else json.dumps(key, ensure_ascii=False) + ": "
        new = name + json.dumps(value, ensure_ascii=False)
        if not node.value:
            return [Splice(node.end_mark.index - 1, node.end_mark.index - 1, new)]
        at = _child_end(self.text, node.value[-1])
        rest = self.text[at : node.end_mark.index - 1]
        if "#" in rest:
            raise Unfit("a comment before the closing bracket", node.end_mark.line + 1)
        if "," in rest:
            at += rest.index(",") + 1
            return [Splice(at, at, f" {new},")]
        return [Splice(at, at, f", {new}")]

    def filled(self, key: Any, node: Any, tree: Any, in_flow: bool = False) -> list[Splice]:
        """The value of a key that has none yet, or an empty one, in its place."""
        if in_flow:
            blank = " " if self.text[node.start_mark.index - 1] == ":" else ""
            return [Splice(node.start_mark.index, node.end_mark.index, blank + json.dumps(tree, ensure_ascii=False))]
        start, end = key.end_mark.index, node.end_mark.index
        colon = self.text.index(":", start) + 1
        drop = [Splice(colon, end, "")] if end > colon else []
        if self.text[colon:end].strip() not in ("", "~", "null", "Null", "NULL") and not _EMPTY_FLOW.fullmatch(
            self.text, colon, end
        ):
            raise Unfit("there is something else in the place of our entry", key.start_mark.line + 1)
        column = key.start_mark.column + len(self.unit)
        return [*drop, self.lines(self.block(tree, column), line_end(self.text, max(colon, end)))]

    def replaced(self, node: Any, position: int, value: Any) -> list[Splice]:
        first, last = _edges(node.value[position])
        if node.flow_style:
            return [Splice(last.start_mark.index, last.end_mark.index, json.dumps(value, ensure_ascii=False))]
        start, end = self._lines_of(node, position)
        tree = {first.value: value} if first is not last else [value]
        column = first.start_mark.column if first is not last else node.start_mark.column
        block = self.block(tree, column).replace("\n", self.eol)
        return [Splice(start, end, block if self.text[:end].endswith("\n") else block.removesuffix(self.eol))]

    def _lines_of(self, node: Any, position: int) -> tuple[int, int]:
        first, last = _edges(node.value[position])
        start = line_start(self.text, first.start_mark.index)
        if not re.fullmatch(r"[ \t]*(?:-[ \t]+)?", self.text[start : first.start_mark.index]) or (
            first is not last and "-" in self.text[start : first.start_mark.index]
        ):
            raise Unfit("our entry does not begin a line", first.start_mark.line + 1)
        return start, line_end(self.text, _child_end(self.text, node.value[position]))

    def cut(self, node: Any, position: int, holder: Any) -> list[Splice]:
        if node.flow_style:
            return self._cut_flow(node, position)
        start, end = self._lines_of(node, position)
        if len(node.value) > 1 or holder is None:
            if end == len(self.text) and not self.text.endswith("\n"):
                start -= len(self.eol) if self.text[:start].endswith(self.eol) else 0
            return [Splice(start, end, "")]
        colon = self.text.index(":", holder.end_mark.index) + 1
        empty = " {}" if node.id == "mapping" else " []"
        if end == len(self.text) and not self.text.endswith("\n"):
            start -= len(self.eol)
        return [Splice(colon, colon, empty), Splice(max(start, colon), end, "")]

    def _cut_flow(self, node: Any, position: int) -> list[Splice]:
        first, last = _edges(node.value[position])
        start, end = first.start_mark.index, _child_end(self.text, node.value[position])
        if position:
            start = _child_end(self.text, node.value[position - 1])
        elif len(node.value) > 1:
            end = _edges(node.value[1])[0].start_mark.index
        if "#" in self.text[start:end].replace(self.text[first.start_mark.index : last.end_mark.index], ""):
            raise Unfit("a comment beside our entry", first.start_mark.line + 1)
        return [Splice(start, end, "")]


def _block(value: Any, indent: str, unit: str) -> str:
    """A mapping or a list as lines."""
    if isinstance(value, list):
        return "".join(f"{indent}- {_block(item, indent + '  ', unit).lstrip(' ')}" for item in value)
    lines: list[str] = []
    for key, one in value.items():
        below = (isinstance(one, Mapping) and one) or (isinstance(one, list) and one and isinstance(one[0], Mapping))
        name = f"{indent}{_scalar(key)}:"
        lines.append(f"{name}\n{_block(one, indent + unit, unit)}" if below else f"{name} {_scalar(one)}\n")
    return "".join(lines)


def _scalar(value: Any) -> str:
    """A value in one line: JSON, which is YAML, with plain words bare."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    return json.dumps(value, ensure_ascii=False)
